"""What people type about incidents."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.models import User
from oss.incidents.models import CauseCode, Impact, Incident, Runbook, Urgency
from oss.incidents.services import available_runbooks


class IncidentForm(forms.Form):
    """An incident opened by hand."""

    title = forms.CharField(label=_("Title"), max_length=200)
    category = forms.ChoiceField(label=_("Category"), choices=Incident.Category.choices)
    impact = forms.ChoiceField(label=_("Impact"), choices=Impact.choices, initial=Impact.MINOR)
    urgency = forms.ChoiceField(label=_("Urgency"), choices=Urgency.choices, initial=Urgency.MEDIUM)
    element = pages.PickField(detail="oss_inventory:element-detail", label=_("Device"), required=False)
    link = pages.PickField(detail="oss_inventory:link-detail", label=_("Link"), required=False)


class NoteForm(forms.Form):
    """An entry of the timeline."""

    text = forms.CharField(label=_("Note"), widget=forms.Textarea(attrs={"rows": 3}), max_length=10_000)
    pinned = forms.BooleanField(label=_("Keep on top"), required=False)


class UpdateForm(forms.Form):
    """An update that customers are told."""

    text = forms.CharField(
        label=_("What customers are told"), widget=forms.Textarea(attrs={"rows": 3}), max_length=10_000
    )
    eta = forms.DateTimeField(label=_("Expected end"), required=False)


class AssignForm(forms.Form):
    """Who has command; blank: nobody."""

    commander = forms.ModelChoiceField(
        User.objects.filter(is_active=True, groups__name__in=["noc", "engineer"])
        .distinct()
        .order_by("username"),
        label=_("Commander"),
        required=False,
    )


class PriorityForm(forms.Form):
    """How much, how soon."""

    impact = forms.ChoiceField(label=_("Impact"), choices=Impact.choices)
    urgency = forms.ChoiceField(label=_("Urgency"), choices=Urgency.choices)


class ResolveForm(forms.Form):
    """What it was."""

    cause_code = forms.ChoiceField(label=_("Cause"), choices=CauseCode.choices)
    note = forms.CharField(
        label=_("What it was"), widget=forms.Textarea(attrs={"rows": 2}), required=False, max_length=4000
    )


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


class MergeForm(forms.Form):
    """What it is part of."""

    into = pages.PickField(detail="oss_incidents:incident-detail", label=_("Part of incident"))


class RectifyForm(forms.Form):
    """What to do about it, and where; blank: where the last diagnosis points."""

    runbook = forms.ModelChoiceField(Runbook.objects.none(), label=_("Runbook"))
    element = pages.PickField(detail="oss_inventory:element-detail", label=_("Device"), required=False)
    port = pages.PickField(detail="oss_inventory:port-detail", label=_("Port"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["runbook"].queryset = available_runbooks()  # type: ignore[attr-defined]
