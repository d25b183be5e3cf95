"""Who reaches whom: the network as a graph of elements and links.

Loaded by two queries into flat arrays (compressed adjacency), asked by iterative searches, so that a network of
100,000 links fits and no question recurses. Only core and aggregation elements pass on traffic that is not their own
(`NetworkElement.TRANSIT`); an access switch with two uplinks never joins the two halves of a cut network.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from kernel.errors import NotFound
from oss.inventory.models import NetworkElement

ELEMENTS = """
SELECT id, role FROM oss_inventory_networkelement WHERE status IN ('in_service', 'maintenance') ORDER BY name
"""
LINKS = """
SELECT link.id, a.element_id, b.element_id,
       a.admin_enabled AND b.admin_enabled
       AND a.oper_state <> 'down' AND b.oper_state <> 'down'
FROM oss_inventory_link link
JOIN oss_inventory_port a ON a.id = link.port_a_id
JOIN oss_inventory_port b ON b.id = link.port_b_id
WHERE link.status = 'in_service' ORDER BY link.name
"""
NOWHERE = -1


class Node(NamedTuple):
    """An element as the graph needs it."""

    id: UUID
    core: bool
    transit: bool


class Edge(NamedTuple):
    """A link as the graph needs it; `up` says whether it works now."""

    id: UUID
    a: UUID
    b: UUID
    up: bool = True


class Graph:
    """The network at one moment.

    With `live`, links whose ends are down or switched off are not used; the network without that damage is what
    `cut_off` compares with either way.
    """

    def __init__(self, nodes: Sequence[Node], edges: Sequence[Edge], *, live: bool = False) -> None:
        self.nodes = nodes
        self.index = {node.id: position for position, node in enumerate(nodes)}
        # Links to elements that are not in the graph (planned, retired) lead nowhere.
        self.edges = [edge for edge in edges if edge.a in self.index and edge.b in self.index]
        self.edge_index = {edge.id: position for position, edge in enumerate(self.edges)}
        self._transit = bytearray(node.transit for node in nodes)
        self._cores = [position for position, node in enumerate(nodes) if node.core]
        self._down = bytearray(live and not edge.up for edge in self.edges)
        self._ends_a = array("q", (self.index[edge.a] for edge in self.edges))
        self._ends_b = array("q", (self.index[edge.b] for edge in self.edges))
        self._first, self._there, self._by = self._adjacency()
        self._intact: bytearray | None = None

    @classmethod
    def load(cls, *, live: bool = False) -> Graph:
        """The elements and links in service, from the database."""
        core, transit = str(NetworkElement.Role.CORE), {str(role) for role in NetworkElement.TRANSIT}
        with connection.cursor() as cursor:
            cursor.execute(ELEMENTS)
            nodes = [Node(pk, role == core, role in transit) for pk, role in cursor.fetchall()]
            cursor.execute(LINKS)
            return cls(nodes, list(map(Edge._make, cursor.fetchall())), live=live)

    def _adjacency(self) -> tuple[array[int], array[int], array[int]]:
        """Neighbours of node n are `there[first[n]:first[n + 1]]`, reached by the edges in `by`."""
        first = array("q", bytes(8 * (len(self.nodes) + 1)))
        for a, b in zip(self._ends_a, self._ends_b, strict=True):
            first[a + 1] += 1
            first[b + 1] += 1
        for position in range(len(self.nodes)):
            first[position + 1] += first[position]
        fill = array("q", first)
        there, by = array("q", bytes(16 * len(self.edges))), array("q", bytes(16 * len(self.edges)))
        for edge, (a, b) in enumerate(zip(self._ends_a, self._ends_b, strict=True)):
            there[fill[a]], by[fill[a]] = b, edge
            there[fill[b]], by[fill[b]] = a, edge
            fill[a] += 1
            fill[b] += 1
        return first, there, by

    # -- questions

    def cut_off(self, elements: Collection[UUID] = (), links: Collection[UUID] = ()) -> set[UUID]:
        """Elements that reach a core element in the whole network and do not when `elements` and `links` fail.

        The failed elements are among them. Without arguments on a live graph: what is cut off at present. Ids that
        the graph does not know are ignored.
        """
        gone = bytearray(len(self.nodes))
        for pk in elements:
            if (position := self.index.get(pk)) is not None:
                gone[position] = 1
        down = bytearray(self._down)
        for pk in links:
            if (position := self.edge_index.get(pk)) is not None:
                down[position] = 1
        if self._intact is None:
            self._intact = self._reached(bytearray(len(self.nodes)), bytearray(len(self.edges)))
        left = self._reached(gone, down)
        return {
            node.id
            for position, node in enumerate(self.nodes)
            if gone[position] or (self._intact[position] and not left[position])
        }

    def path(self, a: UUID, b: UUID) -> list[UUID]:
        """Elements of a shortest way from `a` to `b`, both included; empty when there is none. Raises NotFound."""
        return [self.nodes[node].id for node in self._walk(a, b)[0]]

    def path_links(self, a: UUID, b: UUID) -> list[UUID]:
        """Links of the way that `path` names, in the same order."""
        return [self.edges[edge].id for edge in self._walk(a, b)[1]]

    def upstream(self, element_id: UUID) -> list[UUID]:
        """The elements between an element and its nearest core, nearest to the element first, the core last.

        Empty for a core element and for one that reaches none. Raises NotFound.
        """
        start = self._position(element_id)
        if self.nodes[start].core:
            return []
        came, _by = self._search([start], until=set(self._cores))
        # Cores are found in order of distance; `came` keeps that order.
        goal = next((node for node in came if self.nodes[node].core), None)
        return [self.nodes[node].id for node in self._back(came, goal)[1:]] if goal is not None else []

    def neighbours(self, element_id: UUID) -> list[UUID]:
        """Elements one usable link away, each once."""
        here = self._position(element_id)
        span = range(self._first[here], self._first[here + 1])
        return list(dict.fromkeys(self.nodes[self._there[i]].id for i in span if not self._down[self._by[i]]))

    def links_of(self, element_id: UUID) -> list[UUID]:
        """All links that end on an element, working or not."""
        here = self._position(element_id)
        return [self.edges[self._by[i]].id for i in range(self._first[here], self._first[here + 1])]

    def bridges(self) -> set[UUID]:
        """Links without a substitute: the loss of one such link alone cuts some element off from every core.

        Tarjan's search for bridges (1974) over the elements that pass traffic on, started at all cores as if they
        were one; an element that does not pass traffic on hangs on a bridge when it has one link only.
        """
        found = self._transit_bridges()
        reached = self._reached(bytearray(len(self.nodes)), self._down)
        for node in range(len(self.nodes)):
            if self._transit[node] or not reached[node]:
                continue
            ways = [
                self._by[i]
                for i in range(self._first[node], self._first[node + 1])
                if not self._down[self._by[i]] and self._transit[self._there[i]] and reached[self._there[i]]
            ]
            if len(ways) == 1:
                found.add(ways[0])
        return {self.edges[edge].id for edge in found}

    # -- searches

    def _position(self, pk: UUID) -> int:
        try:
            return self.index[pk]
        except KeyError:
            raise NotFound("This element is not in service") from None

    def _reached(self, gone: bytearray, down: bytearray) -> bytearray:
        """Which nodes a search from all cores finds without the `gone` nodes and the `down` edges."""
        seen = bytearray(len(self.nodes))
        queue = [core for core in self._cores if not gone[core]]
        for core in queue:
            seen[core] = 1
        first, there, by, transit = self._first, self._there, self._by, self._transit
        for node in queue:
            if not transit[node]:
                continue
            for i in range(first[node], first[node + 1]):
                other = there[i]
                if not (seen[other] or gone[other] or down[by[i]]):
                    seen[other] = 1
                    queue.append(other)
        return seen

    def _search(self, starts: Iterable[int], until: Collection[int]) -> tuple[dict[int, int], dict[int, int]]:
        """Breadth-first from `starts` to the first of `until`: node → where it was reached from, and by which edge."""
        came = dict.fromkeys(starts, NOWHERE)
        by: dict[int, int] = {}
        queue = list(came)
        begun = set(queue)
        for node in queue:
            if not self._transit[node] and node not in begun:
                continue
            for i in range(self._first[node], self._first[node + 1]):
                other = self._there[i]
                if other in came or self._down[self._by[i]]:
                    continue
                came[other], by[other] = node, self._by[i]
                if other in until:
                    return came, by
                queue.append(other)
        return came, by

    @staticmethod
    def _back(came: dict[int, int], goal: int) -> list[int]:
        way = [goal]
        while came[way[-1]] != NOWHERE:
            way.append(came[way[-1]])
        return way[::-1]

    def _walk(self, a: UUID, b: UUID) -> tuple[list[int], list[int]]:
        start, goal = self._position(a), self._position(b)
        if start == goal:
            return [start], []
        came, by = self._search([start], until={goal})
        if goal not in came:
            return [], []
        nodes = self._back(came, goal)
        return nodes, [by[node] for node in nodes[1:]]

    def _transit_bridges(self) -> set[int]:
        """Edges between transit nodes that one search from the joined cores finds to be bridges."""
        order, low = array("q", bytes(8 * len(self.nodes))), array("q", bytes(8 * len(self.nodes)))
        for core in self._cores:
            order[core] = low[core] = 1  # the joined root: every core counts as visited first
        clock, found = 1, set()
        # Stack of (node, edge it was entered by, next position among its neighbours).
        stack = [(core, NOWHERE, self._first[core]) for core in self._cores]
        while stack:
            node, entered, i = stack.pop()
            if i < self._first[node + 1]:
                stack.append((node, entered, i + 1))
                if (other := self._onward(i, entered)) == NOWHERE:
                    continue
                if order[other]:
                    low[node] = min(low[node], order[other])
                else:
                    clock += 1
                    order[other] = low[other] = clock
                    stack.append((other, self._by[i], self._first[other]))
            elif entered != NOWHERE:
                parent = stack[-1][0]
                low[parent] = min(low[parent], low[node])
                if low[node] > order[parent]:
                    found.add(entered)
        return found

    def _onward(self, i: int, entered: int) -> int:
        """The transit node at adjacency position `i`, unless that is the way we came or a way that is down."""
        edge, other = self._by[i], self._there[i]
        return other if edge != entered and not self._down[edge] and self._transit[other] else NOWHERE
