"""What people say when they review a design."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bss.catalog.models import ProductOffering
from service_mgmt.design.models import ServiceDesign


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class RejectForm(forms.Form):
    """Why not."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class DesignForm(forms.Form):
    """For which offer: one that is not on sale yet and has no open design."""

    offering = forms.ModelChoiceField(label=_("Offer"), queryset=ProductOffering.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["offering"]
        taken = ServiceDesign.objects.exclude(status=ServiceDesign.Status.RETIRED).values("offering")
        field.queryset = ProductOffering.objects.filter(launched=None).exclude(pk__in=taken).order_by("code")
