"""A bill run: accounts → lines with their derivation, taxed, checked, approved, numbered, posted to the ledger."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from benchmarks.harness import Measured, analyse, copy_again, database, timed

TITLE = "accounts drafted, checked, approved, numbered and posted, beside a plain COPY of the same final rows"
ROWS = 2_000

AT = datetime(2026, 3, 15, 3, 0, tzinfo=UTC)
BILL_DATE = date(2026, 3, 15)
BEGIN = date(2025, 3, 15)
CHARGES = ("29.90", "12.50", "4.00")
ZONES = ("national", "mobile")
WRITTEN = (
    "bss_billing_invoice", "bss_billing_invoiceline", "bss_billing_invoicetax", "bss_billing_ledgerentry",
    "bss_billing_ledgerposting", "kernel_journalentry", "kernel_outboxevent",
)  # fmt: skip


def run(rows: int) -> Measured:
    """Bill `rows` accounts of one cycle day and measure from the draft to the posted ledger."""
    with database("bill_run"):
        from kernel import clock

        with clock.frozen(AT):
            return _measure(rows)


def _measure(rows: int) -> Measured:
    from bss.billing import services
    from bss.billing.models import InvoiceLine
    from kernel.models import JournalEntry, OutboxEvent, User

    _accounts(rows)
    drafter, approver = User.objects.create_user("drafter"), User.objects.create_user("approver")
    # What the setting-up wrote is no part of the run.
    OutboxEvent.objects.all().delete()
    before = JournalEntry.objects.count()
    cpu = time.process_time()
    draft, bill_run = timed(lambda: services.draft_run(cycle_day=15, bill_date=BILL_DATE, by=drafter))
    check, _checked = timed(lambda: services.check_run(run=bill_run))
    services.approve_run(run=bill_run, by=approver)
    post, bill_run = timed(lambda: services.post_run(run=bill_run, at=AT))
    cpu = time.process_time() - cpu
    lines = InvoiceLine.objects.count()
    return Measured(
        rows=rows,
        unit="invoices",
        product_s=draft + check + post,
        baseline_s=sum(copy_again(table) for table in WRITTEN),
        baseline="COPY of the same rows: invoices, lines, taxes, ledger, journal, events",
        notes={
            "invoices": bill_run.invoices_count, "failures": bill_run.failures, "lines": lines,
            "lines an invoice": round(lines / rows, 2), "gross": str(bill_run.gross),
            "journal entries": JournalEntry.objects.count() - before, "seconds to draft": round(draft, 2),
            "seconds to check": round(check, 2), "seconds to post": round(post, 2),
            # Beside wall clock, which other work on the machine stretches; the database's own work is not in it.
            "CPU seconds of this process": round(cpu, 2),
        },
    )  # fmt: skip


def _accounts(count: int) -> None:
    """Accounts of one cycle day: three recurring charges, two zones of usage and a discount each, billed once before."""
    from bss.billing.models import Discount, Subscription
    from bss.customers.models import BillingAccount, ContactMedium, Customer, Party
    from bss.orders.models import Product, ProductPrice
    from bss.usage.models import UsageTotal
    from tests.factories.bss_billing import make_rates
    from tests.factories.bss_catalog import make_offering, make_price, make_tariff

    make_rates()
    tariff = make_tariff()
    offering = make_offering(launch=False)
    prices = [
        make_price(offering=offering, amount=Decimal(amount), code=f"fee-{amount}") for amount in CHARGES
    ]
    usage_price = make_price(offering=offering, kind="usage", amount=Decimal(0), tariff=tariff)
    parties = Party.objects.bulk_create(
        (Party(kind="organization", trading_name=f"Firm {n}") for n in range(count)), batch_size=5000
    )
    customers = Customer.objects.bulk_create(
        (Customer(party=party, status="active") for party in parties), batch_size=5000
    )
    addresses = ContactMedium.objects.bulk_create(
        (_address(party, n) for n, party in enumerate(parties)), batch_size=5000
    )
    accounts = BillingAccount.objects.bulk_create(
        (
            BillingAccount(name="Main", customer=customer, payer=party, cycle_day=15, billing_address=address)
            for customer, party, address in zip(customers, parties, addresses, strict=True)
        ),
        batch_size=5000,
    )
    since = AT - timedelta(days=365)
    products = Product.objects.bulk_create(
        (
            Product(
                account=account, customer=account.customer, offering=offering, status="active", ordered=since,
                active_from=since,
            )
            for account in accounts
        ),
        batch_size=5000,
    )  # fmt: skip
    ProductPrice.objects.bulk_create(
        (ProductPrice(product=product, price=usage_price) for product in products), batch_size=5000
    )
    Subscription.objects.bulk_create(
        (
            Subscription(
                product=product, price=price, account=product.account, kind="recurring", amount=price.amount,
                currency="EUR", start=BEGIN, billed_from=BEGIN, billed_to=BILL_DATE,
            )
            for product in products
            for price in prices
        ),
        batch_size=5000,
    )  # fmt: skip
    Discount.objects.bulk_create(
        (
            Discount(account=account, name_en="Loyalty", percent=Decimal(10), start=BEGIN)
            for account in accounts
        ),
        batch_size=5000,
    )
    UsageTotal.objects.bulk_create(
        (_usage(product, zone, tariff, n) for n, product in enumerate(products) for zone in ZONES),
        batch_size=5000,
    )
    models = (
        Party,
        Customer,
        ContactMedium,
        BillingAccount,
        Product,
        ProductPrice,
        Subscription,
        Discount,
        UsageTotal,
    )
    analyse(*(model._meta.db_table for model in models))


def _address(party: Any, n: int) -> Any:
    from bss.customers.models import ContactMedium

    return ContactMedium(
        party=party, kind="address", street=f"{n % 99 + 1} rue de Rivoli", postcode="75001", city="Paris",
        country="FR",
    )  # fmt: skip


def _usage(product: Any, zone: str, tariff: Any, n: int) -> Any:
    from bss.usage.models import UsageTotal

    seconds = 600 + n % 5000
    return UsageTotal(
        batch_id=1, account_id=product.account_id, product=product, kind="voice", tariff=tariff, zone=zone,
        currency="EUR", cycle_start=date(2026, 2, 15), cycle_end=BILL_DATE, first=AT - timedelta(days=20),
        last=AT - timedelta(days=1), records=10 + n % 50, units=seconds, charged=seconds, taken=0,
        micros=seconds * 625,
    )  # fmt: skip
