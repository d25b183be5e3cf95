"""What a fault or a change touches: services lost, degraded or at risk, ranked by customer, SLA and revenue.

Downwards, from resources to customers: the elements that a fault cuts off (inventory graph) plus the resources named
directly → resource-facing services that hold them → customer-facing services that rest on those, through any number of
levels and with redundancy (`all`, `any`). Each level is one query, whatever the number of services.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from uuid import UUID

from django.db.models import Q

from kernel.slots import slot
from oss.inventory.services.graph import Graph
from service_mgmt.design.models import SpecificationLink
from service_mgmt.services.models import Service, ServiceLink, ServiceResource


class Effect(Enum):
    """How hard a service is hit; the order is the order of urgency."""

    LOST = "lost"
    DEGRADED = "degraded"
    AT_RISK = "at_risk"


@dataclass(frozen=True)
class ServiceImpact:
    """One service and why it is hit: `because` names the resource or the supporting service."""

    service_id: UUID
    effect: Effect
    because: str
    customer_id: UUID
    product_id: UUID | None
    kind: str


@dataclass(frozen=True)
class Impact:
    """Everything a fault touches. Revenue is the monthly recurring price of the lost customer-facing services."""

    elements: frozenset[UUID]
    services: tuple[ServiceImpact, ...] = ()
    revenue: Decimal = Decimal(0)
    cut_off: frozenset[UUID] = field(default_factory=frozenset)
    links: frozenset[UUID] = frozenset()
    ports: frozenset[UUID] = frozenset()

    def customer_facing(self, effect: Effect = Effect.LOST) -> list[ServiceImpact]:
        """Customer-facing services hit that hard."""
        return [row for row in self.services if row.kind == "cfs" and row.effect is effect]

    @property
    def customers(self) -> set[UUID]:
        """Customers with at least one lost or degraded customer-facing service."""
        return {
            row.customer_id for row in self.services if row.kind == "cfs" and row.effect is not Effect.AT_RISK
        }


# Filled by whoever knows prices: product ids → monthly revenue in one currency.
revenue_slot = slot("service_mgmt_services.revenue")


def impact_of(
    *,
    elements: Collection[UUID] = (),
    links: Collection[UUID] = (),
    ports: Collection[UUID] = (),
    graph: Graph | None = None,
) -> Impact:
    """Impact of the named elements, links and ports being out of service.

    Elements that lose every path to the core are lost with them; those that keep a path but lose a redundant one
    are at risk. Pass `graph` to judge a plan instead of the present network.
    """
    graph = graph or Graph.load()
    cut = frozenset(graph.cut_off(elements=set(elements), links=set(links)))
    gone = cut | frozenset(elements)
    rows = _direct(gone, links, ports)
    state = {row.service_id: row for row in rows}
    for row in _at_risk(graph, gone, links):
        state.setdefault(row.service_id, row)
    _climb(state)
    ranked = tuple(
        sorted(state.values(), key=lambda row: (_ORDER[row.effect], row.kind, str(row.service_id)))
    )
    lost = [
        row.product_id for row in ranked if row.effect is Effect.LOST and row.kind == "cfs" and row.product_id
    ]
    revenue = revenue_slot.one(lost) or Decimal(0)
    return Impact(
        elements=gone,
        services=ranked,
        revenue=revenue,
        cut_off=cut,
        links=frozenset(links),
        ports=frozenset(ports),
    )


_ORDER = {Effect.LOST: 0, Effect.DEGRADED: 1, Effect.AT_RISK: 2}


def _direct(gone: Collection[UUID], links: Collection[UUID], ports: Collection[UUID]) -> list[ServiceImpact]:
    """Services that hold something on a lost element, a lost link or a lost port."""
    hit = Q(element_id__in=gone) | Q(port__element_id__in=gone) | Q(link_id__in=links) | Q(port_id__in=ports)
    return _rows(hit, Effect.LOST)


def _at_risk(graph: Graph, gone: Collection[UUID], links: Collection[UUID]) -> list[ServiceImpact]:
    """Services on elements that still work but have lost redundancy: one more failure would cut them off."""
    exposed = _exposed(graph, gone, links)
    if not exposed:
        return []
    return _rows(Q(element_id__in=exposed) | Q(port__element_id__in=exposed), Effect.AT_RISK)


def _exposed(graph: Graph, gone: Collection[UUID], links: Collection[UUID]) -> set[UUID]:
    """Elements still joined to a core, but by a link that has only now become the last one."""
    lost, failed = set(gone), set(links)
    left = Graph([n for n in graph.nodes if n.id not in lost], [e for e in graph.edges if e.id not in failed])
    # Cutting all new bridges at once cuts off exactly what hangs on any one of them.
    return left.cut_off(links=left.bridges() - graph.bridges())


def _rows(condition: Q, effect: Effect) -> list[ServiceImpact]:
    held = (
        ServiceResource.objects.filter(condition, released=None, service__state__in=["active", "suspended"])
        .order_by("service_id", "role")
        .values_list(
            "service_id",
            "role",
            "service__customer_id",
            "service__product_id",
            "service__kind",
            "port__element__name",
            "element__name",
        )
    )
    found: dict[UUID, ServiceImpact] = {}
    for service_id, role, customer_id, product_id, kind, port_element, element in held:
        because = f"{role} on {port_element or element}" if (port_element or element) else role
        found.setdefault(
            service_id, ServiceImpact(service_id, effect, because, customer_id, product_id, kind)
        )
    return list(found.values())


def _climb(state: dict[UUID, ServiceImpact]) -> None:
    """Carry effects up to the services that rest on those hit, level by level, until nothing new is reached."""
    frontier = set(state)
    while frontier:
        parents = set(
            ServiceLink.objects.filter(
                supporting_id__in=frontier, service__state__in=["active", "suspended"]
            ).values_list("service_id", flat=True)
        )
        reached: set[UUID] = set()
        for service_id, effect, because in _judge(parents, state):
            present = state.get(service_id)
            if present is None or _ORDER[effect] < _ORDER[present.effect]:
                state[service_id] = _impact_row(service_id, effect, because)
                reached.add(service_id)
        _fill(state, reached)
        frontier = reached


def _judge(parents: Iterable[UUID], state: dict[UUID, ServiceImpact]) -> Iterable[tuple[UUID, Effect, str]]:
    """Effect on each parent from all of its supports."""
    supports: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    links = ServiceLink.objects.filter(service_id__in=parents, supporting__state__in=["active", "suspended"])
    for service_id, supporting_id, redundancy in links.values_list(
        "service_id", "supporting_id", "redundancy"
    ):
        supports[service_id].append((supporting_id, redundancy))
    for service_id, needed in supports.items():
        effects = [(state[s].effect if s in state else None, redundancy, s) for s, redundancy in needed]
        if (verdict := _combine(effects)) is not None:
            effect, cause = verdict
            yield service_id, effect, state[cause].because


def _combine(effects: list[tuple[Effect | None, str, UUID]]) -> tuple[Effect, UUID] | None:
    """`all` supports pass their effect on; among `any` supports the service lives while one of them does."""
    strict = [
        (e, s)
        for e, redundancy, s in effects
        if redundancy == SpecificationLink.Redundancy.ALL and e is not None
    ]
    spare = [(e, s) for e, redundancy, s in effects if redundancy == SpecificationLink.Redundancy.ANY]
    worst = min(strict, key=lambda pair: _ORDER[pair[0]], default=None)
    lost = [(e, s) for e, s in spare if e is Effect.LOST]
    if lost:
        spread = (Effect.LOST if len(lost) == len(spare) else Effect.DEGRADED, lost[0][1])
        if worst is None or _ORDER[spread[0]] < _ORDER[worst[0]]:
            return spread
    return worst


def _impact_row(service_id: UUID, effect: Effect, because: str) -> ServiceImpact:
    # Customer, product and kind are filled for the whole level at once by `_fill`.
    return ServiceImpact(service_id, effect, because, UUID(int=0), None, "cfs")


def _fill(state: dict[UUID, ServiceImpact], ids: Collection[UUID]) -> None:
    rows = Service.objects.filter(pk__in=ids).values_list("pk", "customer_id", "product_id", "kind")
    for pk, customer_id, product_id, kind in rows:
        hit = state[pk]
        state[pk] = ServiceImpact(pk, hit.effect, hit.because, customer_id, product_id, kind)
