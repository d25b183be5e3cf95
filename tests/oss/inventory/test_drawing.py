"""The picture: every node has a place of its own, layers follow the distance, and nothing jumps about."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from oss.inventory.services.drawing import lay_out, layers_of, within

EDGES = [("core", "agg1"), ("core", "agg2"), ("agg1", "a"), ("agg1", "b"), ("agg2", "c"), ("agg2", "d")]
NODES = ["a", "agg1", "agg2", "b", "c", "core", "d", "island"]


def test_layers_are_the_distance_from_the_core_and_islands_lie_below() -> None:
    layers = layers_of(NODES, EDGES, ["core"])
    assert layers == {"core": 0, "agg1": 1, "agg2": 1, "a": 2, "b": 2, "c": 2, "d": 2, "island": 3}


def test_neighbours_stand_together_so_that_lines_do_not_cross() -> None:
    points = lay_out(layers_of(NODES, EDGES, ["core"]), EDGES, NODES).points
    assert {points["a"].x, points["b"].x} < {points[x].x for x in "abcd"}
    assert max(points["a"].x, points["b"].x) < min(points["c"].x, points["d"].x)
    assert points["core"].y < points["agg1"].y < points["a"].y < points["island"].y


def test_what_lies_within_reach_of_a_node() -> None:
    assert within("a", EDGES, 0) == {"a": 0}
    assert within("a", EDGES, 2) == {"a": 0, "agg1": 1, "b": 2, "core": 2}


@settings(deadline=None)
@given(st.integers(0, 60), st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), max_size=80))
def test_every_node_has_a_place_of_its_own_inside_the_picture(size: int, pairs: Any) -> None:
    nodes = list(range(size))
    edges = [(a, b) for a, b in pairs if a < size and b < size and a != b]
    layout = lay_out(layers_of(nodes, edges, nodes[:1]), edges, nodes)
    places = [(point.x, point.y) for point in layout.points.values()]
    assert len(set(places)) == len(places) == size
    assert all(0 < x < layout.width and 0 < y < layout.height for x, y in places)
    assert lay_out(layers_of(nodes, edges, nodes[:1]), edges, nodes).points == layout.points
