"""What people type on the pages of the service inventory."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ImpactForm(forms.Form):
    """What fails: one element or link by number or name, or a port as "device port"."""

    object = forms.CharField(label=_("Device, port or link"), max_length=120, required=False)
