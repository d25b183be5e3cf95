"""What billing hands down to the apps below it: balances, why an account cannot be closed, the first invoice of a basket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from babel.numbers import format_decimal
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bss.billing.models import Adjustment, Discount, DunningCase, Invoice, Subscription
from bss.billing.services import ledger
from bss.billing.services.lines import Line, charge_lines, discount_lines
from bss.billing.services.subscriptions import terms_of
from bss.billing.services.taxes import Rates
from bss.billing.services.totals import Taxed, tax_breakdown
from bss.catalog.models import OfferingPrice
from bss.catalog.services import BillLine, FirstBill
from bss.catalog.services.simulation import QuotedLine
from bss.customers.models import BillingAccount
from bss.orders.models import Product
from kernel.errors import Invalid
from kernel.money import Money
from kernel.periods import anchored_on_or_after, local_date

RECURRING, ACTIVATION = OfferingPrice.Kind.RECURRING, OfferingPrice.Occasion.ACTIVATION


def balances(account_ids: Iterable[UUID]) -> dict[UUID, Money]:
    """What is due on each account (below zero: the customer's credit), from the ledger, in the account's currency."""
    rows = ledger.owing(BillingAccount.objects.filter(pk__in=list(account_ids)))
    return {pk: Money(owed, currency) for pk, currency, owed in rows}


def account_in_use(account: BillingAccount) -> list[str]:
    """Why an account cannot be closed: running charges, drafts, open invoices, credit left, credits on their way, dunning."""
    charges = Subscription.objects.filter(account=account, kind=Subscription.Kind.RECURRING, end=None)
    drafts = Invoice.objects.filter(account=account, status=Invoice.Status.DRAFT)
    waiting = Adjustment.objects.filter(
        account=account, status__in=[Adjustment.Status.PROPOSED, Adjustment.Status.APPROVED]
    )
    cases = DunningCase.objects.filter(account=account).exclude(status=DunningCase.Status.CLOSED)
    counts = [
        (charges.count(), _("%(count)d charge(s) are running")),
        (drafts.count(), _("%(count)d draft(s) wait to be posted")),
        (Invoice.objects.open().filter(account=account).count(), _("%(count)d invoice(s) are not paid")),
        (waiting.count(), _("%(count)d adjustment(s) are on their way to an invoice")),
        (cases.count(), _("%(count)d dunning case(s) are open")),
    ]
    reasons = [words % {"count": count} for count, words in counts if count]
    owed = ledger.balance(account=account)
    if owed < 0:
        credit = Money(-owed, account.currency).format(get_language() or "en")
        reasons.append(_("%(amount)s of the customer's credit are left") % {"amount": credit})
    return reasons


def first_bill(
    *, lines: Sequence[QuotedLine], account: BillingAccount | None, start: datetime
) -> FirstBill | None:
    """The first invoice of a basket that begins at `start`: the same lines, days and VAT a bill run would write.

    It falls on the first billing day on or after the start. Without an account: billing day 1, taxed in the operator's
    country. None where no such invoice could be written: a price in another currency, or no VAT rate for a line.
    """
    currency = lines[0].price.currency if lines else ""
    account = account or _anybody(currency)
    if any(line.price.currency != account.currency for line in lines):
        return None
    day = local_date(start, account.time_zone)
    bill_date = anchored_on_or_after(day, account.cycle_day)
    found: list[Line] = []
    for quoted in lines:
        if quoted.price.kind == RECURRING or quoted.price.occasion == ACTIVATION:
            found += charge_lines(_charge(quoted, account, day), account, bill_date)
    if not account._state.adding:
        for discount in Discount.objects.filter(account=account, product=None).order_by("pk"):
            found += discount_lines(discount, found, account)
    rates = Rates.on(bill_date)
    try:
        taxed = [Taxed(line.net, *rates.of(account, line.tax_category)) for line in found]
    except Invalid:
        return None
    taxes = tax_breakdown(taxed, account.currency)
    return FirstBill(
        tuple(_shown(line, item, bill_date) for line, item in zip(found, taxed, strict=True)),
        sum((row.tax for row in taxes), Decimal(0)),
    )


def _anybody(currency: str) -> BillingAccount:
    """The terms of an account nobody has opened yet."""
    country = str(settings.OPERATOR.get("country", "FR"))
    return BillingAccount(currency=currency, language=get_language() or "en", tax_country=country)


def _charge(quoted: QuotedLine, account: BillingAccount, day: date) -> Subscription:
    """The charge that activation would open."""
    amount, quantity = terms_of(quoted.price, quoted.quantity)
    product = Product(offering=quoted.offering, quantity=quoted.quantity)
    return Subscription(
        product=product,
        price=quoted.price,
        account=account,
        kind=quoted.price.kind,
        quantity=quantity,
        amount=amount,
        currency=quoted.price.currency,
        start=day,
    )


def _shown(line: Line, taxed: Taxed, bill_date: date) -> BillLine:
    note: list[Any] = []
    share = line.derivation.get("share", "1/1")
    if share != "1/1":
        note.append(_("%(share)s of the period") % {"share": share})
    if taxed.percent is not None:
        percent = format_decimal(taxed.percent, locale=(get_language() or "en").replace("-", "_"))
        note.append(_("VAT %(percent)s %%") % {"percent": percent})
    start = line.period_start or bill_date
    return BillLine(line.text, start, line.period_end or start, line.net, ", ".join(note))
