"""Doors to the limits that people set."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from kernel import lifecycle
from kernel.errors import Invalid
from oss.monitoring.models import Metric, Threshold


def add_threshold(*, name: str, metric: Metric, limit: float, clear_limit: float, **values: Any) -> Threshold:
    """Set a limit. Raises Invalid when the name is taken, or the clearing limit lies beyond the limit."""
    if Threshold.objects.filter(name=name).exists():
        raise Invalid(_("There is a limit %(name)s already") % {"name": name}, code="threshold.nameTaken",
                      fields={"name": _("Taken")})  # fmt: skip
    made = Threshold(name=name, metric=metric, limit=limit, clear_limit=clear_limit, **values)
    _check(made)
    return lifecycle.create(made)


def change_threshold(*, threshold: Threshold, version: int | None = None, **values: Any) -> Threshold:
    """Change a limit; what is crossed stays crossed until a value clears it."""
    wanted = Threshold(
        **{field.attname: getattr(threshold, field.attname) for field in Threshold._meta.concrete_fields}
    )
    for name, value in values.items():
        setattr(wanted, name, value)
    _check(wanted)
    return lifecycle.change(threshold, version=version, **values)


def _check(threshold: Threshold) -> None:
    distance = threshold.limit - threshold.clear_limit
    if distance < 0 if threshold.direction == Threshold.Direction.ABOVE else distance > 0:
        raise Invalid(
            _("It would clear before it is crossed"),
            code="threshold.hysteresis",
            fields={"clear_limit": _("On the good side of the limit")},
        )
    if threshold.element_id and threshold.port_id:
        raise Invalid(_("Choose an element or a port, not both"), code="threshold.scope")
    if threshold.of_speed and threshold.metric.scope != Metric.Scope.PORT:
        raise Invalid(
            _("Only ports have a speed"),
            code="threshold.ofSpeed",
            fields={"of_speed": _("Not for this metric")},
        )
