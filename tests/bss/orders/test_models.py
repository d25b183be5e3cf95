"""What the database itself guards about orders and products."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import F

from bss.orders.models import Product, ProductOrder, ProductOrderItem
from tests.factories.bss_orders import make_item, make_order, make_product, make_quote

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"status": "gone", "active_from": None}, "bss_product_(status|active_from)"),
        ({"active_from": None}, "bss_product_active_from"),
        ({"status": "created"}, "bss_product_active_from"),
        ({"status": "terminated"}, "bss_product_terminated_at"),
        (
            {"status": "terminated", "terminated_at": F("active_from") - timedelta(1)},
            "bss_product_terminated_at",
        ),
        ({"quantity": 0}, "bss_product_quantity"),
        ({"parent": F("id")}, "bss_product_not_own_parent"),
    ],
)
def test_a_product_that_cannot_be_is_refused(values: dict[str, Any], constraint: str) -> None:
    product = make_product()

    with pytest.raises(IntegrityError, match=constraint):
        Product.objects.filter(pk=product.pk).update(**values)


@pytest.mark.parametrize("state", ["in_progress", "pending_cancellation", "completed", "partial", "failed"])
def test_work_starts_after_acceptance(state: str) -> None:
    order = make_order(accepted=None)

    with pytest.raises(IntegrityError, match="bss_order_accepted_before_work"):
        ProductOrder.objects.filter(pk=order.pk).update(state=state)


def test_one_open_item_works_on_a_product() -> None:
    item = make_item()
    product = item.product

    make_item(product=product, action="no_change")
    with pytest.raises(IntegrityError, match="bss_item_one_open_a_product"):
        make_item(product=product, action="modify")


def test_a_finished_item_leaves_its_product_free_for_the_next() -> None:
    item = make_item()
    ProductOrderItem.objects.filter(pk=item.pk).update(state="completed")

    assert make_item(product=item.product, action="modify").position == "1"


def test_one_revision_of_a_quote_is_alive() -> None:
    quote = make_quote()

    with pytest.raises(IntegrityError, match="bss_quote_one_alive"):
        make_quote(customer=quote.customer, family=quote.family, revision=2)
