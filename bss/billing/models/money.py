"""Payments, what they pay, the double-entry ledger, and dunning."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bss.billing.models.charging import AccountOwnedQuerySet
from bss.billing.models.invoices import Invoice
from bss.customers.models import BillingAccount
from kernel.lifecycle import Lifecycle
from kernel.models import Identified, NumberField, Stamped
from kernel.money import AmountField
from kernel.permissions import OwnedQuerySet


class PaymentQuerySet(AccountOwnedQuerySet):
    """Payments."""

    def with_unused(self) -> PaymentQuerySet:
        """Each with `unused`: what of it pays nothing yet and was not paid back."""
        return self.annotate(unused=F("amount") - F("allocated") - F("refunded"))


class Payment(Stamped):
    """Money received (positive) for an account; what is not allocated is the customer's credit."""

    class Method(models.TextChoices):
        TRANSFER = "transfer", _("Bank transfer")
        DIRECT_DEBIT = "direct_debit", _("Direct debit")
        CARD = "card", _("Card")
        CASH = "cash", _("Cash")

    class Status(models.TextChoices):
        DONE = "done", _("Received")
        REFUNDED = "refunded", _("Paid back")

    MOVES: ClassVar = {Status.DONE: {Status.REFUNDED}, Status.REFUNDED: set()}
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("PAY")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="payments")
    amount = AmountField(_("amount"))
    currency = models.CharField(max_length=3)
    method = models.CharField(_("method"), max_length=12, choices=Method, default=Method.TRANSFER)
    reference = models.CharField(_("reference"), max_length=140, blank=True)
    external_id = models.CharField(_("bank's id"), max_length=80, blank=True)
    received = models.DateTimeField(_("received"))
    allocated = AmountField(_("allocated"), default=0)
    refunded = AmountField(_("paid back"), default=0)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.DONE)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_payment_positive"),
            models.CheckConstraint(
                condition=Q(allocated__gte=0, refunded__gte=0, allocated__lte=F("amount") - F("refunded")),
                name="billing_payment_allocated",
            ),
            models.UniqueConstraint(
                fields=["external_id"], name="billing_payment_once", condition=~Q(external_id="")
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-received"], name="billing_payment_account"),
            models.Index(fields=["-created"], name="billing_payment_newest"),
        ]
        permissions = [("refund_payment", _("Can pay money back"))]

    def __str__(self) -> str:
        return self.number

    @property
    def unallocated(self) -> Decimal:
        """What of it pays nothing yet and was not paid back."""
        return self.amount - self.allocated - self.refunded


class AllocationQuerySet(OwnedQuerySet):
    """Allocations, seen through the customer of the invoice they settle."""

    scope_paths: ClassVar[dict[str, str]] = {"customer": "invoice__account__customer_id"}


class Allocation(Stamped):
    """A part of a payment, a credit note, or an amount written off, that settles an invoice."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="allocations")
    payment = models.ForeignKey(Payment, null=True, on_delete=models.PROTECT, related_name="allocations")
    credit_note = models.ForeignKey(
        Invoice, null=True, on_delete=models.PROTECT, related_name="credits_given"
    )
    write_off = models.OneToOneField(
        "LedgerEntry", null=True, on_delete=models.PROTECT, related_name="allocation"
    )
    amount = AmountField()

    objects = AllocationQuerySet.as_manager()

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_allocation_positive"),
            models.CheckConstraint(
                condition=Q(payment__isnull=False, credit_note=None, write_off=None)
                | Q(payment=None, credit_note__isnull=False, write_off=None)
                | Q(payment=None, credit_note=None, write_off__isnull=False),
                name="billing_allocation_source",
            ),
            models.UniqueConstraint(
                fields=["payment", "invoice"],
                name="billing_allocation_once",
                condition=Q(payment__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment or self.credit_note or self.write_off} → {self.invoice}"


class LedgerAccount(models.TextChoices):
    """Accounts of the general ledger that billing posts to."""

    RECEIVABLE = "receivable", _("Receivables")
    REVENUE = "revenue", _("Revenue")
    TAX = "tax", _("VAT collected")
    BANK = "bank", _("Bank")
    WRITE_OFF = "write_off", _("Written off")


class LedgerEntry(Identified):
    """One journal entry; its postings sum to zero (trigger) and none of it ever changes (trigger)."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice or credit note")
        PAYMENT = "payment", _("Payment")
        REFUND = "refund", _("Refund")
        WRITE_OFF = "write_off", _("Written off")

    at = models.DateTimeField(_("booked"))
    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="ledger_entries")
    invoice = models.ForeignKey(Invoice, null=True, on_delete=models.PROTECT, related_name="ledger_entries")
    payment = models.ForeignKey(Payment, null=True, on_delete=models.PROTECT, related_name="ledger_entries")
    text = models.CharField(max_length=200, blank=True)

    objects = AccountOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        indexes = [models.Index(fields=["account", "at"], name="billing_entry_account")]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "kind"],
                name="billing_entry_per_invoice",
                condition=Q(invoice__isnull=False, kind="invoice"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind}"


class LedgerPosting(models.Model):
    """One side of an entry: debit positive, credit negative."""

    id = models.BigAutoField(primary_key=True)
    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="postings")
    ledger = models.CharField(max_length=12, choices=LedgerAccount)
    amount = AmountField()
    currency = models.CharField(max_length=3)

    def __str__(self) -> str:
        return f"{self.ledger} {self.amount}"


class DunningPolicy(Stamped):
    """What happens to accounts that do not pay: steps by days past due."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    minimum = AmountField(_("smallest amount worth a reminder"), default=1)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("dunning policy")

    def __str__(self) -> str:
        return self.name


class DunningStep(Stamped):
    """One step of a policy: notice, suspend or terminate so many days after the due date."""

    class Action(models.TextChoices):
        NOTICE = "notice", _("Reminder")
        SUSPEND = "suspend", _("Suspend services")
        TERMINATE = "terminate", _("Terminate")

    policy = models.ForeignKey(DunningPolicy, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    days = models.PositiveSmallIntegerField(_("days past due"))
    action = models.CharField(_("action"), max_length=9, choices=Action)
    template = models.SlugField(_("template"), max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "position"], name="billing_dunning_step_once"),
            models.CheckConstraint(
                condition=Q(action__in=["notice", "suspend", "terminate"]), name="billing_dunning_action"
            ),
        ]
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.policy} {self.position}"


class DunningCase(Stamped):
    """An account that owes: how far dunning has gone, and whether its services are cut off, proven or only asked for."""

    class Status(models.TextChoices):
        OPEN = "open", _("Reminding")
        SUSPENDING = "suspending", _("Suspension ordered")
        SUSPENDED = "suspended", _("Suspended")
        RECONNECTING = "reconnecting", _("Reconnection ordered")
        CLOSED = "closed", _("Closed")

    MOVES: ClassVar = {
        Status.OPEN: {Status.SUSPENDING, Status.CLOSED},
        Status.SUSPENDING: {Status.SUSPENDED},
        Status.SUSPENDED: {Status.RECONNECTING, Status.CLOSED},
        Status.RECONNECTING: {Status.CLOSED},
        Status.CLOSED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("DUN")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="dunning_cases")
    policy = models.ForeignKey(DunningPolicy, on_delete=models.PROTECT, related_name="cases")
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.OPEN)
    done_position = models.PositiveSmallIntegerField(_("last step"), default=0)
    oldest_due = models.DateField(_("due since"))
    amount = AmountField(_("overdue"))
    currency = models.CharField(max_length=3)
    # What dunning itself has cut off: only that is reconnected.
    product_ids = models.JSONField(default=list, editable=False)
    held_until = models.DateField(_("held until"), null=True)
    hold_reason = models.CharField(_("reason of the hold"), max_length=200, blank=True)
    opened = models.DateTimeField(_("opened"))
    closed = models.DateTimeField(_("closed"), null=True)

    objects = AccountOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("dunning case")
        verbose_name_plural = _("dunning cases")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], name="billing_one_open_case", condition=~Q(status="closed")
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "suspending", "suspended", "reconnecting", "closed"]),
                name="billing_case_status",
            ),
        ]
        permissions = [
            ("run_dunning", _("Can run dunning")),
            ("override_suspension", _("Can hold or skip a suspension")),
        ]

    def __str__(self) -> str:
        return self.number
