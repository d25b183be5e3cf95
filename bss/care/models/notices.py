"""Notices to customers (TMF681): their texts by language, who wants them, and what became of each."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bss.customers.models import Customer
from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet

LANGUAGES = [("en", _("English")), ("fr", _("French"))]


class Topic(models.TextChoices):
    """What a notice is about; decides to which contact it goes, whether it may be declined and how often it comes."""

    OUTAGE = "outage", _("Outages")
    MAINTENANCE = "maintenance", _("Planned work")
    BILLING = "billing", _("Bills and payments")
    SERVICE = "service", _("Your services")
    TICKET = "ticket", _("Your tickets")
    MARKETING = "marketing", _("Offers")


class Channel(models.TextChoices):
    """How a notice travels."""

    EMAIL = "email", _("E-mail")
    PORTAL = "portal", _("Portal")


class NoticeTemplate(Stamped):
    """The text of a notice in one language and channel, with `{name}` where a declared variable goes.

    Nothing else has a meaning in a text: no code runs, and `{{` stands for a brace. `variables` are those that the
    caller of `notify` supplies; customer_name, customer_number and company may be used everywhere.
    """

    code = models.SlugField(_("code"), max_length=60)
    topic = models.CharField(_("about"), max_length=11, choices=Topic)
    channel = models.CharField(_("channel"), max_length=6, choices=Channel, default=Channel.EMAIL)
    language = models.CharField(_("language"), max_length=5, choices=LANGUAGES)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"), max_length=10_000)
    variables = ArrayField(models.CharField(max_length=40), default=list, blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice template")
        verbose_name_plural = _("notice templates")
        ordering = ["code", "channel", "language"]
        constraints = [
            models.UniqueConstraint(fields=["code", "channel", "language"], name="bss_care_template_once"),
            models.CheckConstraint(
                condition=Q(topic__in=["outage", "maintenance", "billing", "service", "ticket", "marketing"])
                & Q(channel__in=["email", "portal"])
                & Q(language__in=["en", "fr"]),
                name="bss_care_template_words",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.channel}, {self.language})"


class NoticePreference(Stamped):
    """A customer's wish for one topic and channel. Without a row: yes, except for offers, which need consent."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="notice_preferences")
    topic = models.CharField(_("about"), max_length=11, choices=Topic)
    channel = models.CharField(_("channel"), max_length=6, choices=Channel)
    wanted = models.BooleanField(_("wanted"), default=True)

    class Rows(OwnedQuerySet):
        """Wishes of a customer."""

        scope_paths: ClassVar[dict[str, str]] = {"customer": "customer_id"}

    objects = Rows.as_manager()

    class Meta:
        verbose_name = _("notice preference")
        verbose_name_plural = _("notice preferences")
        constraints = [
            models.UniqueConstraint(fields=["customer", "topic", "channel"], name="bss_care_preference_once"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.channel} {'+' if self.wanted else '−'}"


class NoticeQuerySet(OwnedQuerySet):
    """Notices, as people ask for them."""

    scope_paths: ClassVar[dict[str, str]] = {"customer": "customer_id"}

    def told(self) -> Self:
        """Notices that reach or should still reach their customer."""
        return self.exclude(status=Notice.Status.SUPPRESSED)


class Notice(Stamped):
    """One message to one customer: exactly one per story, phase, customer and channel, whoever asks how often.

    Subject and body are the words as sent. `at` and `sent` are business times; `next_attempt` and `claimed_until`
    belong to the sender and are times of the machine.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        SUPPRESSED = "suppressed", _("Not sent")

    class Phase(models.TextChoices):
        START = "start", _("Start")
        UPDATE = "update", _("Update")
        END = "end", _("End")

    class Obstacle(models.TextChoices):
        """Why a notice was not sent."""

        NO_ADDRESS = "no_address", _("No address known")
        DECLINED = "declined", _("The customer does not want these")
        NO_CONSENT = "no_consent", _("No consent to advertising")
        THROTTLED = "throttled", _("Too many in a short time")
        STOPPED = "stopped", _("Stopped by us")

    MOVES: ClassVar[dict[Any, set[Any]]] = {
        Status.PENDING: {Status.SENT, Status.FAILED, Status.SUPPRESSED},
        Status.FAILED: {Status.PENDING},
        Status.SENT: set(),
        Status.SUPPRESSED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("NOT")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="notices", verbose_name=_("customer")
    )
    template = models.ForeignKey(
        NoticeTemplate, on_delete=models.PROTECT, related_name="notices", verbose_name=_("template")
    )
    topic = models.CharField(_("about"), max_length=11, choices=Topic)
    channel = models.CharField(_("channel"), max_length=6, choices=Channel)
    language = models.CharField(_("language"), max_length=5, choices=LANGUAGES)
    address = models.CharField(_("to"), max_length=300, blank=True)
    subject = models.CharField(_("subject"), max_length=300)
    body = models.TextField(_("text"))
    story_kind = models.CharField(max_length=60)
    story_id = models.UUIDField()
    story_label = models.CharField(_("story"), max_length=40, blank=True)
    phase = models.CharField(_("phase"), max_length=6, choices=Phase, default=Phase.START)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    obstacle = models.CharField(_("why not"), max_length=10, choices=Obstacle, blank=True)
    at = models.DateTimeField(_("written"))
    sent = models.DateTimeField(_("sent"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt = models.DateTimeField(_("next attempt"), null=True)
    claimed_until = models.DateTimeField(null=True)
    error = models.CharField(_("answer of the mail server"), max_length=500, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["story_id", "phase", "customer", "channel"], name="bss_care_notice_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "failed"], sent=None, obstacle="")
                | Q(status="sent", sent__isnull=False, obstacle="")
                | Q(status="suppressed", sent=None) & ~Q(obstacle=""),
                name="bss_care_notice_status",
            ),
            models.CheckConstraint(
                condition=Q(phase__in=["start", "update", "end"]), name="bss_care_notice_phase"
            ),
            models.CheckConstraint(
                condition=~Q(channel="email") | Q(status="suppressed") | ~Q(address=""),
                name="bss_care_notice_address",
            ),
        ]
        indexes = [
            models.Index(fields=["-at", "-id"], name="bss_care_notice_newest"),
            models.Index(fields=["customer", "-at"], name="bss_care_notice_customer"),
            models.Index(
                fields=["next_attempt", "id"],
                condition=Q(status="pending"),
                name="bss_care_notice_waiting",
            ),
        ]
        permissions = [("send_notice", _("Can send, stop and repeat notices"))]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"
