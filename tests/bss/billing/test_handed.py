"""What billing hands to the apps below: balances, the first invoice of a basket, why an account stays open."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bss.billing import services
from bss.billing.services import handed
from bss.catalog import services as catalog
from bss.customers import services as customers
from bss.customers.services import balances
from kernel.errors import Invalid
from kernel.money import Money
from tests.factories.bss_billing import (
    ACTIVE,
    AT,
    BILL_DATE,
    make_adjustment,
    make_billed_product,
    make_case,
    make_invoice,
    make_rates,
)
from tests.factories.bss_catalog import make_offering, make_price
from tests.factories.bss_customers import make_account
from tests.factories.bss_orders import make_sellable

pytestmark = pytest.mark.django_db


def test_the_balance_of_an_account_is_that_of_the_ledger() -> None:
    invoice, empty = make_invoice(), make_account()
    services.receive_payment(account=invoice.account, amount=Decimal(9), at=AT)

    found = balances([invoice.account_id, empty.pk])

    assert found == {invoice.account_id: Money(invoice.gross - 9, "EUR"), empty.pk: Money(Decimal(0), "EUR")}


def test_the_first_bill_is_what_the_run_then_writes() -> None:
    make_rates()
    account = make_account(cycle_day=BILL_DATE.day)
    offering = make_offering(launch=False)
    make_price(offering=offering, amount=Decimal(31))
    price = offering.prices.get()

    simulated = catalog.simulate(offering=offering, account=account, at=ACTIVE)
    product = make_billed_product(at=ACTIVE, amount="31", account=account)
    invoice = services.draft_run(cycle_day=15, bill_date=BILL_DATE).invoices.get()

    assert simulated.first_bill is not None
    assert [(row.start, row.end, row.amount) for row in simulated.first_bill] == [
        (line.period_start, line.period_end, line.net) for line in invoice.lines.order_by("position")
    ]
    assert (simulated.first_total, simulated.first_gross) == (invoice.net, invoice.gross)
    assert "10/31" in simulated.first_bill[0].note
    assert product.offering.prices.get().amount == price.amount


def test_a_first_bill_without_an_account_begins_on_the_first_billing_day() -> None:
    make_rates()
    simulated = catalog.simulate(offering=make_sellable(), at=datetime(2026, 1, 22, 9, tzinfo=UTC))

    assert simulated.first_bill is not None
    once, rest, whole = simulated.first_bill
    assert (once.amount, rest.end, whole.start) == (90, date(2026, 2, 1), date(2026, 2, 1))
    # 20 % of 156.13, rounded half up once.
    assert (simulated.first_total, simulated.first_tax) == (Decimal("156.13"), Decimal("31.23"))


def test_nothing_is_simulated_where_nothing_could_be_billed() -> None:
    offering = make_sellable()
    account = make_account(tax_country="XX")
    assert catalog.simulate(offering=offering, account=account).first_bill is None


def test_an_account_with_something_open_is_not_closed_and_says_why() -> None:
    case = make_case()
    account = case.account
    make_adjustment(account=account)

    reasons = " ".join(handed.account_in_use(account))

    for words in ("1 charge", "1 invoice", "1 adjustment", "1 dunning case"):
        assert words in reasons
    with pytest.raises(Invalid) as refused:
        customers.close_account(account=account, reason="gone")
    assert "1 invoice" in refused.value.message


def test_credit_left_keeps_an_account_open() -> None:
    account = make_account()
    services.receive_payment(account=account, amount=Decimal(12), at=AT)
    assert any("€12.00" in reason for reason in handed.account_in_use(account))
    assert handed.account_in_use(make_account()) == []
