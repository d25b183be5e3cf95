"""Doors of service design: decomposition, the network's facts, approval and release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from bss.catalog import services as catalog
from bss.catalog.models import ProductOffering
from kernel import clock, journal, lifecycle, permissions
from kernel.errors import IllegalMove, Invalid
from kernel.models import User
from kernel.slots import slot
from service_mgmt.design.models import (
    Decomposition,
    NetworkProfile,
    ServiceDesign,
    ServiceSpecification,
    SpecificationLink,
)

# Filled by service_mgmt.services: offering → what the live network can do for it.
network_facts = slot("service_mgmt_design.network_facts")


@dataclass(frozen=True)
class Node:
    """One service of a decomposition: its specification, its characteristics and what realises it."""

    specification: ServiceSpecification
    characteristics: dict[str, Any]
    redundancy: str = SpecificationLink.Redundancy.ALL
    children: tuple[Node, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready tree for pages and stored simulations."""
        return {
            "specification": str(self.specification),
            "kind": self.specification.kind,
            "characteristics": self.characteristics,
            "children": [child.as_dict() for child in self.children],
        }


@dataclass
class Facts:
    """What the network says about an offer: places that can serve it, free ports, technologies, monthly cost."""

    places: list[dict[str, Any]] = field(default_factory=list)
    technologies: list[str] = field(default_factory=list)
    monthly_cost: Decimal = Decimal(0)


def decompose(*, offering: ProductOffering, characteristics: Mapping[str, Any] | None = None) -> list[Node]:
    """Customer-facing services of one offering (not of its bundle parts), each with what realises it.

    A bundle without a specification of its own decomposes into nothing: its parts do. Raises Invalid when the
    offering's specification has no rule, or a rule leads to a specification that is not active.
    """
    if offering.specification_id is None:
        return []
    rules = Decomposition.objects.filter(product_specification_id=offering.specification_id).select_related(
        "service_specification"
    )
    if not rules:
        raise Invalid(
            _("%(offer)s has no decomposition: no service is designed for it") % {"offer": offering},
            code="design.noDecomposition",
        )
    given = {**(offering.characteristics or {}), **(characteristics or {})}
    return [_node(rule.service_specification, _mapped(rule.mapping, given)) for rule in rules]


def node_of(*, specification: ServiceSpecification, characteristics: Mapping[str, Any]) -> Node:
    """One specification with what realises it, asked for by name and not through an offering. Raises Invalid."""
    return _node(specification, characteristics)


def _mapped(mapping: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Characteristics under the names of the lower specification; those not mapped keep their name."""
    taken = set(mapping.values())
    return {target: given[source] for target, source in mapping.items() if source in given} | {
        name: value for name, value in given.items() if name not in taken and name not in mapping
    }


def _node(specification: ServiceSpecification, given: Mapping[str, Any], redundancy: str = "all") -> Node:
    if specification.status != ServiceSpecification.Status.ACTIVE:
        raise Invalid(
            _("%(spec)s is not active") % {"spec": specification}, code="design.specificationInactive"
        )
    known = specification.characteristics
    values = {name: given.get(name, rule.get("default")) for name, rule in known.items()}
    missing = [name for name, rule in known.items() if rule.get("required") and values[name] in (None, "")]
    if missing:
        raise Invalid(
            _("%(spec)s needs %(names)s") % {"spec": specification, "names": ", ".join(missing)},
            code="design.characteristicMissing",
            fields=dict.fromkeys(missing, _("required")),
        )
    links = specification.supported_by.select_related("child").order_by("child__code")
    children = tuple(
        _node(link.child, _mapped(link.mapping, values), link.redundancy)
        for link in links
        for _n in range(link.minimum)
    )
    return Node(specification, {k: v for k, v in values.items() if v is not None}, redundancy, children)


def parts(*, offering: ProductOffering) -> list[ProductOffering]:
    """Offerings inside a bundle, in its order; empty for anything else."""
    return [item.offering for item in offering.items.select_related("offering").order_by("position")]


def create_specification(
    *, name_en: str, code: str = "", kind: str = "cfs", **values: Any
) -> ServiceSpecification:
    """A specification in design; its code is made of its name when none is given.

    Raises Invalid when the code is taken.
    """
    code = code or slugify(name_en)[:60]
    if not code or ServiceSpecification.objects.filter(code=code, revision=1).exists():
        raise Invalid(
            _("The code %(code)s is taken") % {"code": code or "–"},
            code="specification.code",
            fields={"code": _("taken")},
        )
    values.setdefault("name_fr", name_en)
    return lifecycle.create(ServiceSpecification(kind=kind, code=code, name_en=name_en, **values))


def change_specification(*, specification: ServiceSpecification, **values: Any) -> ServiceSpecification:
    """Change its texts; its characteristics only while it is in design. Raises Invalid."""
    if "characteristics" in values and specification.status != ServiceSpecification.Status.IN_DESIGN:
        raise Invalid(
            _("Characteristics of a specification in use do not change: make a new version"),
            code="specification.inUse",
            fields={"characteristics": pgettext("not to be changed", "fixed")},
        )
    return lifecycle.change(specification, **values)


def move_specification(*, specification: ServiceSpecification, to: str) -> ServiceSpecification:
    """Put a specification into use, or retire it. Raises IllegalMove."""
    return lifecycle.move(specification, to)


def remove_specification(*, specification: ServiceSpecification) -> None:
    """Delete a specification that was never in use. Raises IllegalMove for others."""
    if specification.status != ServiceSpecification.Status.IN_DESIGN:
        raise IllegalMove(_("It was in use: retire it"), code="specification.inUse")
    lifecycle.remove(specification)


def draft_design(*, offering: ProductOffering, author: User | None = None) -> ServiceDesign:
    """Open a design package for an offering; it starts with the present facts of the network."""
    design = lifecycle.create(ServiceDesign(offering=offering, author=author))
    return simulate(design=design)


def simulate(*, design: ServiceDesign, at: datetime | None = None) -> ServiceDesign:
    """Decompose, price and ask the live network, before anything is released; the answers are kept on the design."""
    moment = at or clock.now()
    offerings = [design.offering, *parts(offering=design.offering)]
    facts: Facts = network_facts.one(offerings) or Facts()
    priced = catalog.simulate(offering=design.offering, at=moment)
    monthly = priced.monthly
    return lifecycle.change(
        design,
        verb="simulated",
        facts=journal.plain(
            {"places": facts.places, "technologies": facts.technologies, "monthly_cost": facts.monthly_cost}
        ),
        simulation={
            "at": moment.isoformat(),
            "decomposition": [
                node.as_dict() for offering in offerings for node in decompose(offering=offering)
            ],
            "problems": problems(offering=design.offering),
        },
        monthly_price=monthly,
        monthly_cost=facts.monthly_cost,
    )


def submit(*, design: ServiceDesign) -> ServiceDesign:
    """Ask for review. Raises Invalid while the publish check finds problems."""
    simulate(design=design)
    if found := design.simulation["problems"]:
        raise Invalid("; ".join(found), code="design.notPublishable")
    return lifecycle.move(design, ServiceDesign.Status.IN_REVIEW)


def approve(*, design: ServiceDesign, by: User, reason: str = "") -> ServiceDesign:
    """Approve a reviewed design; never one's own."""
    permissions.forbid_own_work(design.author_id, by.pk)
    return lifecycle.move(design, ServiceDesign.Status.APPROVED, reason=reason, approver=by)


def send_back(*, design: ServiceDesign, reason: str) -> ServiceDesign:
    """Make it a draft again, with the reason; an approval given before is gone. Raises IllegalMove."""
    return lifecycle.move(design, ServiceDesign.Status.DRAFT, reason=reason, approver=None)


def retire(*, design: ServiceDesign, reason: str = "") -> ServiceDesign:
    """End a released design, so that its offering may have a new one. Raises IllegalMove."""
    return lifecycle.move(design, ServiceDesign.Status.RETIRED, reason=reason)


def release(*, design: ServiceDesign, at: datetime | None = None) -> ServiceDesign:
    """Release the design and with it its offerings for sale, in one transaction."""
    moment = at or clock.now()
    with transaction.atomic():
        lifecycle.move(design, ServiceDesign.Status.RELEASED)
        for offering in [*parts(offering=design.offering), design.offering]:
            catalog.release(offering=offering, at=moment)
    return design


def problems(*, offering: ProductOffering) -> list[str]:
    """Why an offering must not be released; empty when it may. Fills the catalogue's publish check.

    Every part needs a decomposition, and every internet speed a network profile on every technology that serves it.
    """
    found = []
    for part in [offering, *parts(offering=offering)]:
        try:
            nodes = decompose(offering=part)
        except Invalid as error:
            found.append(str(error.message))
            continue
        for node in nodes:
            found += _missing_profiles(node)
    return found


def _missing_profiles(node: Node) -> list[str]:
    """Technologies of an RFS that have profiles, but none for the speed asked."""
    found = [text for child in node.children for text in _missing_profiles(child)]
    down, up = node.characteristics.get("down_kbps"), node.characteristics.get("up_kbps")
    if not down or node.specification.kind != ServiceSpecification.Kind.RFS:
        return found
    profiles = NetworkProfile.objects.filter(specification=node.specification)
    serving = set(profiles.values_list("technology", flat=True))
    able = set(profiles.filter(down_kbps=down, up_kbps=up or 0).values_list("technology", flat=True))
    if not serving:
        return [*found, _("%(spec)s has no network profile at all") % {"spec": node.specification}]
    return found + [
        _("no network profile of %(down)s/%(up)s kbit/s on %(technology)s")
        % {"down": down, "up": up, "technology": technology}
        for technology in sorted(serving - able)
    ]


def fill_slots() -> None:
    """What this app answers for others (called at start-up)."""
    slot("bss_catalog.publish_check").fill(_publish_check)


def _publish_check(offering: ProductOffering) -> list[str]:
    return problems(offering=offering)
