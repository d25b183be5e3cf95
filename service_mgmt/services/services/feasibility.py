"""Can this site have this offer, from the live network? Fills the qualification of orders and the facts of design."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from bss.catalog.models import ProductOffering
from bss.customers.models import CustomerSite
from bss.orders.services import Feasibility
from kernel.errors import DomainError
from oss.inventory import services as inventory
from oss.inventory.models import Location, NetworkElement
from service_mgmt.design import services as design
from service_mgmt.design.models import NetworkProfile, ResourceRole
from service_mgmt.design.services import Facts, Node


@dataclass
class _Verdict:
    """What is found out while walking a decomposition."""

    technology: str = ""
    lead_days: int = 0
    refusals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    resources: dict[str, Any] = field(default_factory=dict)


def feasibility(*, site: CustomerSite, offering: ProductOffering) -> Feasibility:
    """Whether the network can deliver `offering` at `site` today: technology, lead time in days, and why (not).

    Asks for free ports of the needed speed on elements in service at the site's location, for a network profile of the
    speed, and that the serving elements reach the core. Nothing is reserved.
    """
    verdict = _Verdict()
    location = Location.objects.filter(code=site.location_code).first()
    try:
        nodes = design.decompose(offering=offering)
    except DomainError as error:
        return Feasibility(ok=False, explanation=str(error.message))
    for node in nodes:
        _judge(node, location, verdict)
    return Feasibility(
        ok=not verdict.refusals,
        technology=verdict.technology,
        lead_days=verdict.lead_days,
        explanation="; ".join(verdict.refusals or verdict.notes),
        resources=verdict.resources,
    )


def _judge(node: Node, location: Location | None, verdict: _Verdict) -> None:
    for child in node.children:
        _judge(child, location, verdict)
    kinds = set(node.specification.resource_roles.values_list("kind", flat=True))
    if ResourceRole.Kind.PORT in kinds:
        _judge_access(node, location, verdict)


def _judge_access(node: Node, location: Location | None, verdict: _Verdict) -> None:
    down, up = int(node.characteristics.get("down_kbps", 0)), int(node.characteristics.get("up_kbps", 0))
    if location is None:
        verdict.refusals.append(_("no location of the network serves this address"))
        return
    speed = -(-max(down, up) // 1000)
    free = inventory.free_ports(location=location).filter(
        speed_mbps__gte=speed, element__status=NetworkElement.Status.IN_SERVICE
    )
    elements = set(free.values_list("element_id", flat=True).distinct())
    graph = inventory.graph.Graph.load(live=True)
    reachable = {pk for pk in elements if graph.upstream(pk)}
    if not reachable:
        verdict.refusals.append(
            _("no free port of %(speed)d Mbit/s at %(place)s") % {"speed": speed, "place": location.name}
        )
        return
    profile = (
        NetworkProfile.objects.filter(specification=node.specification, down_kbps=down, up_kbps=up or 0)
        .order_by("lead_days")
        .first()
    )
    if profile is None:
        verdict.refusals.append(_("no network profile of %(down)d/%(up)d kbit/s") % {"down": down, "up": up})
        return
    count = free.filter(element_id__in=reachable).count()
    verdict.technology = profile.technology
    verdict.lead_days = max(verdict.lead_days, profile.lead_days)
    verdict.notes.append(
        _("%(count)d free ports of %(speed)d Mbit/s or more at %(place)s")
        % {"count": count, "speed": speed, "place": location.name}
    )
    verdict.resources["port"] = {
        "location": location.code,
        "free": count,
        "elements": sorted(map(str, reachable)),
    }


def network_facts(offerings: Iterable[ProductOffering]) -> Facts:
    """Coverage, technologies and monthly cost of some offerings, from the live network (design packages)."""
    facts = Facts()
    for offering in offerings:
        try:
            nodes = design.decompose(offering=offering)
        except DomainError:
            continue
        for node in nodes:
            _gather(node, facts)
    facts.technologies = sorted(set(facts.technologies))
    return facts


def _gather(node: Node, facts: Facts) -> None:
    for child in node.children:
        _gather(child, facts)
    down, up = node.characteristics.get("down_kbps"), node.characteristics.get("up_kbps")
    profiles = NetworkProfile.objects.filter(specification=node.specification)
    if not down or not profiles:
        return
    speed = -(-max(int(down), int(up or 0)) // 1000)
    facts.technologies += list(
        profiles.filter(down_kbps=down, up_kbps=up or 0).values_list("technology", flat=True)
    )
    cheapest = profiles.filter(down_kbps=down, up_kbps=up or 0).order_by("monthly_cost").first()
    facts.monthly_cost += cheapest.monthly_cost if cheapest is not None else Decimal(0)
    for location in Location.objects.sites().order_by("code"):
        free = inventory.free_ports(location=location).filter(speed_mbps__gte=speed).count()
        if free:
            facts.places.append({"code": location.code, "name": location.name, "free_ports": free})
