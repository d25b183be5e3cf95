"""Service specifications, how products decompose into them, and design packages (TMF633)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.money import AmountField
from kernel.permissions import OwnedQuerySet


class ServiceSpecification(Stamped):
    """What a kind of service is: customer-facing (CFS, what was bought) or resource-facing (RFS, what realises it).

    `characteristics` declares name → {"type", "unit", "default", "values"}; `test_plan` lists the tests that prove an
    instance before its product becomes active; `workflow` names the provisioning workflow of new instances.
    """

    class Kind(models.TextChoices):
        CFS = "cfs", _("Customer-facing")
        RFS = "rfs", _("Resource-facing")

    class Status(models.TextChoices):
        IN_DESIGN = "in_design", _("In design")
        ACTIVE = "active", _("Active")
        RETIRED = "retired", _("Retired")

    MOVES = {Status.IN_DESIGN: {Status.ACTIVE}, Status.ACTIVE: {Status.RETIRED}, Status.RETIRED: set()}
    lifecycle = Lifecycle("status", MOVES)

    kind = models.CharField(_("kind"), max_length=3, choices=Kind)
    code = models.SlugField(_("code"), max_length=60)
    revision = models.PositiveSmallIntegerField(_("version"), default=1)
    name_en = models.CharField(_("name (English)"), max_length=120)
    name_fr = models.CharField(_("name (French)"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    characteristics = models.JSONField(default=dict, blank=True)
    test_plan = models.JSONField(default=list, blank=True)
    workflow = models.SlugField(max_length=60, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.IN_DESIGN)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("service specification")
        constraints = [
            models.UniqueConstraint(fields=["code", "revision"], name="design_spec_code_revision"),
            models.CheckConstraint(condition=models.Q(kind__in=["cfs", "rfs"]), name="design_spec_kind"),
            models.CheckConstraint(
                condition=models.Q(status__in=["in_design", "active", "retired"]), name="design_spec_status"
            ),
        ]
        ordering = ["code", "-revision"]

    def __str__(self) -> str:
        return f"{self.code} v{self.revision}"

    @property
    def name(self) -> str:
        """Name in the reader's language."""
        return self.name_fr if (get_language() or "en").startswith("fr") else self.name_en


class SpecificationLink(Stamped):
    """A specification is realised by supporting specifications, each with a cardinality."""

    class Redundancy(models.TextChoices):
        ALL = "all", _("All are needed")
        ANY = "any", _("Any one is enough")

    parent = models.ForeignKey(ServiceSpecification, on_delete=models.CASCADE, related_name="supported_by")
    child = models.ForeignKey(ServiceSpecification, on_delete=models.PROTECT, related_name="supports")
    minimum = models.PositiveSmallIntegerField(default=1)
    maximum = models.PositiveSmallIntegerField(default=1)
    redundancy = models.CharField(max_length=3, choices=Redundancy, default=Redundancy.ALL)
    # child characteristic → parent characteristic
    mapping = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["parent", "child"], name="design_speclink_once"),
            models.CheckConstraint(
                condition=~models.Q(parent=models.F("child")), name="design_speclink_not_itself"
            ),
            models.CheckConstraint(
                condition=models.Q(maximum__gte=models.F("minimum")), name="design_speclink_cardinality"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.parent} → {self.child}"


class ResourceRole(Stamped):
    """A resource that an RFS needs: which kind, from where, in which role."""

    class Kind(models.TextChoices):
        PORT = "port", _("Port")
        VLAN = "vlan", _("VLAN")
        ADDRESS = "address", _("Address")
        NUMBER = "number", _("Telephone number")
        ELEMENT = "element", _("Network element")

    specification = models.ForeignKey(
        ServiceSpecification, on_delete=models.CASCADE, related_name="resource_roles"
    )
    role = models.SlugField(max_length=40)
    kind = models.CharField(max_length=8, choices=Kind)
    # Where to take it: {"element_role": "access"}, {"pool": "code of a prefix, VLAN group or number range"}.
    source = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["specification", "role"], name="design_role_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["port", "vlan", "address", "number", "element"]),
                name="design_role_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.specification}: {self.role}"


class NetworkProfile(Stamped):
    """How one technology delivers one speed: without a profile on every serving technology an offer is not released."""

    specification = models.ForeignKey(ServiceSpecification, on_delete=models.CASCADE, related_name="profiles")
    technology = models.SlugField(_("technology"), max_length=30)
    down_kbps = models.PositiveIntegerField(_("down, kbit/s"), validators=[MinValueValidator(1)])
    up_kbps = models.PositiveIntegerField(_("up, kbit/s"), validators=[MinValueValidator(1)])
    lead_days = models.PositiveSmallIntegerField(_("lead time, days"), default=1)
    monthly_cost = AmountField(_("monthly cost"), default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["specification", "technology", "down_kbps", "up_kbps"], name="design_profile_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.technology} {self.down_kbps}/{self.up_kbps}"


class Decomposition(Stamped):
    """A product of this specification becomes a service of this CFS; characteristics pass through the mapping."""

    product_specification = models.ForeignKey(
        "bss_catalog.ProductSpecification", on_delete=models.PROTECT, related_name="+"
    )
    service_specification = models.ForeignKey(
        ServiceSpecification, on_delete=models.PROTECT, related_name="decompositions"
    )
    # CFS characteristic → product characteristic
    mapping = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product_specification", "service_specification"], name="design_decomposition_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_specification} → {self.service_specification}"


class ServiceDesign(Stamped):
    """A design package: an offer with the network's facts beside price and margin, approved before release."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Approved")
        RELEASED = "released", _("Released")
        RETIRED = "retired", _("Retired")

    MOVES = {
        Status.DRAFT: {Status.IN_REVIEW},
        Status.IN_REVIEW: {Status.DRAFT, Status.APPROVED},
        Status.APPROVED: {Status.DRAFT, Status.RELEASED},
        Status.RELEASED: {Status.RETIRED},
        Status.RETIRED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("DSG")
    offering = models.ForeignKey("bss_catalog.ProductOffering", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    # What the live network said at the last simulation: coverage, free ports, capacity, cost.
    facts = models.JSONField(default=dict)
    simulation = models.JSONField(default=dict)
    monthly_price = AmountField(_("monthly price"), null=True)
    monthly_cost = AmountField(_("monthly cost"), null=True)
    currency = models.CharField(max_length=3, default="EUR")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("service design")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["draft", "in_review", "approved", "released", "retired"]),
                name="design_design_status",
            ),
            models.CheckConstraint(
                condition=models.Q(approver=None) | ~models.Q(approver=models.F("author")),
                name="design_four_eyes",
            ),
            models.UniqueConstraint(
                fields=["offering"], name="design_one_open", condition=~models.Q(status="retired")
            ),
        ]
        permissions = [("approve_servicedesign", _("Can approve service designs"))]

    def __str__(self) -> str:
        return self.number

    @property
    def margin(self) -> Any:
        """Monthly price less monthly cost, or None before the first simulation."""
        if self.monthly_price is None or self.monthly_cost is None:
            return None
        return self.monthly_price - self.monthly_cost
