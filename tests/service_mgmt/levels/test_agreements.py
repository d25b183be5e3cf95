"""Classes of service level, and the agreements made by them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from kernel import events
from kernel.errors import Invalid
from service_mgmt.levels import services
from service_mgmt.levels.models import SlaAgreement, SlaDefinition
from service_mgmt.provisioning.events import ServiceActivated, ServiceBlocked, ServiceRestored
from tests.factories.bss_customers import make_account, make_customer
from tests.factories.bss_customers import make_agreement as make_contract
from tests.factories.bss_orders import make_product, make_sellable
from tests.factories.service_mgmt_levels import (
    make_definition,
    make_service,
)

pytestmark = pytest.mark.django_db
DECEMBER, JANUARY = date(2025, 12, 1), date(2026, 1, 1)
AFTER = datetime(2026, 1, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


# ----------------------------------------------------------------------------------------------- definitions, agreements


def test_bands_must_fit(django_assert_num_queries: Any) -> None:
    for bands in ([("99.95", "5")], [("99.9", "10"), ("99", "5")], [("99", "5"), ("99", "6")]):
        with pytest.raises(Invalid) as refusal:
            make_definition(bands=[(Decimal(below), Decimal(percent)) for below, percent in bands])
        assert set(refusal.value.fields) == {"bands"}
    definition = make_definition()
    with pytest.raises(Invalid, match="taken"):
        make_definition(code=definition.code)
    services.change_definition(
        definition=definition, bands=[(Decimal(99), Decimal(20)), (Decimal("99.5"), Decimal(7))]
    )
    assert [(b.below, b.credit_percent) for b in definition.bands.all()] == [
        (Decimal("99.5"), Decimal(7)), (Decimal(99), Decimal(20))
    ]  # fmt: skip


def test_the_standard_classes_are_installed_once() -> None:
    assert {row.code for row in services.install_definitions()} >= {"business-999"}
    assert services.install_definitions() == []


def test_a_standard_class_is_defined_when_an_offering_first_names_it(now: datetime) -> None:
    service = make_service(product=make_product(offering=make_sellable(sla_class="residential-99")))

    agreement = services.agree_by_class(service_id=service.pk, at=now)

    assert agreement is not None
    assert agreement.definition.availability_target == Decimal(99)
    assert list(SlaDefinition.objects.values_list("code", flat=True)) == ["residential-99"]


def test_an_active_service_gets_the_level_of_its_contract_before_its_offering(now: datetime) -> None:
    gold, silver = make_definition(code="gold"), make_definition(code="silver")
    plain = make_service(product=make_product(offering=make_sellable(sla_class="silver")))
    customer = make_customer()
    better = make_service(
        product=make_product(
            account=make_account(customer=customer), offering=make_sellable(sla_class="silver"),
            agreement=make_contract(customer=customer, sla_class="gold"),
        )
    )  # fmt: skip
    bundle = make_product(offering=make_sellable(sla_class="gold"))
    member = make_service(product=make_product(account=bundle.account, parent=bundle))
    none = make_service(product=make_product(offering=make_sellable(sla_class="unheard-of")))
    told = [ServiceActivated(s.pk, s.product_id, now) for s in (plain, better, member, none)]  # type: ignore[arg-type]

    with transaction.atomic():
        events.publish(*told, *told)
    events.drain()

    found = {row.service: row for row in SlaAgreement.objects.select_related("definition")}
    assert {service: row.definition for service, row in found.items()} == {
        plain: silver,
        better: gold,
        member: gold,
    }
    assert (found[plain].starts, found[plain].ends, found[plain].time_zone) == (now, None, "Europe/Paris")


def test_another_class_ends_the_first_agreement(now: datetime, agreement: SlaAgreement) -> None:
    other = make_definition()

    new = services.agree(service=agreement.service, definition=other, product=agreement.product, at=now)

    agreement.refresh_from_db()
    assert (agreement.ends, new.starts) == (now, now)
    with pytest.raises(IntegrityError, match="levels_agreement_one_at_a_time"), transaction.atomic():
        SlaAgreement.objects.create(
            service=new.service, product=new.product, customer=new.customer, definition=other,
            starts=now - HOUR,
        )  # fmt: skip


def test_the_end_of_the_product_ends_what_was_promised(now: datetime, agreement: SlaAgreement) -> None:
    assert services.end_agreements(product_id=agreement.product_id, at=now) == 1
    assert services.end_agreements(product_id=agreement.product_id, at=now + HOUR) == 0
    agreement.refresh_from_db()
    assert agreement.ends == now


def test_a_suspension_pauses_the_clock(now: datetime, agreement: SlaAgreement) -> None:
    pair = (agreement.service_id, agreement.product_id, None)
    with transaction.atomic():
        events.publish(ServiceBlocked(*pair, now), ServiceRestored(*pair, now + 5 * HOUR))
    events.drain()

    found = services.replay(agreement=agreement, start=now - HOUR, end=now + 10 * HOUR, at=now + 10 * HOUR)

    assert (found.agreed, found.paused) == (6 * HOUR, 5 * HOUR)
