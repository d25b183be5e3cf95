"""What people type about reaching elements."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import pages
from oss.southbound.drivers import DRIVERS
from oss.southbound.models import Credential


def _port(label: Any, *, initial: int | None = None, required: bool = True) -> forms.IntegerField:
    return forms.IntegerField(label=label, initial=initial, required=required, min_value=1, max_value=65535)


class EndpointForm(forms.Form):
    """Where an element is managed; saved again for the same element, it is brought up to date."""

    element = pages.PickField(label=_("Device"), detail="oss_inventory:element-detail")
    driver = forms.ChoiceField(label=_("Driver"), choices=[(name, name) for name in sorted(DRIVERS)])
    host = forms.CharField(label=_("Host"), max_length=120)
    ssh_port = _port(_("SSH port"), initial=22)
    snmp_port = _port(_("SNMP port"), initial=161)
    echo_port = _port(_("Echo port"), required=False)
    coa_port = _port(_("Dynamic authorization port"), required=False)
    credential = forms.ModelChoiceField(label=_("Credential"), queryset=Credential.objects.all())
    host_key = forms.CharField(
        label=_("Host key"),
        required=False,
        max_length=2000,
        help_text=_("OpenSSH form; left empty, the first key seen is kept"),
    )


class CredentialForm(forms.Form):
    """Names and secrets; they are encrypted and never shown again."""

    name = forms.CharField(label=_("Name"), max_length=80)
    username = forms.CharField(label=_("User name"), max_length=80)
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    community = forms.CharField(
        label=_("SNMP community"),
        max_length=100,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    radius_secret = forms.CharField(
        label=_("RADIUS secret"),
        max_length=100,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
