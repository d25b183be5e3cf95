"""Network elements and their ports."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet
from oss.inventory.models.places import Location
from oss.inventory.models.types import DeviceType, Media, PortKind


class ElementQuerySet(OwnedQuerySet):
    """Network elements, as people ask for them."""

    def live(self) -> Self:
        """Elements that carry traffic or are meant to: in service or in maintenance."""
        return self.filter(status__in=NetworkElement.LIVE)

    def at(self, location: Location) -> Self:
        """Elements at a location or anywhere below it."""
        return self.filter(location__in=Location.objects.within([location]))


class NetworkElement(Stamped):
    """A managed node of the network (TMF639 PhysicalResource). Its `name` is what the element calls itself."""

    class Role(models.TextChoices):
        CORE = "core", _("Core")
        AGGREGATION = "aggregation", _("Aggregation")
        ACCESS = "access", _("Access")
        BNG = "bng", _("Broadband gateway")
        VOICE_GATEWAY = "voice_gateway", _("Voice gateway")
        CPE = "cpe", _("Customer equipment")

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        STAGED = "staged", _("Staged")
        IN_SERVICE = "in_service", _("In service")
        MAINTENANCE = "maintenance", _("In maintenance")
        RETIRED = "retired", _("Retired")

    MOVES = {
        Status.PLANNED: {Status.STAGED, Status.RETIRED},
        Status.STAGED: {Status.IN_SERVICE, Status.PLANNED, Status.RETIRED},
        Status.IN_SERVICE: {Status.MAINTENANCE, Status.RETIRED},
        Status.MAINTENANCE: {Status.IN_SERVICE, Status.RETIRED},
        Status.RETIRED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)
    LIVE = (Status.IN_SERVICE, Status.MAINTENANCE)
    # Only these pass on what is not their own; every other role ends a path.
    TRANSIT = (Role.CORE, Role.AGGREGATION)

    number = NumberField("NE")
    name = models.CharField(_("name"), max_length=64, unique=True)
    role = models.CharField(_("role"), max_length=20, choices=Role)
    device_type = models.ForeignKey(
        DeviceType, on_delete=models.PROTECT, related_name="elements", verbose_name=_("device type")
    )
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, related_name="elements", verbose_name=_("location")
    )
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.PLANNED)
    software_version = models.CharField(_("software version"), max_length=40, blank=True)
    serial = models.CharField(_("serial number"), max_length=60, blank=True)
    criticality = models.PositiveSmallIntegerField(
        _("criticality"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text=_("1 = matters least, 5 = the network stands on it"),
    )
    management_address = models.GenericIPAddressField(_("management address"), null=True, blank=True)

    objects = ElementQuerySet.as_manager()

    class Meta:
        verbose_name = _("network element")
        verbose_name_plural = _("network elements")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["planned", "staged", "in_service", "maintenance", "retired"]),
                name="oss_inventory_element_status",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["core", "aggregation", "access", "bng", "voice_gateway", "cpe"]),
                name="oss_inventory_element_role",
            ),
            models.CheckConstraint(
                condition=Q(criticality__range=(1, 5)), name="oss_inventory_element_criticality"
            ),
            models.UniqueConstraint(
                fields=["management_address"],
                condition=~Q(status="retired"),
                name="oss_inventory_element_address_once",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "role", "name"], name="oss_inv_element_status"),
            models.Index(fields=["serial"], name="oss_inv_element_serial", condition=~Q(serial="")),
        ]

    def __str__(self) -> str:
        return self.name


class PortQuerySet(OwnedQuerySet):
    """Ports, as people ask for them."""

    def free(self) -> Self:
        """Customer ports that may be handed out now: free, switched on, on an element in service."""
        return self.filter(
            usage=Port.Usage.FREE,
            kind=PortKind.CUSTOMER,
            admin_enabled=True,
            element__status=NetworkElement.Status.IN_SERVICE,
        )

    def at(self, location: Location) -> Self:
        """Ports at a location or anywhere below it."""
        return self.filter(element__location__in=Location.objects.within([location]))

    def held_by(self, holder: UUID) -> Self:
        """Ports reserved for or used by a holder."""
        return self.filter(holder=holder)

    def expired(self, at: datetime) -> Self:
        """Reservations whose time is up at `at`."""
        return self.filter(usage=Port.Usage.RESERVED, reserved_until__lte=at)


class Port(Stamped):
    """One place to plug something in. `usage` says whether it is taken, `oper_state` whether it works."""

    class Usage(models.TextChoices):
        FREE = "free", _("Free")
        RESERVED = "reserved", _("Reserved")
        IN_USE = "in_use", _("In use")
        FAULTY = "faulty", _("Faulty")

    class OperState(models.TextChoices):
        UP = "up", _("Up")
        DOWN = "down", _("Down")
        UNKNOWN = "unknown", _("Unknown")

    # A port in use that breaks keeps its holder, and goes back to it when mended.
    MOVES = {
        Usage.FREE: {Usage.RESERVED, Usage.IN_USE, Usage.FAULTY},
        Usage.RESERVED: {Usage.FREE, Usage.IN_USE, Usage.FAULTY},
        Usage.IN_USE: {Usage.FREE, Usage.FAULTY},
        Usage.FAULTY: {Usage.FREE, Usage.IN_USE},
    }
    lifecycle = Lifecycle("usage", MOVES)

    element = models.ForeignKey(NetworkElement, on_delete=models.PROTECT, related_name="ports")
    name = models.CharField(_("name"), max_length=64)
    if_index = models.PositiveIntegerField(_("interface index"), null=True, blank=True)
    speed_mbps = models.PositiveIntegerField(_("speed, Mbit/s"))
    media = models.CharField(_("media"), max_length=10, choices=Media, default=Media.FIBRE)
    kind = models.CharField(_("serves"), max_length=10, choices=PortKind, default=PortKind.NETWORK)
    usage = models.CharField(_("occupancy"), max_length=10, choices=Usage, default=Usage.FREE)
    holder = models.UUIDField(
        _("holder"), null=True, blank=True, help_text=_("Service or link it is kept for")
    )
    reserved_until = models.DateTimeField(_("reserved until"), null=True, blank=True)
    admin_enabled = models.BooleanField(_("switched on"), default=True)
    oper_state = models.CharField(_("operation"), max_length=8, choices=OperState, default=OperState.UNKNOWN)
    oper_changed = models.DateTimeField(_("since"), null=True, blank=True)

    objects = PortQuerySet.as_manager()

    class Meta:
        verbose_name = _("port")
        verbose_name_plural = _("ports")
        ordering = ["element__name", "if_index", "name"]
        constraints = [
            models.UniqueConstraint(fields=["element", "name"], name="oss_inventory_port_once"),
            models.UniqueConstraint(fields=["element", "if_index"], name="oss_inventory_port_index_once"),
            models.CheckConstraint(
                condition=Q(usage="free", holder=None, reserved_until=None)
                | Q(usage="reserved", holder__isnull=False, reserved_until__isnull=False)
                | Q(usage="in_use", holder__isnull=False, reserved_until=None)
                | Q(usage="faulty", reserved_until=None),
                name="oss_inventory_port_usage",
            ),
            models.CheckConstraint(
                condition=Q(oper_state__in=["up", "down", "unknown"]), name="oss_inventory_port_oper_state"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["network", "customer"]), name="oss_inventory_port_kind"
            ),
            models.CheckConstraint(condition=Q(speed_mbps__gt=0), name="oss_inventory_port_speed"),
        ]
        indexes = [
            models.Index(
                fields=["element", "speed_mbps", "if_index"],
                name="oss_inv_port_free",
                condition=Q(usage="free", kind="customer"),
            ),
            models.Index(fields=["holder"], name="oss_inv_port_holder", condition=Q(holder__isnull=False)),
            models.Index(
                fields=["reserved_until"], name="oss_inv_port_expiry", condition=Q(usage="reserved")
            ),
            models.Index(fields=["element"], name="oss_inv_port_down", condition=Q(oper_state="down")),
        ]

    def __str__(self) -> str:
        return f"{self.element} {self.name}"

    @property
    def is_up(self) -> bool:
        """Whether traffic may be expected to pass: switched on and not known to be down."""
        return self.admin_enabled and self.oper_state != self.OperState.DOWN

    def belongs_to(self, holder: Any) -> bool:
        """Whether `holder` is whom the port is kept for."""
        return self.holder is not None and self.holder == holder
