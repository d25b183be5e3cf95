"""Makers of service specifications, profiles and design packages."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any

from bss.catalog.models import ProductOffering
from service_mgmt.design.models import (
    Decomposition,
    NetworkProfile,
    ResourceRole,
    ServiceDesign,
    ServiceSpecification,
    SpecificationLink,
)
from tests.factories.bss_catalog import make_offering, make_price, make_specification
from tests.factories.rest import sample

_serial = count(1)
SPEED = {name: {"type": "integer", "unit": "kbit/s", "required": True} for name in ("down_kbps", "up_kbps")}
FAST = {"down_kbps": 100_000, "up_kbps": 20_000}


def make_spec(**overrides: Any) -> ServiceSpecification:
    """An active customer-facing specification without characteristics."""
    number = next(_serial)
    values = {
        "kind": "cfs",
        "code": f"spec-{number}",
        "name_en": f"Service {number}",
        "name_fr": f"Service {number} (fr)",
        "status": ServiceSpecification.Status.ACTIVE,
        **overrides,
    }
    return ServiceSpecification.objects.create(**values)


def make_spec_link(
    parent: ServiceSpecification, child: ServiceSpecification, **overrides: Any
) -> SpecificationLink:
    """`parent` rests on one `child`."""
    return SpecificationLink.objects.create(parent=parent, child=child, **overrides)


def make_role(specification: ServiceSpecification, role: str, kind: str, **source: Any) -> ResourceRole:
    """A resource that instances of the specification need."""
    return ResourceRole.objects.create(specification=specification, role=role, kind=kind, source=source)


def make_profile(specification: ServiceSpecification, **overrides: Any) -> NetworkProfile:
    """100/20 Mbit/s over Ethernet at 11.50 a month."""
    values = {"technology": "ethernet", **FAST, "monthly_cost": Decimal("11.50"), "lead_days": 2, **overrides}
    return NetworkProfile.objects.create(specification=specification, **values)


def make_internet() -> tuple[ServiceSpecification, ServiceSpecification]:
    """An internet CFS with a speed, resting on an access RFS; no resource roles."""
    cfs = make_spec(characteristics=SPEED, workflow="new_service")
    rfs = make_spec(kind="rfs", characteristics=SPEED)
    make_spec_link(cfs, rfs)
    return cfs, rfs


def make_internet_offering(cfs: ServiceSpecification | None = None, **overrides: Any) -> ProductOffering:
    """An offer in design with a monthly price of 50 that decomposes into an internet service."""
    cfs = cfs or make_internet()[0]
    specification = make_specification()
    Decomposition.objects.create(product_specification=specification, service_specification=cfs)
    offering = make_offering(
        launch=False, **{"specification": specification, "characteristics": dict(FAST), **overrides}
    )
    make_price(offering=offering)
    return offering


def make_design(**overrides: Any) -> ServiceDesign:
    """A draft with the answers of a simulation."""
    offering = overrides.pop("offering", None) or make_internet_offering()
    values = {
        "monthly_price": Decimal(50),
        "monthly_cost": Decimal("11.50"),
        "facts": {
            "places": [{"code": "PAM", "name": "Port-Armel", "free_ports": 4}],
            "technologies": ["ethernet"],
        },
        "simulation": {
            "at": "2026-01-15T10:00:00+00:00",
            "problems": [],
            "decomposition": [
                {
                    "specification": "internet v1",
                    "kind": "cfs",
                    "characteristics": FAST,
                    "children": [
                        {"specification": "access v1", "kind": "rfs", "characteristics": FAST, "children": []}
                    ],
                }
            ],
        },
        **overrides,
    }
    return ServiceDesign.objects.create(offering=offering, **values)


SAMPLES = {
    "service_mgmt_design.ServiceSpecification": lambda: make_internet()[0],
    "service_mgmt_design.ServiceDesign": make_design,
}


# Samples of the REST resources


def _specification_body() -> dict[str, Any]:
    return {
        "name": "Leased line",
        "@type": "ResourceFacingServiceSpecification",
        "code": f"leased-{next(_serial)}",
        "specCharacteristic": [{"name": "down_kbps", "valueType": "integer", "minCardinality": 1}],
    }


@sample(
    "633/serviceSpecification",
    body=_specification_body,
    patch=lambda row: {"description": "Between two sites"},
)
def specifications(count: int) -> list[ServiceSpecification]:
    made = [make_internet()[0] for _index in range(count)]
    for row in made:
        row.description = f"Specification {next(_serial)}"
        row.save()
    return made


@sample("633/serviceCandidate")
def candidates(count: int) -> list[ServiceSpecification]:
    return [make_spec() for _index in range(count)]
