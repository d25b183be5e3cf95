"""Chapter one: the network, what it can do, and the offer "Business Internet 100" released with its facts."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings

from bss.billing.models import DunningPolicy, DunningStep, TaxRate
from bss.catalog import services as catalog
from bss.catalog.models import ProductOffering, ProductSpecification
from kernel import lifecycle
from oss.addressing import services as addressing
from oss.addressing.models import VRF, NumberRange, Prefix, VlanGroup
from oss.inventory import services as inventory
from oss.inventory.models import Location, NetworkElement
from oss.southbound import services as southbound
from portal.defaults import install_defaults
from portal.story import use
from portal.story.teller import Teller
from service_mgmt.design import services as design
from service_mgmt.design.models import (
    Decomposition,
    NetworkProfile,
    ResourceRole,
    ServiceSpecification,
    SpecificationLink,
)

SLA_CLASS = "business-999"
DOWN, UP = 100_000, 20_000


def tell(story: Teller) -> None:
    """Network, pools, tax, tariff, offer; the design is approved by somebody other than its author."""
    with story.as_("engineer"):
        _network(story)
        _pools()
        specifications()
    with story.as_("billing"):
        _money_rules()
        use.voice_source()
        use.radius_source()
    with story.as_("admin"):
        install_defaults()
    with story.as_("product") as author:
        offer = _offer(story)
        package = design.draft_design(offering=offer, author=author)
        story.made("design", package)
        story.check(
            "the network's facts stand beside the price",
            bool(package.facts["places"]),
            package.facts["places"],
        )
        story.check("price per month, net", (package.monthly_price or 0) > 0, str(package.monthly_price))
        story.check("cost per month", (package.monthly_cost or 0) > 0, str(package.monthly_cost))
        design.submit(design=package)
    with story.as_("engineer") as approver:
        design.approve(design=package, by=approver)
    with story.as_("product"):
        design.release(design=package)
    offer.refresh_from_db()
    story.made("offer", offer)
    story.check("the offer is on sale", offer.status == ProductOffering.Status.LAUNCHED)


def _network(story: Teller) -> None:
    """The lab's topology into the inventory, and how its elements are reached."""
    state = json.loads(Path(settings.LAB_STATE).read_text())
    inventory.import_topology(json.loads(Path(state["topology"]).read_text()))
    endpoints = southbound.register_lab(state)
    story.check("elements under management", len(endpoints) == len(state["elements"]), len(endpoints))
    for endpoint in endpoints:
        if endpoint.element.role in {NetworkElement.Role.BNG, NetworkElement.Role.ACCESS}:
            with southbound.session(element=endpoint.element, purpose="first contact") as session:
                facts = session.facts()
            story.check(f"{endpoint.element} answers as itself", facts["host_name"] == endpoint.element.name)


def _pools() -> None:
    """VLANs per access element, gateways for customers, telephone numbers. Told twice it changes nothing."""
    for element in NetworkElement.objects.filter(role=NetworkElement.Role.ACCESS):
        if not VlanGroup.objects.filter(name=element.name).exists():
            addressing.create_vlan_group(name=element.name, first_vid=101, last_vid=400, element=element)
    vrf = VRF.objects.filter(name="customers").first() or addressing.create_vrf(name="customers")
    if not Prefix.objects.filter(name="customer-gateways").exists():
        addressing.create_prefix(vrf=vrf, cidr="100.72.0.0/22", name="customer-gateways")
    if not NumberRange.objects.filter(name="port-armel").exists():
        addressing.create_number_range(
            name="port-armel",
            first="+33299000100",
            last="+33299000199",
            location=Location.objects.sites().first(),
        )


def specifications() -> None:
    """Customer-facing and resource-facing services, what they need, and how products decompose into them."""
    if ServiceSpecification.objects.filter(code="internet").exists():
        return
    speed = {
        name: {"type": "integer", "unit": "kbit/s", "required": True} for name in ("down_kbps", "up_kbps")
    }
    line = {"channels": {"type": "integer", "default": 2}, "wanted_number": {"type": "string"}}
    internet = _specification("cfs", "internet", "Internet access", "Accès Internet", speed)
    access = _specification("rfs", "access-line", "Access line", "Ligne d'accès", speed)
    voice = _specification("cfs", "voice", "Telephone line", "Ligne téléphonique", line)
    gateway = _specification(
        "rfs", "voice-line", "Line on the voice gateway", "Ligne sur la passerelle", line
    )
    _rests_on(internet, access)
    _rests_on(voice, gateway)
    _role(access, "port", "port", element_role="access")
    _role(access, "vlan", "vlan", group="{element}")
    _role(access, "gateway", "address", prefix="customer-gateways")
    _role(access, "bng", "element", element_role="bng")
    _role(gateway, "number", "number", range="port-armel")
    _role(gateway, "voice_gateway", "element", element_role="voice_gateway")
    for down, up, cost in ((DOWN, UP, "11.50"), (500_000, 100_000, "17.00")):
        lifecycle.create(
            NetworkProfile(
                specification=access,
                technology="ethernet",
                down_kbps=down,
                up_kbps=up,
                lead_days=2,
                monthly_cost=Decimal(cost),
            )
        )


def _specification(
    kind: str, code: str, name_en: str, name_fr: str, values: dict[str, Any]
) -> ServiceSpecification:
    made = lifecycle.create(
        ServiceSpecification(
            kind=kind,
            code=code,
            name_en=name_en,
            name_fr=name_fr,
            characteristics=values,
            workflow="new_service" if kind == "cfs" else "",
            test_plan=["line", "ping", "counters"],
        )
    )
    return lifecycle.move(made, ServiceSpecification.Status.ACTIVE)


def _rests_on(parent: ServiceSpecification, child: ServiceSpecification) -> None:
    lifecycle.create(SpecificationLink(parent=parent, child=child))


def _role(specification: ServiceSpecification, role: str, kind: str, **source: str) -> None:
    lifecycle.create(ResourceRole(specification=specification, role=role, kind=kind, source=source))


def _money_rules() -> None:
    """VAT and the steps of dunning."""
    for category, percent in (("S", "20"), ("AA", "10")):
        if not TaxRate.objects.filter(country="FR", category=category).exists():
            lifecycle.create(
                TaxRate(country="FR", category=category, percent=Decimal(percent), start=date(2014, 1, 1))
            )
    if not DunningPolicy.objects.filter(code="standard").exists():
        policy = lifecycle.create(DunningPolicy(code="standard", name="Standard"))
        steps = ((1, 5, "notice", "dunning-reminder"), (2, 15, "suspend", "dunning-suspension"))
        for position, days, action, template in steps:
            lifecycle.create(
                DunningStep(policy=policy, position=position, days=days, action=action, template=template)
            )


def _offer(story: Teller) -> ProductOffering:
    """The bundle, its internet part and its voice add-on, with every kind of price."""
    internet = _internet()
    voice = _voice(story)
    offer = catalog.create_offering(
        code="business-internet-100",
        name_en="Business Internet 100",
        name_fr="Internet Pro 100",
        is_bundle=True,
        sla_class=SLA_CLASS,
        segments=["business", "enterprise"],
    )
    catalog.set_bundle(
        bundle=offer,
        items=[
            {"offering": internet, "minimum": 1, "default": 1, "maximum": 1},
            {"offering": voice, "minimum": 0, "default": 0, "maximum": 4},
        ],
    )
    return offer


def _internet() -> ProductOffering:
    specification = catalog.create_specification(
        code="internet-access",
        name_en="Internet access",
        name_fr="Accès Internet",
        characteristics=[
            {"name": "down_kbps", "type": "integer", "unit": "kbit/s", "required": True},
            {"name": "up_kbps", "type": "integer", "unit": "kbit/s", "required": True},
        ],
    )
    _decomposes(specification, "internet")
    offer = catalog.create_offering(
        code="internet-100",
        name_en="Internet 100 Mbit/s",
        name_fr="Internet 100 Mbit/s",
        specification=specification,
        characteristics={"down_kbps": DOWN, "up_kbps": UP},
        is_sellable=False,
        sla_class=SLA_CLASS,
    )
    catalog.add_price(
        offering=offer,
        code="setup",
        kind="one_off",
        amount=Decimal("90.00"),
        name_en="Installation",
        name_fr="Installation",
    )
    catalog.add_price(
        offering=offer,
        code="monthly",
        kind="recurring",
        amount=Decimal("69.00"),
        name_en="Monthly fee",
        name_fr="Abonnement",
    )
    return offer


def _voice(story: Teller) -> ProductOffering:
    specification = catalog.create_specification(
        code="telephone-line",
        name_en="Telephone line",
        name_fr="Ligne téléphonique",
        characteristics=[
            {"name": "channels", "type": "integer", "default": 2, "configurable": True},
            {"name": "wanted_number", "type": "string", "configurable": True},
        ],
    )
    _decomposes(specification, "voice")
    offer = catalog.create_offering(
        code="voice-line",
        name_en="Telephone line",
        name_fr="Ligne téléphonique",
        specification=specification,
        is_sellable=False,
    )
    tariff, included = _tariff()
    catalog.add_price(
        offering=offer,
        code="monthly",
        kind="recurring",
        amount=Decimal("9.00"),
        name_en="Line rental",
        name_fr="Location de ligne",
    )
    catalog.add_price(
        offering=offer, code="calls", kind="usage", tariff=tariff, name_en="Calls", name_fr="Appels"
    )
    catalog.add_allowance(
        offering=offer,
        code="minutes-300",
        name_en="300 minutes to France",
        name_fr="300 minutes vers la France",
        service="voice",
        unit="min",
        quantity=300,
        shared=True,
        zones=included,
    )
    story.made("tariff", tariff)
    return offer


def _tariff() -> tuple[Any, list[Any]]:
    """Per minute by destination and hour: landlines, mobiles, Europe, the rest of the world; connect fee abroad."""
    plan = catalog.create_zone_plan(code="world", name_en="World", name_fr="Monde")
    zones = {
        code: catalog.add_zone(plan=plan, code=code, name_en=en, name_fr=fr, prefixes=prefixes)
        for code, en, fr, prefixes in (
            ("fr-fixed", "France, landline", "France, fixe", ["33"]),
            ("fr-mobile", "France, mobile", "France, mobile", ["336", "337"]),
            ("europe", "Europe", "Europe", ["32", "34", "39", "41", "44", "49", "351", "353"]),
            ("world", "Rest of the world", "Reste du monde", [str(digit) for digit in range(1, 10)]),
        )
    }
    calendar = catalog.create_calendar(
        code="business-hours",
        name_en="Business hours",
        name_fr="Heures ouvrées",
        country="FR",
        bands={
            "peak": {
                "name_en": "Peak",
                "name_fr": "Heures pleines",
                "hours": [(d, 8 * 60, 19 * 60) for d in range(5)],
            },
            "off-peak": {"name_en": "Off-peak", "name_fr": "Heures creuses"},
        },
    )
    bands = {band.code: band for band in calendar.bands.all()}
    tariff = catalog.create_tariff(
        code="voice-2026",
        name_en="Voice 2026",
        name_fr="Voix 2026",
        service="voice",
        zone_plan=plan,
        calendar=calendar,
    )
    prices = {
        "fr-fixed": ("0.020", "0.010", "0"),
        "fr-mobile": ("0.080", "0.040", "0"),
        "europe": ("0.120", "0.080", "0.050"),
        "world": ("0.450", "0.350", "0.100"),
    }
    catalog.set_rates(
        tariff=tariff,
        rates=[
            {
                "zone": zones[code],
                "band": bands[band],
                "price": Decimal(price),
                "connect_fee": Decimal(connect),
                "first_step": 30,
                "next_step": 6,
            }
            for code, (peak, off_peak, connect) in prices.items()
            for band, price in (("peak", peak), ("off-peak", off_peak))
        ],
    )
    return tariff, [zones["fr-fixed"], zones["fr-mobile"]]


def _decomposes(specification: ProductSpecification, code: str) -> None:
    lifecycle.create(
        Decomposition(
            product_specification=specification,
            service_specification=ServiceSpecification.objects.get(code=code, revision=1),
        )
    )
