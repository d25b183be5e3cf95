"""Charges follow products: paused, resumed, changed, ended; discounts and usage on the bill."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bss.billing import services
from bss.billing.models import BillRun, Discount, Subscription
from bss.billing.subscribers import SUBSCRIBERS
from bss.orders.events import ProductResumed, ProductSuspended
from bss.orders.models import ProductPrice
from bss.usage.models import UsageRecord, UsageTotal
from kernel import clock
from kernel.models import User
from tests.factories.bss_billing import invoice_of, make_billed_product, make_posted_run, make_rates
from tests.factories.bss_catalog import make_price
from tests.factories.bss_customers import make_account
from tests.factories.bss_usage import call, make_subscriber, make_voice_product, rate_lines

pytestmark = pytest.mark.django_db

ACTIVE = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


@pytest.fixture
def people(make_user: Callable[..., User]) -> tuple[User, User]:
    return make_user("billing"), make_user("finance")


def bill(people: tuple[User, User], day: date) -> BillRun:
    at = datetime(day.year, day.month, day.day, 6, 0, tzinfo=UTC)
    with clock.frozen(at):
        return make_posted_run(bill_date=day, drafter=people[0], approver=people[1], at=at)


def spans(product: Any) -> list[tuple[date, date | None]]:
    return list(product.subscriptions.order_by("start", "end").values_list("start", "end"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(hour=12, tzinfo=UTC)


def test_nothing_is_charged_while_a_product_is_suspended(people: Any) -> None:
    product = make_billed_product(at=ACTIVE, amount="31")
    bill(people, date(2026, 1, 15))  # 15 January to 15 February
    for event in (
        ProductSuspended(product.pk, at("2026-01-25"), "unpaid"),
        ProductResumed(product.pk, at("2026-02-05")),
    ):
        for subscriber in SUBSCRIBERS[type(event)]:
            subscriber(event)
            subscriber(event)

    invoice = invoice_of(bill(people, date(2026, 2, 15)))

    assert spans(product) == [(date(2026, 1, 15), date(2026, 1, 25)), (date(2026, 2, 5), None)]
    nets = {(line.period_start, line.net) for line in invoice.lines.all()}
    assert nets == {
        (date(2026, 1, 25), Decimal(-21)),  # 25 January to 15 February, paid and not used
        (date(2026, 2, 5), Decimal(10)),
        (date(2026, 2, 15), Decimal(31)),
    }
    assert services.audit_books() == []


def test_a_new_price_closes_the_one_before_it(people: Any) -> None:
    product = make_billed_product(at=ACTIVE, amount="31")
    bill(people, date(2026, 1, 15))
    new = make_price(offering=product.offering, code="faster", amount=Decimal(62))
    ProductPrice.objects.filter(product=product).delete()
    ProductPrice.objects.create(product=product, price=new)

    services.start_charges(product_id=product.pk, at=at("2026-02-01"))
    invoice = invoice_of(bill(people, date(2026, 2, 15)))

    assert [(line.net, line.period_start) for line in invoice.lines.order_by("period_start", "net")] == [
        (Decimal(-14), date(2026, 2, 1)),
        (Decimal(28), date(2026, 2, 1)),
        (Decimal(62), date(2026, 2, 15)),
    ]
    assert services.audit_books() == []


def test_a_quantity_that_changes_begins_a_new_span(people: Any) -> None:
    product = make_billed_product(at=ACTIVE, amount="31")
    product.quantity = 3
    product.save()

    services.start_charges(product_id=product.pk, at=at("2026-01-20"))
    services.start_charges(product_id=product.pk, at=at("2026-01-20"))

    assert list(product.subscriptions.order_by("start").values_list("quantity", "end")) == [
        (1, date(2026, 1, 20)),
        (3, None),
    ]


def test_activation_is_charged_once_in_a_products_life() -> None:
    product = make_billed_product(at=ACTIVE)
    setup = make_price(offering=product.offering, kind="one_off")
    ProductPrice.objects.create(product=product, price=setup)

    services.start_charges(product_id=product.pk, at=ACTIVE)
    services.pause_charges(product_id=product.pk, at=at("2026-01-25"))
    services.start_charges(product_id=product.pk, at=at("2026-02-05"))

    assert product.subscriptions.filter(kind="one_off").count() == 1


def test_a_full_period_is_charged_whole_and_once(people: Any) -> None:
    product = make_billed_product(at=datetime(2026, 1, 20, 9, tzinfo=UTC), amount="31", proration="full")
    first = invoice_of(bill(people, date(2026, 2, 15)))
    services.pause_charges(product_id=product.pk, at=at("2026-02-20"))
    services.start_charges(product_id=product.pk, at=at("2026-03-01"))

    second = invoice_of(bill(people, date(2026, 3, 15)))

    assert [line.net for line in first.lines.all()] == [Decimal(31), Decimal(31)]
    assert [(line.net, line.period_start) for line in second.lines.all()] == [
        (Decimal(31), date(2026, 3, 15))
    ]


def test_a_price_by_tiers_is_charged_as_its_sum() -> None:
    product = make_billed_product(at=ACTIVE, amount="5", model="flat")
    product.quantity = 7
    product.save()

    services.start_charges(product_id=product.pk, at=at("2026-02-01"))

    row = Subscription.objects.get(product=product, end=None)
    assert (row.amount, row.quantity) == (Decimal(5), 1), "a flat price does not grow with the quantity"


def test_a_discount_is_a_line_of_its_own_before_tax(people: Any) -> None:
    product = make_billed_product(at=ACTIVE, amount="50")
    Discount.objects.create(
        account=product.account, name_en="Welcome", name_fr="Bienvenue", percent=Decimal(10), start=date(2026, 1, 1),
        end=date(2026, 2, 15),
    )  # fmt: skip

    first, second = (invoice_of(bill(people, date(2026, month, 15))) for month in (1, 2))

    line = first.lines.get(kind="discount")
    assert (line.net, line.text, first.tax) == (Decimal(-5), "Bienvenue – 10 %", Decimal(9))
    assert not second.lines.filter(kind="discount").exists(), "over on 15 February"
    assert any("10" in step for step in services.why(line=line).steps)
    assert services.audit_books() == []


def test_usage_stands_on_the_bill_with_its_allowance_and_down_to_the_record(people: Any) -> None:
    make_rates()
    with clock.frozen(datetime(2026, 2, 10, 12, tzinfo=UTC)):
        product = make_voice_product(account=make_account(cycle_day=15), allowance={"quantity": 2})
        line = make_subscriber("+33299000101", product=product)
        rate_lines(*[call(line.value, seconds=90, key=f"k{n}") for n in range(3)])

    invoice = invoice_of(bill(people, date(2026, 2, 15)))

    usage = invoice.lines.get(kind="usage")
    micros = sum(UsageRecord.objects.values_list("micros", flat=True))
    assert usage.derivation["from_allowance"] == 120
    assert usage.net == (Decimal(micros) / 1_000_000).quantize(Decimal("0.01"))
    why = services.why(line=usage)
    assert len(why.records) == 3
    assert UsageTotal.objects.get().line == usage.pk
    assert services.audit_books() == []


def test_late_usage_is_billed_by_the_next_run_and_only_once(people: Any) -> None:
    make_rates()
    with clock.frozen(datetime(2026, 2, 10, 12, tzinfo=UTC)):
        product = make_voice_product(account=make_account(cycle_day=15))
        line = make_subscriber("+33299000101", product=product)
        rate_lines(call(line.value, key="early"))
    bill(people, date(2026, 2, 15))
    with clock.frozen(datetime(2026, 2, 20, 12, tzinfo=UTC)):
        rate_lines(call(line.value, key="late", at=clock.now() - timedelta(days=8)))

    invoice = invoice_of(bill(people, date(2026, 3, 15)))

    usage = invoice.lines.get()
    assert (usage.kind, usage.period_start, usage.derivation["records"]) == ("usage", date(2026, 1, 15), 1)
    again = services.draft_run(cycle_day=15, bill_date=date(2026, 4, 15), by=people[0])
    assert again.invoices.count() == 0
