"""What people type about pools."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import pages
from oss.addressing.models import VRF, NumberRange, Prefix

SITE = "oss_inventory:site-detail"


class PrefixForm(forms.Form):
    """A new network."""

    vrf = forms.ModelChoiceField(label=_("VRF"), queryset=VRF.objects.all())
    cidr = forms.CharField(label=_("Network"), max_length=43, help_text=_("For example 100.72.0.0/22"))
    role = forms.ChoiceField(label=_("Role"), choices=Prefix.Role.choices, initial=Prefix.Role.CUSTOMER)
    name = forms.CharField(label=_("Name"), max_length=80, required=False)
    gateway = forms.GenericIPAddressField(
        label=_("Gateway"), required=False, help_text=_("Address of the network in it, never handed out")
    )
    location = pages.PickField(label=_("Serves"), detail=SITE, required=False)

    def clean_gateway(self) -> str | None:
        """None where nothing was typed."""
        return self.cleaned_data["gateway"] or None


class PrefixEditForm(forms.Form):
    """What of a prefix may change."""

    name = forms.CharField(label=_("Name"), max_length=80, required=False)
    location = pages.PickField(label=_("Serves"), detail=SITE, required=False)


class VlanGroupForm(forms.Form):
    """A new VLAN group."""

    name = forms.CharField(label=_("Name"), max_length=60)
    first_vid = forms.IntegerField(label=_("First VLAN"), min_value=1, max_value=4094, initial=100)
    last_vid = forms.IntegerField(label=_("Last VLAN"), min_value=1, max_value=4094, initial=4000)
    element = pages.PickField(label=_("Device"), detail="oss_inventory:element-detail", required=False)
    location = pages.PickField(label=_("Serves"), detail=SITE, required=False)


class VlanGroupEditForm(forms.Form):
    """What of a VLAN group may change."""

    name = forms.CharField(label=_("Name"), max_length=60)
    location = pages.PickField(label=_("Serves"), detail=SITE, required=False)


class NumberRangeForm(forms.Form):
    """A new range of telephone numbers."""

    name = forms.CharField(label=_("Name"), max_length=80)
    first = forms.CharField(
        label=_("First number"), max_length=16, help_text=_("E.164, for example +33299000100")
    )
    last = forms.CharField(label=_("Last number"), max_length=16)
    kind = forms.ChoiceField(label=_("Kind"), choices=NumberRange.Kind.choices)
    location = pages.PickField(label=_("Serves"), detail=SITE, required=False)
    quarantine_days = forms.IntegerField(label=_("Quarantine, days"), min_value=0, max_value=3650, initial=90)


class NumberRangeEditForm(forms.Form):
    """What of a number range may change."""

    name = forms.CharField(label=_("Name"), max_length=80)
    location = pages.PickField(label=_("Serves"), detail=SITE, required=False)
    quarantine_days = forms.IntegerField(label=_("Quarantine, days"), min_value=0, max_value=3650)


class VrfForm(forms.Form):
    """A new routing table."""

    name = forms.CharField(label=_("Name"), max_length=60)
    route_distinguisher = forms.CharField(label=_("Route distinguisher"), max_length=21, required=False)
