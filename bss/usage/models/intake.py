"""Where usage comes from: sources, files with their control totals, the batches they are worked off in, suspense."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet


class UsageSource(Stamped):
    """A feed of usage: a voice gateway's call records, a broadband gateway's accounting.

    `format` names a module of `bss.usage.formats`; `mapping` is what that format needs to read this feed.
    """

    code = models.SlugField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    format = models.SlugField(_("format"), max_length=20)
    mapping = models.JSONField(_("mapping"), default=dict, blank=True)
    active = models.BooleanField(_("active"), default=True)
    last_received = models.DateTimeField(_("last received"), null=True, blank=True, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("usage source")
        verbose_name_plural = _("usage sources")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class UsageFile(Stamped):
    """One delivery of a source, with its control totals and what became of each record (the lineage).

    The same content of a source is taken once (`digest`, SHA-256). `offset` is the byte up to which the file has been
    worked off; a file that was interrupted goes on from there. Counts hold at every moment:
    records_in = rated + suspended + duplicates + rejected; `suspended` counts what is still open in suspense.
    `expected` is the sender's own count, where it gives one. `shift` is what the times of its records lie behind business
    time: nothing in production, the demo's moved clock where the source's mapping says `"clock": "system"`.
    """

    class Status(models.TextChoices):
        RECEIVED = "received", _("Received")
        PROCESSING = "processing", _("Being processed")
        PROCESSED = "processed", _("Processed")
        FAILED = "failed", _("Stopped by an error")

    MOVES: ClassVar = {
        Status.RECEIVED: {Status.PROCESSING},
        Status.PROCESSING: {Status.PROCESSED, Status.FAILED},
        Status.FAILED: {Status.PROCESSING},
        Status.PROCESSED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("UF")
    source = models.ForeignKey(UsageSource, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(_("file name"), max_length=200)
    digest = models.CharField(_("SHA-256"), max_length=64, editable=False)
    path = models.CharField(max_length=300, editable=False)
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.RECEIVED, editable=False
    )
    received = models.DateTimeField(_("received"))
    finished = models.DateTimeField(_("finished"), null=True, blank=True, editable=False)
    shift = models.DurationField(default=timedelta(0), editable=False)
    size = models.BigIntegerField(_("bytes"), default=0)
    offset = models.BigIntegerField(default=0, editable=False)
    lines = models.BigIntegerField(_("lines"), default=0, editable=False)
    expected = models.BigIntegerField(_("records announced"), null=True, blank=True)
    records_in = models.BigIntegerField(_("records in"), default=0, editable=False)
    rated = models.BigIntegerField(_("rated"), default=0, editable=False)
    suspended = models.BigIntegerField(_("in suspense"), default=0, editable=False)
    duplicates = models.BigIntegerField(_("duplicates"), default=0, editable=False)
    rejected = models.BigIntegerField(_("not charged"), default=0, editable=False)
    late = models.BigIntegerField(_("late"), default=0, editable=False)
    seconds = models.BigIntegerField(_("seconds"), default=0, editable=False)
    volume = models.BigIntegerField(_("volume"), default=0, editable=False)
    micros = models.BigIntegerField(_("rated amount in millionths"), default=0, editable=False)
    reasons = models.JSONField(_("reasons"), default=dict, blank=True, editable=False)
    error = models.TextField(_("error"), blank=True, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("usage file")
        verbose_name_plural = _("usage files")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "digest"], name="bss_usagefile_once"),
            models.CheckConstraint(
                condition=Q(status__in=["received", "processing", "processed", "failed"]),
                name="bss_usagefile_status",
            ),
            models.CheckConstraint(
                condition=Q(records_in=F("rated") + F("suspended") + F("duplicates") + F("rejected")),
                name="bss_usagefile_nothing_lost",
            ),
            models.CheckConstraint(
                condition=~Q(status="processed") | Q(offset=F("size")), name="bss_usagefile_whole"
            ),
        ]
        indexes = [
            models.Index(fields=["source", "-received"], name="bss_usagefile_source"),
            models.Index(fields=["status"], name="bss_usagefile_open", condition=~Q(status="processed")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class UsageBatch(models.Model):
    """A run of lines of one file, rated and stored in one transaction: the checkpoint of crash-safe processing.

    Batch 0 of a file collects what was recycled from suspense later on.
    """

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(UsageFile, on_delete=models.PROTECT, related_name="batches")
    position = models.PositiveIntegerField()
    first_line = models.BigIntegerField()
    line_count = models.BigIntegerField()
    rated = models.BigIntegerField(default=0)
    stored = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "position"], name="bss_usagebatch_once")]

    def __str__(self) -> str:
        return f"{self.file_id} {self.position}"


class SuspendedRecord(Stamped):
    """A record that could not be rated, with the reason; a person mends it or its cause, and it is recycled.

    `raw` is the line as it came, `mended` what it was changed to. `started` and `identifier` are there as far as
    they could be read, so that the bin can be grouped by cause.
    """

    class Reason(models.TextChoices):
        MALFORMED = "malformed", _("Cannot be read")
        BAD_NUMBER = "bad_number", _("Not a telephone number")
        UNKNOWN_SUBSCRIBER = "unknown_subscriber", _("Nobody has this number or name")
        NO_TARIFF = "no_tariff", _("The product has no price for usage")
        UNKNOWN_ZONE = "unknown_zone", _("No zone has this prefix")
        NO_RATE = "no_rate", _("The tariff has no rate for this zone")
        TOO_OLD = "too_old", _("Too old to be charged")
        FUTURE = "future", _("In the future")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        RECYCLED = "recycled", _("Recycled")
        DISCARDED = "discarded", _("Discarded")

    MOVES: ClassVar = {
        State.OPEN: {State.RECYCLED, State.DISCARDED},
        State.RECYCLED: set(),
        State.DISCARDED: set(),
    }
    lifecycle = Lifecycle("state", MOVES)

    file = models.ForeignKey(UsageFile, on_delete=models.PROTECT, related_name="suspense")
    line = models.BigIntegerField(_("line"))
    raw = models.TextField(_("record"))
    mended = models.TextField(_("mended"), blank=True)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN, editable=False)
    identifier = models.CharField(_("number or name"), max_length=80, blank=True)
    other = models.CharField(_("called number"), max_length=32, blank=True)
    started = models.DateTimeField(_("started"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    closed = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    outcome = models.CharField(_("outcome"), max_length=20, blank=True, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("suspended record")
        verbose_name_plural = _("suspended records")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="bss_suspended_line_once"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "recycled", "discarded"]), name="bss_suspended_state"
            ),
            models.CheckConstraint(
                condition=Q(
                    reason__in=[
                        "malformed", "bad_number", "unknown_subscriber", "no_tariff", "unknown_zone", "no_rate",
                        "too_old", "future",
                    ]
                ),
                name="bss_suspended_reason",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["reason", "identifier"], name="bss_suspended_open", condition=Q(state="open")
            ),
        ]
        permissions = [
            ("recycle_suspendedrecord", _("Can mend and recycle suspended records")),
            ("discard_suspendedrecord", _("Can discard suspended records")),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.line}"
