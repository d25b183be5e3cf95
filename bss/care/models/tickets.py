"""Trouble tickets (TMF621): what is wrong for whom, who works on it, and the clocks that run meanwhile."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bss.catalog.models.texts import Bilingual
from bss.customers.models import Customer
from bss.orders.models import Product
from kernel.lifecycle import Lifecycle
from kernel.models import BusinessCalendar, Identified, NumberField, Stamped
from kernel.permissions import OwnedQuerySet, scopes_of


class Severity(models.TextChoices):
    """How much of what the customer does is hit (TMF621 severity)."""

    CRITICAL = "critical", _("Critical")
    MAJOR = "major", _("Major")
    MINOR = "minor", _("Minor")


class TicketQueue(Bilingual, Stamped):
    """A heap of work that one team takes from."""

    code = models.SlugField(_("code"), max_length=40, unique=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering = ["code"]


class TicketTarget(Stamped):
    """How soon tickets of a severity are answered and solved, counted in the hours of a calendar (none = 24 × 7).

    A row of a segment goes before the one of all segments (empty). Tickets copy the target when they are opened: a
    change here is for new ones.
    """

    severity = models.CharField(_("severity"), max_length=8, choices=Severity)
    segment = models.CharField(_("segment"), max_length=12, choices=Customer.Segment, blank=True)
    respond_within = models.DurationField(_("first answer within"))
    resolve_within = models.DurationField(_("solved within"))
    calendar = models.ForeignKey(
        BusinessCalendar,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("hours"),
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket target")
        verbose_name_plural = _("ticket targets")
        ordering = ["severity", "segment"]
        constraints = [
            models.UniqueConstraint(fields=["severity", "segment"], name="bss_care_target_once"),
            models.CheckConstraint(
                condition=Q(severity__in=["critical", "major", "minor"]), name="bss_care_target_severity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_severity_display()} {self.get_segment_display()}".rstrip()


class TicketQuerySet(OwnedQuerySet):
    """Tickets, as people ask for them."""

    scope_paths: ClassVar[dict[str, str]] = {"customer": "customer_id"}

    def open(self) -> Self:
        """Tickets somebody still has to do something about."""
        return self.filter(status__in=TroubleTicket.OPEN)


class TroubleTicket(Stamped):
    """One matter of one customer (none: an internal one), from the first word to the end.

    The resolution clock runs while the ticket is acknowledged, in progress or held, and rests while it is pending: we
    wait for the customer. `respond_due` and `resolve_due` are the instants at which the targets are missed; the latter
    is empty while its clock rests. `resolve_used` is the service time taken, known once the ticket is resolved.
    A story (`story_kind`, `story_id`) is what brought many tickets about, an incident say: plain values, because the
    other half of the house is not known here. `story_label` is its public number.
    """

    class Status(models.TextChoices):
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        IN_PROGRESS = "in_progress", _("In progress")
        PENDING = "pending", _("Waiting for the customer")
        HELD = "held", _("Waiting for others")
        RESOLVED = "resolved", _("Resolved")
        CLOSED = "closed", _("Closed")
        REJECTED = "rejected", _("Rejected")
        CANCELLED = "cancelled", _("Cancelled")

    class Type(models.TextChoices):
        FAULT = "fault", _("Fault")
        OUTAGE = "outage", _("Outage")
        BILLING = "billing", _("Bill")
        ORDER = "order", _("Order")
        COMPLAINT = "complaint", _("Complaint")
        REQUEST = "request", _("Request")

    class Channel(models.TextChoices):
        PHONE = "phone", _("Telephone")
        EMAIL = "email", _("E-mail")
        CHAT = "chat", _("Chat")
        PORTAL = "portal", _("Portal")
        SHOP = "shop", _("Shop")
        LETTER = "letter", _("Letter")
        SYSTEM = "system", _("System")

    MOVES: ClassVar[dict[Any, set[Any]]] = {
        Status.ACKNOWLEDGED: {
            Status.IN_PROGRESS,
            Status.PENDING,
            Status.HELD,
            Status.RESOLVED,
            Status.REJECTED,
            Status.CANCELLED,
        },
        Status.IN_PROGRESS: {Status.PENDING, Status.HELD, Status.RESOLVED, Status.CANCELLED},
        Status.PENDING: {Status.IN_PROGRESS, Status.HELD, Status.RESOLVED, Status.CANCELLED},
        Status.HELD: {Status.IN_PROGRESS, Status.PENDING, Status.RESOLVED, Status.CANCELLED},
        Status.RESOLVED: {Status.IN_PROGRESS, Status.CLOSED},
        Status.CLOSED: set(),
        Status.REJECTED: set(),
        Status.CANCELLED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)
    OPEN = (Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.PENDING, Status.HELD)
    # States in which the resolution clock runs.
    RUNNING = (Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.HELD)

    number = NumberField("TKT")
    customer = models.ForeignKey(
        Customer,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tickets",
        verbose_name=_("customer"),
    )
    product = models.ForeignKey(
        Product,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tickets",
        verbose_name=_("product"),
    )
    subject = models.CharField(_("subject"), max_length=200)
    description = models.TextField(_("description"), max_length=10_000, blank=True)
    type = models.CharField(_("type"), max_length=10, choices=Type, default=Type.FAULT)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity, default=Severity.MINOR)
    channel = models.CharField(_("channel"), max_length=6, choices=Channel, default=Channel.PHONE)
    status = models.CharField(
        _("status"), max_length=12, choices=Status, default=Status.ACKNOWLEDGED, editable=False
    )
    status_reason = models.CharField(_("reason of the status"), max_length=300, blank=True, editable=False)
    status_changed = models.DateTimeField(_("in this status since"), editable=False)
    queue = models.ForeignKey(
        TicketQueue,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tickets",
        verbose_name=_("queue"),
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tickets",
        verbose_name=_("assigned to"),
    )
    external_id = models.CharField(_("their reference"), max_length=80, blank=True)
    story_kind = models.CharField(max_length=60, blank=True, editable=False)
    story_id = models.UUIDField(null=True, editable=False)
    story_label = models.CharField(_("story"), max_length=40, blank=True, editable=False)
    opened = models.DateTimeField(_("opened"))
    respond_within = models.DurationField(_("first answer within"), null=True, editable=False)
    resolve_within = models.DurationField(_("solved within"), null=True, editable=False)
    calendar = models.ForeignKey(
        BusinessCalendar, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    respond_due = models.DateTimeField(_("answer due"), null=True, editable=False)
    responded = models.DateTimeField(_("answered"), null=True, editable=False)
    resolve_due = models.DateTimeField(_("solution due"), null=True, editable=False)
    resolve_used = models.DurationField(_("service time taken"), null=True, editable=False)
    resolved = models.DateTimeField(_("resolved"), null=True, editable=False)
    resolution = models.TextField(_("solution"), max_length=4000, blank=True, editable=False)
    ended = models.DateTimeField(_("ended"), null=True, editable=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["-opened", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "story_id"],
                condition=Q(story_id__isnull=False),
                name="bss_care_ticket_once_per_story",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "acknowledged",
                        "in_progress",
                        "pending",
                        "held",
                        "resolved",
                        "closed",
                        "rejected",
                        "cancelled",
                    ]
                ),
                name="bss_care_ticket_status",
            ),
            models.CheckConstraint(
                condition=Q(severity__in=["critical", "major", "minor"]), name="bss_care_ticket_severity"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["resolved", "closed"], resolved__isnull=False)
                | ~Q(status__in=["resolved", "closed"]) & Q(resolved=None),
                name="bss_care_ticket_resolved",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["closed", "rejected", "cancelled"], ended__isnull=False)
                | ~Q(status__in=["closed", "rejected", "cancelled"]) & Q(ended=None),
                name="bss_care_ticket_ended",
            ),
            models.CheckConstraint(
                condition=Q(story_id=None, story_kind="") | Q(story_id__isnull=False) & ~Q(story_kind=""),
                name="bss_care_ticket_story",
            ),
        ]
        indexes = [
            models.Index(fields=["-opened", "-id"], name="bss_care_ticket_newest"),
            models.Index(fields=["customer", "-opened"], name="bss_care_ticket_customer"),
            models.Index(fields=["status", "queue"], name="bss_care_ticket_queue"),
            models.Index(fields=["story_id"], name="bss_care_ticket_story_idx"),
            models.Index(
                fields=["assignee"],
                condition=Q(status__in=["acknowledged", "in_progress", "pending", "held"]),
                name="bss_care_ticket_mine",
            ),
            models.Index(
                fields=["resolve_due"],
                condition=Q(status__in=["acknowledged", "in_progress", "pending", "held"]),
                name="bss_care_ticket_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.status in self.OPEN


class TicketOwnedQuerySet(OwnedQuerySet):
    """Parts of a ticket."""

    scope_paths: ClassVar[dict[str, str]] = {"customer": "ticket__customer_id"}


class TicketStatusChange(Identified):
    """One step of a ticket's life, the first one its opening. Append-only: the clocks are worked out from these rows."""

    ticket = models.ForeignKey(TroubleTicket, on_delete=models.PROTECT, related_name="status_changes")
    status = models.CharField(_("status"), max_length=12, choices=TroubleTicket.Status)
    at = models.DateTimeField(_("at"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    by_label = models.CharField(_("by"), max_length=120)

    objects = TicketOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of status")
        verbose_name_plural = _("changes of status")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["ticket", "at"], name="bss_care_statuschange_ticket")]

    def __str__(self) -> str:
        return f"{self.status} {self.at:%Y-%m-%d %H:%M}"


class TicketMessageQuerySet(TicketOwnedQuerySet):
    """Messages; customers never see our notes."""

    def visible_to(self, user: Any) -> Self:
        """As everywhere, and without notes for whoever is narrowed to a customer."""
        rows = super().visible_to(user)
        return rows.exclude(kind=TicketMessage.Kind.NOTE) if "customer" in scopes_of(user) else rows


class TicketMessage(Identified):
    """A word in the conversation: from the customer, to the customer, or a note among us. Never edited."""

    class Kind(models.TextChoices):
        NOTE = "note", _("Note")
        REPLY = "reply", _("Reply")
        INBOUND = "inbound", _("From the customer")

    ticket = models.ForeignKey(TroubleTicket, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    author_label = models.CharField(_("from"), max_length=120)
    body = models.TextField(_("text"), max_length=20_000)
    at = models.DateTimeField(_("at"))

    objects = TicketMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["note", "reply", "inbound"]), name="bss_care_message_kind"
            ),
            models.CheckConstraint(condition=~Q(body=""), name="bss_care_message_says_something"),
        ]
        indexes = [models.Index(fields=["ticket", "at"], name="bss_care_message_ticket")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.body[:60]}"
