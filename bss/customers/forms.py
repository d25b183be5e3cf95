"""What people type about customers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.customers import services
from bss.customers.models import (
    BillingAccount,
    Consent,
    ContactMedium,
    Customer,
    Interaction,
    Party,
)
from kernel import pages
from kernel.errors import Invalid

LANGUAGES = [("fr", _("French")), ("en", _("English"))]


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class CreditForm(forms.Form):
    """One credit class for several customers."""

    credit_class = forms.ChoiceField(label=_("Credit class"), choices=Customer.CreditClass.choices)


class PolicyForm(forms.Form):
    """One dunning policy for several accounts."""

    dunning_policy = forms.CharField(label=_("Dunning policy"), max_length=40)


class IdentityForm(forms.Form):
    """Who somebody is."""

    trading_name = forms.CharField(label=_("Trading name"), max_length=160, required=False)
    legal_name = forms.CharField(label=_("Legal name"), max_length=160, required=False)
    vat_id = forms.CharField(label=_("VAT number"), max_length=30, required=False)
    registration_no = forms.CharField(
        label=_("Registration number"),
        max_length=40,
        required=False,
        help_text=_("In France the SIREN or SIRET"),
    )
    given_name = forms.CharField(label=_("Given name"), max_length=80, required=False)
    family_name = forms.CharField(label=_("Family name"), max_length=80, required=False)
    birth_date = forms.DateField(label=_("Date of birth"), required=False)
    language = forms.ChoiceField(label=_("Language of documents"), choices=LANGUAGES)
    segment = forms.ChoiceField(label=_("Segment"), choices=Customer.Segment.choices)
    credit_class = forms.ChoiceField(
        label=_("Credit class"), choices=Customer.CreditClass.choices, initial=Customer.CreditClass.B
    )


class CustomerForm(IdentityForm):
    """A new customer with the first contacts, and an account if wished."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Party.Kind.choices, initial=Party.Kind.ORGANIZATION)
    email = forms.CharField(label=_("E-mail"), max_length=254, required=False)
    phone = forms.CharField(
        label=_("Telephone"), max_length=40, required=False, help_text=_("Written like +33 4 72 00 00 00")
    )
    street = forms.CharField(label=_("Street and number"), max_length=160, required=False)
    postcode = forms.CharField(label=_("Postcode"), max_length=12, required=False)
    city = forms.CharField(label=_("City"), max_length=80, required=False)
    country = forms.CharField(label=_("Country"), max_length=2, initial="FR")
    with_account = forms.BooleanField(label=_("Open a billing account"), required=False, initial=True)
    cycle_day = forms.IntegerField(label=_("Billing day of the month"), initial=1, min_value=1, max_value=31)
    currency = forms.CharField(label=_("Currency"), max_length=3, initial="EUR")
    somebody_else = forms.BooleanField(
        label=_("I have looked: this is nobody we know already"), required=False
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the names of the kind, and stop once when somebody alike is known."""
        data = super().clean() or {}
        wanted = (
            ("trading_name",)
            if data.get("kind") == Party.Kind.ORGANIZATION
            else ("given_name", "family_name")
        )
        for name in wanted:
            if not data.get(name) and name not in self.errors:
                self.add_error(name, _("This is needed"))
        if not data.get("somebody_else") and not self.errors:
            self._warn(data)
        return data

    def _warn(self, data: dict[str, Any]) -> None:
        name = data.get("trading_name") or f"{data.get('given_name')} {data.get('family_name')}"
        phone = data.get("phone", "")
        try:
            phone = services.normal_phone(phone) if phone else ""
        except Invalid:
            phone = ""
        alike = services.find_duplicates(
            name=name,
            email=data.get("email", ""),
            phone=phone,
            vat_id="".join(data.get("vat_id", "").split()).upper(),
            registration_no="".join(data.get("registration_no", "").split()),
        )
        for found in alike[:3]:
            self.add_error(
                "somebody_else",
                _t("%(customer)s: %(reasons)s. Is it the same?")
                % {"customer": found.customer, "reasons": ", ".join(found.reasons)},
            )


class CustomerEditForm(IdentityForm):
    """A customer that exists."""


class TermsForm(forms.ModelForm):
    """How an account is billed and paid."""

    cycle_day = forms.IntegerField(label=_("Billing day of the month"), initial=1, min_value=1, max_value=31)
    paid_by = pages.PickField(
        detail="bss_customers:customer-detail",
        label=_("Paid by another customer"),
        required=False,
        help_text=_("Left empty: the customer pays"),
    )

    class Meta:
        model = BillingAccount
        fields = [
            "name",
            "cycle_day",
            "currency",
            "language",
            "time_zone",
            "tax_country",
            "tax_status",
            "exemption_reason",
            "delivery",
            "payment_method",
            "payment_days",
            "iban",
            "mandate_reference",
            "mandate_signed",
            "dunning_policy",
            "purchase_order",
        ]


class AccountForm(TermsForm):
    """A new account."""

    customer = pages.PickField(detail="bss_customers:customer-detail", label=_("Customer"))
    field_order = ("customer",)


class AccountEditForm(TermsForm):
    """An account that exists: its currency stays."""

    class Meta(TermsForm.Meta):
        fields = [name for name in TermsForm.Meta.fields if name != "currency"]


class ContactForm(forms.Form):
    """A way to reach somebody."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ContactMedium.Kind.choices)
    role = forms.ChoiceField(label=_("For"), choices=ContactMedium.Role.choices)
    person = forms.CharField(label=_("Person"), max_length=120, required=False)
    value = forms.CharField(
        label=_("Address or number"), max_length=254, required=False, help_text=_("For e-mail and telephone")
    )
    street = forms.CharField(label=_("Street and number"), max_length=160, required=False)
    postcode = forms.CharField(label=_("Postcode"), max_length=12, required=False)
    city = forms.CharField(label=_("City"), max_length=80, required=False)
    country = forms.CharField(label=_("Country"), max_length=2, initial="FR")
    preferred = forms.BooleanField(label=_("Use it first"), required=False)


class ContactEditForm(ContactForm):
    """A contact that exists: its kind stays."""

    kind = None  # type: ignore[assignment]


class SiteForm(forms.Form):
    """A place to be served at."""

    name = forms.CharField(label=_("Name"), max_length=120)
    street = forms.CharField(label=_("Street and number"), max_length=160)
    postcode = forms.CharField(label=_("Postcode"), max_length=12)
    city = forms.CharField(label=_("City"), max_length=80)
    country = forms.CharField(label=_("Country"), max_length=2, initial="FR")
    location_code = forms.CharField(
        label=_("Serving location"),
        max_length=64,
        required=False,
        help_text=_("Code of the network location that serves the place"),
    )
    latitude = pages.DecimalField(label=_("Latitude"), required=False, min_value=-90, max_value=90)
    longitude = pages.DecimalField(label=_("Longitude"), required=False, min_value=-180, max_value=180)
    access_notes = forms.CharField(
        label=_("Access notes"), max_length=2000, required=False, widget=forms.Textarea({"rows": 3})
    )


class AgreementForm(forms.Form):
    """A contract the customer has signed."""

    name = forms.CharField(label=_("Name"), max_length=160)
    start = forms.DateField(label=_("Start"))
    term_months = forms.IntegerField(label=_("Term in months"), min_value=0, max_value=120, initial=24)
    notice_months = forms.IntegerField(label=_("Notice in months"), min_value=0, max_value=24, initial=1)
    early_termination_fee = pages.MoneyField(label=_("Early termination fee"), min_value=0, initial=0)
    sla_class = forms.CharField(label=_("Service level class"), max_length=40, required=False)
    signed_by = forms.CharField(label=_("Signed by"), max_length=120, required=False)


class InteractionForm(forms.Form):
    """A talk that just was."""

    channel = forms.ChoiceField(label=_("Channel"), choices=Interaction.Channel.choices)
    direction = forms.ChoiceField(label=_("Direction"), choices=Interaction.Direction.choices)
    reason = forms.CharField(label=_("Reason"), max_length=160)
    note = forms.CharField(
        label=_("Note"), required=False, max_length=4000, widget=forms.Textarea({"rows": 4})
    )


class ConsentForm(forms.Form):
    """What the customer allows."""

    purpose = forms.ChoiceField(label=_("Purpose"), choices=Consent.Purpose.choices)
    granted = forms.BooleanField(label=_("Allowed"), required=False)
    source = forms.CharField(label=_("Where it was said"), max_length=80)


class VerifyForm(forms.Form):
    """What a caller says about himself; leave out what was not asked."""

    account = forms.CharField(label=_("Account number"), max_length=40, required=False)
    postcode = forms.CharField(label=_("Postcode of an address"), max_length=12, required=False)
    email = forms.CharField(label=_("E-mail"), max_length=254, required=False)
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)
    birth_date = forms.DateField(label=_("Date of birth"), required=False)
    vat_id = forms.CharField(label=_("VAT number"), max_length=30, required=False)
    registration_no = forms.CharField(label=_("Registration number"), max_length=40, required=False)


class MergeForm(ReasonForm):
    """The other customer, who goes."""

    drop = pages.PickField(detail="bss_customers:customer-detail", label=_("Customer to take over"))
    field_order = ("drop", "reason")
