"""Things to bill."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from bss.billing import services
from bss.billing.models import (
    Adjustment,
    BillFormat,
    BillingCycle,
    BillMedia,
    BillRun,
    DunningCase,
    DunningPolicy,
    DunningStep,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    Payment,
    Subscription,
    TaxRate,
)
from bss.customers.models import BillingAccount
from bss.orders.models import Product
from kernel.models import ApiTask, User
from tests.factories.bss_catalog import make_offering, make_price
from tests.factories.bss_customers import make_account, make_customer
from tests.factories.bss_orders import make_product, make_task
from tests.factories.rest import sample

_serial = count(1)
ACTIVE = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
BILL_DATE = date(2026, 1, 15)
AT = datetime(2026, 1, 15, 6, 0, tzinfo=UTC)


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


def make_person(name: str) -> User:
    """Somebody of that name."""
    return User.objects.get_or_create(username=f"{name}-of-billing")[0]


def make_run(*, amount: str = "31", status: str = "checked", drafter: User | None = None) -> BillRun:
    """A run over one account, on a date of its own, as far as `drafted`, `checked` or `delivered`."""
    bill_date = BILL_DATE
    while BillRun.objects.filter(bill_date=bill_date).exists():
        bill_date += timedelta(days=1)
    at = datetime(bill_date.year, bill_date.month, bill_date.day, 6, tzinfo=UTC)
    make_billed_product(at=ACTIVE, amount=amount, account=make_account(cycle_day=bill_date.day))
    drafter = drafter or make_person("drafter")
    if status == "delivered":
        return make_posted_run(bill_date=bill_date, drafter=drafter, approver=make_person("approver"), at=at)
    run = services.draft_run(cycle_day=bill_date.day, bill_date=bill_date, by=drafter)
    return services.check_run(run=run) if status == "checked" else run


def make_invoice(*, amount: str = "31", status: str = "sent") -> Invoice:
    """An invoice of one recurring charge with its first days; `draft`, or posted and sent."""
    return invoice_of(make_run(amount=amount, status="drafted" if status == "draft" else "delivered"))


def make_paid_invoice() -> Invoice:
    """An invoice that was paid in part, corrected in part, and is due since long."""
    invoice = make_invoice()
    services.receive_payment(account=invoice.account, amount=Decimal(5), reference=str(invoice.number), at=AT)
    services.credit_note(invoice=invoice, reason="wrong", lines=services.creditable(invoice)[:1], at=AT)
    invoice.refresh_from_db()
    return invoice


def make_payment(*, amount: str = "10", account: BillingAccount | None = None) -> Payment:
    """Money on an account, of which something pays its invoice."""
    account = account or make_invoice().account
    number = next(_serial)
    return services.receive_payment(
        account=account,
        amount=Decimal(amount),
        at=AT,
        reference=f"transfer {number}",
        external_id=f"bank-{number}",
    )


def make_adjustment(*, amount: str = "-5", **overrides: Any) -> Adjustment:
    """A credit that waits for approval."""
    account = overrides.pop("account", None) or make_account()
    return services.propose_adjustment(
        account_id=account.pk,
        amount=Decimal(amount),
        currency=account.currency,
        **{"reason": f"Goodwill {next(_serial)}", **overrides},
    )


def make_case() -> DunningCase:
    """An account that was reminded once."""
    policy = DunningPolicy.objects.filter(code="standard").first() or make_policy()
    invoice = make_invoice()
    assert invoice.due is not None
    services.run_dunning(at=datetime.combine(invoice.due + timedelta(days=6), time(12), tzinfo=UTC))
    return DunningCase.objects.select_related("account").get(account=invoice.account, policy=policy)


def make_charge() -> Subscription:
    """A charge that was billed."""
    charge = Subscription.objects.filter(account=make_invoice().account).first()
    assert charge is not None
    return charge


def make_entry() -> LedgerEntry:
    """The entry of a payment."""
    return LedgerEntry.objects.get(payment=make_payment(), kind="payment")


def make_rate() -> TaxRate:
    """The French standard rate."""
    make_rates()
    return TaxRate.objects.get(country="FR", category="S", end=None)


SAMPLES = {
    "bss_billing.Invoice": make_paid_invoice,
    "bss_billing.BillRun": make_run,
    "bss_billing.Payment": make_payment,
    "bss_billing.Adjustment": make_adjustment,
    "bss_billing.DunningCase": make_case,
    "bss_billing.Subscription": make_charge,
    "bss_billing.LedgerEntry": make_entry,
    "bss_billing.TaxRate": make_rate,
}


# Samples of the REST resources


@sample("678/customerBill", patch=lambda row: {"state": "onHold"})
def customer_bills(count: int) -> list[Invoice]:
    return [make_invoice(amount=str(31 + next(_serial))) for _index in range(count)]


@sample("678/appliedCustomerBillingRate")
def billing_rates(count: int) -> list[InvoiceLine]:
    bills = [make_invoice(amount=str(31 + next(_serial)), status=status) for status in ("draft", "sent")]
    rows = list(InvoiceLine.objects.filter(invoice__in=bills))
    while len(rows) < count:
        rows += make_invoice().lines.all()
    return rows[:count]


@sample(
    "678/customerBillOnDemand",
    body=lambda: {"billingAccount": {"id": str(make_due_account().pk)}, "name": "Now"},
)
def bills_on_demand(count: int) -> list[ApiTask]:
    return [
        make_task("678", "customerBillOnDemand", billingAccount=make_account()) for _index in range(count)
    ]


def make_due_account() -> BillingAccount:
    """An account that owes for a month that is not billed yet."""
    return make_billed_product(at=ACTIVE, account=make_account(cycle_day=BILL_DATE.day)).account


METHOD = {"name": "bankTransfer", "@type": "PaymentMethod"}


def _payment_body() -> dict[str, Any]:
    invoice = make_invoice()
    return {
        "account": {"id": str(invoice.account_id)},
        "totalAmount": {"unit": "EUR", "value": 12.5},
        "paymentMethod": METHOD,
        "description": "by standing order",
        "correlatorId": f"bank-{next(_serial)}",
        "paymentItem": [{"item": {"id": str(invoice.pk)}, "totalAmount": {"unit": "EUR", "value": 10}}],
    }


@sample("676/payment", body=_payment_body)
def payments(count: int) -> list[Payment]:
    return [make_payment(amount=str(5 + next(_serial))) for _index in range(count)]


def _refund_body() -> dict[str, Any]:
    payment = make_payment()
    return {
        "account": {"id": str(payment.account_id)},
        "payment": {"id": str(payment.pk)},
        "totalAmount": {"unit": "EUR", "value": float(payment.amount)},
        "paymentMethod": METHOD,
        "description": "paid twice",
    }


@sample("676/refund", body=_refund_body)
def refunds(count: int) -> list[LedgerEntry]:
    for _index in range(count):
        services.refund(payment=make_payment(amount=str(5 + next(_serial))), reason="paid twice", at=AT)
    return list(LedgerEntry.objects.filter(kind="refund").order_by("-pk")[:count])


def _wholesale() -> BillingAccount:
    return make_account(customer=make_customer(segment="wholesale"))


@sample("666/financialAccount")
def financial_accounts(count: int) -> list[BillingAccount]:
    return [make_invoice().account for _index in range(count)]


@sample("666/settlementAccount")
def settlement_accounts(count: int) -> list[BillingAccount]:
    return [_wholesale() for _index in range(count)]


@sample("666/billingCycleSpecification")
def billing_cycles(count: int) -> list[BillingCycle]:
    return list(BillingCycle.objects.order_by("day")[:count])


@sample("666/billFormat")
def bill_formats(count: int) -> list[BillFormat]:
    return list(BillFormat.objects.order_by("code")[:count])


@sample("666/billPresentationMedia")
def bill_media(count: int) -> list[BillMedia]:
    return list(BillMedia.objects.order_by("code")[:count])
