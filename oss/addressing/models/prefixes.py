"""IP networks and the addresses in them."""

from __future__ import annotations

import ipaddress
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import Stamped
from kernel.permissions import OwnedQuerySet
from oss.addressing.models.fields import CidrField, Network
from oss.addressing.models.pools import (
    ALLOTMENT_MOVES,
    Allotment,
    Holdable,
    HoldableQuerySet,
    PoolQuerySet,
    states,
)
from oss.inventory.models import Location


class VrfQuerySet(OwnedQuerySet):
    """Routing tables."""


class VRF(Stamped):
    """A routing table of its own: the same addresses may exist once in each."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    route_distinguisher = models.CharField(_("route distinguisher"), max_length=21, blank=True)

    objects = VrfQuerySet.as_manager()

    class Meta:
        verbose_name = _("VRF")
        verbose_name_plural = _("VRFs")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PrefixQuerySet(PoolQuerySet):
    """Prefixes, as people ask for them."""

    def leaves(self) -> Self:
        """Prefixes that hold addresses, not other prefixes."""
        return self.exclude(role=Prefix.Role.CONTAINER)


class Prefix(Stamped):
    """A network of one VRF. Containers hold prefixes; the other roles are leaves, hold addresses and never overlap."""

    class Role(models.TextChoices):
        CONTAINER = "container", _("Container")
        CUSTOMER = "customer", _("Customers")
        INFRASTRUCTURE = "infrastructure", _("Infrastructure")
        LINK = "link", _("Link")

    vrf = models.ForeignKey(VRF, on_delete=models.PROTECT, related_name="prefixes", verbose_name=_("VRF"))
    cidr = CidrField(_("network"))
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.CUSTOMER)
    name = models.CharField(_("name"), max_length=80, blank=True)
    location = models.ForeignKey(
        Location,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="prefixes",
        verbose_name=_("serves"),
    )
    gateway = models.GenericIPAddressField(
        _("gateway"), null=True, blank=True, help_text=_("Address of the network in it, never handed out")
    )
    # Rows of free addresses are made in blocks as they are needed: nobody writes out a /64.
    filled = models.PositiveBigIntegerField(default=0, editable=False)

    objects = PrefixQuerySet.as_manager()

    class Meta:
        verbose_name = _("prefix")
        verbose_name_plural = _("prefixes")
        ordering = ["vrf__name", "cidr"]
        constraints = [
            models.UniqueConstraint(fields=["vrf", "cidr"], name="oss_addressing_prefix_once"),
            models.CheckConstraint(
                condition=Q(role__in=["container", "customer", "infrastructure", "link"]),
                name="oss_addressing_prefix_role",
            ),
            ExclusionConstraint(
                name="oss_addressing_prefix_leaves_apart",
                expressions=[("vrf", "="), (OpClass(F("cidr"), name="inet_ops"), "&&")],
                condition=~Q(role="container"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.cidr)

    @property
    def network(self) -> Network:
        """The network as an `ipaddress` object."""
        return ipaddress.ip_network(self.cidr)

    @property
    def hosts(self) -> int:
        """How many addresses may be handed out: all but network and broadcast address (IPv4 up to /30) and gateway."""
        first, last = self.host_span()
        inside = self.gateway is not None and first <= int(ipaddress.ip_address(self.gateway)) <= last
        return last - first + 1 - inside

    def host_span(self) -> tuple[int, int]:
        """First and last address, as numbers, of what may be handed out (RFC 950; RFC 3021 for /31)."""
        network = self.network
        first, last = int(network.network_address), int(network.broadcast_address)
        if network.version == 4 and network.prefixlen < 31:
            return first + 1, last - 1
        if network.version == 6 and network.prefixlen < 127:
            return first + 1, last  # the first is the subnet-router anycast address (RFC 4291 §2.6.1)
        return first, last


class Address(Holdable):
    """One address of a leaf prefix."""

    Status = Allotment
    lifecycle = Lifecycle("status", ALLOTMENT_MOVES)

    prefix = models.ForeignKey(Prefix, on_delete=models.PROTECT, related_name="addresses")
    address = models.GenericIPAddressField(_("address"))
    status = models.CharField(_("status"), max_length=12, choices=Allotment, default=Allotment.FREE)

    objects = HoldableQuerySet.as_manager()

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        ordering = ["address"]
        constraints = [
            models.UniqueConstraint(fields=["prefix", "address"], name="oss_addressing_address_once"),
            models.CheckConstraint(condition=states(), name="oss_addressing_address_status"),
        ]
        indexes = [
            models.Index(
                fields=["prefix", "address"], name="oss_addr_address_free", condition=Q(status="free")
            ),
            models.Index(
                fields=["holder"], name="oss_addr_address_holder", condition=Q(holder__isnull=False)
            ),
            models.Index(
                fields=["reserved_until"], name="oss_addr_address_expiry", condition=Q(status="reserved")
            ),
        ]

    def __str__(self) -> str:
        return str(self.address)

    @property
    def interface(self) -> str:
        """Address with the length of its prefix, as it is written on an interface: 100.72.0.2/22."""
        return f"{self.address}/{self.prefix.network.prefixlen}"


def host_at(prefix: Prefix, offset: int) -> Any:
    """The `offset`-th address that may be handed out (the gateway counted), from 0."""
    network = prefix.network
    kind = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
    return kind(prefix.host_span()[0] + offset)
