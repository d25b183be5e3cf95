"""Everything that is a resource, as one thing to read: elements, ports, links, addresses, VLANs and numbers."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel.permissions import OwnedQuerySet
from oss.inventory.models import DeviceType, Location, NetworkElement

# X.731 words of an element by its status, as the view says them: administrative, operational, usage, resource status.
ELEMENT_WORDS = {
    NetworkElement.Status.PLANNED: ("locked", "disable", "idle", "standby"),
    NetworkElement.Status.STAGED: ("locked", "disable", "idle", "standby"),
    NetworkElement.Status.IN_SERVICE: ("unlocked", "enable", "active", "available"),
    NetworkElement.Status.MAINTENANCE: ("shutdown", "enable", "active", "suspended"),
    NetworkElement.Status.RETIRED: ("locked", "disable", "idle", "unknown"),
}


class ResourceQuerySet(OwnedQuerySet):
    """Rows of the view."""

    def select_for_update(self, *_args: Any, **_kwargs: Any) -> Self:
        """A view over several tables cannot be locked: who changes a resource passes the version it saw to the door."""
        return self.all()


class Resource(models.Model):
    """A resource of TMF639, read from a view (migration 0003). Changes go through the doors of the real models.

    `usage`, `status`, `administrative` and `operational` are the standard's words (X.731), '' where unknown.
    """

    class Kind(models.TextChoices):
        ELEMENT = "element", _("Network element")
        PORT = "port", _("Port")
        LINK = "link", _("Link")
        ADDRESS = "address", _("Address")
        VLAN = "vlan", _("VLAN")
        NUMBER = "number", _("Telephone number")

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind)
    created = models.DateTimeField()
    updated = models.DateTimeField()
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=140)
    category = models.CharField(max_length=20)
    administrative = models.CharField(max_length=10)
    operational = models.CharField(max_length=10)
    usage = models.CharField(max_length=10)
    status = models.CharField(max_length=10)
    specification = models.ForeignKey(DeviceType, null=True, on_delete=models.DO_NOTHING, related_name="+")
    location = models.ForeignKey(Location, null=True, on_delete=models.DO_NOTHING, related_name="+")
    # What it is a part of, and the two ends of a link: ids of other rows of the view.
    parent = models.UUIDField(null=True)
    end_a = models.UUIDField(null=True)
    end_b = models.UUIDField(null=True)
    characteristics = models.JSONField()

    objects = ResourceQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "oss_addressing_resource"
        base_manager_name = "objects"
        verbose_name = _("resource")
        verbose_name_plural = _("resources")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def of_element(cls, element: NetworkElement) -> Resource:
        """What the view shows of an element at hand, without asking the database."""
        status = NetworkElement.Status(element.status)
        administrative, operational, usage, standing = ELEMENT_WORDS[status]
        characteristics = {
            "role": element.role,
            "lifecycle": status.value,
            "criticality": element.criticality,
            "serialNumber": element.serial or None,
            "softwareVersion": element.software_version or None,
            "managementAddress": element.management_address,
        }
        return cls(
            id=element.pk,
            kind=cls.Kind.ELEMENT.value,
            created=element.created,
            updated=element.updated,
            version=element.version,
            name=element.name,
            category=element.role,
            administrative=administrative,
            operational=operational,
            usage=usage,
            status=standing,
            specification=element.device_type,
            location=element.location,
            characteristics={name: value for name, value in characteristics.items() if value is not None},
        )
