"""The live stream: what is announced in one process reaches an open page, and nothing is lost between two streams."""

from __future__ import annotations

import http.client
import json
import threading
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from kernel import events, lifecycle
from kernel.models import BusinessCalendar, OutboxEvent, User
from kernel.pages import live
from tests.kernel.pages.conftest import browser_of


def change(name: str) -> BusinessCalendar:
    """Make a change and have it announced."""
    row = lifecycle.create(BusinessCalendar(name=name))
    events.drain()
    return row


class Reader:
    """An EventSource: reads whole events from an open stream."""

    def __init__(self, port: int, cookie: str, **headers: str) -> None:
        self.connection = http.client.HTTPConnection("localhost", port, timeout=20)
        self.connection.request("GET", "/live/", headers={"Cookie": cookie, **headers})
        self.response = self.connection.getresponse()

    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            line = self.response.readline().decode().rstrip("\n")
            if not line and "data" in found:
                return found
            name, _colon, value = line.partition(": ")
            if name in {"data", "id", "event"}:
                found[name] = json.loads(value) if name == "data" else value

    def close(self) -> None:
        self.connection.close()


def cookie_of(user: User) -> str:
    client = browser_of(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@pytest.fixture
def operator(transactional_db: None, make_user: Any) -> User:
    user: User = make_user("admin", username="ada")
    return user


def test_a_change_reaches_an_open_page_with_topic_ids_and_version(
    operator: User, live_server: Any, hub: live.Hub
) -> None:
    reader = Reader(live_server.thread.port, cookie_of(operator))
    assert reader.response.status == 200
    assert reader.response.getheader("Content-Type") == "text/event-stream"
    assert reader.event()["event"] == "hello"
    row = change("Paris")
    heard = reader.event()
    seq = OutboxEvent.objects.latest("seq").seq
    assert heard["data"] == {"topic": "kernel", "ids": [str(row.pk)], "version": seq}
    assert heard["id"] == str(seq)
    reader.close()
    hub.stop()


def test_a_stream_resumes_after_the_last_event_it_saw(
    operator: User, live_server: Any, hub: live.Hub
) -> None:
    first = change("seen")
    seen = OutboxEvent.objects.latest("seq").seq
    missed = [change("missed one"), change("missed two")]
    reader = Reader(live_server.thread.port, cookie_of(operator), **{"Last-Event-ID": str(seen)})
    assert reader.event()["event"] == "hello"
    caught_up = reader.event()["data"]
    assert caught_up["ids"] == [str(row.pk) for row in missed]
    assert str(first.pk) not in caught_up["ids"]
    later = change("later")
    assert reader.event()["data"]["ids"] == [str(later.pk)]
    reader.close()
    hub.stop()


def test_what_was_announced_late_is_told_though_its_number_is_lower(operator: User, hub: live.Hub) -> None:
    opened = hub.open(operator)
    opened.put({"topic": "kernel", "ids": ["a"], "version": 5})
    body = live.stream(opened, 9, [{"topic": "kernel", "ids": ["b"], "version": 9}], lifetime=30)
    frames = [next(body).decode() for _ in range(3)]
    assert '"version": 9' in frames[1]
    assert '"version": 5' in frames[2]


def test_too_much_missed_means_fetch_everything(operator: User, hub: live.Hub) -> None:
    for n in range(4):
        change(str(n))
    assert live.since(0, limit=3) is None
    assert [message["topic"] for message in live.since(0, limit=4) or []] == ["kernel"] * 4
    body = live.stream(hub.open(operator), 4, None, lifetime=30)
    assert b"event: reset" in next(body)


def test_a_slow_page_is_told_to_fetch_everything_and_blocks_nobody(
    operator: User, hub: live.Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "QUEUE_MAX", 2)
    opened = hub.open(operator)
    for n in range(5):
        opened.put({"topic": "kernel", "ids": [], "version": n})
    body = live.stream(opened, 0, [], lifetime=30)
    assert b"event: hello" in next(body)
    assert b"event: reset" in next(body)


def test_a_burst_is_one_message_per_topic() -> None:
    messages = [{"topic": t, "ids": [str(n)], "version": n} for n, t in enumerate(["a", "b", "a", "a"])]
    assert live.fold(messages) == [
        {"topic": "b", "ids": ["1"], "version": 1},
        {"topic": "a", "ids": ["0", "2", "3"], "version": 3},
    ]


def test_a_quiet_stream_shows_that_it_is_alive_and_ends_in_time(
    operator: User, hub: live.Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.0)
    opened = hub.open(operator)
    body = live.stream(opened, 0, [], lifetime=1.0)
    assert b"hello" in next(body)
    assert next(body) == b": alive\n\n"
    assert list(body) in ([], [b": alive\n\n"])
    assert opened not in hub._streams


def test_an_older_stream_of_the_same_user_gives_way(operator: User, hub: live.Hub) -> None:
    opened = [hub.open(operator) for _ in range(live.PER_USER + 2)]
    assert [stream.ended.is_set() for stream in opened] == [True, True] + [False] * live.PER_USER
    assert len(list(live.stream(opened[0], 0, [], lifetime=30))) == 1


def test_a_full_process_sends_pages_to_polling(
    operator: User, hub: live.Hub, settings: Any, make_user: Any
) -> None:
    settings.LIVE_STREAMS_MAX = 1
    hub.open(operator)
    answer = browser_of(make_user("care")).get("/live/")
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")


def test_the_listener_survives_the_loss_of_its_connection(operator: User, hub: live.Hub) -> None:
    from django.db import connection

    opened = hub.open(operator)
    assert hub._ready.is_set()
    hub._stop = threading.Event()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' "
            "AND datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert opened.overrun.wait(10)
    assert hub._ready.wait(10)
    row = change("after")
    assert opened.queue.get(timeout=10)["ids"] == [str(row.pk)]
    hub.stop()


@pytest.mark.django_db
def test_polling_answers_304_while_nothing_changed(admin: User) -> None:
    browser = browser_of(admin)
    row = change("Paris")
    first = browser.get("/live/poll/?since=0").json()
    assert first["changes"] == [{"topic": "kernel", "ids": [str(row.pk)], "version": first["version"]}]
    tag = browser.get("/live/poll/")["ETag"]
    assert browser.get("/live/poll/", headers={"If-None-Match": tag}).status_code == 304
    change("Lyon")
    again = browser.get(f"/live/poll/?since={first['version']}", headers={"If-None-Match": tag})
    assert len(again.json()["changes"][0]["ids"]) == 1


@pytest.mark.django_db
def test_a_narrowed_user_hears_that_but_not_what(make_user: Any) -> None:
    change("Paris")
    narrowed = make_user("customer", customer="someone")
    assert browser_of(narrowed).get("/live/poll/?since=0").json()["changes"][0]["ids"] == []
    stream = live.Stream(narrowed)
    stream.put({"topic": "kernel", "ids": ["x"], "version": 1})
    assert stream.queue.get_nowait() == {"topic": "kernel", "ids": [], "version": 1}


@pytest.mark.django_db
def test_strangers_hear_nothing(client: Client) -> None:
    assert client.get("/live/").status_code == 302
    assert client.get("/live/poll/").status_code == 302


@pytest.mark.django_db
def test_a_stopped_hub_takes_no_stream_and_starts_no_listener(admin: User) -> None:
    hub = live.Hub()
    hub.stop()
    with pytest.raises(live.Full):
        hub.open(admin)
    assert hub._thread is None
