"""What people type about the network."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import pages
from oss.inventory.models import DeviceType, Link, Location, NetworkElement, Port

UPLOAD_MAX = 10 * 1024 * 1024


class ElementForm(forms.ModelForm):
    """A network element as it is planned."""

    location = pages.PickField(detail="oss_inventory:site-detail", label=_("Location"))

    class Meta:
        model = NetworkElement
        fields = [
            "name",
            "role",
            "device_type",
            "location",
            "software_version",
            "serial",
            "criticality",
            "management_address",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["device_type"].queryset = DeviceType.objects.select_related("manufacturer")  # type: ignore[attr-defined]


class ElementEditForm(ElementForm):
    """A network element that exists: its type is what its ports came from, and stays."""

    class Meta(ElementForm.Meta):
        fields = ["name", "location", "software_version", "serial", "criticality", "management_address"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super(ElementForm, self).__init__(*args, **kwargs)


class LocationForm(forms.ModelForm):
    """A place."""

    parent = pages.PickField(detail="oss_inventory:site-detail", label=_("Part of"), required=False)
    latitude = pages.DecimalField(label=_("Latitude"), required=False, min_value=-90, max_value=90)
    longitude = pages.DecimalField(label=_("Longitude"), required=False, min_value=-180, max_value=180)

    class Meta:
        model = Location
        fields = [
            "kind",
            "code",
            "name",
            "parent",
            "latitude",
            "longitude",
            "street",
            "postcode",
            "city",
            "country",
        ]


class LocationEditForm(forms.ModelForm):
    """A place that exists: code, kind and what it is part of stay."""

    latitude = pages.DecimalField(label=_("Latitude"), required=False, min_value=-90, max_value=90)
    longitude = pages.DecimalField(label=_("Longitude"), required=False, min_value=-180, max_value=180)

    class Meta:
        model = Location
        fields = ["name", "latitude", "longitude", "street", "postcode", "city", "country"]


class LinkForm(forms.Form):
    """Two free ports to be joined."""

    element_a = pages.PickField(detail="oss_inventory:element-detail", label=_("Device at end A"))
    name_a = forms.CharField(label=_("Port at end A"), max_length=64)
    element_b = pages.PickField(detail="oss_inventory:element-detail", label=_("Device at end B"))
    name_b = forms.CharField(label=_("Port at end B"), max_length=64)
    name = forms.CharField(
        label=_("Name"), max_length=120, required=False, help_text=_("Left empty: the two ports")
    )
    medium = forms.ChoiceField(label=_("Medium"), choices=Link.Medium.choices, initial=Link.Medium.FIBRE)
    length_m = forms.IntegerField(label=_("Length, m"), min_value=0, max_value=10_000_000, required=False)
    status = forms.ChoiceField(
        label=_("Status"),
        choices=[
            (Link.Status.IN_SERVICE, Link.Status.IN_SERVICE.label),
            (Link.Status.PLANNED, Link.Status.PLANNED.label),
        ],
    )

    def clean(self) -> dict[str, Any]:
        """The ports themselves, under `port_a` and `port_b`."""
        data: dict[str, Any] = super().clean() or {}
        for end in ("a", "b"):
            element, name = data.get(f"element_{end}"), data.get(f"name_{end}")
            if element is None or not name:
                continue
            data[f"port_{end}"] = Port.objects.filter(element=element, name=name).first()
            if data[f"port_{end}"] is None:
                self.add_error(f"name_{end}", _("This device has no such port"))
        return data


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class SheetForm(forms.Form):
    """A sheet of elements: a file, or its text."""

    file = forms.FileField(label=_("CSV file"), required=False, help_text=_("At most 10 MB, UTF-8"))
    text = forms.CharField(
        label=_("or paste it here"), required=False, widget=forms.Textarea(attrs={"rows": 8})
    )

    def clean(self) -> dict[str, Any]:
        """One of the two, decoded, under `sheet`."""
        data: dict[str, Any] = super().clean() or {}
        upload, text = data.get("file"), data.get("text", "")
        if upload is not None:
            if upload.size > UPLOAD_MAX:
                raise forms.ValidationError(_("The file is larger than 10 MB"))
            try:
                text = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise forms.ValidationError(
                    _("The file is not UTF-8 text; save the sheet as CSV UTF-8")
                ) from error
        if not text.strip():
            raise forms.ValidationError(_("Choose a file or paste its text"))
        return {**data, "sheet": text}
