"""Specifications, offerings with their revisions, bundles, and what goes with what."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bss.catalog.models.texts import Bilingual, CatalogQuerySet, reference
from kernel.lifecycle import Lifecycle
from kernel.models import Stamped


class Status(models.TextChoices):
    """Lifecycle of a catalogue entry (TMF620 §lifecycleStatus)."""

    IN_STUDY = "in_study", _("In study")
    IN_DESIGN = "in_design", _("In design")
    IN_TEST = "in_test", _("In test")
    ACTIVE = "active", _("Active")
    LAUNCHED = "launched", _("Launched")
    RETIRED = "retired", _("Retired")
    OBSOLETE = "obsolete", _("Obsolete")
    REJECTED = "rejected", _("Rejected")


MOVES = {
    Status.IN_STUDY: {Status.IN_DESIGN, Status.REJECTED},
    Status.IN_DESIGN: {Status.IN_STUDY, Status.IN_TEST, Status.REJECTED},
    Status.IN_TEST: {Status.IN_DESIGN, Status.ACTIVE, Status.REJECTED},
    Status.ACTIVE: {Status.IN_TEST, Status.LAUNCHED, Status.RETIRED},
    Status.LAUNCHED: {Status.RETIRED},
    Status.RETIRED: {Status.OBSOLETE},
    Status.OBSOLETE: set(),
    Status.REJECTED: set(),
}


class Catalog(Bilingual, Stamped):
    """A catalogue: a set of categories shown together, such as the business catalogue."""

    code = models.SlugField(_("code"), max_length=60, unique=True)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("catalogue")
        verbose_name_plural = _("catalogues")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Category(Bilingual, Stamped):
    """A shelf of the catalogue; shelves nest."""

    code = models.SlugField(_("code"), max_length=60, unique=True)
    catalog = models.ForeignKey(
        Catalog,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="categories",
        verbose_name=_("catalogue"),
    )
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
        verbose_name=_("within"),
    )

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="bss_category_not_own_parent")
        ]

    def __str__(self) -> str:
        return self.name


class ProductSpecification(Bilingual, Stamped):
    """What a product technically is, before anybody prices it.

    `characteristics` lists what can vary, each `{"name", "type": string·integer·number·boolean, "label_en", "label_fr",
    "unit", "required", "default", "minimum", "maximum", "choices", "configurable"}`; only name and type must be there.
    """

    MOVES: ClassVar = MOVES
    lifecycle = Lifecycle("status", MOVES)

    code = models.SlugField(_("code"), max_length=60, unique=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.IN_DESIGN, editable=False
    )
    characteristics = models.JSONField(_("characteristics"), default=list, blank=True)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("product specification")
        verbose_name_plural = _("product specifications")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="bss_specification_status")
        ]

    def __str__(self) -> str:
        return self.name


class ProductOfferingQuerySet(CatalogQuerySet):
    """Offerings, each row one revision."""

    def on_sale(self, day: date) -> ProductOfferingQuerySet:
        """Launched revisions that may be sold on `day`."""
        return self.filter(
            Q(valid_to=None) | Q(valid_to__gt=day), status=Status.LAUNCHED, valid_from__lte=day
        )


class ProductOffering(Bilingual, Stamped):
    """One revision of an offer: a specification or a bundle, put on sale under terms.

    `revision` counts the editions of one `code` (the row's own `version` counts changes of the row). At most one
    revision of a code is launched; products keep the revision they were sold under. `launched` is the instant of the
    release: from then on only texts, status and the end of sale may change (trigger). `valid_from`/`valid_to` are the
    half-open period of sale.
    """

    Status = Status
    MOVES: ClassVar = MOVES
    lifecycle = Lifecycle("status", MOVES)

    code = models.SlugField(_("code"), max_length=60)
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    specification = models.ForeignKey(
        ProductSpecification,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="offerings",
        verbose_name=_("specification"),
    )
    category = models.ForeignKey(
        Category,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="offerings",
        verbose_name=_("category"),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.IN_DESIGN, editable=False
    )
    reference = models.GeneratedField(
        expression=reference(), output_field=models.CharField(_("reference"), max_length=72), db_persist=True
    )
    is_bundle = models.BooleanField(_("bundle"), default=False)
    is_sellable = models.BooleanField(_("sold on its own"), default=True)
    valid_from = models.DateField(_("on sale from"))
    valid_to = models.DateField(_("on sale until"), null=True, blank=True)
    launched = models.DateTimeField(_("launched"), null=True, blank=True, editable=False)
    retired = models.DateTimeField(_("retired"), null=True, blank=True, editable=False)
    sla_class = models.CharField(_("service level class"), max_length=40, blank=True)
    term_months = models.PositiveSmallIntegerField(_("minimum term in months"), default=0)
    characteristics = models.JSONField(_("characteristics"), default=dict, blank=True)
    segments = ArrayField(
        models.CharField(max_length=12), verbose_name=_("segments"), default=list, blank=True
    )
    credit_classes = ArrayField(
        models.CharField(max_length=1), verbose_name=_("credit classes"), default=list, blank=True
    )
    areas = ArrayField(
        models.CharField(max_length=64),
        verbose_name=_("serving locations (first letters)"),
        default=list,
        blank=True,
    )

    objects = ProductOfferingQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["code", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["code", "revision"], name="bss_offering_revision_once"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(status="launched"), name="bss_offering_one_launched"
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="bss_offering_status"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="bss_offering_period"
            ),
            models.CheckConstraint(
                condition=~Q(status="launched") | Q(launched__isnull=False), name="bss_offering_launched_at"
            ),
            models.CheckConstraint(
                condition=Q(is_bundle=True)
                | Q(specification__isnull=False)
                | Q(status__in=["in_study", "rejected"]),
                name="bss_offering_what_it_is",
            ),
        ]
        indexes = [models.Index(fields=["status", "category"], name="bss_offering_shelf")]
        permissions = [("publish_catalog", _("Can put offers on sale and take them off"))]

    def __str__(self) -> str:
        return f"{self.name} ({self.code} {self.revision})"

    @property
    def is_open(self) -> bool:
        """Whether prices and content may still be edited: never once launched."""
        return self.launched is None and self.status not in {Status.REJECTED, Status.RETIRED, Status.OBSOLETE}


class BundleItem(Stamped):
    """A member of a bundle. `minimum` 0 makes it an add-on; `default` is what a new order starts with."""

    bundle = models.ForeignKey(ProductOffering, on_delete=models.CASCADE, related_name="items")
    offering = models.ForeignKey(
        ProductOffering, on_delete=models.PROTECT, related_name="bundled_in", verbose_name=_("offer")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    minimum = models.PositiveSmallIntegerField(_("at least"), default=1)
    maximum = models.PositiveSmallIntegerField(_("at most"), default=1)
    default = models.PositiveSmallIntegerField(_("by default"), default=1)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("part of a bundle")
        verbose_name_plural = _("parts of a bundle")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["bundle", "offering"], name="bss_bundle_item_once"),
            models.CheckConstraint(condition=~Q(bundle=F("offering")), name="bss_bundle_not_in_itself"),
            models.CheckConstraint(
                condition=Q(minimum__lte=F("default"), default__lte=F("maximum"), maximum__gte=1),
                name="bss_bundle_cardinality",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bundle.code} ⊃ {self.offering.code} {self.minimum}–{self.maximum}"

    @property
    def is_add_on(self) -> bool:
        """Whether the customer may leave it out."""
        return self.minimum == 0


class OfferingRelation(Stamped):
    """A rule between offers, by code so that it outlives revisions: this one needs, or excludes, the other one."""

    class Kind(models.TextChoices):
        REQUIRES = "requires", _("requires")
        EXCLUDES = "excludes", _("excludes")

    offering = models.ForeignKey(ProductOffering, on_delete=models.CASCADE, related_name="relations")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    other_code = models.SlugField(_("other offer"), max_length=60)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("relation of offers")
        verbose_name_plural = _("relations of offers")
        constraints = [
            models.UniqueConstraint(fields=["offering", "kind", "other_code"], name="bss_relation_once")
        ]

    def __str__(self) -> str:
        return f"{self.offering.code} {self.kind} {self.other_code}"
