"""What people type about orders, quotes and baskets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.catalog import services as catalog
from bss.catalog.forms import LinesField
from bss.catalog.models import ProductOffering
from bss.customers.models import BillingAccount, Customer, CustomerSite
from bss.orders.services import Line, held_codes
from kernel import clock, pages


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class AmendForm(forms.Form):
    """What of an open order may change without touching its items."""

    requested_date = forms.DateField(label=_("Wished for"), required=False)
    description = forms.CharField(
        label=_("Description"), required=False, max_length=2000, widget=forms.Textarea({"rows": 3})
    )


class AcceptQuoteForm(forms.Form):
    """Who pays for what was quoted, and when it is wished for."""

    account = pages.PickField(detail="bss_customers:account-detail", label=_("Billing account"))
    requested_date = forms.DateField(label=_("Wished for"), required=False)


class BasketForm(forms.Form):
    """One offer at one or several sites of a customer, and further lines for the rest.

    What can be chosen depends on the customer: the choices are filled in once it is known who asks (`user`).
    """

    customer = pages.PickField(detail="bss_customers:customer-detail", label=_("Customer"))
    account = forms.ChoiceField(label=_("Billing account"), choices=())
    sites = forms.MultipleChoiceField(
        label=_("Sites"), choices=(), required=False, widget=forms.CheckboxSelectMultiple
    )
    offer = forms.ChoiceField(label=_("Offer"), choices=())
    quantity = forms.IntegerField(label=_("Quantity a site"), min_value=1, max_value=1000, initial=1)
    options = LinesField(
        label=_("Options"), required=False, help_text=_("One a line, by the code of the offer: voice = 4")
    )
    values = LinesField(
        label=_("Values"),
        required=False,
        help_text=_(
            "One a line: downstream_mbps = 100, for a member of a bundle access.downstream_mbps = 100"
        ),
    )
    more = forms.CharField(
        label=_("Further lines"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("One a line: name of the site; code of the offer; quantity"),
    )

    _user: Any = None
    _customer: Customer | None = None

    @property
    def user(self) -> Any:
        """Who asks."""
        return self._user

    @user.setter
    def user(self, user: Any) -> None:
        self._user = user
        self._customer = self._named(user)
        if self._customer is not None:
            self._offer_choices(user, self._customer)

    def _named(self, user: Any) -> Customer | None:
        """The customer typed so far, if it is one the user may see."""
        typed = self.data.get("customer") if self.is_bound else self.initial.get("customer")
        field: Any = self.fields["customer"]
        field.user = user
        try:
            found: Customer | None = field.clean(typed) if typed else None
        except ValidationError:
            return None
        return found

    def _offer_choices(self, user: Any, customer: Customer) -> None:
        accounts = BillingAccount.objects.visible_to(user).filter(customer=customer, status="active")
        sites = CustomerSite.objects.visible_to(user).filter(customer=customer)
        rows = catalog.eligible(customer=customer, held=held_codes(customer))
        fields: dict[str, Any] = self.fields
        fields["account"].choices = [(row.number, str(row)) for row in accounts]
        fields["sites"].choices = [(str(row.pk), f"{row.name} – {row.address}") for row in sites]
        fields["offer"].choices = [
            (row.offering.code, f"{row.offering.name} ({row.offering.code})") for row in rows if row.ok
        ]
        refused = [f"{row.offering.name}: {', '.join(row.why_not)}" for row in rows if not row.ok]
        if refused:
            fields["offer"].help_text = _t("Not for this customer: %(list)s") % {
                "list": "; ".join(refused[:10])
            }

    def clean(self) -> dict[str, Any]:
        """Turn what was chosen into an account and the lines of a basket (`account_row`, `lines`)."""
        data = super().clean() or {}
        customer = data.get("customer")
        if self.errors or customer is None:
            return data
        data["account_row"] = BillingAccount.objects.get(customer=customer, number=data["account"])
        day = clock.today()
        offering = ProductOffering.objects.on_sale(day).get(code=data["offer"])
        sites = list(CustomerSite.objects.filter(customer=customer, pk__in=data["sites"]))
        data["lines"] = [self._line(data, offering, site) for site in sites or [None]]
        data["lines"] += self._further(data["more"], customer)
        return data

    def _line(self, data: dict[str, Any], offering: ProductOffering, site: CustomerSite | None) -> Line:
        own, of_members = _split(data["values"])
        counts = {}
        for code, count in data["options"].items():
            if not count.isdecimal() or len(count) > 4:
                self.add_error("options", _t("%(code)s: a count is needed") % {"code": code})
                continue
            counts[code] = int(count)
        return Line(
            offering,
            site=site,
            quantity=data["quantity"],
            characteristics=own,
            options=counts,
            member_characteristics=of_members,
        )

    def _further(self, text: str, customer: Customer) -> list[Line]:
        sites = {row.name: row for row in CustomerSite.objects.filter(customer=customer)}
        offers = {row.code: row for row in ProductOffering.objects.on_sale(clock.today())}
        found = []
        for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), start=1):
            cells = [cell.strip() for cell in line.split(";")]
            site, offer = sites.get(cells[0]), offers.get(cells[1]) if len(cells) > 1 else None
            count = cells[2] if len(cells) > 2 else "1"
            if site is None or offer is None or not count.isdecimal() or not 0 < int(count) <= 1000:
                self.add_error("more", _t("Line %(n)d names no site, offer or quantity") % {"n": number})
                continue
            found.append(Line(offer, site=site, quantity=int(count)))
        return found


class OrderForm(BasketForm):
    """A new order."""

    requested_date = forms.DateField(label=_("Wished for"), required=False)
    external_id = forms.CharField(label=_("The customer's number"), max_length=80, required=False)
    description = forms.CharField(
        label=_("Description"), required=False, max_length=2000, widget=forms.Textarea({"rows": 3})
    )
    accept = forms.BooleanField(
        label=_("Take it on at once"),
        required=False,
        initial=True,
        help_text=_("Work begins when it is taken on"),
    )


class QuoteForm(BasketForm):
    """A new quote."""

    valid_until = forms.DateField(label=_("Valid until"), required=False)
    note = forms.CharField(
        label=_("Note"), required=False, max_length=2000, widget=forms.Textarea({"rows": 3})
    )


class SimulateForm(forms.Form):
    """A basket to be priced; for a customer also whether it may be sold to them."""

    offer = pages.PickField(detail="bss_catalog:offer-detail", label=_("Offer"))
    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=10_000, initial=1)
    options = LinesField(
        label=_("Options"), required=False, help_text=_("One a line, by the code of the offer: voice = 4")
    )
    account = pages.PickField(
        detail="bss_customers:account-detail", label=_("Billing account"), required=False
    )
    start = forms.DateField(label=_("Starting on"), required=False)

    def clean_options(self) -> dict[str, int]:
        """Counts by offer code."""
        options = self.cleaned_data["options"]
        if wrong := [code for code, count in options.items() if not count.isdecimal() or len(count) > 4]:
            raise ValidationError(_t("%(code)s: a count is needed") % {"code": wrong[0]})
        return {code: int(count) for code, count in options.items()}


def _split(values: dict[str, str]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Values of the offer itself, and those of members (`code.name`) by the member's code."""
    own: dict[str, str] = {}
    of_members: dict[str, dict[str, str]] = {}
    for name, value in values.items():
        code, mark, inner = name.partition(".")
        if mark:
            of_members.setdefault(code, {})[inner] = value
        else:
            own[name] = value
    return own, of_members
