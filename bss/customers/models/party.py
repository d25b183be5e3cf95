"""Natural persons and organizations (SID Party, TMF632)."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Concat, NullIf, Upper
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import Stamped
from kernel.permissions import OwnedQuerySet


class PartyQuerySet(OwnedQuerySet):
    """Parties; a self-care user sees the party behind the own customer."""

    scope_paths = {"customer": "customer__id"}

    def named_like(self, text: str) -> PartyQuerySet:
        """Parties whose name holds `text`, whatever its case (served by the trigram index)."""
        return self.filter(name__icontains=text)


class Party(Stamped):
    """A person or an organization, in whatever role: customer, payer, contact.

    `name` is made by the database from the parts, so that lists sort and search on one column. Status words are
    those of TMF632 (which writes `deceaded`).
    """

    class Kind(models.TextChoices):
        INDIVIDUAL = "individual", _("Person")
        ORGANIZATION = "organization", _("Organization")

    class Status(models.TextChoices):
        INITIALIZED = "initialized", _("Not checked yet")
        VALIDATED = "validated", _("Validated")
        DECEASED = "deceased", _("Deceased")
        CLOSED = "closed", _("Closed")

    MOVES: ClassVar = {
        Status.INITIALIZED: {Status.VALIDATED, Status.DECEASED, Status.CLOSED},
        Status.VALIDATED: {Status.INITIALIZED, Status.DECEASED, Status.CLOSED},
        Status.DECEASED: set(),
        Status.CLOSED: {Status.VALIDATED},
    }
    lifecycle = Lifecycle("status", MOVES)

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    status = models.CharField(
        _("status"), max_length=11, choices=Status, default=Status.INITIALIZED, editable=False
    )
    title = models.CharField(_("title"), max_length=40, blank=True)
    given_name = models.CharField(_("given name"), max_length=80, blank=True)
    family_name = models.CharField(_("family name"), max_length=80, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    trading_name = models.CharField(_("trading name"), max_length=160, blank=True)
    legal_name = models.CharField(_("legal name"), max_length=160, blank=True)
    vat_id = models.CharField(_("VAT number"), max_length=20, blank=True)
    registration_no = models.CharField(_("registration number"), max_length=40, blank=True)
    language = models.CharField(
        _("language of documents"),
        max_length=5,
        default="en",
        choices=[("en", _("English")), ("fr", _("French"))],
    )
    name = models.GeneratedField(
        expression=Coalesce(
            NullIf(F("trading_name"), Value("")), Concat(F("given_name"), Value(" "), F("family_name"))
        ),
        output_field=models.CharField(_("name"), max_length=240),
        db_persist=True,
    )

    objects = PartyQuerySet.as_manager()

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="individual", trading_name="") & ~Q(given_name="") & ~Q(family_name="")
                | Q(kind="organization", given_name="", family_name="") & ~Q(trading_name=""),
                name="bss_party_named_by_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="individual", status__in=["initialized", "validated", "deceased"])
                | Q(kind="organization", status__in=["initialized", "validated", "closed"]),
                name="bss_party_status",
            ),
        ]
        indexes = [
            GinIndex(OpClass(Upper("name"), "gin_trgm_ops"), name="bss_party_name_trgm"),
            models.Index(fields=["vat_id"], name="bss_party_vat", condition=~Q(vat_id="")),
            models.Index(
                fields=["registration_no"], name="bss_party_registration", condition=~Q(registration_no="")
            ),
        ]
        permissions = [("view_pii", _("Can see personal data unmasked"))]

    def __str__(self) -> str:
        return self.trading_name or f"{self.given_name} {self.family_name}"

    @property
    def invoice_name(self) -> str:
        """The name that documents carry: the legal one where there is one."""
        return self.legal_name or str(self)
