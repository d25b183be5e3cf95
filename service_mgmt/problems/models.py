"""Problems behind recurring incidents (TMF656, ITIL), and what is known about them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet
from oss.incidents.models import Incident
from oss.inventory.models import Link, NetworkElement


class Problem(Stamped):
    """The cause behind incidents that come back. `signature` says what they have in common; one open problem each."""

    class Status(models.TextChoices):
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        REJECTED = "rejected", _("Rejected")
        IN_PROGRESS = "inProgress", _("Being analysed")
        PENDING = "pending", _("Fix planned")
        RESOLVED = "resolved", _("Fixed, being watched")
        CLOSED = "closed", _("Closed")
        CANCELLED = "cancelled", _("Cancelled")

    # A fix that did not hold brings the problem back into analysis.
    MOVES: ClassVar[dict[Any, set[Any]]] = {
        Status.ACKNOWLEDGED: {Status.IN_PROGRESS, Status.REJECTED, Status.CANCELLED},
        Status.IN_PROGRESS: {Status.PENDING, Status.RESOLVED, Status.CANCELLED},
        Status.PENDING: {Status.IN_PROGRESS, Status.RESOLVED, Status.CANCELLED},
        Status.RESOLVED: {Status.IN_PROGRESS, Status.CLOSED},
        Status.REJECTED: set(),
        Status.CLOSED: set(),
        Status.CANCELLED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)
    OPEN = (Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.PENDING, Status.RESOLVED)

    number = NumberField("PRB")
    title = models.CharField(_("title"), max_length=200)
    signature = models.CharField(_("what they have in common"), max_length=160, blank=True)
    status = models.CharField(_("status"), max_length=14, choices=Status, default=Status.ACKNOWLEDGED)
    priority = models.PositiveSmallIntegerField(_("priority, 1 highest"), default=5)
    category = models.CharField(_("category"), max_length=60, blank=True)
    description = models.TextField(_("description"), blank=True, max_length=10_000)
    occasion = models.CharField(_("why it was opened"), max_length=300, blank=True)
    # Who brought it up, as a TM Forum party: {id, name, role, @referredType}.
    originator = models.JSONField(default=dict, blank=True)
    element = models.ForeignKey(
        NetworkElement,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("device"),
    )
    link = models.ForeignKey(
        Link, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("link")
    )
    # A larger problem of which this one is a part (TMF656 problemGroup).
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
        verbose_name=_("part of problem"),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("owner"),
    )
    whys = ArrayField(
        models.CharField(max_length=1000), default=list, blank=True, verbose_name=_("five whys")
    )
    root_cause = models.TextField(_("root cause"), blank=True, max_length=10_000)
    contributing = models.TextField(_("what contributed"), blank=True, max_length=10_000)
    workaround = models.TextField(_("workaround"), blank=True, max_length=10_000)
    # The change that is to remove the cause: changes are a sibling app, so this is a plain id.
    change_id = models.UUIDField(null=True, editable=False)
    opened = models.DateTimeField(_("opened"))
    resolved = models.DateTimeField(_("fixed"), null=True)
    closed = models.DateTimeField(_("closed"), null=True)
    status_changed = models.DateTimeField(_("status since"), null=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("problem")
        verbose_name_plural = _("problems")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "acknowledged",
                        "rejected",
                        "inProgress",
                        "pending",
                        "resolved",
                        "closed",
                        "cancelled",
                    ]
                ),
                name="problems_problem_status",
            ),
            models.UniqueConstraint(
                fields=["signature"],
                name="problems_one_open_per_signature",
                condition=Q(status__in=["acknowledged", "inProgress", "pending", "resolved"])
                & ~Q(signature=""),
            ),
            models.CheckConstraint(condition=Q(priority__range=(1, 10)), name="problems_priority"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="problems_not_its_own_parent"),
        ]
        indexes = [models.Index(fields=["status", "-opened"], name="problems_list")]

    def __str__(self) -> str:
        return self.number


class ProblemIncident(Stamped):
    """An incident that the problem has caused."""

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="incidents")
    incident = models.OneToOneField(
        Incident, on_delete=models.PROTECT, related_name="+", verbose_name=_("incident")
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident of a problem")
        verbose_name_plural = _("incidents of a problem")

    def __str__(self) -> str:
        return f"{self.problem} ← {self.incident}"


class KnownError(Stamped):
    """Symptom, cause and workaround in words for whoever meets it next; retired when the cause is gone."""

    number = NumberField("KER")
    problem = models.OneToOneField(Problem, on_delete=models.PROTECT, related_name="known_error")
    symptom = models.TextField(_("symptom"), max_length=4000)
    workaround = models.TextField(_("workaround"), max_length=10_000)
    retired = models.DateTimeField(_("retired"), null=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("known error")
        verbose_name_plural = _("known errors")

    def __str__(self) -> str:
        return self.number
