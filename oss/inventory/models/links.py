"""Links between ports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet
from oss.inventory.models.elements import Port


class LinkQuerySet(OwnedQuerySet):
    """Links, as people ask for them."""

    def standing(self) -> Self:
        """Links that are planned or in service."""
        return self.exclude(status=Link.Status.RETIRED)

    def touching(self, elements: Iterable[UUID]) -> Self:
        """Links with an end on one of the elements."""
        ids = list(elements)
        return self.filter(Q(port_a__element__in=ids) | Q(port_b__element__in=ids))


class Link(Stamped):
    """A connection of two ports. A port is an end of at most one link that is not retired (trigger in 0001)."""

    class Medium(models.TextChoices):
        FIBRE = "fibre", _("Fibre")
        COPPER = "copper", _("Copper")
        RADIO = "radio", _("Radio")
        LEASED = "leased", _("Leased line")

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        IN_SERVICE = "in_service", _("In service")
        RETIRED = "retired", _("Retired")

    MOVES = {
        Status.PLANNED: {Status.IN_SERVICE, Status.RETIRED},
        Status.IN_SERVICE: {Status.RETIRED},
        Status.RETIRED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("LNK")
    name = models.CharField(_("name"), max_length=120, unique=True)
    port_a = models.ForeignKey(
        Port, on_delete=models.PROTECT, related_name="links_a", verbose_name=_("end A")
    )
    port_b = models.ForeignKey(
        Port, on_delete=models.PROTECT, related_name="links_b", verbose_name=_("end B")
    )
    medium = models.CharField(_("medium"), max_length=10, choices=Medium, default=Medium.FIBRE)
    length_m = models.PositiveIntegerField(_("length, m"), null=True, blank=True)
    capacity_mbps = models.PositiveIntegerField(_("capacity, Mbit/s"))
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.PLANNED)

    objects = LinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["planned", "in_service", "retired"]), name="oss_inventory_link_status"
            ),
            models.CheckConstraint(condition=~Q(port_a=F("port_b")), name="oss_inventory_link_two_ports"),
            models.CheckConstraint(condition=Q(capacity_mbps__gt=0), name="oss_inventory_link_capacity"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_up(self) -> bool:
        """Whether traffic may be expected to pass: in service and both ends up."""
        return self.status == self.Status.IN_SERVICE and self.port_a.is_up and self.port_b.is_up
