"""The voice gateway at work: which calls go through, and the records it writes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from lab.clock import Clock, Timer
from lab.config.view import VoiceLine
from lab.device.element import Element
from lab.notify import Sinks
from lab.voice.records import BUSY, NO_CHANNEL, NORMAL, OUT_OF_ORDER, REJECTED, CallRecord, write_file


class Gateway:
    """Calls of one gateway element. Records are kept until `flush` writes them."""

    def __init__(self, element: Element, clock: Clock, sinks: Sinks) -> None:
        self.element, self._clock, self._sinks = element, clock, sinks
        self._records: list[CallRecord] = []
        self._busy: dict[str, int] = {}
        self._timers: dict[int, Timer] = {}
        self._calls = self._files = self._numbers = 0
        self._born = f"{int(clock.now().timestamp()) & 0xFFFFFFFF:08x}"  # keeps ids apart over restarts
        element.calls_in_use = lambda number: self._busy.get(number, 0)

    def knows(self, number: str) -> bool:
        return number in self.element.voice_lines

    def call(self, a: str, b: str, seconds: int, cause: int = NORMAL) -> CallRecord:
        """A call that ended just now. Raises ValueError when neither number is a line of this gateway."""
        cause = self._admit(a, b) or cause
        return self._record(a, b, seconds, cause)

    def begin(self, a: str, b: str, seconds: int) -> None:
        """A call that begins now and holds its channels until it ends."""
        if cause := self._admit(a, b):
            self._record(a, b, 0, cause)
            return
        for party in (a, b):
            self._busy[party] = self._busy.get(party, 0) + 1
        self._numbers += 1
        number = self._numbers
        self._timers[number] = self._clock.call_later(seconds, lambda: self._end(number, a, b, seconds))

    def flush(self) -> Path | None:
        """Write what was recorded since the last file; None when there is nothing or nowhere to write."""
        if not self._records or not self._sinks.cdr_dir:
            return None
        self._files += 1
        name = f"{self.element.name}_{self._clock.now():%Y%m%dT%H%M%SZ}_{self._files:06d}.csv"
        path = Path(self._sinks.cdr_dir) / name
        records, self._records = self._records, []
        write_file(path, (record.line() for record in records))
        return path

    def close(self) -> None:
        """No more calls; the last records are written."""
        for timer in self._timers.values():
            timer.cancel()
        self.flush()

    def _end(self, number: int, a: str, b: str, seconds: int) -> None:
        del self._timers[number]
        for party in (a, b):
            self._busy[party] = max(0, self._busy.get(party, 0) - 1)
        self._record(a, b, seconds, NORMAL if self.element.powered else OUT_OF_ORDER)

    def _admit(self, a: str, b: str) -> int | None:
        """The Q.850 cause that stops a call at once, None when it may go on."""
        lines = [(self._line(number), full) for number, full in ((a, NO_CHANNEL), (b, BUSY))]
        if not any(line for line, _ in lines):
            raise ValueError(f"neither {a} nor {b} is a line of {self.element.name}")
        for line, full in lines:
            if line and line.blocked:
                return REJECTED
            if line and self._busy.get(line.number, 0) >= line.channels:
                return full
        onnet = all(line for line, _ in lines)
        return None if onnet or self.element.upstream else OUT_OF_ORDER

    def _line(self, number: str) -> VoiceLine | None:
        return self.element.voice_lines.get(number)

    def _record(self, a: str, b: str, seconds: int, cause: int) -> CallRecord:
        ours_a, ours_b = self._line(a), self._line(b)
        self._calls += 1
        answered = cause == NORMAL
        # how long it rang is the call's own; it need only look natural and be the same every time
        answer = 2 + self._calls * 7 % 17 if answered else None
        line = ours_a or ours_b
        record = CallRecord(
            call_id=f"{self.element.name}-{self._born}-{self._calls:06d}",
            a_number=a,
            b_number=b,
            start=self._clock.now() - timedelta(seconds=(answer or 0) + (seconds if answered else 0)),
            answer_seconds=answer,
            duration_seconds=seconds if answered else 0,
            cause=cause,
            direction="onnet" if ours_a and ours_b else "out" if ours_a else "in",
            trunk="" if (ours_a and ours_b) or line is None else line.trunk,
        )
        self._records.append(record)
        return record
