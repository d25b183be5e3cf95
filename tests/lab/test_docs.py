"""docs/lab.md is what driver authors work from: every command must stand in it."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from lab.cli import heron, kestrel
from lab.cli.heron_grammar import LINES
from lab.cli.shell import Commands
from lab.control.commands import COMMANDS as CONTROLS
from lab.syslog import _HERON_TAGS, _KESTREL_TAGS

PAGE = (Path(__file__).parents[2] / "docs" / "lab.md").read_text("utf-8")
SESSION_EVENTS = {
    "session-start",
    "session-stop",
    "accounting-lost",
}  # only a BNG has them, and it is Kestrel


@pytest.mark.parametrize("commands", [kestrel.COMMANDS, heron.COMMANDS], ids=["kestrel", "heron"])
def test_every_operational_command_is_documented(commands: Commands[Any]) -> None:
    until_argument = {" ".join(takewhile(lambda word: word[0] != "<", c.words)) for c in commands}
    assert [words for words in sorted(until_argument) if words not in PAGE] == []


def test_every_control_is_documented() -> None:
    assert [name for name in CONTROLS if not re.search(rf"`{re.escape(name)}[ `]", PAGE)] == []


def test_every_heron_configuration_line_is_documented() -> None:
    firsts = {" ".join(w for w in line.words if "{" not in w) for lines in LINES.values() for line in lines}
    assert [first for first in sorted(firsts) if f"`{first}" not in PAGE] == []


def test_every_syslog_mnemonic_is_documented() -> None:
    told = [name for _, name in _KESTREL_TAGS.values()]
    told += [name for kind, (_, name) in _HERON_TAGS.items() if kind not in SESSION_EVENTS]
    assert [name for name in told if name not in PAGE] == []
