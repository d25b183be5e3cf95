"""Freezes: times in which nothing but emergencies is changed."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from kernel import lifecycle
from kernel.errors import Invalid
from service_mgmt.changes.models import Freeze


def freeze(*, name: str, start: datetime, end: datetime) -> Freeze:
    """Enter a time [start, end) in which nothing but emergencies is changed. Raises Invalid when turned round."""
    return lifecycle.create(Freeze(name=name[:120], start=start, end=_ordered(start, end)))


def change_freeze(
    *, freeze: Freeze, name: str, start: datetime, end: datetime, version: int | None = None
) -> Freeze:
    """Correct a freeze; changes approved before stay approved. Raises Invalid when turned round."""
    return lifecycle.change(freeze, version=version, name=name[:120], start=start, end=_ordered(start, end))


def lift_freeze(*, freeze: Freeze) -> None:
    """Take a freeze out of the calendar."""
    lifecycle.remove(freeze)


def _ordered(start: datetime, end: datetime) -> datetime:
    if end <= start:
        raise Invalid(
            _("A freeze ends after it starts"), code="freeze.period", fields={"end": _("Choose a later time")}
        )
    return end
