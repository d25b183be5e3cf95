"""Heron NOS configuration as text: lines in modes, mapped onto the leaves of the common schema."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lab.config.args import BadValue, ConfigError, SyntaxProblem, UnknownPort
from lab.config.schema import Schema
from lab.config.tree import FLAG, Editable, Path, Tree

KEY, VALUE = "{key}", "{value}"
Block = dict[str, "Block | None"]  # lines; a line with a block below it opens a mode


@dataclass(frozen=True)
class Line:
    """A line that is one leaf: `path` is relative to the mode, KEY stands for the same word in both."""

    words: tuple[str, ...]
    path: Path
    rest: bool = False  # the value is all that follows

    def match(self, text: str) -> tuple[Path, str] | None:
        """Path and value if the text is this line."""
        given = text.split(None, len(self.words) - 1) if self.rest else text.split()
        if len(given) != len(self.words):
            return None
        key, value = "", FLAG
        for mine, theirs in zip(self.words, given, strict=True):
            if mine == KEY:
                key = theirs
            elif mine == VALUE:
                value = theirs
            elif mine != theirs:
                return None
        return tuple(key if word == KEY else word for word in self.path), value

    def match_removal(self, words: list[str]) -> Path | None:
        """Path if `no WORDS` removes this leaf; the value may be left out."""
        mine = [word for word in self.words if word != VALUE]
        if len(words) < len(mine) or (len(words) > len(self.words) and not self.rest):
            return None
        key = ""
        for template, given in zip(mine, words, strict=False):
            if template == KEY:
                key = given
            elif template != given:
                return None
        return tuple(key if word == KEY else word for word in self.path)

    def write(self, path: Path, value: str) -> str | None:
        """The line for a leaf, None when the leaf is another's."""
        if len(path) != len(self.path):
            return None
        key = ""
        for mine, theirs in zip(self.path, path, strict=True):
            if mine == KEY:
                key = theirs
            elif mine != theirs:
                return None
        return " ".join({KEY: key, VALUE: value}.get(word, word) for word in self.words)


def _line(words: str, path: str, rest: bool = False) -> Line:
    return Line(tuple(words.split()), tuple(path.split()), rest)


LINES: dict[str, tuple[Line, ...]] = {
    "global": (
        _line("hostname {value}", "system host-name"),
        _line("snmp-server location {value}", "system location", rest=True),
        _line("snmp-server contact {value}", "system contact", rest=True),
        _line("snmp-server community {value}", "snmp community"),
        _line("banner {value}", "system banner", rest=True),
        _line("ntp server {key}", "system ntp-server {key}"),
        _line("ip name-server {key}", "system name-server {key}"),
        _line("logging host {key}", "system syslog-host {key}"),
        _line("ip route {key} {value}", "routing-options static route {key} next-hop"),
    ),
    "interface": (
        _line("description {value}", "description", rest=True),
        _line("shutdown", "disable"),
    ),
    "service": (
        _line("description {value}", "description", rest=True),
        _line("rate-limit down {value}", "rate-limit down"),
        _line("rate-limit up {value}", "rate-limit up"),
        _line("ip address {value}", "address"),
        _line("ipv6 address {value}", "address6"),
        _line("subscriber {value}", "subscriber"),
        _line("class {value}", "class"),
        _line("suspend", "suspend"),
    ),
    "voice": (
        _line("channels {value}", "channels"),
        _line("trunk {value}", "trunk"),
        _line("name {value}", "name", rest=True),
        _line("blocked", "block"),
    ),
    "subscriber": (
        _line("blocked", "block"),
        _line("rate-limit down {value}", "rate-limit down"),
        _line("rate-limit up {value}", "rate-limit up"),
        _line("class-attribute {value}", "class-attribute", rest=True),
    ),
}


@dataclass(frozen=True)
class Mode:
    """Where a configuration line stands: the lines it may use, the path they hang on, and the prompt."""

    kind: str
    base: Path
    label: str


TOP = Mode("global", (), "")


def header(mode: Mode, words: list[str], schema: Schema) -> tuple[Mode, tuple[Path, str] | None] | None:
    """The mode that a line opens below `mode`, and the leaf it sets by the way; None if it opens none."""
    match mode.kind, words:
        case "global", ["interface", port]:
            return Mode("interface", schema.branch(["interfaces", port]), f"if-{port}"), None
        case "global", ["voice", "line", number] if schema.role == "voice-gateway":
            return Mode("voice", schema.branch(["voice", "line", number]), f"voice-{number}"), None
        case "global", ["subscriber", user] if schema.role == "bng":
            return Mode("subscriber", schema.branch(["subscribers", user]), f"sub-{user}"), None
        case "interface", ["service", name, "vlan", vlan]:
            unit = schema.branch([*mode.base, "unit", vlan])
            leaf = schema.statement([*unit, "service-name", name])
            return Mode("service", unit, f"{mode.label}-svc-{name}"), leaf
    return None


def leaf(mode: Mode, text: str, schema: Schema) -> tuple[Path, str] | None:
    """The leaf a line sets in this mode, None if it is no line of this mode. Raises ConfigError on a value."""
    for line in LINES[mode.kind]:
        if found := line.match(text):
            words = [*mode.base, *found[0]]
            return schema.statement(words if found[1] == FLAG else [*words, found[1]])
    return None


def removal(mode: Mode, words: list[str], tree: Tree, schema: Schema) -> Path | None:
    """The path that `no WORDS` removes in this mode, None if it is no line of this mode."""
    if mode.kind == "interface" and words[:1] == ["service"] and len(words) in (2, 4):
        for path, value in tree.items():
            if path[:2] == mode.base and path[4:] == ("service-name",) and value == words[1]:
                return path[:4]
        return (*mode.base, "unit", "")  # nothing there: removes nothing
    if mode.kind == "global" and (opened := header(mode, words, schema)):
        return opened[0].base
    for line in LINES[mode.kind]:
        if (below := line.match_removal(words)) is not None:
            return schema.branch([*mode.base, *below])
    return None


def place(path: Path, value: str, tree: Tree) -> tuple[str, ...]:
    """A leaf as its line, with the lines of the modes around it first."""
    context, kind, depth = _context(path, tree)
    if path[4:] == ("service-name",):
        return context
    for line in LINES[kind]:
        if (text := line.write(path[depth:], value)) is not None:
            return (*context, text)
    raise KeyError(path)


def around(path: Path, tree: Tree) -> str:
    """A branch in Heron's words, as errors name it."""
    return " / ".join(_context(path, tree)[0])


def _context(path: Path, tree: Tree) -> tuple[tuple[str, ...], str, int]:
    if path[0] == "interfaces" and path[2:3] == ("unit",):
        name = tree.get((*path[:4], "service-name")) or "?"
        return (f"interface {path[1]}", f"service {name} vlan {path[3]}"), "service", 4
    if path[0] == "interfaces":
        return (f"interface {path[1]}",), "interface", 2
    if path[0] == "voice":
        return (f"voice line {path[2]}",), "voice", 3
    if path[0] == "subscribers":
        return (f"subscriber {path[1]}",), "subscriber", 2
    return (), "global", 0


def lines(tree: Tree) -> list[tuple[str, ...]]:
    """Every leaf as its line with context, plain lines first, in natural order."""
    placed = [place(path, value, tree) for path, value in tree.leaves()]
    return sorted(placed, key=lambda line: len(line) > 1)


def nested(tree: Tree) -> Block:
    """The configuration as lines within lines."""
    top: Block = {}
    for words in lines(tree):
        block = top
        for line in words[:-1]:
            below = block.get(line)
            if below is None:
                below = block[line] = {}
            block = below
        block.setdefault(words[-1], None)
    return top


def render(tree: Tree) -> str:
    """A configuration as text; three spaces a mode, `!` between sections, `end` last."""
    out: list[str] = []
    for line, block in nested(tree).items():
        if block:
            out.append("!")
        out.append(line)
        _write(block or {}, 1, out)
    return "\n".join([*out, "!", "end"])


def _write(block: Block, depth: int, out: list[str]) -> None:
    for line, below in block.items():
        out.append("   " * depth + line)
        _write(below or {}, depth + 1, out)


def diff(old: Tree, new: Tree) -> tuple[list[str], list[str], str]:
    """Removed and added lines (with context, joined by ` / `), and both as marked text."""
    before, after = lines(old), lines(new)
    was, now = set(before), set(after)
    removed = [line for line in before if line not in now]
    added = [line for line in after if line not in was]
    marked: dict[tuple[str, ...], str] = {}
    for changed, mark, others in ((removed, "-", now), (added, "+", was)):
        for line in changed:
            for depth in range(1, len(line)):  # modes around it are context, unless they come or go as well
                known = any(other[:depth] == line[:depth] for other in others)
                marked.setdefault(line[:depth], " " if known else mark)
            marked[line] = mark
    place_of = {line: at for at, line in enumerate(dict.fromkeys([*before, *after]))}
    ordered = sorted(marked, key=lambda line: _place(line, place_of))
    text = "\n".join(f"{marked[line]}{'   ' * (len(line) - 1)}{line[-1]}".rstrip() for line in ordered)
    return [" / ".join(line) for line in removed], [" / ".join(line) for line in added], text


def _place(line: tuple[str, ...], place_of: dict[tuple[str, ...], int]) -> tuple[int, int]:
    first = min(at for other, at in place_of.items() if other[: len(line)] == line)
    return first, len(line)


def parse(text_lines: Iterable[str], schema: Schema) -> Tree:
    """The configuration that text describes; `!` comments, `end` and blank lines are skipped."""
    tree = Tree()
    edit(tree, tree, text_lines, schema)
    return tree


def edit(target: Editable, tree: Tree, text_lines: Iterable[str], schema: Schema) -> None:
    """Apply lines from the outermost mode on; `tree` is the target's present content."""
    modes = [TOP]
    for raw in text_lines:
        text = raw.strip()
        if text == "exit":
            modes = modes[:-1] or [TOP]
        elif text and not text.startswith("!") and text != "end":
            modes = apply(target, tree, modes, text, schema)


def apply(target: Editable, tree: Tree, modes: list[Mode], text: str, schema: Schema) -> list[Mode]:
    """Take one line into the target; returns the modes afterwards. Raises ConfigError when it fits nowhere."""
    changes, modes = interpret(tree, modes, text, schema)
    for path, value in changes:
        if value is None:
            target.delete(path)
        else:
            target.set(path, value)
    return modes


def interpret(
    tree: Tree, modes: list[Mode], text: str, schema: Schema
) -> tuple[list[tuple[Path, str | None]], list[Mode]]:
    """What a line changes (None removes) and the modes after it.

    A line that means nothing in the innermost mode is tried in the modes around it, and leaves those inside.
    """
    words = text.split()
    for depth in range(len(modes), 0, -1):
        mode, here = modes[depth - 1], modes[:depth]
        if words[0] == "no":
            if words[1:] and (path := removal(mode, words[1:], tree, schema)) is not None:
                return [(path, None)], here
        elif opened := header(mode, words, schema):
            below, by_the_way = opened
            return ([by_the_way] if by_the_way else []), [*here, below]
        elif found := leaf(mode, text, schema):
            return [found], here
    raise SyntaxProblem("a configuration line", text)


def explain(error: ConfigError) -> str:
    """A configuration error in Heron's words, without the `%`."""
    match error:
        case UnknownPort():
            return f"Interface {error.port} does not exist"
        case BadValue():
            return f"Invalid value '{error.value}' for {error.what}: {error.why}"
        case SyntaxProblem(got=None):
            return "Incomplete command"
        case SyntaxProblem():
            return f"Invalid input detected: '{error.got}'"
    return str(error)
