"""Call records and their CSV files (docs/lab.md, "Call records")."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

HEADER = "call_id,a_number,b_number,start,answer_seconds,duration_seconds,cause,direction,trunk"
ZONE = ZoneInfo("Europe/Paris")

# Q.850 causes
UNALLOCATED, NORMAL, BUSY, NO_ANSWER, REJECTED, NO_CHANNEL, OUT_OF_ORDER = 1, 16, 17, 19, 21, 34, 38


@dataclass(frozen=True)
class CallRecord:
    """One call. `answer_seconds` is None when nobody answered; `duration_seconds` is the conversation."""

    call_id: str
    a_number: str
    b_number: str
    start: datetime
    answer_seconds: int | None
    duration_seconds: int
    cause: int
    direction: str  # out, in or onnet
    trunk: str

    def line(self) -> str:
        """As a line of CSV, without its end; no field can need quotes."""
        start = self.start.astimezone(ZONE).isoformat(timespec="seconds")
        answer = "" if self.answer_seconds is None else self.answer_seconds
        return (
            f"{self.call_id},{self.a_number},{self.b_number},{start},{answer},{self.duration_seconds},"
            f"{self.cause},{self.direction},{self.trunk}"
        )


def write_file(path: Path, lines: Iterable[str]) -> None:
    """Write a record file under a `.part` name and rename it, so that nobody ever reads half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8", newline="\n") as out:
        out.write(HEADER + "\n")
        out.writelines(line + "\n" for line in lines)
    os.replace(part, path)
