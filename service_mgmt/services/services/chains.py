"""An impact as people read it: from what failed over services to customers, and what the failed thing needs itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from kernel.slots import slot
from oss.inventory.models import Link, NetworkElement
from oss.inventory.services.graph import Graph
from service_mgmt.design.models import SpecificationLink
from service_mgmt.services.models import Service, ServiceLink, ServiceResource
from service_mgmt.services.services.impact import Effect, Impact, ServiceImpact
from service_mgmt.services.services.revenue import CURRENCY, revenue_by_product

# Filled by whoever makes promises: service ids → {service id: class of service level}.
promises_slot = slot("service_mgmt_services.promises")
# More children than these of one kind and effect are drawn as one.
ALIKE = 5
# Levels between a resource and what a customer bought; deeper stacks are not designed.
LEVELS = 4


@dataclass(frozen=True)
class Line:
    """A service that is hit, with what it is worth. `spare`: supports left and all, where any one of them is enough."""

    row: ServiceImpact
    service: Service
    promise: str = ""
    revenue: Decimal | None = None
    spare: tuple[int, int] | None = None
    currency: str = CURRENCY


@dataclass
class Branch:
    """A node of the chain: a resource, a service, or (without `thing`) so many services alike under one label."""

    thing: Any
    effect: Effect
    line: Line | None = None
    label: str = ""
    children: list[Branch] = field(default_factory=list)


@dataclass(frozen=True)
class Need:
    """An element or link on the way to the core; `alone`: without it, there is no way."""

    thing: Any
    alone: bool


def lines_of(found: Impact, rows: Sequence[ServiceImpact], *, visible: QuerySet[Service]) -> dict[UUID, Line]:
    """What stands behind some rows of an impact, as far as `visible` goes, in their order; five queries in all."""
    known = visible.select_related("customer__party", "product__offering", "site", "specification").in_bulk(
        [row.service_id for row in rows]
    )
    promises: Mapping[UUID, str] = promises_slot.one(list(known)) or {}
    earned = revenue_by_product({row.product_id for row in rows if row.product_id is not None})
    spares = _spares(found, known)
    return {
        row.service_id: Line(
            row,
            known[row.service_id],
            promises.get(row.service_id, ""),
            earned.get(row.product_id) if row.product_id and row.kind == "cfs" else None,
            spares.get(row.service_id),
        )
        for row in rows
        if row.service_id in known
    }


def supports_of(found: Impact, rows: Iterable[ServiceImpact]) -> list[ServiceImpact]:
    """Rows of the impact that the given ones rest on, through any number of levels, themselves left out."""
    state = {row.service_id: row for row in found.services}
    seen = {row.service_id for row in rows}
    below: list[ServiceImpact] = []
    frontier = set(seen)
    for _level in range(LEVELS):
        links = ServiceLink.objects.filter(service__in=frontier).values_list("supporting_id", flat=True)
        frontier = {pk for pk in links if pk in state} - seen
        if not frontier:
            break
        seen |= frontier
        below += [state[pk] for pk in frontier]
    return below


def chain_of(found: Impact, lines: Mapping[UUID, Line]) -> list[Branch]:
    """From each resource that failed, or has lost its substitute, over services to what customers bought."""
    above: dict[UUID, list[UUID]] = defaultdict(list)
    links = ServiceLink.objects.filter(supporting__in=lines, service__in=lines).order_by("service__number")
    for supporting, service in links.values_list("supporting_id", "service_id"):
        above[supporting].append(service)
    roots: dict[UUID, Branch] = {}
    for thing, effect, service_id in _held(found, lines):
        root = roots.setdefault(thing.pk, Branch(thing, effect))
        root.children.append(_climb(service_id, lines, above, LEVELS))
    for root in roots.values():
        root.children = _grouped(root.children)
    return sorted(roots.values(), key=lambda root: (_URGENCY[root.effect], str(root.thing)))


def needs_of(element_id: UUID, graph: Graph) -> list[Need]:
    """Elements and links on the way from an element to its nearest core, nearest first, each with whether another way
    avoids it. Empty for a core, and for an element that reaches none or is not in service.
    """
    if element_id not in graph.index:
        return []
    way = graph.upstream(element_id)
    if not way:
        return []
    links = graph.path_links(element_id, way[-1])
    elements, edges = NetworkElement.objects.in_bulk(way), Link.objects.in_bulk(links)
    found: list[Need] = []
    for link, element in zip(links, way, strict=True):
        found.append(Need(edges[link], element_id in graph.cut_off(links={link})))
        found.append(Need(elements[element], element_id in graph.cut_off(elements={element})))
    return found


_URGENCY = {effect: position for position, effect in enumerate(Effect)}


def _held(found: Impact, lines: Mapping[UUID, Line]) -> Iterable[tuple[Any, Effect, UUID]]:
    """(resource, its effect, service) for each service that holds what is hit; a lost resource goes before one at risk."""
    held: dict[UUID, list[ServiceResource]] = defaultdict(list)
    resources = ServiceResource.objects.filter(service__in=lines, released=None)
    for row in resources.select_related("element", "port__element", "link").order_by(
        "service__number", "role"
    ):
        held[row.service_id].append(row)
    for service_id, rows in held.items():
        lost = [thing for row in rows if (thing := _failed(row, found)) is not None]
        effect = Effect.LOST
        if not lost:
            if lines[service_id].row.effect is not Effect.AT_RISK:
                continue
            effect = Effect.AT_RISK
            lost = [thing for row in rows if (thing := _place(row)) is not None][:1]
        for thing in {thing.pk: thing for thing in lost}.values():
            yield thing, effect, service_id


def _failed(row: ServiceResource, found: Impact) -> Any:
    """The element, port or link of a resource if it is one that failed."""
    if row.link is not None and row.link.pk in found.links:
        return row.link
    if row.port is not None and row.port.pk in found.ports:
        return row.port
    place = _place(row)
    return place if place is not None and place.pk in found.elements else None


def _place(row: ServiceResource) -> NetworkElement | None:
    return row.port.element if row.port is not None else row.element


def _climb(
    service_id: UUID, lines: Mapping[UUID, Line], above: Mapping[UUID, list[UUID]], levels: int
) -> Branch:
    line = lines[service_id]
    branch = Branch(line.service, line.row.effect, line)
    if levels:
        branch.children = _grouped([_climb(pk, lines, above, levels - 1) for pk in above.get(service_id, ())])
    return branch


def _grouped(branches: Sequence[Branch]) -> list[Branch]:
    """The worst first; many of one specification and effect under one label."""
    alike: dict[tuple[UUID, Effect], list[Branch]] = defaultdict(list)
    for branch in branches:
        alike[branch.thing.specification_id, branch.effect].append(branch)
    found: list[Branch] = []
    for (_specification, effect), members in alike.items():
        if len(members) > ALIKE:
            found.append(Branch(None, effect, label=members[0].thing.specification.name, children=members))
        else:
            found += members
    return sorted(found, key=lambda branch: _URGENCY[branch.effect])


def _spares(found: Impact, ids: Collection[UUID]) -> dict[UUID, tuple[int, int]]:
    """Service id → (supports left, supports) among those of which any one is enough."""
    lost = {row.service_id for row in found.services if row.effect is Effect.LOST}
    counts: dict[UUID, list[int]] = defaultdict(lambda: [0, 0])
    links = ServiceLink.objects.filter(
        service__in=ids,
        redundancy=SpecificationLink.Redundancy.ANY,
        supporting__state__in=["active", "suspended"],
    )
    for service_id, supporting_id in links.values_list("service_id", "supporting_id"):
        counts[service_id][0] += supporting_id not in lost
        counts[service_id][1] += 1
    return {pk: (left, whole) for pk, (left, whole) in counts.items() if whole > 1}
