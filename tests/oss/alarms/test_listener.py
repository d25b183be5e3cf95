"""The listener process: batches, waiting for the database, answers after the commit, usage files put away."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import DataError, OperationalError

from kernel.errors import Invalid
from oss.alarms.services import Datagram
from portal.management.commands import intake
from portal.management.commands.intake import Answer, Inbox, Work

PEER = ("127.0.0.1", 4711)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting, and no database behind the worker threads of these tests."""
    monkeypatch.setattr(intake, "GATHER_SECONDS", 0)
    monkeypatch.setattr(intake, "AGAIN_SECONDS", 0)
    monkeypatch.setattr(intake, "in_thread", lambda function: function())


class Wire:
    """A transport that remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[Answer] = []

    def sendto(self, data: bytes, peer: tuple[str, int]) -> None:
        self.sent.append((data, peer))


def serve(work: Work, *messages: bytes) -> tuple[Inbox, Wire]:
    """An inbox that got these messages before it was stopped, once it has ended."""

    async def scenario() -> tuple[Inbox, Wire]:
        stopping, wire = asyncio.Event(), Wire()
        with ThreadPoolExecutor(1) as pool:
            inbox = Inbox("trap", work, pool)
            inbox.transport = wire  # type: ignore[assignment]
            for message in messages:
                inbox.datagram_received(message, PEER)
            stopping.set()
            await asyncio.wait_for(inbox.run(stopping), 10)
        return inbox, wire

    return asyncio.run(scenario())


def test_what_has_come_is_taken_in_one_batch_and_answered() -> None:
    batches: list[list[bytes]] = []

    def work(batch: Sequence[Datagram]) -> Sequence[Answer]:
        batches.append([datagram.data for datagram in batch])
        return [(b"answer to " + datagram.data, datagram.peer) for datagram in batch]

    _inbox, wire = serve(work, b"a", b"b")

    assert batches == [[b"a", b"b"]]
    assert wire.sent == [(b"answer to a", PEER), (b"answer to b", PEER)]


def test_an_answer_leaves_by_the_real_socket() -> None:
    def work(batch: Sequence[Datagram]) -> Sequence[Answer]:
        return [(b"answer to " + datagram.data, datagram.peer) for datagram in batch]

    async def scenario() -> bytes:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        with ThreadPoolExecutor(1) as pool:
            inbox = Inbox("radius", work, pool)
            transport, _protocol = await loop.create_datagram_endpoint(
                lambda: inbox, local_addr=("127.0.0.1", 0)
            )
            running = asyncio.ensure_future(inbox.run(stopping))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.setblocking(False)
                client.bind(("127.0.0.1", 0))
                await loop.sock_sendto(client, b"a", transport.get_extra_info("sockname"))
                answer = await asyncio.wait_for(loop.sock_recv(client, 100), 10)
            stopping.set()
            await asyncio.wait_for(running, 10)
            transport.close()
            await asyncio.sleep(0)
        return answer

    assert asyncio.run(scenario()) == b"answer to a"


def test_a_large_crowd_comes_in_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BATCH", 2)
    sizes: list[int] = []

    def work(batch: Sequence[Datagram]) -> Sequence[Answer]:
        sizes.append(len(batch))
        return []

    serve(work, b"a", b"b", b"c")

    assert sizes == [2, 1]


def test_when_stopped_without_database_what_waits_is_not_called_taken() -> None:
    def work(batch: Sequence[Datagram]) -> Sequence[Answer]:
        raise OperationalError("the server restarts")

    inbox, wire = serve(work, b"a", b"b")

    assert [datagram.data for datagram in inbox.waiting] == [b"a", b"b"]
    assert wire.sent == []


def test_messages_wait_for_the_database_in_their_order() -> None:
    tries: list[list[bytes]] = []

    def work(batch: Sequence[Datagram]) -> Sequence[Answer]:
        tries.append([datagram.data for datagram in batch])
        if len(tries) < 3:
            raise OperationalError("the server restarts")
        return []

    async def scenario() -> None:
        stopping = asyncio.Event()
        with ThreadPoolExecutor(1) as pool:
            inbox = Inbox("trap", work, pool)
            inbox.datagram_received(b"a", PEER)
            inbox.datagram_received(b"b", PEER)
            running = asyncio.ensure_future(inbox.run(stopping))
            while inbox.waiting or len(tries) < 3:
                await asyncio.sleep(0)
            stopping.set()
            await asyncio.wait_for(running, 10)

    asyncio.run(scenario())

    assert tries == [[b"a", b"b"]] * 3


def test_one_message_that_cannot_be_taken_does_not_cost_the_others() -> None:
    taken: list[bytes] = []

    def work(batch: Sequence[Datagram]) -> Sequence[Answer]:
        if any(datagram.data == b"poison" for datagram in batch):
            raise DataError("too long")
        taken.extend(datagram.data for datagram in batch)
        return [(datagram.data, datagram.peer) for datagram in batch]

    _inbox, wire = serve(work, b"a", b"poison", b"b")

    assert taken == [b"a", b"b"]
    assert [data for data, _peer in wire.sent] == [b"a", b"b"]


def test_too_many_waiting_drop_the_oldest_and_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "KEPT", 2)
    taken: list[bytes] = []

    def work(batch: Sequence[Datagram]) -> Sequence[Answer]:
        taken.extend(datagram.data for datagram in batch)
        return []

    inbox, _wire = serve(work, b"a", b"b", b"c")

    assert taken == [b"b", b"c"]
    assert inbox.dropped == 1


def test_usage_files_are_taken_once_finished_and_put_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []

    def ingest(path: Path, *, source: str, name: str) -> None:
        if path.read_bytes() == b"":
            raise Invalid("empty", code="usage.empty")
        seen.append((source, name))

    monkeypatch.setattr(intake, "ingest_file", ingest)
    folder = tmp_path / "voice-gateway"
    folder.mkdir()
    (folder / "calls.csv").write_text("x")
    (folder / "more.csv.part").write_text("x")
    (folder / "empty.csv").write_text("")

    assert intake.take_files(tmp_path) == 1
    assert intake.take_files(tmp_path) == 0

    assert seen == [("voice-gateway", "calls.csv")]
    assert [path.name for path in folder.iterdir()] == ["more.csv.part"]
    assert (tmp_path / "taken/voice-gateway/calls.csv").exists()
    assert (tmp_path / "refused/voice-gateway/empty.csv.reason").read_text() == "usage.empty: empty\n"
    (folder / "calls.csv").write_text("x")
    intake.take_files(tmp_path)
    assert (tmp_path / "taken/voice-gateway/calls.1.csv").exists()
