"""Makers of services with a promised level, on a small network that can break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

from bss.billing.models import Subscription
from bss.customers.models import Customer
from bss.orders.models import Product
from kernel import clock
from kernel.ids import uuid7
from oss.inventory.models import Port
from service_mgmt.design.models import ServiceSpecification
from service_mgmt.levels import services
from service_mgmt.levels.models import (
    CreditProposal,
    OutageImpact,
    SlaAgreement,
    SlaClockEvent,
    SlaDefinition,
    SlaResult,
)
from service_mgmt.services.models import Service, ServiceLink, ServiceResource
from tests.factories.bss_care import make_reachable
from tests.factories.bss_customers import make_account
from tests.factories.bss_orders import make_product
from tests.factories.oss_alarms import Network, make_network
from tests.factories.oss_inventory import make_port
from tests.factories.rest import sample

_serial = count(1)


def make_definition(**overrides: Any) -> SlaDefinition:
    """99.9 % day and night: below it 5 %, below 99.5 % 10 % of the monthly fee, without approval, at most 50 %."""
    values = {
        "code": f"class-{next(_serial)}",
        "name_en": "Business",
        "name_fr": "Entreprise",
        "availability_target": Decimal("99.9"),
        "bands": [(Decimal("99.9"), Decimal(5)), (Decimal("99.5"), Decimal(10))],
        "cap_percent": Decimal(50),
        "pre_agreed": True,
    }
    return services.define(**{**values, **overrides})


def make_specification(**overrides: Any) -> ServiceSpecification:
    """An active customer-facing specification."""
    number = next(_serial)
    values = {
        "kind": "cfs",
        "code": f"spec-{number}",
        "name_en": f"Internet {number}",
        "name_fr": f"Internet {number}",
    }
    return ServiceSpecification.objects.create(**{**values, "status": "active", **overrides})


def make_service(*, at: datetime | None = None, port: Port | None = None, **overrides: Any) -> Service:
    """An active customer-facing service of a product; with `port`, it rests on a resource-facing one that holds it."""
    customer = overrides.pop("customer", None)
    product: Product = overrides.pop("product", None) or make_product(account=make_account(customer=customer))
    values: dict[str, Any] = {
        "kind": "cfs",
        "specification": None,
        "customer": product.customer,
        "product": product,
        "site": product.site,
        "name": "Internet",
        "state": Service.State.ACTIVE,
        "started": at or clock.now(),
        **overrides,
    }
    values["specification"] = values["specification"] or make_specification(kind=values["kind"])
    service = Service.objects.create(**values)
    if port is not None:
        below = make_service(at=at, product=product, kind="rfs", state=service.state)
        ServiceLink.objects.create(service=service, supporting=below)
        ServiceResource.objects.create(service=below, role="access-port", port=port)
    return service


def make_agreement(**overrides: Any) -> SlaAgreement:
    """A level promised for a service since long."""
    service = overrides.pop("service", None) or make_service()
    definition = overrides.pop("definition", None) or make_definition()
    at = overrides.pop("at", None) or datetime.fromisoformat("2025-06-01T00:00:00+00:00")
    return services.agree(service=service, definition=definition, product=product_of(service), at=at)


def product_of(service: Service) -> Product:
    """The product of a customer-facing service, which always has one."""
    assert service.product is not None
    return service.product


def make_fee(product: Product, amount: str = "100", **overrides: Any) -> Subscription:
    """What a product costs a month."""
    price = product.offering.prices.filter(kind="recurring").first()
    values = {
        "kind": "recurring",
        "amount": Decimal(amount),
        "currency": "EUR",
        "start": datetime.fromisoformat("2025-06-01").date(),
        "price": price,
        **overrides,
    }
    return Subscription.objects.create(product=product, account=product.account, **values)


def make_result(**overrides: Any) -> SlaResult:
    """A breached December."""
    agreement = overrides.pop("agreement", None) or make_agreement()
    at = datetime.fromisoformat("2025-12-10T08:00:00+00:00")
    cause = uuid7()
    services.start_clock(service_ids=[agreement.service_id], at=at, cause_id=cause, label="INC-000000")
    services.stop_clock(service_ids=[agreement.service_id], at=at.replace(hour=10), cause_id=cause)
    services.close_month(month=at.date(), at=datetime.fromisoformat("2026-01-02T00:00:00+00:00"))
    return SlaResult.objects.get(agreement=agreement, month=at.date().replace(day=1))


def make_credit(**overrides: Any) -> CreditProposal:
    """A credit that waits for approval."""
    service = make_service()
    make_fee(product_of(service))
    result = make_result(
        agreement=make_agreement(service=service, definition=make_definition(pre_agreed=False))
    )
    return CreditProposal.objects.get(result=result)


@dataclass(frozen=True)
class Town:
    """Customers behind a network: two at the leaf, one on the ring."""

    network: Network
    french: Customer
    english: Customer
    ring: Customer
    services: dict[str, Service]


def make_town(*, at: datetime | None = None) -> Town:
    """Two reachable customers (French, English) with services on ports of the leaf, one on the redundant aggregation."""
    network = make_network()
    people = {"french": make_reachable("fr"), "english": make_reachable("en"), "ring": make_reachable("en")}
    found = {}
    for name, customer in people.items():
        element = network.agg2 if name == "ring" else network.leaf
        product = make_product(account=make_account(customer=customer))
        found[name] = make_service(product=product, at=at, port=make_port(element=element))
    return Town(network, people["french"], people["english"], people["ring"], found)


def make_impact(**overrides: Any) -> OutageImpact:
    """A service lost by an incident of the leaf's only link."""
    from tests.factories.oss_incidents import make_incident, make_link_root

    town = make_town()
    incident = make_incident(root_alarm=make_link_root(town.network.tail))
    services.apply_incident(incident_id=incident.pk, at=incident.opened)
    return OutageImpact.objects.filter(incident=incident, **overrides).latest("id")


def make_event(**overrides: Any) -> SlaClockEvent:
    """A service that went down."""
    impact = make_impact(**overrides)
    return SlaClockEvent.objects.filter(service=impact.service_id).latest("at")


SAMPLES: dict[str, Callable[[], object]] = {
    "service_mgmt_levels.SlaDefinition": make_definition,
    "service_mgmt_levels.SlaAgreement": make_agreement,
    "service_mgmt_levels.SlaClockEvent": make_event,
    "service_mgmt_levels.SlaResult": make_result,
    "service_mgmt_levels.CreditProposal": make_credit,
    "service_mgmt_levels.OutageImpact": make_impact,
}


@sample("657/serviceLevelSpecification")
def specifications(count: int) -> list[SlaDefinition]:
    return [
        make_definition(name_en=f"Class {index}", description_en=f"Number {index}") for index in range(count)
    ]


@sample("657/serviceLevelObjective")
def objectives(count: int) -> list[SlaDefinition]:
    return [
        make_definition(availability_target=Decimal(99) + Decimal(index) / 100, bands=[])
        for index in range(count)
    ]


@sample("sla/sla")
def agreements(count: int) -> list[SlaAgreement]:
    return [make_agreement() for _index in range(count)]


@sample("sla/slaViolation")
def violations(count: int) -> list[SlaResult]:
    return [make_result() for _index in range(count)]
