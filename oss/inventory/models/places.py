"""Where things stand: the tree of regions, sites, buildings and rooms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self
from uuid import UUID

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kernel.models import Stamped
from kernel.permissions import OwnedQuerySet

# Each location with itself (distance 0) and all below it; the tree is a few levels deep and never has a cycle.
BELOW = """
WITH RECURSIVE below AS (
    SELECT id, 0 AS distance FROM oss_inventory_location WHERE id = ANY(%s)
    UNION ALL
    SELECT child.id, below.distance + 1 FROM oss_inventory_location child JOIN below ON child.parent_id = below.id
) SELECT id FROM below
"""
ABOVE = """
WITH RECURSIVE above AS (
    SELECT id, parent_id, 0 AS distance FROM oss_inventory_location WHERE id = %s
    UNION ALL
    SELECT parent.id, parent.parent_id, above.distance + 1
    FROM oss_inventory_location parent JOIN above ON above.parent_id = parent.id
) SELECT id FROM above ORDER BY distance
"""


class LocationQuerySet(OwnedQuerySet):
    """Locations, as people ask for them."""

    def sites(self) -> Self:
        """Sites alone: what customers and colleagues call a place."""
        return self.filter(kind=Location.Kind.SITE)

    def within(self, locations: Iterable[Location]) -> Self:
        """The given locations and everything below them."""
        return self.filter(pk__in=_ids(BELOW, [[location.pk for location in locations]]))


class Location(Stamped):
    """A place of the network: region ⊃ site ⊃ building ⊃ room (TMF674 geographicSite). `code` is its short name."""

    class Kind(models.TextChoices):
        REGION = "region", _("Region")
        SITE = "site", _("Site")
        BUILDING = "building", _("Building")
        ROOM = "room", _("Room")

    # A child is always of a finer kind than its parent, so the tree cannot have a cycle.
    ORDER: ClassVar[list[str]] = [Kind.REGION, Kind.SITE, Kind.BUILDING, Kind.ROOM]

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
        verbose_name=_("part of"),
    )
    code = models.CharField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    latitude = models.DecimalField(
        _("latitude"), max_digits=9, decimal_places=6, null=True, blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)], help_text=_("Degrees, WGS 84"),
    )  # fmt: skip
    longitude = models.DecimalField(
        _("longitude"), max_digits=9, decimal_places=6, null=True, blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)], help_text=_("Degrees, WGS 84"),
    )  # fmt: skip
    street = models.CharField(_("street"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=12, blank=True)
    city = models.CharField(_("town"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, help_text=_("ISO 3166-1, two letters"))

    objects = LocationQuerySet.as_manager()

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["region", "site", "building", "room"]),
                name="oss_inventory_location_kind",
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="oss_inventory_location_not_itself"),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="oss_inventory_location_coordinates",
            ),
            models.CheckConstraint(condition=~Q(code=""), name="oss_inventory_location_code"),
        ]

    def __str__(self) -> str:
        return self.name

    def ancestry(self) -> list[UUID]:
        """Ids of this location and of all that contain it, nearest first."""
        return _ids(ABOVE, [self.pk])

    @property
    def address(self) -> str:
        """The postal address on one line; empty when none is known."""
        town = " ".join(part for part in (self.postcode, self.city) if part)
        return ", ".join(part for part in (self.street, town, self.country) if part)


def _ids(statement: str, params: list[Any]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [row[0] for row in cursor.fetchall()]
