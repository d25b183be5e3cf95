"""What may stand in a configuration: the leaves and the grammar they make.

Paths use Kestrel's words; Heron maps its lines onto the same leaves (lab/cli/heron_grammar.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from lab.config.args import (
    ADDRESS,
    CHANNELS,
    CLASS,
    E164,
    HOST_NAME,
    INTERFACE4,
    INTERFACE6,
    KBPS,
    NAME,
    PORT,
    PREFIX,
    TEXT,
    VLAN,
    Arg,
    SyntaxProblem,
    UnknownPort,
)
from lab.config.tree import FLAG, Path

_UNIT: tuple[str | Arg, ...] = ("interfaces", PORT, "unit", VLAN)
_VOICE: tuple[str | Arg, ...] = ("voice", "line", E164)
_SUBSCRIBER: tuple[str | Arg, ...] = ("subscribers", NAME)


@dataclass(frozen=True)
class Leaf:
    """One kind of statement. Without `value` it is a flag, or a list entry named by its last word."""

    words: tuple[str | Arg, ...]
    value: Arg | None = None
    role: str | None = None  # only elements of this role know it


LEAVES = (
    Leaf(("system", "host-name"), HOST_NAME),
    Leaf(("system", "location"), TEXT),
    Leaf(("system", "contact"), TEXT),
    Leaf(("system", "banner"), TEXT),
    Leaf(("system", "ntp-server", ADDRESS)),
    Leaf(("system", "name-server", ADDRESS)),
    Leaf(("system", "syslog-host", ADDRESS)),
    Leaf(("snmp", "community"), NAME),
    Leaf(("routing-options", "static", "route", PREFIX, "next-hop"), ADDRESS),
    Leaf(("interfaces", PORT, "description"), TEXT),
    Leaf(("interfaces", PORT, "disable")),
    Leaf((*_UNIT, "service-name"), NAME),
    Leaf((*_UNIT, "description"), TEXT),
    Leaf((*_UNIT, "rate-limit", "down"), KBPS),
    Leaf((*_UNIT, "rate-limit", "up"), KBPS),
    Leaf((*_UNIT, "address"), INTERFACE4),
    Leaf((*_UNIT, "address6"), INTERFACE6),
    Leaf((*_UNIT, "subscriber"), NAME),
    Leaf((*_UNIT, "class"), CLASS),
    Leaf((*_UNIT, "suspend")),
    Leaf((*_VOICE, "channels"), CHANNELS, role="voice-gateway"),
    Leaf((*_VOICE, "trunk"), NAME, role="voice-gateway"),
    Leaf((*_VOICE, "name"), TEXT, role="voice-gateway"),
    Leaf((*_VOICE, "block"), role="voice-gateway"),
    Leaf((*_SUBSCRIBER, "block"), role="bng"),
    Leaf((*_SUBSCRIBER, "rate-limit", "down"), KBPS, role="bng"),
    Leaf((*_SUBSCRIBER, "rate-limit", "up"), KBPS, role="bng"),
    Leaf((*_SUBSCRIBER, "class-attribute"), TEXT, role="bng"),
)


@dataclass
class Node:
    """A place in the grammar: the words that may follow, and the leaf that ends here."""

    keywords: dict[str, Node] = field(default_factory=dict)
    arg: Arg | None = None
    below_arg: Node | None = None
    leaf: Leaf | None = None

    def expecting(self) -> str:
        words = [repr(word) for word in sorted(self.keywords)]
        if self.arg:
            words.append(f"<{self.arg.name}>")
        if self.leaf and self.leaf.value:
            words.append(f"<{self.leaf.value.name}>")
        return " or ".join(words) or "end of line"


def grammar(leaves: Collection[Leaf]) -> Node:
    """The leaves as a tree to walk word by word."""
    top = Node()
    for leaf in leaves:
        node = top
        for word in leaf.words:
            if isinstance(word, Arg):
                node.arg = word
                node.below_arg = node.below_arg or Node()
                node = node.below_arg
            else:
                node = node.keywords.setdefault(word, Node())
        node.leaf = leaf
    return top


@dataclass(frozen=True)
class PortLimits:
    """What validation must know of a port."""

    speed_mbps: int
    is_network: bool


class Schema:
    """The leaves one element accepts."""

    def __init__(self, role: str, ports: dict[str, PortLimits]) -> None:
        self.role = role
        self.ports = ports
        self.leaves = tuple(leaf for leaf in LEAVES if leaf.role in (None, role))
        self.top = _grammar_of(role)

    def take(self, arg: Arg, word: str) -> str:
        """The canonical form of an argument; raises BadValue or UnknownPort."""
        value = arg.take(word)
        if arg is PORT and value not in self.ports:
            raise UnknownPort(value)
        return value

    def walk(self, words: Sequence[str]) -> tuple[Path, Node, Sequence[str]]:
        """Follow the grammar as far as it goes: canonical path, where it ends, and the words left over."""
        node, path = self.top, []
        for at, word in enumerate(words):
            if word in node.keywords:
                path.append(word)
                node = node.keywords[word]
            elif node.arg and node.below_arg:
                path.append(self.take(node.arg, word))
                node = node.below_arg
            else:
                return tuple(path), node, words[at:]
        return tuple(path), node, ()

    def statement(self, words: Sequence[str]) -> tuple[Path, str]:
        """A whole statement as path and value. Raises a ConfigError where it goes wrong."""
        path, node, left = self.walk(words)
        if node.leaf is None or (node.leaf.value and not left):
            raise SyntaxProblem(node.expecting(), left[0] if left else None)
        value = FLAG
        if node.leaf.value:
            value, left = self.take(node.leaf.value, left[0]), left[1:]
        if left:
            raise SyntaxProblem("end of line", left[0])
        return path, value

    def branch(self, words: Sequence[str]) -> Path:
        """The path of a statement or of everything below a place, for deletion."""
        path, node, left = self.walk(words)
        if left:
            raise SyntaxProblem(node.expecting(), left[0])
        return path


_GRAMMARS: dict[str, Node] = {}


def _grammar_of(role: str) -> Node:
    # one grammar per role: two hundred elements need not build two hundred
    if role not in _GRAMMARS:
        _GRAMMARS[role] = grammar([leaf for leaf in LEAVES if leaf.role in (None, role)])
    return _GRAMMARS[role]
