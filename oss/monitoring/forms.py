"""What people type about limits and charts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import pages
from oss.monitoring.models import Metric, Threshold


class ThresholdForm(forms.ModelForm):
    """A limit."""

    element = pages.PickField(detail="oss_inventory:element-detail", label=_("Device"), required=False)
    port = pages.PickField(detail="oss_inventory:port-detail", label=_("Port"), required=False)
    limit = forms.FloatField(label=_("Limit"))
    clear_limit = forms.FloatField(label=_("Clears at"))

    class Meta:
        model = Threshold
        fields = [
            "name", "metric", "element", "port", "direction", "limit", "clear_limit", "of_speed", "samples", "severity",
            "active",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["metric"].queryset = Metric.objects.order_by("code")  # type: ignore[attr-defined]
