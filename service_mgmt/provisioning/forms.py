"""What people must say before a step is skipped, an item undone or a fallout given to somebody."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.models import User

OVERRIDE = "override_order_step"


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


def mechanics() -> Any:
    """People who may mend a step."""
    return (
        User.objects.filter(is_active=True, groups__permissions__codename=OVERRIDE)
        .distinct()
        .order_by("username")
    )


class AssignForm(forms.Form):
    """Who looks after a fallout."""

    owner = forms.ModelChoiceField(label=_("Owner"), queryset=User.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner: Any = self.fields["owner"]
        owner.queryset = mechanics()
