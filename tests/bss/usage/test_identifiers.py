"""A name of the network leads to one product at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bss.usage import services
from bss.usage.models import UsageIdentifier
from kernel.errors import DomainError, Invalid, NotFound
from kernel.ids import uuid7
from tests.factories.bss_orders import make_product

pytestmark = pytest.mark.django_db


def test_a_number_is_kept_in_one_form(now: datetime) -> None:
    product = make_product()

    row = services.assign_identifier(kind="e164", value="+33 2 99 00 01 01", product_id=product.pk, start=now)
    again = services.assign_identifier(kind="e164", value="+33299000101", product_id=product.pk, start=now)

    assert row.value == "+33299000101"
    assert again.pk == row.pk


def test_one_name_leads_to_one_product_at_a_time(now: datetime) -> None:
    first, second = make_product(), make_product()
    services.assign_identifier(kind="user_name", value="site-1", product_id=first.pk, start=now)

    with pytest.raises(DomainError) as caught:
        services.assign_identifier(
            kind="user_name", value="site-1", product_id=second.pk, start=now + timedelta(days=1)
        )
    assert caught.value.code == "identifier.taken"

    services.end_identifier(kind="user_name", value="site-1", at=now + timedelta(hours=1))
    services.assign_identifier(
        kind="user_name", value="site-1", product_id=second.pk, start=now + timedelta(hours=1)
    )
    assert UsageIdentifier.objects.count() == 2


def test_ending_twice_is_harmless(now: datetime) -> None:
    product = make_product()
    services.assign_identifier(kind="port", value="olt1 ge-0/1/1", product_id=product.pk, start=now)

    services.end_identifier(kind="port", value="olt1 ge-0/1/1", at=now + timedelta(hours=1))
    row = services.end_identifier(kind="port", value="olt1 ge-0/1/1", at=now + timedelta(hours=2))

    assert row.end == now + timedelta(hours=1)
    assert services.end_all(product_id=product.pk, at=now) == 0


@pytest.mark.parametrize(
    ("kind", "value"), [("e164", "0299000101"), ("e164", "x"), ("port", " "), ("fax", "1")]
)
def test_a_value_that_is_none_of_its_kind_is_refused(now: datetime, kind: str, value: str) -> None:
    with pytest.raises(Invalid):
        services.assign_identifier(kind=kind, value=value, product_id=make_product().pk, start=now)


def test_unknown_things_are_not_found(now: datetime) -> None:
    with pytest.raises(NotFound):
        services.assign_identifier(kind="port", value="a", product_id=uuid7(), start=now)
    with pytest.raises(NotFound):
        services.end_identifier(kind="port", value="a", at=now)
