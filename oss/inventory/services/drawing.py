"""Where to put what on the picture of the network: layers by distance from the core, few crossings, always the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
COLUMN, ROW, LAYER_GAP, MARGIN = 132, 72, 56, 70
PER_ROW = 14
SWEEPS = 6


@dataclass(frozen=True)
class Point:
    """Centre of a node, in units of the picture."""

    x: int
    y: int


@dataclass(frozen=True)
class Layout:
    """Places of all nodes and the size of the whole."""

    points: Mapping[Hashable, Point]
    width: int
    height: int


def layers_of(nodes: Iterable[Key], edges: Iterable[tuple[Key, Key]], roots: Iterable[Key]) -> dict[Key, int]:
    """Distance of each node from the nearest root; what is not connected to any stands below everything else."""
    beside: dict[Key, list[Key]] = defaultdict(list)
    for a, b in edges:
        beside[a].append(b)
        beside[b].append(a)
    known = list(nodes)
    layer = dict.fromkeys((root for root in roots if root in set(known)), 0)
    queue = list(layer)
    for node in queue:
        for other in beside[node]:
            if other not in layer:
                layer[other] = layer[node] + 1
                queue.append(other)
    last = max(layer.values(), default=-1) + 1
    return {node: layer.get(node, last) for node in known}


def within(start: Key, edges: Iterable[tuple[Key, Key]], depth: int) -> dict[Key, int]:
    """Nodes up to `depth` links away from `start`, with their distance."""
    beside: dict[Key, list[Key]] = defaultdict(list)
    for a, b in edges:
        beside[a].append(b)
        beside[b].append(a)
    found, queue = {start: 0}, [start]
    for node in queue:
        for other in beside[node] if found[node] < depth else ():
            if other not in found:
                found[other] = found[node] + 1
                queue.append(other)
    return found


def lay_out(layer: Mapping[Key, int], edges: Iterable[tuple[Key, Key]], order: Sequence[Key]) -> Layout:
    """Places for nodes whose layers are known; `order` (by name) settles every tie, so that nothing jumps about."""
    return _lay_out(tuple((node, layer[node]) for node in order), tuple(sorted(set(edges), key=repr)))


@lru_cache(maxsize=64)
def _lay_out(
    layered: tuple[tuple[Hashable, int], ...], edges: tuple[tuple[Hashable, Hashable], ...]
) -> Layout:
    rows: dict[int, list[Hashable]] = defaultdict(list)
    for node, layer in layered:
        rows[layer].append(node)
    beside: dict[Hashable, list[Hashable]] = defaultdict(list)
    for a, b in edges:
        beside[a].append(b)
        beside[b].append(a)
    _order(rows, beside)
    return _place([rows[layer] for layer in sorted(rows)])


def _order(rows: dict[int, list[Hashable]], beside: Mapping[Hashable, Sequence[Hashable]]) -> None:
    """Barycentre sweeps down and up (Sugiyama 1981): each node moves under the middle of its neighbours."""
    spot = {node: index / max(len(row), 1) for row in rows.values() for index, node in enumerate(row)}
    for sweep in range(SWEEPS):
        for layer in sorted(rows, reverse=bool(sweep % 2)):
            row = rows[layer]
            weight = {
                node: sum(spot[other] for other in beside[node]) / len(beside[node])
                if beside[node]
                else spot[node]
                for node in row
            }
            row.sort(key=weight.__getitem__)  # stable: equals keep the order they had
            spot |= {node: (index + 0.5) / len(row) for index, node in enumerate(row)}


def _place(rows: Sequence[Sequence[Hashable]]) -> Layout:
    widest = max((min(len(row), PER_ROW) for row in rows), default=1)
    width = 2 * MARGIN + COLUMN * (widest - 1)
    points: dict[Hashable, Point] = {}
    y = MARGIN
    for row in rows:
        # A crowded layer is folded into several rows, column by column, so that neighbours stay near each other.
        folds = -(-len(row) // PER_ROW)
        columns = -(-len(row) // folds) if folds else 1
        step = (width - 2 * MARGIN) / max(columns - 1, 1) if columns > 1 else 0
        left = MARGIN if columns > 1 else width / 2
        for index, node in enumerate(row):
            points[node] = Point(round(left + step * (index // folds)), y + ROW * (index % folds))
        y += ROW * max(folds, 1) + LAYER_GAP
    return Layout(points, width, y - LAYER_GAP - ROW + 2 * MARGIN if rows else 2 * MARGIN)
