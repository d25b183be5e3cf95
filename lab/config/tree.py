"""A configuration tree, kept as its leaves.

Edits, differences and copies are then plain dictionary work; the two dialects and the typed views are
projections of the same leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Protocol

Path = tuple[str, ...]
FLAG = ""  # the value of a leaf that is merely there, such as `disable`

_NUMBERS = re.compile(r"(\d+)")


@lru_cache(maxsize=65536)
def natural(word: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts ge-0/0/10 after ge-0/0/9."""
    parts = _NUMBERS.split(word)
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts if part)


def order(path: Path) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """Sort key of a path."""
    return tuple(natural(word) for word in path)


class Editable(Protocol):
    """What configuration lines act upon: a tree, or a session's candidate."""

    def set(self, path: Path, value: str = FLAG) -> None: ...

    def delete(self, path: Path) -> int: ...


class Tree:
    """Paths of words to values; a value is text, or FLAG."""

    __slots__ = ("_leaves",)

    def __init__(self, leaves: Mapping[Path, str] | Iterable[tuple[Path, str]] = ()) -> None:
        self._leaves: dict[Path, str] = dict(leaves)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tree) and self._leaves == other._leaves

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __len__(self) -> int:
        return len(self._leaves)

    def __contains__(self, path: Path) -> bool:
        return path in self._leaves

    def __repr__(self) -> str:
        return f"Tree({self.leaves()!r})"

    def get(self, path: Path) -> str | None:
        """The value of a leaf, None when it is not there."""
        return self._leaves.get(path)

    def set(self, path: Path, value: str = FLAG) -> None:
        """Put a leaf, or replace its value."""
        self._leaves[path] = value

    def delete(self, path: Path) -> int:
        """Remove a leaf or a whole branch; returns how many leaves went. The empty path empties the tree."""
        gone = [leaf for leaf in self._leaves if leaf[: len(path)] == path]
        for leaf in gone:
            del self._leaves[leaf]
        return len(gone)

    def become(self, other: Tree) -> None:
        """Take all leaves of another tree, and no others."""
        self._leaves = dict(other.items())

    def copy(self) -> Tree:
        return Tree(self._leaves)

    def items(self) -> Iterator[tuple[Path, str]]:
        """Leaves in no particular order, for those who only look."""
        return iter(self._leaves.items())

    def leaves(self) -> list[tuple[Path, str]]:
        """Leaves in natural order."""
        return sorted(self._leaves.items(), key=lambda leaf: order(leaf[0]))

    def nested(self) -> dict[str, object]:
        """The tree as dictionaries; a flag is true. A word that is both leaf and branch keeps the branch."""
        top: dict[str, object] = {}
        for path, value in self.leaves():
            node = top
            for word in path[:-1]:
                below = node.get(word)
                if not isinstance(below, dict):
                    below = node[word] = {}
                node = below
            node.setdefault(path[-1], True if value == FLAG else value)
        return top

    def to_json(self) -> list[list[str]]:
        """Leaves as lists, value last, for a file."""
        return [[*path, value] for path, value in self.leaves()]

    @classmethod
    def from_json(cls, rows: list[list[str]]) -> Tree:
        return cls((tuple(row[:-1]), row[-1]) for row in rows)
