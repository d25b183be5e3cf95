"""What people type about the catalogue."""

from __future__ import annotations

import csv
import io
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bss.catalog.models import (
    Allowance,
    Category,
    OfferingPrice,
    ProductOffering,
    Tariff,
    TariffCalendar,
    TariffRate,
    ZonePlan,
)
from bss.catalog.services.pricing import Tier
from kernel import pages

SEGMENTS = [
    ("residential", _("Residential")),
    ("business", _("Business")),
    ("enterprise", _("Enterprise")),
    ("wholesale", _("Wholesale")),
]
CLASSES = [(name, name) for name in "ABCD"]
RATE_COLUMNS = ("zone", "band", "connect_fee", "price", "per", "first_step", "next_step")


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class LinesField(forms.CharField):
    """`name = value`, one a line; gives a dict. Values that read as numbers or truth are those."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("rows", 4)

    def prepare_value(self, value: Any) -> Any:
        return (
            "\n".join(f"{name} = {one}" for name, one in value.items()) if isinstance(value, dict) else value
        )

    def clean(self, value: Any) -> dict[str, str]:
        text = super().clean(value)
        found: dict[str, str] = {}
        for line in filter(None, map(str.strip, text.splitlines())):
            name, mark, one = line.partition("=")
            if not mark or not name.strip():
                raise ValidationError(_t("Write each line as name = value: %(line)s") % {"line": line[:60]})
            found[name.strip()] = one.strip()
        return found


class TextsForm(forms.Form):
    """Names and descriptions in both languages."""

    name_en = forms.CharField(label=_("Name (English)"), max_length=120)
    name_fr = forms.CharField(label=_("Name (French)"), max_length=120, required=False)
    description_en = forms.CharField(
        label=_("Description (English)"), required=False, max_length=4000, widget=forms.Textarea({"rows": 2})
    )
    description_fr = forms.CharField(
        label=_("Description (French)"), required=False, max_length=4000, widget=forms.Textarea({"rows": 2})
    )


class SpecificationForm(TextsForm):
    """What a product technically is."""

    code = forms.SlugField(label=_("Code"), max_length=60)
    characteristics = forms.JSONField(
        label=_("Characteristics"),
        required=False,
        help_text=_(
            "A JSON list of objects with name, type, unit, required, default, minimum, maximum, choices"
        ),
        widget=forms.Textarea({"rows": 10}),
    )
    field_order = ("code",)

    def clean_characteristics(self) -> Any:
        """Nothing typed is no characteristic."""
        return self.cleaned_data["characteristics"] or []


class SpecificationEditForm(SpecificationForm):
    """A specification that exists: its code stays."""

    code = None  # type: ignore[assignment]


class OfferForm(TextsForm):
    """The terms of an offer."""

    code = forms.SlugField(label=_("Code"), max_length=60)
    is_bundle = forms.BooleanField(label=_("It is a bundle"), required=False)
    specification = pages.PickField(
        detail="bss_catalog:specification-detail", label=_("Specification"), required=False
    )
    category = forms.ModelChoiceField(Category.objects.all(), label=_("Category"), required=False)
    valid_from = forms.DateField(label=_("On sale from"))
    valid_to = forms.DateField(label=_("On sale until"), required=False)
    is_sellable = forms.BooleanField(label=_("Sold on its own"), required=False, initial=True)
    term_months = forms.IntegerField(label=_("Minimum term in months"), min_value=0, max_value=120, initial=0)
    sla_class = forms.CharField(label=_("Service level class"), max_length=40, required=False)
    characteristics = LinesField(
        label=_("Values it fixes"), required=False, help_text=_("One a line: downstream_mbps = 100")
    )
    segments = forms.MultipleChoiceField(
        label=_("Only for segments"), choices=SEGMENTS, required=False, widget=forms.CheckboxSelectMultiple
    )
    credit_classes = forms.MultipleChoiceField(
        label=_("Only for credit classes"),
        choices=CLASSES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    areas = forms.CharField(
        label=_("Only at serving locations"),
        required=False,
        max_length=400,
        help_text=_("First letters of their codes, separated by commas"),
    )
    field_order = ("code", "is_bundle", "specification")

    def clean_areas(self) -> list[str]:
        """Separate beginnings of location codes."""
        return [one.strip() for one in self.cleaned_data["areas"].split(",") if one.strip()]


class OfferEditForm(OfferForm):
    """An offer that exists: what it is stays."""

    code = None  # type: ignore[assignment]
    is_bundle = None  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = self.initial.get("areas")
        if isinstance(areas, list):
            self.initial["areas"] = ", ".join(areas)


class BundleForm(forms.Form):
    """What a bundle holds."""

    members = forms.CharField(
        label=_("Members"),
        widget=forms.Textarea({"rows": 8}),
        help_text=_("One a line: code of the offer on sale, at least, by default, at most (voice 0 0 30)"),
    )

    def clean_members(self) -> list[dict[str, Any]]:
        """Offers on sale with their counts; each line that does not fit is named."""
        found = []
        for line in filter(None, map(str.strip, self.cleaned_data["members"].splitlines())):
            code, *counts = line.split()
            if len(counts) != 3 or not all(count.isdecimal() and len(count) < 5 for count in counts):
                raise ValidationError(_t("Write a code and three counts: %(line)s") % {"line": line[:60]})
            offering = ProductOffering.objects.filter(code=code, status="launched").first()
            if offering is None:
                raise ValidationError(_t("No offer on sale is called %(code)s") % {"code": code})
            low, default, high = map(int, counts)
            found.append({"offering": offering, "minimum": low, "default": default, "maximum": high})
        return found


class PriceForm(forms.Form):
    """A price of an offer."""

    code = forms.SlugField(label=_("Code"), max_length=60)
    kind = forms.ChoiceField(label=_("Kind"), choices=OfferingPrice.Kind.choices)
    name_en = forms.CharField(label=_("Name (English)"), max_length=120)
    name_fr = forms.CharField(label=_("Name (French)"), max_length=120, required=False)
    model = forms.ChoiceField(label=_("Model"), choices=OfferingPrice.Model.choices)
    amount = pages.DecimalField(label=_("Amount"), min_value=0, max_digits=18, decimal_places=6, initial=0)
    currency = forms.CharField(label=_("Currency"), max_length=3, initial="EUR")
    period_months = forms.IntegerField(
        label=_("Period in months"),
        min_value=0,
        max_value=120,
        initial=1,
        help_text=_("For recurring prices"),
    )
    timing = forms.ChoiceField(label=_("Charged"), choices=OfferingPrice.Timing.choices)
    occasion = forms.ChoiceField(label=pgettext_lazy("price", "Due"), choices=OfferingPrice.Occasion.choices)
    proration = forms.ChoiceField(label=_("Part periods"), choices=OfferingPrice.Proration.choices)
    tax_category = forms.ChoiceField(label=_("Tax category"), choices=OfferingPrice.TaxCategory.choices)
    tariff = forms.ModelChoiceField(
        Tariff.objects.exclude(status="retired"), label=_("Tariff"), required=False, help_text=_("For usage")
    )
    package_size = forms.IntegerField(label=_("Units of a package"), min_value=0, max_value=10**9, initial=0)
    free_units = forms.IntegerField(label=_("Free units"), min_value=0, max_value=10**9, initial=0)
    tiers = forms.CharField(
        label=_("Tiers"),
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("One a line: up to, per unit, flat; the last one without limit as * (10 5.00 0)"),
    )

    def clean_tiers(self) -> list[Tier]:
        """Tiers in the order they are written."""
        found = []
        for line in filter(None, map(str.strip, self.cleaned_data["tiers"].splitlines())):
            parts = line.split()
            try:
                up_to = None if parts[0] == "*" else Decimal(parts[0])
                unit, flat = (Decimal(part) for part in [*parts[1:], "0"][:2])
            except (InvalidOperation, ValueError) as error:
                raise ValidationError(_t("Write three numbers: %(line)s") % {"line": line[:60]}) from error
            if not all(number.is_finite() and abs(number) < 10**12 for number in (unit, flat, up_to or unit)):
                raise ValidationError(_t("Write three numbers: %(line)s") % {"line": line[:60]})
            found.append(Tier(up_to, unit, flat))
        return found

    def clean(self) -> dict[str, Any]:
        """Leave out what the kind of price does not have."""
        data = super().clean() or {}
        kind = data.get("kind")
        if kind != OfferingPrice.Kind.RECURRING:
            data |= {"period_months": 0, "timing": ""}
        if kind != OfferingPrice.Kind.ONE_OFF:
            data["occasion"] = ""
        if kind != OfferingPrice.Kind.USAGE:
            data["tariff"] = None
        return data


class PriceEditForm(PriceForm):
    """A price that exists: code and kind stay."""

    code = None  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tiers = self.initial.get("tiers")
        if not isinstance(tiers, str):
            rows = tiers.all() if tiers is not None else ()
            self.initial["tiers"] = "\n".join(f"{row.up_to or '*'} {row.unit} {row.flat}" for row in rows)


class SupersedeForm(forms.Form):
    """What a price is from a day on."""

    day = forms.DateField(label=_("From"))
    amount = pages.DecimalField(label=_("New amount"), min_value=0, max_digits=18, decimal_places=6)
    reason = forms.CharField(label=_("Reason"), max_length=200)


class DayForm(forms.Form):
    """A day and why."""

    day = forms.DateField(label=_("On"))
    reason = forms.CharField(label=_("Reason"), max_length=200)


class AllowanceForm(forms.Form):
    """Usage that an offer includes."""

    code = forms.SlugField(label=_("Code"), max_length=60)
    name_en = forms.CharField(label=_("Name (English)"), max_length=120)
    name_fr = forms.CharField(label=_("Name (French)"), max_length=120, required=False)
    service = forms.ChoiceField(label=_("Service"), choices=Tariff.Service.choices)
    unit = forms.ChoiceField(label=_("Unit"), choices=Allowance.Unit.choices)
    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=10**9)
    shared = forms.BooleanField(label=_("Shared on the account"), required=False)
    priority = forms.IntegerField(label=_("Priority"), min_value=0, max_value=1000, initial=100)
    rollover_periods = forms.IntegerField(
        label=_("Periods it lives on"), min_value=0, max_value=24, initial=0
    )


class TariffForm(TextsForm):
    """A price list for usage."""

    code = forms.SlugField(label=_("Code"), max_length=60)
    service = forms.ChoiceField(label=_("Service"), choices=Tariff.Service.choices)
    currency = forms.CharField(label=_("Currency"), max_length=3, initial="EUR")
    zone_plan = forms.ModelChoiceField(ZonePlan.objects.all(), label=_("Zones"), required=False)
    calendar = forms.ModelChoiceField(TariffCalendar.objects.all(), label=_("Bands"), required=False)
    field_order = ("code", "service")

    def clean_currency(self) -> str:
        """Codes are written in capitals."""
        return str(self.cleaned_data["currency"]).upper()


class RatesForm(forms.Form):
    """All rates of a tariff, as a sheet."""

    rates = forms.CharField(
        label=_("Rates"),
        widget=forms.Textarea({"rows": 16}),
        help_text=_(
            "Semicolons between zone, band, connect fee, price, per, first step, next step; * = every"
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Each line a rate of this tariff; what does not fit is named with its line."""
        data = super().clean() or {}
        tariff: Tariff = self.object  # type: ignore[attr-defined]
        zones = {zone.code: zone for zone in tariff.zone_plan.zones.all()} if tariff.zone_plan else {}
        bands = {band.code: band for band in tariff.calendar.bands.all()} if tariff.calendar else {}
        reader = csv.reader(io.StringIO(data.get("rates", "")), delimiter=";")
        found = []
        for number, cells in enumerate((line for line in reader if any(map(str.strip, line))), start=1):
            try:
                found.append(_rate([cell.strip() for cell in cells], zones, bands))
            except (ValidationError, InvalidOperation, ValueError) as error:
                words = error.messages[0] if isinstance(error, ValidationError) else _t("A number is wrong")
                self.add_error("rates", _t("Line %(n)d: %(words)s") % {"n": number, "words": words})
        return {"rates": found}


def _rate(cells: list[str], zones: dict[str, Any], bands: dict[str, Any]) -> dict[str, Any]:
    if len(cells) != len(RATE_COLUMNS):
        raise ValidationError(_t("%(n)d values are needed") % {"n": len(RATE_COLUMNS)})
    for cell, known in ((cells[0], zones), (cells[1], bands)):
        if cell not in {"*", *known}:
            raise ValidationError(_t("Nothing is called %(code)s") % {"code": cell[:40]})
    fee, price = (Decimal(cell.replace(",", ".")) for cell in cells[2:4])
    steps = [int(cell) for cell in cells[4:]]
    if not (fee.is_finite() and price.is_finite()) or max(fee, price) >= 10**9 or max(steps) >= 10**15:
        raise ValidationError(_t("A number is wrong"))
    return {
        "zone": zones.get(cells[0]),
        "band": bands.get(cells[1]),
        "connect_fee": fee,
        "price": price,
        "per": steps[0],
        "first_step": steps[1],
        "next_step": steps[2],
    }


def sheet_of(rates: list[TariffRate]) -> str:
    """The rates of a tariff as the form takes them back."""
    lines = [
        [
            rate.zone.code if rate.zone else "*",
            rate.band.code if rate.band else "*",
            *(
                str(value)
                for value in (rate.connect_fee, rate.price, rate.per, rate.first_step, rate.next_step)
            ),
        ]
        for rate in rates
    ]
    return "\n".join(";".join(line) for line in lines)


class PrefixesForm(forms.Form):
    """The prefixes of one zone."""

    zone = forms.SlugField(label=_("Zone"), max_length=60)
    name_en = forms.CharField(label=_("Name (English)"), max_length=120, required=False)
    name_fr = forms.CharField(label=_("Name (French)"), max_length=120, required=False)
    prefixes = forms.CharField(
        label=_("Prefixes"),
        widget=forms.Textarea({"rows": 6}),
        help_text=_("Digits after the +, separated by blanks"),
    )


class ZonePlanForm(forms.Form):
    """A division of numbers into zones."""

    code = forms.SlugField(label=_("Code"), max_length=60)
    name_en = forms.CharField(label=_("Name (English)"), max_length=120)
    name_fr = forms.CharField(label=_("Name (French)"), max_length=120, required=False)
