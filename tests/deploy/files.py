"""What goes into the image: the files git knows or would take, without those that .dockerignore names."""

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


@cache
def image_files() -> frozenset[str]:
    """Paths of the build's context, as `COPY . .` takes them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    ignored = [pattern(line) for line in read_ignored((ROOT / ".dockerignore").read_text(encoding="utf-8"))]
    return frozenset(name for name in listed if not any(each.match(name) for each in ignored))


def read_ignored(text: str) -> list[str]:
    """The patterns of a .dockerignore; those that begin with ! are not used here and not understood."""
    lines = [line.strip() for line in text.splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if negated := [line for line in found if line.startswith("!")]:
        raise ValueError(f"exceptions are not understood: {negated}")
    return found


def pattern(ignored: str) -> re.Pattern[str]:
    """A pattern of .dockerignore: it names a path from the top, and with a folder all that is in it."""
    wild = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*|\?)", ignored.strip("/"))
    return re.compile("".join(wild.get(piece, re.escape(piece)) for piece in pieces) + "(?:/.*)?$")


@cache
def compose() -> dict[str, dict[str, dict[str, Any]]]:
    loaded: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded
