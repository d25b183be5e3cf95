"""What the system knows of a process that is not our child."""

import os
import subprocess
import sys
from pathlib import Path

# Not asked in place: a type checker takes the answer of its own system for granted.
_PROC = sys.platform == "linux"


def is_alive(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has collected does not count."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return not _is_zombie(pid)


def command_of(pid: int) -> str:
    """The program of a process, empty when there is none: a recorded pid may by now be somebody else's."""
    if not is_alive(pid):
        return ""
    if _PROC:
        try:
            return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
        except OSError:
            return ""
    return _ps(pid, "comm=")


def _is_zombie(pid: int) -> bool:
    if _PROC:
        try:
            # The state follows the program's name, which is in parentheses and may itself hold any character.
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return True
        return stat.rpartition(")")[2].split()[0] in {"Z", "X"}
    return _ps(pid, "stat=").startswith("Z")


def _ps(pid: int, column: str) -> str:
    done = subprocess.run(["ps", "-o", column, "-p", str(pid)], check=False, capture_output=True, text=True)
    return done.stdout.strip()
