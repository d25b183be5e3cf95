"""What people type about money."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.billing import services
from bss.billing.models import Invoice, InvoiceLine, Payment
from bss.catalog.models import OfferingPrice
from kernel import clock, pages
from kernel.pages.formats import labelled, money

ACCOUNT = "bss_customers:account-detail"


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class OptionalReasonForm(forms.Form):
    """A reason, or none."""

    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class PayForm(forms.Form):
    """Money that came in for an invoice."""

    amount = pages.DecimalField(label=_("Amount"), max_digits=18, decimal_places=3, min_value=0)
    method = forms.ChoiceField(label=_("Method"), choices=Payment.Method.choices)
    reference = forms.CharField(label=_("Reference"), max_length=140, required=False)
    external_id = forms.CharField(
        label=_("The bank’s id"),
        max_length=80,
        required=False,
        help_text=_("The same id is never booked twice"),
    )


class PaymentForm(PayForm):
    """Money that came in for an account."""

    account = pages.PickField(detail=ACCOUNT, label=_("Billing account"))
    field_order = ["account", "amount", "method", "reference", "external_id"]


class OfObject(forms.Form):
    """A form whose choices depend on the row it is for; the kit names the row after making the form."""

    _row: Any = None

    @property
    def object(self) -> Any:
        """The row the form is for."""
        return self._row

    @object.setter
    def object(self, row: Any) -> None:
        self._row = row
        if row is not None:
            self.fit(row)

    def fit(self, row: Any) -> None:
        """Set the choices that fit the row."""
        raise NotImplementedError


class CreditNoteForm(OfObject):
    """The lines to take back, and why."""

    lines = forms.MultipleChoiceField(label=_("Lines"), widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def fit(self, row: Invoice) -> None:
        """The lines that no credit note has taken back yet; all of them are ticked at first."""
        self._lines = {str(line.pk): line for line in services.creditable(row)}
        field: Any = self.fields["lines"]
        field.choices = [(pk, _line_name(line, row)) for pk, line in self._lines.items()]
        self.initial.setdefault("lines", list(self._lines))

    def clean_lines(self) -> list[InvoiceLine]:
        """The lines themselves."""
        return [self._lines[pk] for pk in self.cleaned_data["lines"]]


def _line_name(line: InvoiceLine, invoice: Invoice) -> str:
    return labelled(f"{line.position}. {line.text}", money(line.net, invoice.currency))


class OpenInvoiceForm(OfObject):
    """Which open invoice of the account is paid, and how much of it."""

    invoice = forms.ModelChoiceField(label=_("Invoice"), queryset=Invoice.objects.none())
    amount = pages.DecimalField(
        label=_("Amount"),
        max_digits=18,
        decimal_places=3,
        min_value=0,
        required=False,
        help_text=_("Left empty: as much as possible"),
    )

    def fit(self, row: Any) -> None:
        """Open invoices of the row's account."""
        field: Any = self.fields["invoice"]
        field.queryset = Invoice.objects.open().filter(account=row.account_id).order_by("due", "number")
        field.label_from_instance = lambda invoice: (
            _t("%(number)s, open %(amount)s")
            % {
                "number": invoice.number,
                "amount": money(invoice.open_amount, invoice.currency),
            }
        )


class RefundForm(forms.Form):
    """How much is paid back, and why."""

    amount = pages.DecimalField(
        label=_("Amount"),
        max_digits=18,
        decimal_places=3,
        min_value=0,
        required=False,
        help_text=_("Left empty: the whole payment. In part only what pays nothing yet is paid back."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)


class RunForm(forms.Form):
    """Which accounts are billed, and for which day."""

    cycle_day = forms.IntegerField(label=_("Billing day"), min_value=1, max_value=31)
    bill_date = forms.DateField(label=_("Bill date"))

    def clean_bill_date(self) -> date:
        """Nothing is billed ahead of its time."""
        day: date = self.cleaned_data["bill_date"]
        if day > clock.today():
            raise ValidationError(_t("This day has not come yet."), code="future")
        return day


class OneAccountForm(forms.Form):
    """One account, and why."""

    account = pages.PickField(detail=ACCOUNT, label=_("Billing account"))
    reason = forms.CharField(label=_("Reason"), max_length=200)


class AdjustmentForm(forms.Form):
    """Money outside the price list."""

    account = pages.PickField(detail=ACCOUNT, label=_("Billing account"))
    product = pages.PickField(detail="bss_orders:product-detail", label=_("Product"), required=False)
    amount = pages.DecimalField(
        label=_("Amount, net"),
        max_digits=18,
        decimal_places=3,
        help_text=_("Below zero it is a credit to the customer, above zero a charge"),
    )
    tax_category = forms.ChoiceField(
        label=_("VAT category"),
        choices=OfferingPrice.TaxCategory.choices,
        initial=OfferingPrice.TaxCategory.STANDARD,
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("It stands on the invoice as it is written here")
    )


class HoldForm(forms.Form):
    """Until when an account is left alone, and why."""

    until = forms.DateField(label=_("Until"), help_text=_("On this day dunning goes on"))
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def clean_until(self) -> date:
        """A hold ends in the future."""
        day: date = self.cleaned_data["until"]
        if day <= clock.today():
            raise ValidationError(_t("A hold ends in the future."), code="past")
        return day


class TaxRateForm(forms.Form):
    """VAT from a day on."""

    country = forms.RegexField(label=_("Country"), regex=r"^[A-Z]{2}$", max_length=2, initial="FR")
    category = forms.ChoiceField(label=_("VAT category"), choices=OfferingPrice.TaxCategory.choices)
    percent = pages.DecimalField(
        label=_("Per cent"), max_digits=6, decimal_places=3, min_value=0, max_value=100
    )
    start = forms.DateField(
        label=_("From"), help_text=_("The rate in force until then ends on that day by itself")
    )


class TaxRateEndForm(forms.Form):
    """When a rate ends."""

    end = forms.DateField(
        label=_("Until"), required=False, help_text=_("The first day on which it is no longer in force")
    )
