"""What a month came to, and what is credited for it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bss.billing.models import Adjustment
from bss.customers.models import BillingAccount
from kernel.lifecycle import Lifecycle
from kernel.models import Identified, NumberField, Stamped
from kernel.money import AmountField
from kernel.permissions import OwnedQuerySet
from service_mgmt.levels.models.agreements import SlaAgreement


class ResultQuerySet(OwnedQuerySet):
    """Results, seen through the agreement's customer."""

    scope_paths: ClassVar[dict[str, str]] = {"customer": "agreement__customer_id"}


class SlaResult(Identified):
    """One agreement's month, final (append-only by trigger). Durations are exact; `availability` is cut, never rounded up.

    `agreed` is the agreed time, `downtime` what counted, `excluded` what was down but did not count because of planned
    work. `breached` was decided on the exact durations. `outages` holds every counted interval with its cause.
    """

    agreement = models.ForeignKey(SlaAgreement, on_delete=models.PROTECT, related_name="results")
    month = models.DateField(_("month"))
    agreed = models.DurationField(_("agreed time"))
    downtime = models.DurationField(_("downtime"))
    excluded = models.DurationField(_("excluded"))
    paused = models.DurationField(_("paused"))
    availability = models.DecimalField(_("availability, %"), max_digits=9, decimal_places=6)
    target = models.DecimalField(_("target, %"), max_digits=7, decimal_places=4)
    late_repairs = models.PositiveSmallIntegerField(_("late repairs"), default=0)
    breached = models.BooleanField(_("breached"))
    outages = models.JSONField(default=list)
    measured = models.DateTimeField(_("measured"))
    created = models.DateTimeField(auto_now_add=True)

    objects = ResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("SLA result")
        verbose_name_plural = _("SLA results")
        ordering = ["-month", "agreement"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "month"], name="levels_result_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="levels_result_month"),
            models.CheckConstraint(
                condition=Q(availability__range=(0, 100)) & Q(downtime__lte=F("agreed")),
                name="levels_result_availability",
            ),
        ]
        indexes = [models.Index(fields=["month", "breached"], name="levels_result_month_idx")]

    def __str__(self) -> str:
        return f"{self.agreement} {self.month:%Y-%m}"


class CreditProposal(Stamped):
    """The credit for a breached month. `amount` (net, positive) is what is credited, `uncapped` what it would be
    without the monthly cap; the difference is recorded and not credited.

    A credit becomes an adjustment of the account, which names this row as its evidence.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("To be approved")
        CREDITED = "credited", _("Credited")
        REJECTED = "rejected", _("Rejected")

    MOVES: ClassVar = {
        Status.PROPOSED: {Status.CREDITED, Status.REJECTED},
        Status.CREDITED: set(),
        Status.REJECTED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("CRP")
    result = models.OneToOneField(SlaResult, on_delete=models.PROTECT, related_name="credit")
    account = models.ForeignKey(
        BillingAccount, on_delete=models.PROTECT, related_name="sla_credits", verbose_name=_("account")
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.PROPOSED)
    monthly_fee = AmountField(_("monthly fee"))
    currency = models.CharField(_("currency"), max_length=3)
    percent = models.DecimalField(_("credit by contract, %"), max_digits=7, decimal_places=3)
    credited_percent = models.DecimalField(_("credited, %"), max_digits=7, decimal_places=3)
    uncapped = AmountField(_("without the cap"))
    amount = AmountField(_("credit, net"))
    pre_agreed = models.BooleanField(_("granted by contract"), default=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("decided by")
    )  # fmt: skip
    decided = models.DateTimeField(_("decided"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    adjustment = models.OneToOneField(
        Adjustment,
        null=True,
        on_delete=models.PROTECT,
        related_name="sla_credit",
        verbose_name=_("adjustment"),
    )

    class Rows(OwnedQuerySet):
        """Credits, seen through the account's customer."""

        scope_paths: ClassVar[dict[str, str]] = {"customer": "account__customer_id"}

    objects = Rows.as_manager()

    class Meta:
        verbose_name = _("SLA credit")
        verbose_name_plural = _("SLA credits")
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="proposed", adjustment=None, decided=None)
                | Q(status="credited", adjustment__isnull=False, decided__isnull=False)
                | Q(status="rejected", adjustment=None, decided__isnull=False),
                name="levels_credit_status",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0) & Q(amount__lte=F("uncapped")), name="levels_credit_amount"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(proposed_by=None) | ~Q(decided_by=F("proposed_by")),
                name="levels_credit_four_eyes",
            ),
        ]
        indexes = [models.Index(fields=["status", "-created"], name="levels_credit_waiting")]
        permissions = [("approve_credit", _("Can approve SLA credits"))]

    def __str__(self) -> str:
        return self.number
