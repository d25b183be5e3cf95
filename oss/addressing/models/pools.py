"""What every kind of handed-out thing has in common: a state, a holder, a reservation that ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Case, IntegerField, Q, Value, When
from django.utils.translation import gettext_lazy as _

from kernel.models import Stamped
from kernel.permissions import OwnedQuerySet
from oss.inventory.models import Location


class PoolQuerySet(OwnedQuerySet):
    """Pools: prefixes, VLAN groups, number ranges."""

    def serving(self, location: Location) -> Self:
        """Pools of the location or of a place that contains it, nearest first; pools without a place come last."""
        order = location.ancestry()
        nearness = Case(
            *[When(location=pk, then=Value(distance)) for distance, pk in enumerate(order)],
            default=Value(len(order)),
            output_field=IntegerField(),
        )
        return (
            self.filter(Q(location__in=order) | Q(location=None))
            .annotate(nearness=nearness)
            .order_by("nearness", "pk")
        )


class Allotment(models.TextChoices):
    """Whether a thing of a pool may be handed out."""

    FREE = "free", _("Free")
    RESERVED = "reserved", _("Reserved")
    ASSIGNED = "assigned", _("Assigned")


ALLOTMENT_MOVES = {
    Allotment.FREE: {Allotment.RESERVED, Allotment.ASSIGNED},
    Allotment.RESERVED: {Allotment.FREE, Allotment.ASSIGNED},
    Allotment.ASSIGNED: {Allotment.FREE},
}


class Holdable(Stamped):
    """Something handed out from a pool. `holder` is the UUID of what it is kept for (a service)."""

    holder = models.UUIDField(_("holder"), null=True, blank=True)
    reserved_until = models.DateTimeField(_("reserved until"), null=True, blank=True)

    class Meta:
        abstract = True


class HoldableQuerySet(OwnedQuerySet):
    """Handed-out things, as people ask for them."""

    def free(self) -> Self:
        """What may be handed out now."""
        return self.filter(status="free")

    def held_by(self, holder: UUID) -> Self:
        """What is reserved for or assigned to a holder, in order."""
        return self.filter(holder=holder, status__in=["reserved", "assigned"])

    def expired(self, at: datetime) -> Self:
        """Reservations whose time is up at `at`."""
        return self.filter(status="reserved", reserved_until__lte=at)


def states(**more: Any) -> Q:
    """The CHECK that ties status, holder and the end of the reservation to each other."""
    return (
        Q(status="free", holder=None, reserved_until=None, **more)
        | Q(status="reserved", holder__isnull=False, reserved_until__isnull=False, **more)
        | Q(status="assigned", holder__isnull=False, reserved_until=None, **more)
    )
