"""VAT: the rate of a country and category on a day, overruled by the account's tax status."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from bss.billing.models import TaxRate
from bss.customers.models import BillingAccount
from kernel import lifecycle
from kernel.errors import Invalid

ZERO = Decimal(0)
# UNCL5305: AE = VAT reverse charge, E = exempt, O = outside the scope, Z = zero rated.
WITHOUT_RATE = {"E", "Z", "O", "AE"}


class Rates:
    """The rates in force on one day, read once for a whole run."""

    def __init__(self, rates: dict[tuple[str, str], Decimal]) -> None:
        self.rates = rates

    @classmethod
    def on(cls, day: date) -> Rates:
        """Rates of all countries on `day`."""
        rows = TaxRate.objects.filter(Q(end=None) | Q(end__gt=day), start__lte=day)
        return cls({(row.country, row.category): row.percent for row in rows})

    def of(self, account: BillingAccount, category: str) -> tuple[str, Decimal | None]:
        """Category and percentage for an account; None outside the scope of VAT. Raises Invalid without a rate."""
        if account.tax_status == BillingAccount.TaxStatus.REVERSE_CHARGE:
            return "AE", ZERO
        if account.tax_status == BillingAccount.TaxStatus.EXEMPT:
            return "E", ZERO
        if category in WITHOUT_RATE:
            return category, None if category == "O" else ZERO
        percent = self.rates.get((account.tax_country, category))
        if percent is None:
            raise Invalid(
                _("There is no VAT rate %(category)s for %(country)s")
                % {"category": category, "country": account.tax_country},
                code="tax.noRate",
            )
        return category, percent


def add_tax_rate(*, country: str, category: str, percent: Decimal, start: date) -> TaxRate:
    """A rate from `start` on; the one in force until then ends that day, so that a change of rate is one step.

    Raises Invalid for a percentage outside 0–100, a country that is no ISO 3166 pair of letters, and a start that is
    not after that of the present rate.
    """
    fields = {}
    if not re.fullmatch("[A-Z]{2}", country):
        fields["country"] = _("Two capital letters")
    if not 0 <= percent <= 100:
        fields["percent"] = _("From 0 to 100")
    if category in WITHOUT_RATE:
        fields["category"] = _("This category has no rate")
    with transaction.atomic():
        rates = TaxRate.objects.filter(country=country, category=category)
        if rates.filter(start__gte=start).exists():
            fields["start"] = _("A rate already begins on that day or later")
        if fields:
            raise Invalid(_("This rate does not fit"), code="tax.rate", fields=fields)
        present = rates.filter(Q(end=None) | Q(end__gt=start)).locked().first()
        if present is not None:
            lifecycle.change(present, end=start, verb="superseded")
        return lifecycle.create(TaxRate(country=country, category=category, percent=percent, start=start))


def end_tax_rate(*, rate: TaxRate, end: date | None, version: int | None = None) -> TaxRate:
    """Set (or take away) the first day on which a rate is no longer in force. Raises Invalid where rates would overlap."""
    later = TaxRate.objects.filter(country=rate.country, category=rate.category, start__gt=rate.start)
    following = later.order_by("start").first()
    wrong = end is not None and end <= rate.start
    if following is not None:
        wrong = wrong or end is None or end > following.start
    if wrong:
        raise Invalid(
            _("This rate does not fit"), code="tax.rate", fields={"end": _("Not within its neighbours")}
        )
    return lifecycle.change(rate, version=version, end=end)
