"""How elements are reached, and what was said to them."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kernel import secrets
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet
from oss.inventory.models import NetworkElement


class CredentialQuerySet(OwnedQuerySet):
    """Credentials."""


class Credential(Stamped):
    """Names and secrets for a group of elements; secrets are encrypted at rest (`kernel.secrets`) and never shown."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    username = models.CharField(_("user name"), max_length=80)
    password_sealed = models.TextField(blank=True, editable=False)
    community_sealed = models.TextField(blank=True, editable=False)
    radius_secret_sealed = models.TextField(blank=True, editable=False)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def password(self) -> str:
        """Password in clear, for the driver alone."""
        return secrets.unseal(self.password_sealed) if self.password_sealed else ""

    @property
    def community(self) -> str:
        """SNMP community in clear."""
        return secrets.unseal(self.community_sealed) if self.community_sealed else ""

    @property
    def radius_secret(self) -> str:
        """Shared secret of dynamic authorization (RFC 5176) in clear."""
        return secrets.unseal(self.radius_secret_sealed) if self.radius_secret_sealed else ""


class EndpointQuerySet(OwnedQuerySet):
    """Management endpoints, as people ask for them."""

    def gateways(self) -> Self:
        """Broadband gateways that take dynamic authorization."""
        return self.filter(
            coa_port__isnull=False,
            element__role=NetworkElement.Role.BNG,
            element__status__in=NetworkElement.LIVE,
        )


class ManagementEndpoint(Stamped):
    """Where and how one element is managed. The lease lets one writer at a time; a dead writer's lease runs out."""

    element = models.OneToOneField(NetworkElement, on_delete=models.PROTECT, related_name="endpoint")
    driver = models.SlugField(_("driver"), max_length=30)
    host = models.CharField(_("host"), max_length=120)
    ssh_port = models.PositiveIntegerField(_("SSH port"), default=22)
    snmp_port = models.PositiveIntegerField(_("SNMP port"), default=161)
    echo_port = models.PositiveIntegerField(
        _("echo port"), null=True, blank=True, help_text=_("UDP (RFC 862), where the element has one")
    )
    coa_port = models.PositiveIntegerField(_("dynamic authorization port"), null=True, blank=True)
    host_key = models.TextField(_("host key"), blank=True)
    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="endpoints")
    # Who may change the element now: for whom (a service), in which session, until when unless renewed.
    lease_holder = models.UUIDField(null=True, editable=False)
    lease_session = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("management endpoint")
        verbose_name_plural = _("management endpoints")
        ordering = ["element__name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lease_holder=None, lease_session=None, lease_until=None)
                | Q(lease_session__isnull=False, lease_until__isnull=False),
                name="oss_southbound_lease_whole",
            ),
            models.CheckConstraint(
                condition=Q(ssh_port__range=(1, 65535), snmp_port__range=(1, 65535)),
                name="oss_southbound_endpoint_ports",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.element} at {self.host}:{self.ssh_port}"


class ElementSessionQuerySet(OwnedQuerySet):
    """Sessions with elements, as people ask for them."""

    def failed(self) -> Self:
        """Sessions that ended in an error."""
        return self.filter(ok=False)

    def of(self, holder: UUID) -> Self:
        """Sessions held for somebody (a service)."""
        return self.filter(holder=holder)


class ElementSession(Stamped):
    """One conversation with an element: why, for whom, how it ended. `ok` is null while it lasts."""

    number = NumberField("ES")
    element = models.ForeignKey(NetworkElement, on_delete=models.PROTECT, related_name="sessions")
    purpose = models.CharField(_("purpose"), max_length=60)
    holder = models.UUIDField(null=True)
    actor = models.CharField(_("by"), max_length=120, blank=True)
    started = models.DateTimeField(_("started"))
    finished = models.DateTimeField(_("finished"), null=True)
    ok = models.BooleanField(_("succeeded"), null=True)
    error = models.TextField(_("error"), blank=True)
    diff = models.TextField(
        _("difference"), blank=True, help_text=_("What the session changed, or would have")
    )

    objects = ElementSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("element session")
        verbose_name_plural = _("element sessions")
        ordering = ["-started"]
        indexes = [
            models.Index(fields=["element", "-started"], name="oss_south_session_element"),
            models.Index(fields=["holder", "-started"], name="oss_south_session_holder"),
        ]

    def __str__(self) -> str:
        return self.number


class SessionCommand(models.Model):
    """One line sent and what came back; secrets are masked before they are stored."""

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(ElementSession, on_delete=models.CASCADE, related_name="commands")
    position = models.PositiveIntegerField()
    command = models.TextField()
    reply = models.TextField(blank=True)
    milliseconds = models.PositiveIntegerField()
    ok = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "position"], name="oss_southbound_command_position")
        ]
        ordering = ["position"]

    def __str__(self) -> str:
        return self.command
