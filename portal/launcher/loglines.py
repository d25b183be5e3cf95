"""What of a process's log the person at the terminal needs to see."""

import json
import time
from dataclasses import dataclass, field

ALARMING = ("ERROR", "CRITICAL", "Traceback (most recent call last)")
LONGEST = 300
# A process in trouble says the same a hundred times a second; its log has it all.
AT_MOST, WITHIN = 5, 10.0


def terse(line: str) -> str:
    """One readable line of a log line: those of the portal are JSON, those of others are taken as they are."""
    record = _record(line)
    if record:
        reason = str(record.get("error", "")).strip().rsplit("\n", 1)[-1]
        words = [record.get("level"), record.get("logger"), record.get("message"), reason and f"({reason})"]
        line = " ".join(str(word) for word in words if word)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} …"


def is_alarming(line: str) -> bool:
    """Whether a line tells of something that went wrong."""
    record = _record(line)
    if record:
        return record.get("level") in {"ERROR", "CRITICAL"}
    return any(word in line for word in ALARMING)


def _record(line: str) -> dict[str, object]:
    if not line.startswith("{"):
        return {}
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) and "message" in record else {}


@dataclass
class Throttle:
    """Lets a few lines through in a while, and counts what it holds back."""

    passed: list[float] = field(default_factory=list)
    held: int = 0

    def lets_through(self, now: float | None = None) -> bool:
        now = time.monotonic() if now is None else now
        self.passed = [moment for moment in self.passed if now - moment < WITHIN]
        if len(self.passed) >= AT_MOST:
            self.held += 1
            return False
        self.passed.append(now)
        return True

    def take_held(self) -> int:
        """How many were held back since this was last asked."""
        held, self.held = self.held, 0
        return held
