"""VLANs by group: an access element, or a switching domain."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import Stamped
from oss.addressing.models.pools import (
    ALLOTMENT_MOVES,
    Allotment,
    Holdable,
    HoldableQuerySet,
    PoolQuerySet,
    states,
)
from oss.inventory.models import Location, NetworkElement


class VlanGroup(Stamped):
    """VLAN numbers that must differ from each other: those of one element, or of one place (IEEE 802.1Q, 1–4094)."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    first_vid = models.PositiveSmallIntegerField(_("first VLAN"), default=100)
    last_vid = models.PositiveSmallIntegerField(_("last VLAN"), default=4000)
    element = models.OneToOneField(
        NetworkElement,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="vlan_group",
        verbose_name=_("network element"),
    )
    location = models.ForeignKey(
        Location,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="vlan_groups",
        verbose_name=_("serves"),
    )

    objects = PoolQuerySet.as_manager()

    class Meta:
        verbose_name = _("VLAN group")
        verbose_name_plural = _("VLAN groups")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first_vid__gte=1, last_vid__lte=4094, first_vid__lte=F("last_vid")),
                name="oss_addressing_vlan_group_span",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Vlan(Holdable):
    """One VLAN number of a group."""

    Status = Allotment
    lifecycle = Lifecycle("status", ALLOTMENT_MOVES)

    group = models.ForeignKey(VlanGroup, on_delete=models.PROTECT, related_name="vlans")
    vid = models.PositiveSmallIntegerField(_("VLAN"))
    status = models.CharField(_("status"), max_length=12, choices=Allotment, default=Allotment.FREE)

    objects = HoldableQuerySet.as_manager()

    class Meta:
        verbose_name = _("VLAN")
        verbose_name_plural = _("VLANs")
        ordering = ["group__name", "vid"]
        constraints = [
            models.UniqueConstraint(fields=["group", "vid"], name="oss_addressing_vlan_once"),
            models.CheckConstraint(condition=Q(vid__range=(1, 4094)), name="oss_addressing_vlan_vid"),
            models.CheckConstraint(condition=states(), name="oss_addressing_vlan_status"),
        ]
        indexes = [
            models.Index(fields=["group", "vid"], name="oss_addr_vlan_free", condition=Q(status="free")),
            models.Index(fields=["holder"], name="oss_addr_vlan_holder", condition=Q(holder__isnull=False)),
            models.Index(
                fields=["reserved_until"], name="oss_addr_vlan_expiry", condition=Q(status="reserved")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group} {self.vid}"
