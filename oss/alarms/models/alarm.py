"""The alarm: one condition of one object, from its first sign to its last (X.733, TMF642)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet
from oss.inventory.models import Link, Location, NetworkElement, Port


class Severity(models.TextChoices):
    """Perceived severity (X.733 §8.1.2.3), worst first."""

    CRITICAL = "critical", _("Critical")
    MAJOR = "major", _("Major")
    MINOR = "minor", _("Minor")
    WARNING = "warning", _("Warning")
    INDETERMINATE = "indeterminate", _("Indeterminate")
    CLEARED = "cleared", _("Cleared")


OWN_SYSTEM = "trunkline"
RANK = {severity: rank for rank, severity in enumerate(Severity.values)}


class State(models.TextChoices):
    """Where the alarm is in its life."""

    RAISED = "raised", _("Raised")
    UPDATED = "updated", _("Updated")
    CLEARED = "cleared", _("Cleared")


class AckState(models.TextChoices):
    """Whether somebody has taken notice."""

    UNACKNOWLEDGED = "unacknowledged", _("Not acknowledged")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")


class AlarmType(models.TextChoices):
    """What kind of trouble (X.733 §8.1.1 event types, with the words of TMF642)."""

    COMMUNICATIONS = "communicationsAlarm", _("Communications")
    PROCESSING = "processingErrorAlarm", _("Processing")
    ENVIRONMENTAL = "environmentalAlarm", _("Environment")
    QUALITY = "qualityOfServiceAlarm", _("Quality of service")
    EQUIPMENT = "equipmentAlarm", _("Equipment")
    INTEGRITY = "integrityViolation", _("Integrity violation")
    OPERATIONAL = "operationalViolation", _("Operational violation")
    PHYSICAL = "physicalViolation", _("Physical violation")
    SECURITY = "securityService", _("Security violation")
    MECHANISM = "mechanismViolation", _("Security mechanism violation")
    TIME_DOMAIN = "timeDomainViolation", _("Time domain violation")


class ProbableCause(models.TextChoices):
    """What lies behind it, as far as the sign tells (X.733 §8.1.2.1, M.3160)."""

    LOSS_OF_SIGNAL = "lossOfSignal", _("Loss of signal")
    UNREACHABLE = "communicationsSubsystemFailure", _("Element does not answer")
    PROTOCOL = "communicationsProtocolError", _("Protocol session lost")
    POWER = "powerProblem", _("Power failure")
    TEMPERATURE = "temperatureUnacceptable", _("Temperature out of range")
    FAN = "coolingFanFailure", _("Fan failure")
    EQUIPMENT = "equipmentMalfunction", _("Equipment malfunction")
    STORAGE = "storageCapacityProblem", _("Storage nearly full")
    THRESHOLD = "thresholdCrossed", _("Threshold crossed")
    RESTART = "softwareProgramError", _("Restart")
    TIMING = "timingProblem", _("Clock not synchronised")
    CONFIGURATION = "configurationOrCustomizationError", _("Configuration")
    ACCESS = "unauthorizedAccessAttempt", _("Unauthorised access attempt")
    UNDERLYING = "underlyingResourceUnavailable", _("Several lines at once")
    OTHER = "indeterminate", _("Indeterminate")


class Source(models.TextChoices):
    """Who told us."""

    TRAP = "trap", _("SNMP notification")
    SYSLOG = "syslog", _("Syslog")
    POLL = "poll", _("Poll")
    THRESHOLD = "threshold", _("Threshold")
    CORRELATION = "correlation", _("Correlation")
    API = "api", _("Interface")
    MANUAL = "manual", _("By hand")
    TIMER = "timer", _("Timer")


class AlarmQuerySet(OwnedQuerySet):
    """Alarms, as people ask for them."""

    def open(self) -> Self:
        """Not cleared."""
        return self.exclude(state=State.CLEARED)

    def roots(self) -> Self:
        """Alarms that are nobody's symptom."""
        return self.filter(root=None)

    def unacknowledged(self) -> Self:
        """Nobody has taken notice yet."""
        return self.filter(ack_state=AckState.UNACKNOWLEDGED)

    def unexpected(self) -> Self:
        """Outside every maintenance window."""
        return self.filter(planned_outage=False)

    def about(self, element_id: UUID) -> Self:
        """Alarms of an element, its ports, and links that end there."""
        return self.filter(
            Q(element=element_id) | Q(link__port_a__element=element_id) | Q(link__port_b__element=element_id)
        )

    def group_of(self, root: Alarm) -> Self:
        """A root and its symptoms."""
        return self.filter(Q(pk=root.pk) | Q(root=root.pk))

    def ack_expired(self, at: datetime) -> Self:
        """Acknowledgements whose time is up."""
        return self.filter(ack_state=AckState.ACKNOWLEDGED, ack_until__lte=at).exclude(state=State.CLEARED)


class Alarm(Stamped):
    """One condition of one object, from its first sign to its last; at most one open row per `key`.

    Times are event times: `raised` the first sign, `last_raised` the latest sign that it lasts, `changed` the latest
    change of any kind, `cleared` the sign that it is over. `arrived` is when the first sign reached us.
    """

    MOVES: ClassVar[dict[Any, set[Any]]] = {
        State.RAISED: {State.UPDATED, State.CLEARED},
        State.UPDATED: {State.UPDATED, State.CLEARED},
        State.CLEARED: set(),
    }
    lifecycle = Lifecycle("state", MOVES)
    ACK_MOVES: ClassVar[dict[Any, set[Any]]] = {
        AckState.UNACKNOWLEDGED: {AckState.ACKNOWLEDGED},
        # Acknowledged again: another note, a later end.
        AckState.ACKNOWLEDGED: {AckState.ACKNOWLEDGED, AckState.UNACKNOWLEDGED},
    }
    ack_cycle = Lifecycle("ack_state", ACK_MOVES, name="alarm.ack")

    number = NumberField("ALM")
    key = models.CharField(_("key"), max_length=200)
    source = models.CharField(_("source"), max_length=12, choices=Source)
    system = models.CharField(_("source system"), max_length=80, default=OWN_SYSTEM)
    external_id = models.CharField(_("its identifier there"), max_length=120, blank=True)
    sources = ArrayField(models.CharField(max_length=12), default=list, verbose_name=_("reported by"))
    alarm_type = models.CharField(_("type"), max_length=24, choices=AlarmType)
    probable_cause = models.CharField(_("probable cause"), max_length=40, choices=ProbableCause)
    perceived_severity = models.CharField(_("severity"), max_length=14, choices=Severity)
    # Written by the database, so that lists sort by severity over an index.
    severity_rank = models.GeneratedField(
        expression=Case(
            *(When(perceived_severity=severity, then=Value(rank)) for severity, rank in RANK.items()),
            default=Value(len(RANK)),
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    raised_severity = models.CharField(_("severity while open"), max_length=14, choices=Severity)
    specific_problem = models.CharField(_("specific problem"), max_length=300)
    element = models.ForeignKey(
        NetworkElement, null=True, blank=True, on_delete=models.PROTECT, related_name="alarms", db_index=False,
        verbose_name=_("element"),
    )  # fmt: skip
    port = models.ForeignKey(
        Port, null=True, blank=True, on_delete=models.PROTECT, related_name="alarms", db_index=False,
        verbose_name=_("port"),
    )  # fmt: skip
    link = models.ForeignKey(
        Link, null=True, blank=True, on_delete=models.PROTECT, related_name="alarms", db_index=False,
        verbose_name=_("link"),
    )  # fmt: skip
    location = models.ForeignKey(
        Location, null=True, blank=True, on_delete=models.PROTECT, related_name="alarms", db_index=False,
        verbose_name=_("location"), help_text=_("Set where a whole place is concerned"),
    )  # fmt: skip

    state = models.CharField(_("state"), max_length=8, choices=State, default=State.RAISED)
    raised = models.DateTimeField(_("raised"))
    last_raised = models.DateTimeField(_("last raised"))
    changed = models.DateTimeField(_("changed"))
    cleared = models.DateTimeField(_("cleared"), null=True, blank=True)
    arrived = models.DateTimeField(_("arrived"))
    expires = models.DateTimeField(_("ends by itself"), null=True, blank=True)
    count = models.PositiveIntegerField(_("count"), default=1)
    cleared_by = models.CharField(_("cleared by"), max_length=12, choices=Source, blank=True)
    clear_evidence = models.CharField(_("evidence of clearing"), max_length=300, blank=True)

    flaps = models.PositiveIntegerField(
        _("flaps"), default=0, help_text=_("Times it came back shortly after it was cleared")
    )
    flapping = models.BooleanField(_("flapping"), default=False)
    clear_pending = models.DateTimeField(
        _("clear waits since"),
        null=True,
        blank=True,
        help_text=_("A flapping alarm clears once it stays quiet"),
    )

    ack_state = models.CharField(
        _("acknowledgement"), max_length=14, choices=AckState, default=AckState.UNACKNOWLEDGED
    )
    acked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("acknowledged by"),
    )  # fmt: skip
    acked_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    ack_note = models.CharField(_("note"), max_length=500, blank=True)
    ack_until = models.DateTimeField(_("acknowledged until"), null=True, blank=True)

    service_affecting = models.BooleanField(_("service affecting"), default=False)
    planned_outage = models.BooleanField(_("in maintenance"), default=False)

    root = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="symptoms",
        verbose_name=_("root"),
    )
    because = models.JSONField(
        _("because"),
        default=dict,
        blank=True,
        help_text=_("Rule and facts that make it a symptom, or a root"),
    )
    correlated = models.DateTimeField(_("correlated"), null=True, blank=True)
    root_found = models.DateTimeField(_("found to be a root"), null=True, blank=True)

    proposed_repair = models.CharField(_("proposed repair"), max_length=300, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)

    objects = AlarmQuerySet.as_manager()

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        ordering = ["-raised"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=~Q(state="cleared"), name="oss_alarms_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["raised", "updated"], cleared=None) & ~Q(perceived_severity="cleared")
                | Q(state="cleared", cleared__isnull=False, perceived_severity="cleared", clear_pending=None),
                name="oss_alarms_state",
            ),
            models.CheckConstraint(
                condition=Q(perceived_severity__in=[*RANK]) & Q(raised_severity__in=[*RANK][:-1]),
                name="oss_alarms_severity",
            ),
            models.CheckConstraint(
                condition=Q(ack_state="acknowledged", acked_at__isnull=False)
                | Q(ack_state="unacknowledged", acked_by=None, acked_at=None, ack_until=None),
                name="oss_alarms_ack",
            ),
            models.CheckConstraint(
                condition=Q(raised__lte=F("last_raised")) & Q(count__gte=1), name="oss_alarms_times"
            ),
            models.CheckConstraint(condition=~Q(root=F("id")), name="oss_alarms_not_own_root"),
            models.CheckConstraint(
                condition=Q(root=None) | Q(root_found=None), name="oss_alarms_root_or_symptom"
            ),
        ]
        indexes = [
            models.Index(fields=["-raised"], name="oss_alarms_raised"),
            models.Index(
                fields=["severity_rank", "-raised"],
                name="oss_alarms_open",
                condition=~Q(state="cleared"),
            ),
            models.Index(fields=["key", "-cleared"], name="oss_alarms_last", condition=Q(state="cleared")),
            models.Index(fields=["element", "-raised"], name="oss_alarms_element"),
            models.Index(fields=["link"], name="oss_alarms_link", condition=Q(link__isnull=False)),
            models.Index(
                fields=["arrived"],
                name="oss_alarms_uncorrelated",
                condition=Q(correlated=None) & ~Q(state="cleared"),
            ),
        ]
        permissions = [
            ("ack_alarm", _("Can acknowledge alarms")),
            ("clear_alarm", _("Can clear alarms by hand")),
            ("comment_alarm", _("Can comment on alarms")),
            ("group_alarm", _("Can group alarms and judge groupings")),
            ("suppress_alarm", _("Can plan maintenance that marks alarms as expected")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.specific_problem}"

    @property
    def is_open(self) -> bool:
        """Whether it still stands."""
        return self.state != State.CLEARED

    @property
    def is_acknowledged(self) -> bool:
        """Whether somebody has taken notice."""
        return self.ack_state == AckState.ACKNOWLEDGED

    @property
    def object_name(self) -> str:
        """What is concerned, in the network's own names; the key where nothing is known of the sender."""
        if self.port is not None:
            return str(self.port)
        subject = self.link or self.element or self.location
        return str(subject) if subject is not None else self.key
