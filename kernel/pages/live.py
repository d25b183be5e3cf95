"""Live pages: one listener thread per process hears what the dispatcher announces and hands it to every open stream.

A message is `{topic, ids, version}` and nothing else: the page fetches permission-checked content again. `version` is
the outbox sequence, by which a stream resumes where it broke off.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import select
import threading
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import connection

from kernel import events
from kernel.models import OutboxEvent
from kernel.permissions import scopes_of

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
LIFETIME_SECONDS = 600.0
RESUME_MAX = 500
QUEUE_MAX = 1000
BATCH_MAX = 200
# A browser needs one. A stream whose page is gone is noticed at its next heartbeat only, so a user's oldest gives way.
PER_USER = 3


def streams_max() -> int:
    """Streams one process carries; each holds a worker thread, so it stays well below their number."""
    return int(getattr(settings, "LIVE_STREAMS_MAX", 16))


class Stream:
    """The queue of one open stream; a full one tells its page to fetch everything again."""

    def __init__(self, user: Any) -> None:
        self.user_id = user.pk
        # A narrowed user learns that something of a kind changed, not which object.
        self.bare = bool(scopes_of(user))
        self.queue: queue.Queue[dict[str, Any]] = queue.Queue(QUEUE_MAX)
        self.overrun = threading.Event()
        self.ended = threading.Event()

    def put(self, message: dict[str, Any]) -> None:
        """Never blocks the listener."""
        try:
            self.queue.put_nowait({**message, "ids": []} if self.bare else message)
        except queue.Full:
            self.overrun.set()


class Full(Exception):
    """This process carries no further stream; the page polls instead."""


class Hub:
    """The streams of this process and the one thread that feeds them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: dict[Stream, None] = {}  # oldest first
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._pid = os.getpid()

    def open(self, user: Any) -> Stream:
        """Register a stream and make sure the listener hears; raises Full, also once the hub was stopped."""
        stream = Stream(user)
        with self._lock:
            if self._stop.is_set():
                # A request that was under way when the process went down must not start the listener again.
                raise Full
            mine = [one for one in self._streams if one.user_id == user.pk]
            for old in mine[: max(0, len(mine) - PER_USER + 1)]:
                old.ended.set()
                del self._streams[old]
            if len(self._streams) >= streams_max():
                raise Full
            self._streams[stream] = None
            if self._thread is None or not self._thread.is_alive() or self._pid != os.getpid():
                self._pid = os.getpid()
                self._ready.clear()
                self._thread = threading.Thread(target=self._listen, name="live-listener", daemon=True)
                self._thread.start()
        # What is announced from here on is heard; what came before is read from the outbox.
        self._ready.wait(5)
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream."""
        with self._lock:
            self._streams.pop(stream, None)

    def stop(self) -> None:
        """End the listener and its connection, for good."""
        with self._lock:
            self._stop.set()
            thread = self._thread
        if thread is not None:
            thread.join(10)
        self._thread = None

    @property
    def stopping(self) -> bool:
        """The process is going down: streams end, so that their threads do not hold it up."""
        return self._stop.is_set() or not threading.main_thread().is_alive()

    def _listen(self) -> None:
        while not self.stopping:
            try:
                self._hear()
            except Exception:  # the database may go away in any way; streams live on and resume
                logger.warning("live listener lost its connection", exc_info=True)
                self._ready.clear()
                for stream in list(self._streams):
                    stream.overrun.set()
                self._stop.wait(2)

    def _hear(self) -> None:
        wrapper = connection.copy()
        try:
            wrapper.ensure_connection()
            raw = wrapper.connection
            raw.autocommit = True
            with raw.cursor() as cursor:
                cursor.execute(f"LISTEN {events.LIVE_CHANNEL}")
            self._ready.set()
            while not self.stopping:
                if not select.select([raw], [], [], 1.0)[0]:
                    continue
                raw.poll()
                while raw.notifies:
                    self._spread(raw.notifies.pop(0).payload)
        finally:
            wrapper.close()

    def _spread(self, payload: str) -> None:
        message = json.loads(payload)
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.put(message)


HUB = Hub()


def since(version: int, *, limit: int = RESUME_MAX) -> list[dict[str, Any]] | None:
    """Messages after a version, oldest first; None when there are too many and the page should fetch all again."""
    rows = list(
        OutboxEvent.objects.filter(seq__gt=version, delivered__isnull=False).order_by("seq")[: limit + 1]
    )
    if len(rows) > limit:
        return None
    found = []
    for row in rows:
        try:
            found.append(events.live_message(row, events.decode(row.name, row.payload)))
        except KeyError:
            continue  # an event of another version of the code: its page will come by another way
    return found


def latest() -> int:
    """Sequence of the newest announced event."""
    newest = (
        OutboxEvent.objects.filter(delivered__isnull=False).order_by("-seq").values_list("seq", flat=True)
    )
    return newest.first() or 0


def fold(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One message per topic: a burst of alarms is one refresh."""
    folded: dict[str, dict[str, Any]] = {}
    for message in messages:
        known = folded.setdefault(message["topic"], {"topic": message["topic"], "ids": [], "version": 0})
        known["ids"] = list(dict.fromkeys([*known["ids"], *message["ids"]]))[:BATCH_MAX]
        known["version"] = max(known["version"], message["version"])
    return sorted(folded.values(), key=lambda message: int(message["version"]))


def frame(message: dict[str, Any], event: str = "") -> bytes:
    """One server-sent event."""
    head = f"event: {event}\n" if event else ""
    return f"{head}id: {message['version']}\ndata: {json.dumps(message)}\n\n".encode()


def stream(
    opened: Stream, start: int, missed: list[dict[str, Any]] | None, *, lifetime: float
) -> Iterator[bytes]:
    """The body of one stream: where we are, what was missed, then what happens; a heartbeat when nothing does."""
    seen = start
    # An event may be announced after later ones, so what was told already is known by name, not by order.
    told = {message["version"] for message in missed or []}
    ends = time.monotonic() + lifetime
    beat = time.monotonic() + HEARTBEAT_SECONDS
    try:
        yield b"retry: 3000\n" + frame({"version": start}, "reset" if missed is None else "hello")
        for message in fold(missed or []):
            seen = max(seen, message["version"])
            yield frame(message)
        while time.monotonic() < ends and not HUB.stopping and not opened.ended.is_set():
            batch = _take(opened)
            if opened.overrun.is_set():
                opened.overrun.clear()
                yield frame({"version": seen}, "reset")
                continue
            for message in fold([one for one in batch if one["version"] not in told]):
                seen = max(seen, message["version"])
                yield frame(message)
            if batch:
                beat = time.monotonic() + HEARTBEAT_SECONDS
            elif time.monotonic() >= beat:
                beat = time.monotonic() + HEARTBEAT_SECONDS
                yield b": alive\n\n"
    finally:
        HUB.close(opened)


def _take(opened: Stream) -> list[dict[str, Any]]:
    """Wait up to a second for a message, then take all that are there."""
    try:
        batch = [opened.queue.get(timeout=1.0)]
    except queue.Empty:
        return []
    while len(batch) < BATCH_MAX:
        try:
            batch.append(opened.queue.get_nowait())
        except queue.Empty:
            break
    return batch
