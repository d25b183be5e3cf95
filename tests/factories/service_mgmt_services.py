"""Makers of service instances, what they rest on and what they hold."""

from __future__ import annotations

from itertools import count
from typing import Any

from kernel import clock
from service_mgmt.services.models import Service, ServiceLink, ServiceResource
from tests.factories.bss_customers import make_customer, make_site
from tests.factories.bss_orders import make_product
from tests.factories.rest import sample
from tests.factories.service_mgmt_design import make_spec

_serial = count(1)


def make_service(**overrides: Any) -> Service:
    """An active customer-facing service; `product=True` gives it a product of its customer."""
    specification = overrides.pop("specification", None) or make_spec(kind=overrides.get("kind", "cfs"))
    product = overrides.pop("product", None)
    customer = overrides.pop("customer", None)
    if product is True:
        product = make_product(customer=customer) if customer else make_product()
    values = {
        "kind": specification.kind,
        "specification": specification,
        "customer": product.customer if product else customer or make_customer(),
        "product": product,
        "name": f"Service {next(_serial)}",
        "state": Service.State.ACTIVE,
        **overrides,
    }
    if str(values["state"]) in {"active", "suspended"}:
        values.setdefault("started", clock.now())
    if str(values["state"]) == "terminated":
        values.setdefault("ended", clock.now())
    return Service.objects.create(**values)


def rest_on(service: Service, supporting: Service, redundancy: str = "all") -> ServiceLink:
    """`service` rests on `supporting`."""
    return ServiceLink.objects.create(service=service, supporting=supporting, redundancy=redundancy)


def hold(service: Service, role: str, **thing: Any) -> ServiceResource:
    """`hold(service, "port", port=port)`."""
    return ServiceResource.objects.create(service=service, role=role, **thing)


SAMPLES = {"service_mgmt_services.Service": lambda: make_service(product=True)}


# Samples of the REST resources


@sample(
    "638/service",
    body=lambda: {
        "state": "feasibilityChecked",
        "name": "Line to the archive",
        "serviceSpecification": {"id": str(make_spec().pk)},
        "relatedParty": [{"id": str(make_customer().pk), "role": "customer"}],
    },
    patch=lambda row: {"name": "Renamed"},
)
def services(count: int) -> list[Service]:
    made = []
    for number in range(count):
        customer = make_customer()
        service = make_service(
            customer=customer,
            site=make_site(customer=customer),
            characteristics={"down_kbps": 100_000 + number},
        )
        rest_on(service, make_service(kind="rfs", customer=customer))
        made.append(service)
    return made
