"""The graph, checked against networkx on random networks and by hand on small ones."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import NotFound
from oss.inventory import services
from oss.inventory.services.graph import Edge, Graph, Node
from tests.factories.oss_inventory import make_device_type, make_element, make_link, make_location


def node(number: int, role: str) -> Node:
    return Node(UUID(int=number), role == "core", role in {"core", "aggregation"})


def edge(number: int, a: int, b: int, *, up: bool = True) -> Edge:
    return Edge(UUID(int=1_000_000 + number), UUID(int=a), UUID(int=b), up)


@st.composite
def networks(draw: Any) -> tuple[list[Node], list[Edge]]:
    roles = draw(st.lists(st.sampled_from(["core", "aggregation", "access", "bng"]), min_size=1, max_size=9))
    pairs = draw(st.lists(st.tuples(*[st.integers(0, len(roles) - 1)] * 2, st.booleans()), max_size=16))
    nodes = [node(number, role) for number, role in enumerate(roles)]
    return nodes, [edge(i, a, b, up=up) for i, (a, b, up) in enumerate(pairs) if a != b]


def oracle(nodes: list[Node], edges: list[Edge], gone: set[UUID], down: set[UUID]) -> set[UUID]:
    """Elements that reach a core, by another method: each alone, over transit elements only."""
    found = set()
    for start in nodes:
        if start.id in gone:
            continue
        graph = networkx.Graph()
        inner = {n.id for n in nodes if n.transit or n.id == start.id} - gone
        graph.add_nodes_from(inner)
        graph.add_edges_from((e.a, e.b) for e in edges if e.id not in down and {e.a, e.b} <= inner)
        reach = networkx.node_connected_component(graph, start.id)
        if any(n.core for n in nodes if n.id in reach):
            found.add(start.id)
    return found


@given(networks(), st.data())
def test_what_is_cut_off_agrees_with_a_search_from_each_element(network: Any, data: Any) -> None:
    nodes, edges = network
    gone = set(data.draw(st.lists(st.sampled_from([n.id for n in nodes]), max_size=2)))
    down = set(data.draw(st.lists(st.sampled_from([e.id for e in edges]), max_size=3))) if edges else set()
    live = data.draw(st.booleans())
    dead = {e.id for e in edges if live and not e.up} | down
    expected = (oracle(nodes, edges, set(), set()) - oracle(nodes, edges, gone, dead)) | gone
    assert Graph(nodes, edges, live=live).cut_off(elements=gone, links=down) == expected


@given(networks())
def test_a_bridge_is_a_link_whose_loss_cuts_somebody_off(network: Any) -> None:
    nodes, edges = network
    graph = Graph(nodes, edges)
    assert graph.bridges() == {e.id for e in edges if graph.cut_off(links=[e.id])}


@given(networks(), st.data())
def test_a_path_is_a_shortest_one_over_transit_elements(network: Any, data: Any) -> None:
    nodes, edges = network
    a, b = (data.draw(st.sampled_from(nodes)) for _ in "ab")
    graph = networkx.Graph()
    inner = {n.id for n in nodes if n.transit} | {a.id, b.id}
    graph.add_nodes_from(inner)
    graph.add_edges_from((e.a, e.b) for e in edges if {e.a, e.b} <= inner)
    path, links = (getattr(Graph(nodes, edges), name)(a.id, b.id) for name in ("path", "path_links"))
    if not networkx.has_path(graph, a.id, b.id):
        assert path == links == []
        return
    assert len(path) == networkx.shortest_path_length(graph, a.id, b.id) + 1
    assert (path[0], path[-1], len(links)) == (a.id, b.id, len(path) - 1)
    ends = {e.id: {e.a, e.b} for e in edges}
    assert all({x, y} == ends[link] for x, y, link in zip(path, path[1:], links, strict=False))


def test_an_access_element_with_two_uplinks_joins_nothing() -> None:
    nodes = [
        node(1, "core"),
        node(2, "aggregation"),
        node(3, "access"),
        node(4, "aggregation"),
        node(5, "access"),
    ]
    edges = [edge(1, 1, 2), edge(2, 2, 3), edge(3, 3, 4), edge(4, 4, 5), edge(5, 1, 4)]
    # Without 1–4, element 4 could be reached through access element 3 only, which passes nothing on.
    assert Graph(nodes, edges).cut_off(links=[edge(5, 1, 4).id]) == {UUID(int=4), UUID(int=5)}


def test_upstream_names_the_way_to_the_nearest_core() -> None:
    nodes = [
        node(1, "core"),
        node(2, "aggregation"),
        node(3, "aggregation"),
        node(4, "access"),
        node(9, "access"),
    ]
    graph = Graph(nodes, [edge(1, 1, 2), edge(2, 2, 3), edge(3, 3, 4)])
    assert graph.upstream(UUID(int=4)) == [UUID(int=3), UUID(int=2), UUID(int=1)]
    assert graph.upstream(UUID(int=1)) == []
    assert graph.upstream(UUID(int=9)) == []
    assert graph.neighbours(UUID(int=3)) == [UUID(int=2), UUID(int=4)]
    with pytest.raises(NotFound):
        graph.upstream(UUID(int=77))


def test_a_large_network_neither_recurses_nor_forgets() -> None:
    # A chain of 50,000 aggregation elements, doubled up by parallel links except for its last.
    size = 50_000
    nodes = [node(1, "core")] + [node(i, "aggregation") for i in range(2, size + 1)]
    edges = [edge(i, i, i + 1) for i in range(1, size)] + [
        edge(size + i, i, i + 1) for i in range(1, size - 1)
    ]
    random.Random(7).shuffle(edges)
    graph = Graph(nodes, edges)
    assert graph.bridges() == {edge(size - 1, size - 1, size).id}
    assert len(graph.cut_off(elements=[UUID(int=25_000)])) == size - 25_000 + 1
    assert len(graph.upstream(UUID(int=size))) == size - 1


@pytest.fixture
def small(db: None) -> dict[str, Any]:
    kind, place = make_device_type(ports=[]), make_location()
    made = {
        name: make_element(name=name, role=role, device_type=kind, location=place)
        for name, role in [("cr1", "core"), ("ag1", "aggregation"), ("as1", "access"), ("as2", "access")]
    }
    links = {
        f"{a}-{b}": make_link(made[a], made[b], name=f"{a}-{b}") for a, b in [("cr1", "ag1"), ("ag1", "as1")]
    }
    return {**made, **links}


def test_the_graph_is_read_by_two_queries_however_large(small: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        graph = Graph.load()
    assert graph.cut_off(links=[small["cr1-ag1"].pk]) == {small["ag1"].pk, small["as1"].pk}
    assert graph.links_of(small["ag1"].pk) == [small["ag1-as1"].pk, small["cr1-ag1"].pk]


def test_a_live_graph_does_not_use_what_is_down(small: Any, now: Any) -> None:
    services.set_oper_state(port=small["cr1-ag1"].port_b, state="down", at=now)
    assert Graph.load().cut_off() == set()
    assert Graph.load(live=True).cut_off() == {small["ag1"].pk, small["as1"].pk}
    assert Graph.load(live=True).path(small["as1"].pk, small["cr1"].pk) == []


def test_elements_and_links_out_of_service_are_not_in_the_graph(small: Any) -> None:
    services.retire_link(link=small["ag1-as1"])
    services.set_status(element=small["as2"], to="maintenance")
    services.set_status(element=small["as1"], to="retired")
    graph = Graph.load()
    assert {n.id for n in graph.nodes} == {small[name].pk for name in ("cr1", "ag1", "as2")}
    assert [e.id for e in graph.edges] == [small["cr1-ag1"].pk]
