"""A listener for webhooks, and a broker that only remembers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from kernel.models import HubSubscription
from kernel.tmf import delivery, hub
from tests.kernel.tmf.conftest import Caller


class Receiver:
    """A listener on loopback: answers with `status`, remembers what came."""

    def __init__(self) -> None:
        self.status, self.headers, self.got = 201, {}, []
        self.slow = False  # drips a letter now and then and never comes to an end
        self.closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, dict(self.headers), body))
                if outer.slow:
                    self.drip()
                    return
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"thanks")

            def drip(self) -> None:
                with contextlib.suppress(OSError):
                    while not outer.closing.wait(0.01):
                        self.wfile.write(b"H")
                        self.wfile.flush()

            do_GET = do_POST  # noqa: N815 - what a followed redirect would call

            def log_message(self, *args: Any) -> None:
                """Silent."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/client"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.closing.set()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: Any) -> list[tuple[str, Any]]:
    """What would have been sent to the broker."""
    sent: list[tuple[str, Any]] = []
    monkeypatch.setattr(hub, "enqueue", lambda task, *args: sent.append((task, *args)))
    monkeypatch.setattr(delivery, "enqueue", lambda task, *args: sent.append((task, *args)))
    return sent


def subscribe(caller: Caller, query: str = "", callback: str = "http://127.0.0.1:9/cb") -> HubSubscription:
    response = caller.post("hub", {"callback": callback, "query": query})
    assert response.status_code == 201, response.content
    return HubSubscription.objects.get(pk=response.json()["id"])
