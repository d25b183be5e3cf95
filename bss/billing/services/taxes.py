"""VAT: the rate of a country and category on a day, overruled by the account's tax status."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from bss.billing.models import TaxRate
from bss.customers.models import BillingAccount
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
