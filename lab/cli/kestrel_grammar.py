"""Kestrel OS configuration as text: one `set` line a statement."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lab.config.args import BadValue, ConfigError, SyntaxProblem, UnknownPort
from lab.config.schema import Schema
from lab.config.tree import FLAG, Editable, Path, Tree

_BARE = re.compile(r"[A-Za-z0-9_.:/@+-]+")
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)')


def quote(word: str) -> str:
    """A word as Kestrel writes it."""
    if _BARE.fullmatch(word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def tokens(line: str) -> list[str]:
    """The words of a line, quotes taken off. Raises SyntaxProblem at a quote that is not closed."""
    found, at = [], 0
    stripped = line.strip()
    while at < len(stripped):
        if stripped[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(stripped, at)
        if match is None:
            raise SyntaxProblem("closing quote", stripped[at:])
        quoted, bare = match.groups()
        found.append(bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        at = match.end()
    return found


def split_pipes(line: str) -> list[str]:
    """A line cut at the `|` outside of quotes."""
    parts, quoted, escaped = [""], False, False
    for char in line:
        if char == "|" and not quoted:
            parts.append("")
            continue
        if char == '"' and not escaped:
            quoted = not quoted
        escaped = char == "\\" and not escaped
        parts[-1] += char
    return [part.strip() for part in parts]


def statement(path: Path, value: str) -> str:
    """One leaf as a `set` line."""
    words = [*path, value] if value != FLAG else list(path)
    return "set " + " ".join(quote(word) for word in words)


def render(tree: Tree) -> str:
    """A configuration as `set` lines in natural order."""
    return "\n".join(statement(*leaf) for leaf in tree.leaves())


def edit(target: Editable, lines: Iterable[str], schema: Schema) -> None:
    """Apply `set` and `delete` lines; blank lines and # comments are skipped. Raises a ConfigError."""
    for line in lines:
        words = tokens(line)
        match words[:1]:
            case ["set"]:
                target.set(*schema.statement(words[1:]))
            case ["delete"]:
                target.delete(() if words[1:] == ["all"] else schema.branch(words[1:]))
            case [word] if not word.startswith("#"):
                raise SyntaxProblem("'set' or 'delete'", word)


def parse(lines: Iterable[str], schema: Schema) -> Tree:
    """The configuration that `set` lines describe."""
    tree = Tree()
    edit(tree, lines, schema)
    return tree


def compare(old: Tree, new: Tree) -> tuple[list[str], list[str]]:
    """Removed and added `set` lines; a changed value is both."""
    removed = [statement(*leaf) for leaf in old.leaves() if new.get(leaf[0]) != leaf[1]]
    added = [statement(*leaf) for leaf in new.leaves() if old.get(leaf[0]) != leaf[1]]
    return removed, added


def explain(error: ConfigError) -> str:
    """A configuration error in Kestrel's words, without the `error:`."""
    match error:
        case UnknownPort():
            return f"interface {error.port} not found"
        case BadValue():
            return f"invalid value '{error.value}' for {error.what}: {error.why}"
        case SyntaxProblem(got=None):
            return f"syntax error: expecting {error.expecting}"
        case SyntaxProblem():
            return f"syntax error: expecting {error.expecting}, got '{error.got}'"
    return str(error)
