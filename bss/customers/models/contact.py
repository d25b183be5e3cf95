"""How a party is reached, what it has allowed, and every talk with it (TMF632 contactMedium, TMF683)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from bss.customers.models.customer import Customer, CustomerOwnedQuerySet
from bss.customers.models.party import Party
from kernel.lifecycle import Lifecycle
from kernel.models import Identified, Stamped
from kernel.permissions import OwnedQuerySet


class PartyOwnedQuerySet(OwnedQuerySet):
    """Rows that belong to one party."""

    scope_paths = {"customer": "party__customer__id"}


class ContactMedium(Stamped):
    """An e-mail address, a telephone number (stored as E.164) or a postal address of a party.

    `value` is normalised by the door and is what one reaches: the address of the mail, the number, or the postal
    address on one line. `role` says what it is for; notices about services go to `technical` first, else to `general`.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Telephone")
        ADDRESS = "address", _("Postal address")

    class Role(models.TextChoices):
        GENERAL = "general", _("General")
        BILLING = "billing", _("Billing")
        TECHNICAL = "technical", _("Technical")
        LEGAL = "legal", _("Legal")

    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="contacts")
    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    role = models.CharField(_("for"), max_length=9, choices=Role, default=Role.GENERAL)
    person = models.CharField(_("person"), max_length=120, blank=True)
    value = models.CharField(_("value"), max_length=300)
    street = models.CharField(_("street and number"), max_length=160, blank=True)
    postcode = models.CharField(_("postcode"), max_length=12, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    preferred = models.BooleanField(_("preferred"), default=False)

    objects = PartyOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["kind", "-preferred", "id"]
        constraints = [
            models.UniqueConstraint(fields=["party", "kind", "role", "value"], name="bss_contact_once"),
            models.UniqueConstraint(
                fields=["party", "kind"], condition=Q(preferred=True), name="bss_contact_one_preferred"
            ),
            models.CheckConstraint(
                condition=Q(kind="address") & ~Q(street="") & ~Q(city="") & Q(country__regex="^[A-Z]{2}$")
                | Q(kind="phone", value__regex=r"^\+[1-9][0-9]{5,14}$")
                | Q(kind="email", value__contains="@"),
                name="bss_contact_fits_kind",
            ),
        ]
        indexes = [models.Index("kind", Upper("value"), name="bss_contact_value")]

    def __str__(self) -> str:
        return self.value


class Consent(Identified):
    """One decision of a party about one purpose; the latest decision rules, the earlier ones stay as evidence."""

    class Purpose(models.TextChoices):
        MARKETING_EMAIL = "marketing_email", _("Advertising by e-mail")
        MARKETING_PHONE = "marketing_phone", _("Advertising by telephone")
        USAGE_ANALYSIS = "usage_analysis", _("Analysis of usage")
        DIRECTORY = "directory", _("Entry in directories")

    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose)
    granted = models.BooleanField(_("granted"))
    at = models.DateTimeField(_("at"))
    source = models.CharField(_("source"), max_length=80)

    objects = PartyOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["party", "purpose", "-at"], name="bss_consent_latest")]

    def __str__(self) -> str:
        return f"{self.purpose} {'+' if self.granted else '−'}"


class Interaction(Stamped):
    """A call, mail, chat or visit of a customer, with what it was about and whether the caller was verified."""

    class Channel(models.TextChoices):
        PHONE = "phone", _("Telephone")
        EMAIL = "email", _("E-mail")
        CHAT = "chat", _("Chat")
        PORTAL = "portal", _("Portal")
        SHOP = "shop", _("Shop")
        LETTER = "letter", _("Letter")

    class Direction(models.TextChoices):
        INBOUND = "inbound", _("From the customer")
        OUTBOUND = "outbound", _("To the customer")

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        IN_PROGRESS = "in_progress", _("In progress")
        COMPLETED = "completed", _("Completed")

    MOVES: ClassVar = {
        Status.OPEN: {Status.IN_PROGRESS, Status.COMPLETED},
        Status.IN_PROGRESS: {Status.COMPLETED},
        Status.COMPLETED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="interactions")
    channel = models.CharField(_("channel"), max_length=6, choices=Channel)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction, default=Direction.INBOUND)
    reason = models.CharField(_("reason"), max_length=160)
    note = models.TextField(_("note"), blank=True)
    at = models.DateTimeField(_("at"))
    status = models.CharField(
        _("status"), max_length=11, choices=Status, default=Status.COMPLETED, editable=False
    )
    verified = models.BooleanField(_("caller verified"), default=False)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = CustomerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("interaction")
        verbose_name_plural = _("interactions")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "in_progress", "completed"]), name="bss_interaction_status"
            )
        ]
        indexes = [models.Index(fields=["customer", "-at"], name="bss_interaction_customer")]

    def __str__(self) -> str:
        return self.reason
