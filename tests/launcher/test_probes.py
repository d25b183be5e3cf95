"""Asking a web server how it is: at the start, and in a container's health check."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from portal.launcher import probe, up
from portal.launcher.checkout import Checkout
from portal.launcher.console import LauncherError
from portal.launcher.processes import Process
from portal.launcher.supervise import Supervisor


class Web:
    """A web server that answers /healthz as it is told, and remembers the names it was called by."""

    def __init__(self, status: int) -> None:
        self.hosts: list[str | None] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.hosts.append(self.headers.get("Host"))
                self.send_response(status if self.path == "/healthz" else 404)
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                """Be silent."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.http.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def make_web() -> Iterator[Callable[[int], Web]]:
    made: list[Web] = []

    def make(status: int) -> Web:
        made.append(Web(status))
        return made[-1]

    yield make
    for web in made:
        web.stop()


@pytest.fixture
def supervisor(checkout: Checkout) -> Iterator[Supervisor]:
    supervisor = Supervisor(checkout, {}, checkout.logs)
    yield supervisor
    supervisor.stop()


def test_a_well_server_is_well_by_the_name_it_is_known_by(make_web: Callable[[int], Web]) -> None:
    web = make_web(200)

    assert probe.is_well(web.port, {"ALLOWED_HOSTS": "portal.example.com,other"})
    assert web.hosts == ["portal.example.com"]
    assert up.ill(web.url) == ""


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_server_that_answers_with_an_error_is_ill(make_web: Callable[[int], Web], status: int) -> None:
    web = make_web(status)

    assert not probe.is_well(web.port, {})
    assert up.ill(web.url) == f"HTTP {status}"


def test_a_server_that_does_not_answer_is_ill() -> None:
    assert not probe.is_well(1, {})
    assert "refused" in up.ill("http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("allowed", "name"),
    [("", "localhost"), ("*", "localhost"), (".example.com", "example.com"), (" , a.example", "a.example")],
)
def test_the_probe_finds_a_name_that_is_allowed(allowed: str, name: str) -> None:
    assert probe.host({"ALLOWED_HOSTS": allowed}) == name


def test_the_start_ends_with_the_reason_when_the_web_server_keeps_falling(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.launcher.supervise.FIRST_PAUSE", 0.01)
    supervisor.start([Process("web", ["-c", "raise SystemExit('no module named portal')"])])
    supervisor.all["web"].pause = 0.01

    with pytest.raises(LauncherError, match="no module named portal"):
        up.wait_for_web(supervisor, "http://127.0.0.1:1")


def test_the_start_ends_with_the_reason_when_the_web_server_keeps_refusing(
    supervisor: Supervisor, make_web: Callable[[int], Web], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up, "MOST_REFUSALS", 2)
    supervisor.start([Process("web", ["-c", "import signal; signal.pause()"])])

    with pytest.raises(LauncherError, match="gave HTTP 500"):
        up.wait_for_web(supervisor, make_web(500).url)
