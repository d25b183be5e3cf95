"""Things to bill."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bss.billing import services
from bss.billing.models import BillRun, DunningPolicy, DunningStep, Invoice, TaxRate
from bss.customers.models import BillingAccount
from bss.orders.models import Product
from kernel.models import User
from tests.factories.bss_catalog import make_offering, make_price
from tests.factories.bss_customers import make_account
from tests.factories.bss_orders import make_product


def make_rates() -> None:
    """French VAT."""
    for category, percent in (("S", "20"), ("AA", "10")):
        TaxRate.objects.get_or_create(
            country="FR", category=category, start=date(2014, 1, 1), defaults={"percent": Decimal(percent)}
        )


def make_billed_product(
    *, at: datetime, amount: str = "50", account: BillingAccount | None = None, **price: Any
) -> Product:
    """A product active since `at`, with one recurring monthly price and its charges open."""
    make_rates()
    offering = make_offering(launch=False)
    row = make_price(offering=offering, amount=Decimal(amount), **price)
    account = account or make_account(cycle_day=15)
    product = make_product(
        account=account, customer=account.customer, offering=offering, active_from=at, status="active"
    )
    product.prices.get_or_create(price=row)
    services.start_charges(product_id=product.pk, at=at)
    return product


def make_posted_run(*, bill_date: date, drafter: User, approver: User, at: datetime) -> BillRun:
    """A run over the accounts of the bill date's day, drafted by one person, approved by another, posted and sent."""
    run = services.draft_run(cycle_day=bill_date.day, bill_date=bill_date, by=drafter)
    services.check_run(run=run)
    services.approve_run(run=run, by=approver)
    run = services.post_run(run=run, at=at)
    return services.deliver_run(run=run, at=at)


def invoice_of(run: BillRun) -> Invoice:
    """The only invoice of a run."""
    return run.invoices.get()


def make_policy() -> DunningPolicy:
    """Reminder after 5 days, suspension after 15."""
    policy = DunningPolicy.objects.create(code="standard", name="Standard")
    DunningStep.objects.create(
        policy=policy, position=1, days=5, action="notice", template="dunning-reminder"
    )
    DunningStep.objects.create(
        policy=policy, position=2, days=15, action="suspend", template="dunning-suspension"
    )
    return policy
