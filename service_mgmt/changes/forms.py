"""What people type about changes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.errors import Invalid
from oss.alarms.forms import NamesField
from oss.inventory.models import Link, NetworkElement, Port
from service_mgmt.changes.models import ChangeRequest, ChangeStep
from service_mgmt.changes.services.actions import ACTIONS, STATES, check_step


class PlanField(forms.CharField):
    """Steps, one a line: `do renew_port ag1 port=ge-0/0/1`; gives {phase, action, element, params}."""

    widget = forms.Textarea(attrs={"rows": 6})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[dict[str, Any]]:
        """The steps in their order; every line that does not hold is named."""
        found, errors = [], []
        text = str(super().clean(value) or "")
        lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        names = {words[2] for _number, words in lines if len(words) > 2}
        elements = {element.name: element for element in NetworkElement.objects.filter(name__in=names)}
        for number, words in lines:
            try:
                found.append(_step(words, elements))
            except Invalid as error:
                why = next(iter(error.fields.values()), error.message)
                errors.append(_t("Line %(number)d: %(why)s") % {"number": number, "why": why})
        if errors:
            raise forms.ValidationError(errors)
        return found


def _step(words: list[str], elements: dict[str, NetworkElement]) -> dict[str, Any]:
    if len(words) < 3 or not all("=" in word for word in words[3:]):
        raise Invalid(_t("Write it as: pre port_state DEVICE port=PORT state=up"))
    phase, action, name = words[:3]
    if name not in elements:
        raise Invalid(_t("There is no device %(name)s") % {"name": name})
    params = dict(word.split("=", 1) for word in words[3:])
    return check_step({"phase": phase, "action": action, "element": elements[name], "params": params})


class ChangeForm(forms.Form):
    """A change planned by hand."""

    title = forms.CharField(label=_("Title"), max_length=200)
    kind = forms.ChoiceField(
        label=_("Type"), choices=ChangeRequest.Kind.choices, initial=ChangeRequest.Kind.NORMAL
    )
    priority = forms.ChoiceField(
        label=_("Priority"), choices=ChangeRequest.Priority.choices, initial=ChangeRequest.Priority.MEDIUM
    )
    description = forms.CharField(
        label=_("What and why"), widget=forms.Textarea(attrs={"rows": 4}), required=False, max_length=10_000
    )
    elements = NamesField(
        NetworkElement, label=_("Devices"), help_text=_("Names or numbers, separated by commas")
    )
    links = NamesField(Link, label=_("Links"), help_text=_("Names or numbers, separated by commas"))
    steps = PlanField(
        label=_("Plan"),
        required=False,
        max_length=10_000,
        help_text=_(
            "One step a line: phase (pre, do, post), action, device, then name=value. Steps can also be added one by "
            "one on the page of the change."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """At least one thing is touched."""
        data = super().clean() or {}
        if not (data.get("elements") or data.get("links")) and not {"elements", "links"} & set(self.errors):
            self.add_error("elements", _t("Name an element or a link"))
        return data


class WindowForm(forms.Form):
    """When it may run."""

    start = forms.DateTimeField(label=_("From"))
    end = forms.DateTimeField(label=_("Until"))


class StepForm(forms.Form):
    """One step of the plan; which of the values it needs depends on the action."""

    phase = forms.ChoiceField(label=_("When"), choices=ChangeStep.Phase.choices)
    action = forms.ChoiceField(label=_("Action"), choices=[(key, one.label) for key, one in ACTIONS.items()])
    element = pages.PickField(detail="oss_inventory:element-detail", label=_("Device"))
    port = forms.CharField(label=_("Port"), max_length=60, required=False)
    state = forms.ChoiceField(
        label=_("State"), choices=[("", "–"), *((state, state) for state in STATES)], required=False
    )
    neighbour = forms.CharField(label=_("Neighbour"), max_length=60, required=False)
    address = forms.GenericIPAddressField(label=_("Address"), required=False)

    def clean(self) -> dict[str, Any]:
        """The port and the neighbour are known to the inventory."""
        data = super().clean() or {}
        element, port, neighbour = data.get("element"), data.get("port"), data.get("neighbour")
        if element and port and not Port.objects.filter(element=element, name=port).exists():
            self.add_error("port", _t("%(element)s has no port of this name") % {"element": element})
        if neighbour and not NetworkElement.objects.filter(name=neighbour).exists():
            self.add_error("neighbour", _t("There is no device %(name)s") % {"name": neighbour})
        return data


class RemoveStepForm(forms.Form):
    """Which step is taken out."""

    position = forms.IntegerField(label=_("Step number"), min_value=1)


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class OptionalReasonForm(forms.Form):
    """Why, or nothing."""

    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


class ReviewForm(forms.Form):
    """How it went."""

    text = forms.CharField(
        label=_("How it went"), widget=forms.Textarea(attrs={"rows": 4}), max_length=10_000
    )
    ok = forms.BooleanField(label=_("It did what it was meant to do"), required=False, initial=True)


class FreezeForm(forms.Form):
    """A time without changes."""

    name = forms.CharField(label=_("Name"), max_length=120)
    start = forms.DateTimeField(label=_("From"))
    end = forms.DateTimeField(label=_("Until"))
