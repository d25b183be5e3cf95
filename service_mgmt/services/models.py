"""Service inventory (TMF638): what each customer really has, what it rests on, and what rests on it."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet
from service_mgmt.design.models import ServiceSpecification, SpecificationLink


class ServiceQuerySet(OwnedQuerySet):
    """Services, seen through their customer."""

    scope_paths: ClassVar[dict[str, str]] = {"customer": "customer_id"}

    def live(self) -> ServiceQuerySet:
        """Services that somebody uses or should be able to use: active or suspended."""
        return self.filter(state__in=["active", "suspended"])

    def customer_facing(self) -> ServiceQuerySet:
        """CFS only."""
        return self.filter(kind=ServiceSpecification.Kind.CFS)


class Service(Stamped):
    """One instance of a specification. A CFS belongs to a product; an RFS holds the resources."""

    class State(models.TextChoices):
        FEASIBILITY_CHECKED = "feasibilityChecked", _("Feasibility checked")
        DESIGNED = "designed", _("Designed")
        RESERVED = "reserved", _("Reserved")
        INACTIVE = "inactive", _("Inactive")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        TERMINATED = "terminated", _("Terminated")

    MOVES = {
        State.FEASIBILITY_CHECKED: {State.DESIGNED, State.TERMINATED},
        State.DESIGNED: {State.RESERVED, State.TERMINATED},
        State.RESERVED: {State.DESIGNED, State.INACTIVE, State.TERMINATED},
        State.INACTIVE: {State.ACTIVE, State.TERMINATED},
        State.ACTIVE: {State.SUSPENDED, State.INACTIVE, State.TERMINATED},
        State.SUSPENDED: {State.ACTIVE, State.TERMINATED},
        State.TERMINATED: set(),
    }
    lifecycle = Lifecycle("state", MOVES)

    number = NumberField("SRV")
    kind = models.CharField(max_length=3, choices=ServiceSpecification.Kind)
    specification = models.ForeignKey(
        ServiceSpecification, on_delete=models.PROTECT, related_name="instances"
    )
    customer = models.ForeignKey("bss_customers.Customer", on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey("bss_orders.Product", null=True, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(
        "bss_customers.CustomerSite", null=True, on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField(_("name"), max_length=160)
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.FEASIBILITY_CHECKED)
    characteristics = models.JSONField(default=dict, blank=True)
    started = models.DateTimeField(_("in service since"), null=True)
    ended = models.DateTimeField(_("ended"), null=True)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("service")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["cfs", "rfs"]), name="services_service_kind"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "feasibilityChecked",
                        "designed",
                        "reserved",
                        "inactive",
                        "active",
                        "suspended",
                        "terminated",
                    ]
                ),
                name="services_service_state",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["active", "suspended"]) | Q(started__isnull=False),
                name="services_active_started",
            ),
            models.CheckConstraint(
                condition=~Q(state="terminated") | Q(ended__isnull=False), name="services_terminated_ended"
            ),
            models.UniqueConstraint(
                fields=["product"],
                name="services_one_cfs_per_product",
                condition=Q(kind="cfs") & ~Q(state="terminated"),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "state"], name="services_by_customer"),
            models.Index(fields=["product"], name="services_by_product"),
            models.Index(fields=["-created"], name="services_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class ServiceLink(Stamped):
    """`service` rests on `supporting`; with redundancy `any` it is lost only when every such support is lost."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="supports_needed")
    supporting = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="supported_services")
    redundancy = models.CharField(
        max_length=3, choices=SpecificationLink.Redundancy, default=SpecificationLink.Redundancy.ALL
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "supporting"], name="services_link_once"),
            models.CheckConstraint(
                condition=~Q(service=models.F("supporting")), name="services_link_not_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} → {self.supporting_id}"


KINDS = ("element", "port", "link", "vlan", "address", "number")
EXACTLY_ONE = reduce(or_, (Q(**{f"{other}__isnull": other != kind for other in KINDS}) for kind in KINDS))


class ServiceResource(Stamped):
    """A resource a service holds, in a role: exactly one of the six kinds."""

    KINDS = KINDS

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="resources")
    role = models.SlugField(max_length=40)
    element = models.ForeignKey(
        "oss_inventory.NetworkElement", null=True, on_delete=models.PROTECT, related_name="+"
    )
    port = models.ForeignKey("oss_inventory.Port", null=True, on_delete=models.PROTECT, related_name="+")
    link = models.ForeignKey("oss_inventory.Link", null=True, on_delete=models.PROTECT, related_name="+")
    vlan = models.ForeignKey("oss_addressing.Vlan", null=True, on_delete=models.PROTECT, related_name="+")
    address = models.ForeignKey(
        "oss_addressing.Address", null=True, on_delete=models.PROTECT, related_name="+"
    )
    number = models.ForeignKey(
        "oss_addressing.TelephoneNumber", null=True, on_delete=models.PROTECT, related_name="+"
    )
    released = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=EXACTLY_ONE,
                name="services_resource_exactly_one",
            ),
            models.UniqueConstraint(
                fields=["service", "role"], name="services_resource_role_once", condition=Q(released=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.thing}"

    @property
    def kind(self) -> str:
        """Which of the six kinds this row names."""
        return next(kind for kind in self.KINDS if getattr(self, f"{kind}_id") is not None)

    @property
    def thing(self) -> models.Model:
        """The resource itself."""
        found: models.Model = getattr(self, self.kind)
        return found
