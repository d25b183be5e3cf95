"""`manage.py intake`: the listener process. Traps, syslog, RADIUS accounting and usage files come in here.

Datagrams are gathered for a moment and handed over in batches; what the database cannot take now waits in memory, up
to a limit, and is tried again. Answers (to informs, to accounting requests) are sent only after the commit.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
import socket
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connection, connections

from bss.usage.services import ingest_file, ingest_radius
from kernel import clock, journal
from kernel.errors import UNAVAILABLE, DomainError
from oss.alarms.models import Source
from oss.alarms.services import Datagram, ingest
from oss.monitoring.services import heard

logger = logging.getLogger(__name__)

GATHER_SECONDS, BATCH, KEPT = 0.1, 1000, 200_000
AGAIN_SECONDS, SCAN_SECONDS, HEARTBEAT_SECONDS = 2.0, 2.0, 10.0
EXPECTED = timedelta(seconds=60)
RECEIVE_BUFFER = 4 * 1024 * 1024  # a storm arrives faster than it is read
UNFINISHED = (".part", ".tmp")

Answer = tuple[bytes, tuple[str, int]]
Work = Callable[[Sequence[Datagram]], Sequence[Answer]]


class Inbox(asyncio.DatagramProtocol):
    """One socket: gathers what comes and hands it to `work` in batches, one batch at a time, in order."""

    def __init__(self, name: str, work: Work, pool: ThreadPoolExecutor) -> None:
        self.name, self.work, self.pool = name, work, pool
        self.waiting: deque[Datagram] = deque(maxlen=KEPT)
        self.arrived = asyncio.Event()
        self.dropped = 0
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Widen the socket's buffer."""
        # Not asked with isinstance: the selector loop's own transport is no subclass of DatagramTransport before 3.12.
        self.transport = cast(asyncio.DatagramTransport, transport)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)

    def datagram_received(self, data: bytes, peer: tuple[str | Any, int]) -> None:
        """Keep it; the oldest goes when nothing more can be kept."""
        if len(self.waiting) == KEPT:
            self.dropped += 1
        self.waiting.append(Datagram(self.name, data, (str(peer[0]), peer[1]), clock.system_now()))
        self.arrived.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Work batches off until stopped and empty."""
        while self.waiting or not stopping.is_set():
            await _first(self.arrived.wait(), stopping.wait())
            if not stopping.is_set():
                await asyncio.sleep(GATHER_SECONDS)
            self.arrived.clear()
            while self.waiting:
                if not await self._hand_over() and stopping.is_set():
                    return

    async def _hand_over(self) -> bool:
        batch = [self.waiting.popleft() for _ in range(min(BATCH, len(self.waiting)))]
        try:
            answers = await self._work(batch)
        except UNAVAILABLE as error:
            logger.warning("%s: %d messages wait for the database: %s", self.name, len(batch), error)
            self.waiting.extendleft(reversed(batch))
            await asyncio.sleep(AGAIN_SECONDS)
            return False
        for data, peer in answers:
            if self.transport is not None:
                self.transport.sendto(data, peer)
        return True

    async def _work(self, batch: list[Datagram]) -> Sequence[Answer]:
        """Hand a batch over; one that fails for any reason but the database is tried message by message."""
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self.pool, in_thread, lambda: self.work(batch)
            )
        except UNAVAILABLE:
            raise
        except Exception:
            if len(batch) == 1:
                # Better one message lost and told than a listener that stands still.
                logger.exception("%s: %r could not be taken in", self.name, batch[0].data[:200])
                return []
        return [answer for datagram in batch for answer in await self._work([datagram])]


def in_thread(function: Callable[[], Any]) -> Any:
    """Run in a worker thread: with a live connection, and under the listener's name."""
    close_old_connections()
    try:
        with journal.acting(label="intake"):
            return function()
    except UNAVAILABLE:
        connection.close()
        raise


def take_alarms(batch: Sequence[Datagram]) -> Sequence[Answer]:
    """Traps and syslog lines into alarms."""
    return ingest(batch).replies


def take_accounting(batch: Sequence[Datagram]) -> Sequence[Answer]:
    """Accounting requests into usage, one by one: each is answered when it is stored."""
    secret = settings.RADIUS_SECRET.encode()
    answers = []
    for datagram in batch:
        try:
            reply = ingest_radius(datagram.data, secret=secret)
        except DomainError as error:
            logger.warning("accounting request of %s:%d: %s", *datagram.peer, error.message)
            continue
        if reply is not None:
            answers.append((reply, datagram.peer))
    heard("radius", messages=len(batch), expected_every=EXPECTED)
    return answers


def take_files(folder: Path) -> int:
    """Hand every finished file of `folder/<source code>/` over; taken files move to `taken/`, refused ones to `refused/`.

    A file is finished when its name does not end in .part or .tmp. Returns how many were taken.
    """
    taken = 0
    for path in sorted(folder.glob("*/*")):
        if not path.is_file() or path.name.startswith(".") or path.suffix in UNFINISHED:
            continue
        source = path.parent.name
        if source in {"taken", "refused"}:
            continue
        try:
            ingest_file(path, source=source, name=path.name)
            _put_away(path, folder / "taken" / source)
            taken += 1
        except DomainError as error:
            logger.warning("usage file %s: %s", path, error.message)
            away = _put_away(path, folder / "refused" / source)
            away.with_name(away.name + ".reason").write_text(f"{error.code}: {error.message}\n", "utf-8")
    return taken


def _put_away(path: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / path.name
    number = 1
    while target.exists():
        target, number = folder / f"{path.stem}.{number}{path.suffix}", number + 1
    shutil.move(path, target)
    return target


class Command(BaseCommand):
    """Listen until stopped; what has arrived by then is still taken in."""

    help = "Listen for SNMP notifications, syslog, RADIUS accounting and usage files."

    def add_arguments(self, parser: Any) -> None:
        """`--once`: only take the usage files that lie there."""
        parser.add_argument(
            "--once", action="store_true", help="take in the usage files that are there, and stop"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        folder = Path(settings.USAGE_DROP_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        if options["once"]:
            self.stdout.write(str(take_files(folder)))
            return
        asyncio.run(self.listen(folder))

    async def listen(self, folder: Path) -> None:
        """Open the sockets and serve them."""
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        # A thread each: accounting must not wait behind a storm of alarms.
        pools = [ThreadPoolExecutor(1, thread_name_prefix=name) for name in ("alarms", "accounting", "files")]
        inboxes = []
        for name, address, work, pool in (
            (Source.TRAP, settings.TRAP_LISTEN, take_alarms, pools[0]),
            (Source.SYSLOG, settings.SYSLOG_LISTEN, take_alarms, pools[0]),
            ("radius", settings.RADIUS_LISTEN, take_accounting, pools[1]),
        ):
            inboxes.append(await self._open(str(name), address, work, pool))
        try:
            await asyncio.gather(
                *(inbox.run(stopping) for inbox in inboxes),
                self._scan(folder, pools[2], stopping),
                self._heartbeat(inboxes, pools[2], stopping),
            )
        finally:
            for inbox in inboxes:
                if inbox.transport is not None:
                    inbox.transport.close()
            for pool in pools:
                pool.submit(connections.close_all)  # of the pool's own thread: it has one connection
                pool.shutdown()

    async def _open(self, name: str, address: str, work: Work, pool: ThreadPoolExecutor) -> Inbox:
        host, _colon, port = address.rpartition(":")
        inbox = Inbox(name, work, pool)
        await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: inbox, local_addr=(host.strip("[]"), int(port))
        )
        self.stdout.write(f"{name}: {address}")
        return inbox

    async def _scan(self, folder: Path, pool: ThreadPoolExecutor, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await asyncio.get_running_loop().run_in_executor(pool, in_thread, lambda: take_files(folder))
            except (*UNAVAILABLE, OSError) as error:
                logger.warning("usage files wait: %s", error)
            await _first(stopping.wait(), asyncio.sleep(SCAN_SECONDS))

    async def _heartbeat(
        self, inboxes: Sequence[Inbox], pool: ThreadPoolExecutor, stopping: asyncio.Event
    ) -> None:
        while not stopping.is_set():
            try:
                await asyncio.get_running_loop().run_in_executor(pool, in_thread, lambda: _beat(inboxes))
            except UNAVAILABLE as error:
                logger.warning("no heartbeat: %s", error)
            await _first(stopping.wait(), asyncio.sleep(HEARTBEAT_SECONDS))


def _beat(inboxes: Sequence[Inbox]) -> None:
    for inbox in inboxes:
        heard(inbox.name, expected_every=EXPECTED)
        if inbox.dropped:
            logger.error("%s: %d messages were dropped because too many wait", inbox.name, inbox.dropped)
            inbox.dropped = 0


async def _first(*waits: Any) -> None:
    """Until the first of them is done; the others are called off."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
