"""What can be bought: manufacturers, device types and the ports a type brings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kernel.models import Identified, Stamped
from kernel.permissions import OwnedQuerySet

SPAN = re.compile(r"\[(\d{1,5})-(\d{1,5})\]")


class Media(models.TextChoices):
    """What a port takes."""

    COPPER = "copper", _("Copper")
    FIBRE = "fibre", _("Fibre")
    PON = "pon", _("Passive optical network")
    RADIO = "radio", _("Radio")
    OTHER = "other", _("Other")


class PortKind(models.TextChoices):
    """Whom a port serves: the network (a link ends there, or may) or a customer."""

    NETWORK = "network", _("Network")
    CUSTOMER = "customer", _("Customer")


class TypeQuerySet(OwnedQuerySet):
    """What can be bought."""


class Manufacturer(Stamped):
    """A maker of network elements."""

    name = models.CharField(_("name"), max_length=80, unique=True)

    objects = TypeQuerySet.as_manager()

    class Meta:
        verbose_name = _("manufacturer")
        verbose_name_plural = _("manufacturers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DeviceType(Stamped):
    """A model of one manufacturer, with the ports every element of it has."""

    manufacturer = models.ForeignKey(Manufacturer, on_delete=models.PROTECT, related_name="device_types")
    model = models.CharField(_("model"), max_length=80)

    objects = TypeQuerySet.as_manager()

    class Meta:
        verbose_name = _("device type")
        verbose_name_plural = _("device types")
        ordering = ["manufacturer__name", "model"]
        constraints = [
            models.UniqueConstraint(fields=["manufacturer", "model"], name="oss_inventory_device_type_once")
        ]

    def __str__(self) -> str:
        return f"{self.manufacturer} {self.model}"


class PortTemplate(Identified):
    """A row of equal ports: `ge-0/1/[1-48]` stands for forty-eight of them. Order follows `position`."""

    device_type = models.ForeignKey(DeviceType, on_delete=models.CASCADE, related_name="port_templates")
    position = models.PositiveSmallIntegerField(default=0)
    pattern = models.CharField(_("name pattern"), max_length=80, help_text=_("For example ge-0/1/[1-48]"))
    speed_mbps = models.PositiveIntegerField(_("speed, Mbit/s"))
    media = models.CharField(_("media"), max_length=10, choices=Media, default=Media.FIBRE)
    kind = models.CharField(_("serves"), max_length=10, choices=PortKind, default=PortKind.NETWORK)

    objects = TypeQuerySet.as_manager()

    class Meta:
        verbose_name = _("port template")
        verbose_name_plural = _("port templates")
        ordering = ["position", "pattern"]
        constraints = [
            models.UniqueConstraint(fields=["device_type", "pattern"], name="oss_inventory_template_once"),
            models.CheckConstraint(condition=Q(speed_mbps__gt=0), name="oss_inventory_template_speed"),
        ]

    def __str__(self) -> str:
        return self.pattern

    def names(self) -> Iterator[str]:
        """The port names of the pattern, in order; a pattern without brackets names one port."""
        return expand(self.pattern)


def expand(pattern: str) -> Iterator[str]:
    """`xe-0/[0-1]/[1-2]` → xe-0/0/1, xe-0/0/2, xe-0/1/1, xe-0/1/2."""
    found = SPAN.search(pattern)
    if found is None:
        yield pattern
        return
    for number in range(int(found[1]), int(found[2]) + 1):
        yield from expand(f"{pattern[: found.start()]}{number}{pattern[found.end() :]}")
