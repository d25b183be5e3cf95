"""Doors to service instances: designed from a product, then moved through TMF638's states with what realises them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from bss.customers.models import Customer, CustomerSite
from bss.orders.models import Product
from kernel import clock, lifecycle
from kernel.errors import IllegalMove
from service_mgmt.design import services as design
from service_mgmt.design.models import ServiceSpecification
from service_mgmt.design.services import Node
from service_mgmt.services.models import Service, ServiceLink

State = Service.State


def design_services(
    *,
    product: Product,
    customer: Customer,
    site: CustomerSite | None,
    characteristics: Mapping[str, Any] | None = None,
) -> list[Service]:
    """Customer-facing services of a product with everything they rest on, in state designed.

    Done twice it returns the services of the first time.
    """
    existing = list(Service.objects.filter(product=product, kind="cfs").exclude(state=State.TERMINATED))
    if existing:
        return existing
    given = {**(product.characteristics or {}), **(characteristics or {})}
    with transaction.atomic():
        return [
            _build(node, product=product, customer=customer, site=site)
            for node in design.decompose(offering=product.offering, characteristics=given)
        ]


def design_service(
    *,
    specification: ServiceSpecification,
    customer: Customer,
    site: CustomerSite | None = None,
    characteristics: Mapping[str, Any] | None = None,
    name: str = "",
) -> Service:
    """A service of a specification, without a product, with everything it rests on, in state designed.

    Raises Invalid when the specification is not active or a characteristic it demands is missing.
    """
    node = design.node_of(specification=specification, characteristics=characteristics or {})
    with transaction.atomic():
        service = _build(node, product=None, customer=customer, site=site)
        return lifecycle.change(service, name=name[:160]) if name else service


def rename(*, service: Service, name: str) -> Service:
    """Change what people call a service."""
    return lifecycle.change(service, name=name[:160])


def withdraw(*, service: Service, reason: str = "", at: datetime | None = None) -> Service:
    """End a service that has never been in use, and give back what was reserved for it. Raises IllegalMove for others."""
    if service.state in {State.ACTIVE, State.SUSPENDED}:
        raise IllegalMove(_("A service in use ends by an order"), code="service.inUse")
    return terminate(service=service, at=at, reason=reason)


def _build(node: Node, *, product: Product | None, customer: Customer, site: CustomerSite | None) -> Service:
    where = f" · {site.name}" if site is not None else ""
    service = lifecycle.create(
        Service(
            kind=node.specification.kind,
            specification=node.specification,
            customer=customer,
            product=product,
            site=site,
            name=f"{node.specification.name_en}{where}"[:160],
            state=State.DESIGNED,
            characteristics=node.characteristics,
        )
    )
    for child in node.children:
        lifecycle.create(
            ServiceLink(
                service=service,
                supporting=_build(child, product=product, customer=customer, site=site),
                redundancy=child.redundancy,
            )
        )
    return service


def family(*, service: Service) -> list[Service]:
    """The service and everything it rests on, itself last: the order in which things are switched on."""
    found: dict[UUID, Service] = {}

    def visit(one: Service) -> None:
        for link in one.supports_needed.select_related("supporting__specification").order_by("created"):
            if link.supporting_id not in found:
                visit(link.supporting)
        found[one.pk] = one

    visit(service)
    return list(found.values())


def activate(*, service: Service, at: datetime | None = None) -> Service:
    """Bring the service and what it rests on into service; done twice it changes nothing."""
    moment = at or clock.now()
    with transaction.atomic():
        for one in family(service=service):
            if one.state == State.RESERVED:
                lifecycle.move(one, State.INACTIVE)
            if one.state in {State.INACTIVE, State.SUSPENDED}:
                lifecycle.move(one, State.ACTIVE, started=one.started or moment)
            if one.pk == service.pk:
                service.refresh_from_db()
    return service


def suspend(*, service: Service, reason: str = "") -> Service:
    """Mark the service and what only it rests on as suspended; done twice it changes nothing."""
    return _move_family(service, State.ACTIVE, State.SUSPENDED, reason)


def resume(*, service: Service, reason: str = "") -> Service:
    """Back from suspension; done twice it changes nothing."""
    return _move_family(service, State.SUSPENDED, State.ACTIVE, reason)


def _move_family(service: Service, before: str, after: str, reason: str) -> Service:
    with transaction.atomic():
        for one in family(service=service):
            if one.state == before:
                lifecycle.move(one, after, reason=reason)
    service.refresh_from_db()
    return service


def change_characteristics(*, service: Service, reason: str = "", **values: Any) -> Service:
    """Set characteristics of the service and of every supporting service that declares them."""
    with transaction.atomic():
        for one in family(service=service):
            mine = {
                name: value for name, value in values.items() if name in one.specification.characteristics
            }
            if mine:
                lifecycle.change(one, characteristics={**one.characteristics, **mine}, reason=reason)
    service.refresh_from_db()
    return service


def terminate(*, service: Service, at: datetime | None = None, reason: str = "") -> Service:
    """End the service and what it rests on, and give their resources back; done twice it changes nothing."""
    from service_mgmt.services.services import reservations

    moment = at or clock.now()
    with transaction.atomic():
        # What is used goes before what it uses, so that nothing active rests on something ended.
        for one in reversed(family(service=service)):
            reservations.give_back(service=one, at=moment)
            if one.state != State.TERMINATED:
                lifecycle.move(one, State.TERMINATED, reason=reason, ended=moment)
    service.refresh_from_db()
    return service


def merge(keep: Customer, drop: Customer) -> None:
    """Services of a customer who was taken over become those of the other, in one statement."""
    Service.objects.filter(customer=drop).update(customer=keep)
