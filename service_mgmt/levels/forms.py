"""What people type about service levels."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.models import BusinessCalendar
from service_mgmt.levels.models import SlaDefinition

BAND = re.compile(r"\s*(\d{1,3}(?:[.,]\d{1,4})?)\s*[:=→]\s*(\d{1,3}(?:[.,]\d{1,3})?)\s*\Z")


class BandsField(forms.CharField):
    """Credit bands, one a line: `99.5: 10` = below 99.5 % availability, 10 % of the monthly fee."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(f"{below.normalize():f}: {percent.normalize():f}" for below, percent in value)
        return value

    def clean(self, value: Any) -> list[tuple[Decimal, Decimal]]:
        """The bands as pairs."""
        found = []
        for line in str(super().clean(value) or "").splitlines():
            if not line.strip():
                continue
            match = BAND.match(line)
            if match is None:
                raise ValidationError(_t("Write each band as 99.5: 10"), code="band")
            below, percent = (Decimal(part.replace(",", ".")) for part in match.groups())
            found.append((below, percent))
        return found


class DefinitionForm(forms.Form):
    """A class of service level."""

    code = forms.SlugField(label=_("Code"), max_length=40)
    name_en = forms.CharField(label=_("Name (English)"), max_length=120)
    name_fr = forms.CharField(label=_("Name (French)"), max_length=120, required=False)
    availability_target = pages.DecimalField(
        label=_("Availability target, %"),
        max_digits=7,
        decimal_places=4,
        min_value=Decimal("0.0001"),
        max_value=100,
    )
    bands = BandsField(
        label=_("Credit bands"),
        required=False,
        help_text=_("One a line: 99.5: 10 gives 10 % of the monthly fee below 99.5 % availability"),
    )
    calendar = forms.ModelChoiceField(
        label=_("Agreed hours"), queryset=BusinessCalendar.objects.order_by("name"), required=False,
        empty_label="24 × 7",
    )  # fmt: skip
    restore_hours = pages.DecimalField(
        label=_("Time to restore, hours"), required=False, min_value=Decimal("0.1"), max_value=1000
    )
    late_repair_percent = pages.DecimalField(
        label=_("Credit per late repair, %"), min_value=0, max_value=100, initial=Decimal(0)
    )
    cap_percent = pages.DecimalField(
        label=_("Most that is credited a month, %"), min_value=0, max_value=100, initial=Decimal(100)
    )
    exclude_maintenance = forms.BooleanField(
        label=_("Planned work does not count"), required=False, initial=True
    )
    notice_days = pages.DecimalField(
        label=_("Notice of planned work, days"), min_value=0, max_value=365, initial=Decimal(5)
    )
    pre_agreed = forms.BooleanField(label=_("Credited without approval"), required=False)

    def clean(self) -> dict[str, Any]:
        """Hours and days become durations."""
        data = dict(super().clean() or self.cleaned_data)
        hours, days = data.pop("restore_hours", None), data.pop("notice_days", None)
        data["time_to_restore"] = timedelta(hours=float(hours)) if hours is not None else None
        data["maintenance_notice"] = timedelta(days=float(days or 0))
        return data


class DefinitionEditForm(DefinitionForm):
    """The same afterwards; the code stays, because offerings and contracts name it."""

    code = None  # type: ignore[assignment] # Django's way to leave an inherited field out


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class OptionalReasonForm(forms.Form):
    """Why, or nothing."""

    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


def values_of(definition: SlaDefinition) -> dict[str, Any]:
    """What the form of a definition begins with."""
    names = (
        "name_en", "name_fr", "availability_target", "calendar", "late_repair_percent", "cap_percent",
        "exclude_maintenance", "pre_agreed",
    )  # fmt: skip
    restore = definition.time_to_restore
    return {
        **{name: getattr(definition, name) for name in names},
        "bands": [(band.below, band.credit_percent) for band in definition.bands.all()],
        "restore_hours": Decimal(str(restore / timedelta(hours=1))) if restore else None,
        "notice_days": Decimal(str(definition.maintenance_notice / timedelta(days=1))),
    }
