"""The vendors: whose shell, and how configuration text is read and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lab.cli import heron_grammar, kestrel_grammar
from lab.cli.heron import HeronShell
from lab.cli.kestrel import KestrelShell
from lab.cli.shell import Shell
from lab.config.args import ConfigError
from lab.config.schema import Schema
from lab.config.store import Candidate
from lab.config.tree import Tree


@dataclass(frozen=True)
class Dialect:
    """A vendor's way with configuration. `edit` raises ConfigError, which `explain` puts into words."""

    shell: type[Shell]
    parse: Callable[[Sequence[str], Schema], Tree]
    edit: Callable[[Candidate, Sequence[str], Schema], None]
    render: Callable[[Tree], str]
    explain: Callable[[ConfigError], str]


DIALECTS = {
    "kestrel": Dialect(
        KestrelShell,
        kestrel_grammar.parse,
        kestrel_grammar.edit,
        kestrel_grammar.render,
        kestrel_grammar.explain,
    ),
    "heron": Dialect(
        HeronShell,
        heron_grammar.parse,
        lambda candidate, lines, schema: heron_grammar.edit(candidate, candidate.tree, lines, schema),
        heron_grammar.render,
        heron_grammar.explain,
    ),
}
