"""What the pages of all pools have in common: badges, the utilisation of a row, its panel."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, IntegerField, Model, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from kernel import pages
from oss.addressing import services
from oss.addressing.models import TelephoneNumber
from oss.addressing.models.pools import Allotment

STATUS = pages.badges(
    "oss_addressing.allotment",
    Allotment,
    free="green circle-dot",
    reserved="blue clock",
    assigned="grey plug",
)
NUMBER_STATUS = pages.badges(
    "oss_addressing.number",
    TelephoneNumber.Status,
    free="green circle-dot",
    reserved="blue clock",
    assigned="grey phone",
    quarantined="amber hourglass",
)


def taken(model: type[Model], pool: str) -> Coalesce:
    """How many things of a pool are not free, counted per shown row."""
    rows = model._default_manager.filter(**{pool: OuterRef("pk")}).exclude(status="free").order_by()
    counted = rows.values(pool).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def utilisation(pool: Any, user: Any) -> dict[str, Any]:
    """Values of the utilisation panel."""
    found = services.utilisation(pool)
    return {"found": found, "percent": 100 * found.share}


def panel() -> pages.Panel:
    """Installed, used, reserved, free."""
    return pages.Panel(
        "utilisation", _("Utilisation"), "oss/addressing/_utilisation.html", context=utilisation
    )
