"""What people type about problems."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import pages
from oss.alarms.forms import NamesField
from oss.incidents.models import Incident

WHYS = 5


class IncidentsField(NamesField):
    """Incidents by number, separated by commas; gives the instances."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Incident, **kwargs)

    def clean(self, value: Any) -> list[Any]:
        """The incidents; their numbers are all they are known by."""
        text = str(forms.CharField.clean(self, value) or "")
        numbers = list(
            dict.fromkeys(word.strip() for word in text.replace(",", "\n").splitlines() if word.strip())
        )
        found = {row.number: row for row in Incident.objects.filter(number__in=numbers)}
        if missing := [number for number in numbers if number not in found]:
            raise forms.ValidationError(_("Not known: %(names)s"), params={"names": ", ".join(missing[:5])})
        return [found[number] for number in numbers]


class ProblemEditForm(forms.Form):
    """What a problem says."""

    title = forms.CharField(label=_("Title"), max_length=200)
    category = forms.ChoiceField(
        label=_("Category"), choices=[("", "–"), *Incident.Category.choices], required=False
    )
    priority = forms.IntegerField(
        label=_("Priority"), min_value=1, max_value=10, initial=5, help_text=_("1 highest, 10 lowest")
    )
    description = forms.CharField(
        label=_("Description"), widget=forms.Textarea(attrs={"rows": 4}), required=False, max_length=10_000
    )
    occasion = forms.CharField(label=_("Why it was opened"), max_length=300, required=False)
    element = pages.PickField(detail="oss_inventory:element-detail", label=_("Device"), required=False)
    link = pages.PickField(detail="oss_inventory:link-detail", label=_("Link"), required=False)


class ProblemForm(ProblemEditForm):
    """A problem opened by hand, with the incidents it is known from."""

    incidents = IncidentsField(label=_("Incidents"), help_text=_("Numbers, separated by commas"))


class CauseForm(forms.Form):
    """What was found; each answer asks the next “why?”."""

    why_1 = forms.CharField(label=_("Why did it happen?"), max_length=1000, required=False)
    why_2 = forms.CharField(label=_("Why was that?"), max_length=1000, required=False)
    why_3 = forms.CharField(label=_("And why that? (third why)"), max_length=1000, required=False)
    why_4 = forms.CharField(label=_("And why that? (fourth why)"), max_length=1000, required=False)
    why_5 = forms.CharField(label=_("And why that? (fifth why)"), max_length=1000, required=False)
    root_cause = forms.CharField(
        label=_("Root cause"), widget=forms.Textarea(attrs={"rows": 3}), max_length=10_000
    )
    contributing = forms.CharField(
        label=_("What contributed"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=10_000,
    )
    workaround = forms.CharField(
        label=_("Workaround"), widget=forms.Textarea(attrs={"rows": 3}), required=False, max_length=10_000,
        help_text=_("It is shown to whoever meets the problem next, as a known error"),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """The answers become one list."""
        data = dict(super().clean() or self.cleaned_data)
        data["whys"] = [data.pop(f"why_{n}", "") for n in range(1, WHYS + 1)]
        return data


class AttachForm(forms.Form):
    """Which incident belongs to it."""

    incident = pages.PickField(detail="oss_incidents:incident-detail", label=_("Incident"))


class GroupForm(forms.Form):
    """Of which larger problem it is a part."""

    parent = pages.PickField(detail="service_mgmt_problems:problem-detail", label=_("Part of problem"))


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class OptionalReasonForm(forms.Form):
    """Why, or nothing."""

    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


class KnownErrorForm(forms.Form):
    """What one sees, and what helps."""

    symptom = forms.CharField(label=_("Symptom"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000)
    workaround = forms.CharField(
        label=_("Workaround"), widget=forms.Textarea(attrs={"rows": 4}), max_length=10_000
    )
