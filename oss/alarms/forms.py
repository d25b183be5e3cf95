"""What people type about alarms and maintenance."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import pages
from oss.inventory.models import Link, NetworkElement


class AckForm(forms.Form):
    """An acknowledgement."""

    note = forms.CharField(
        label=_("Note"), max_length=500, required=False, help_text=_("What you know, what you do")
    )
    until = forms.DateTimeField(
        label=_("Until"), required=False, help_text=_("It comes back unacknowledged then; blank: for good")
    )


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


class ClearForm(forms.Form):
    """A clear by hand."""

    evidence = forms.CharField(label=_("What shows that it is over"), max_length=300)


class CommentForm(forms.Form):
    """A remark."""

    text = forms.CharField(label=_("Comment"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000)


class GroupForm(forms.Form):
    """The root that alarms belong to."""

    root = pages.PickField(detail="oss_alarms:alarm-detail", label=_("Root alarm"))
    note = forms.CharField(label=_("Why"), max_length=500, required=False)


class NamesField(forms.CharField):
    """Things of one kind by name or number, separated by commas or lines; gives the instances."""

    widget = forms.Textarea

    def __init__(self, model: Any, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": 4000, **kwargs})
        self.model = model
        self.widget.attrs.setdefault("rows", 2)

    def clean(self, value: Any) -> list[Any]:
        text = super().clean(value)
        names = list(
            dict.fromkeys(name.strip() for name in text.replace(",", "\n").splitlines() if name.strip())
        )
        found = {row.name: row for row in self.model.objects.filter(name__in=names)}
        found |= {row.number: row for row in self.model.objects.filter(number__in=names)}
        if missing := [name for name in names if name not in found]:
            raise forms.ValidationError(_t("Not known: %(names)s"), params={"names": ", ".join(missing[:5])})
        return list(dict.fromkeys(found[name] for name in names))


class MaintenanceForm(forms.Form):
    """A window in which alarms are expected."""

    elements = NamesField(
        NetworkElement, label=_("Devices"), help_text=_("Names or numbers, separated by commas")
    )
    links = NamesField(Link, label=_("Links"), help_text=_("Names or numbers, separated by commas"))
    start = forms.DateTimeField(label=_("Starts"))
    end = forms.DateTimeField(label=_("Ends"))
    reason = forms.CharField(label=_("Reason"), max_length=300)
    change_ref = forms.CharField(label=_("Change"), max_length=40, required=False)
    broad = forms.BooleanField(
        label=_("It may cover much of the network"), required=False,
        help_text=_("Needed when the window reaches far; the next page says how far"),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not (cleaned.get("elements") or cleaned.get("links")) and not {"elements", "links"} & set(
            self.errors
        ):
            self.add_error("elements", _t("Choose what is worked on"))
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and end <= start:
            self.add_error("end", _t("After the start"))
        return cleaned
