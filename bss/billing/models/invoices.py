"""Bill runs, invoices and their lines (TMF678). Once posted, an invoice never changes but for what was paid on it."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bss.billing.models.charging import AccountOwnedQuerySet, Adjustment, Subscription
from bss.customers.models import BillingAccount
from bss.orders.models import Product
from kernel.lifecycle import Lifecycle
from kernel.models import Identified, NumberField, Stamped
from kernel.money import AmountField
from kernel.permissions import OwnedQuerySet


class BillRun(Stamped):
    """One run over the accounts of a cycle day: drafted, checked, approved by a second person, numbered, delivered.

    With `account` it bills that account alone, outside its cycle (TMF678 bill on demand).
    """

    class Status(models.TextChoices):
        SELECTED = "selected", _("Selected")
        DRAFTED = "drafted", _("Drafted")
        CHECKED = "checked", _("Checked")
        APPROVED = "approved", _("Approved")
        POSTED = "posted", _("Posted")
        DELIVERED = "delivered", _("Delivered")
        DISCARDED = "discarded", _("Discarded")

    MOVES: ClassVar = {
        Status.SELECTED: {Status.DRAFTED, Status.DISCARDED},
        Status.DRAFTED: {Status.CHECKED, Status.DISCARDED},
        Status.CHECKED: {Status.APPROVED, Status.DRAFTED, Status.DISCARDED},
        Status.APPROVED: {Status.POSTED, Status.DISCARDED},
        Status.POSTED: {Status.DELIVERED},
        Status.DELIVERED: set(),
        Status.DISCARDED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("RUN")
    cycle_day = models.PositiveSmallIntegerField(_("billing day"))
    bill_date = models.DateField(_("bill date"))
    account = models.ForeignKey(
        BillingAccount,
        null=True,
        on_delete=models.PROTECT,
        related_name="own_runs",
        verbose_name=_("only this account"),
    )
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.SELECTED)
    accounts = models.PositiveIntegerField(_("accounts"), default=0)
    invoices_count = models.PositiveIntegerField(_("invoices"), default=0)
    failures = models.PositiveIntegerField(_("failed"), default=0)
    net = AmountField(_("net"), default=0)
    gross = AmountField(_("gross"), default=0)
    checks = models.JSONField(_("checks"), default=list)
    drafted_by = models.ForeignKey(
        "kernel.User", null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("drafted by")
    )
    approved_by = models.ForeignKey(
        "kernel.User", null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("approved by")
    )
    posted = models.DateTimeField(_("posted"), null=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("bill run")
        verbose_name_plural = _("bill runs")
        constraints = [
            models.CheckConstraint(condition=Q(cycle_day__range=(1, 31)), name="billing_run_cycle_day"),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "selected",
                        "drafted",
                        "checked",
                        "approved",
                        "posted",
                        "delivered",
                        "discarded",
                    ]
                ),
                name="billing_run_status",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("drafted_by")), name="billing_run_four_eyes"
            ),
            models.UniqueConstraint(
                fields=["cycle_day", "bill_date", "account"],
                nulls_distinct=False,
                name="billing_run_one_open",
                condition=Q(status__in=["selected", "drafted", "checked", "approved"]),
            ),
        ]
        permissions = [
            ("run_billing", _("Can draft and deliver bill runs")),
            ("finalise_invoice", _("Can approve and post bill runs")),
        ]

    def __str__(self) -> str:
        return self.number


class RunFailure(Identified):
    """An account that a run could not bill, or that somebody took out of it, and why; the others go on."""

    run = models.ForeignKey(BillRun, on_delete=models.CASCADE, related_name="failed_accounts")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(_("reason"))
    excluded = models.BooleanField(_("taken out"), default=False)

    objects = AccountOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("account left out")
        verbose_name_plural = _("accounts left out")
        constraints = [models.UniqueConstraint(fields=["run", "account"], name="billing_failure_once")]

    def __str__(self) -> str:
        return f"{self.account}: {self.reason}"


class InvoiceQuerySet(AccountOwnedQuerySet):
    """Invoices and credit notes."""

    def posted(self) -> InvoiceQuerySet:
        """Documents with a legal number."""
        return self.exclude(status__in=["draft", "void"])

    def open(self) -> InvoiceQuerySet:
        """Posted invoices on which something is still to be paid."""
        return self.posted().filter(kind=Invoice.Kind.INVOICE, paid__lt=F("gross"))


class Invoice(Stamped):
    """One document to one account. Names and addresses are copied at issue; `number` is legal and without gaps.

    Amounts are in `currency`; `gross` = net + tax = sum of lines + VAT per category. `paid` counts allocations, of
    payments, of credit notes and of amounts written off. A credit note mirrors lines of the invoice it `corrects` with
    opposite signs. On hold it is neither sent nor dunned, but what is on it stays owed.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ON_HOLD = "on_hold", pgettext_lazy("invoice", "On hold")
        VALIDATED = "validated", _("Posted")
        SENT = "sent", _("Sent")
        PARTIALLY_PAID = "partially_paid", _("Partly paid")
        SETTLED = "settled", _("Paid")
        VOID = "void", _("Thrown away")

    MOVES: ClassVar = {
        Status.DRAFT: {Status.VALIDATED, Status.VOID},
        Status.ON_HOLD: {Status.VALIDATED, Status.SENT, Status.PARTIALLY_PAID, Status.SETTLED},
        Status.VALIDATED: {Status.SENT, Status.ON_HOLD, Status.PARTIALLY_PAID, Status.SETTLED},
        Status.SENT: {Status.ON_HOLD, Status.PARTIALLY_PAID, Status.SETTLED},
        Status.PARTIALLY_PAID: {Status.ON_HOLD, Status.SETTLED, Status.SENT, Status.VALIDATED},
        Status.SETTLED: {Status.PARTIALLY_PAID, Status.SENT, Status.VALIDATED},
        Status.VOID: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = models.CharField(_("number"), max_length=24, null=True, unique=True, editable=False)  # noqa: DJ001 - no number before posting
    kind = models.CharField(_("kind"), max_length=11, choices=Kind, default=Kind.INVOICE)
    run = models.ForeignKey(BillRun, null=True, on_delete=models.PROTECT, related_name="invoices")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="invoices")
    status = models.CharField(_("status"), max_length=14, choices=Status, default=Status.DRAFT)
    bill_date = models.DateField(_("bill date"))
    issued = models.DateField(_("issued"), null=True)
    due = models.DateField(_("due"), null=True)
    sent = models.DateTimeField(_("last sent"), null=True)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=5)
    net = AmountField(_("net"), default=0)
    tax = AmountField(_("VAT"), default=0)
    gross = AmountField(_("gross"), default=0)
    paid = AmountField(_("paid"), default=0)
    disputed = models.BooleanField(_("disputed"), default=False)
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="corrected_by")
    seller = models.JSONField(default=dict)
    buyer = models.JSONField(default=dict)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                name="billing_one_draft_per_account",
                condition=Q(status="draft", kind="invoice"),
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "draft",
                        "on_hold",
                        "validated",
                        "sent",
                        "partially_paid",
                        "settled",
                        "void",
                    ]
                ),
                name="billing_invoice_status",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "void"], number=None)
                | ~Q(status__in=["draft", "void"]) & Q(number__isnull=False, issued__isnull=False),
                name="billing_number_when_posted",
            ),
            models.CheckConstraint(condition=Q(gross=F("net") + F("tax")), name="billing_invoice_adds_up"),
            models.CheckConstraint(
                condition=Q(paid=0)
                | Q(paid__gt=0, paid__lte=F("gross"))
                | Q(paid__lt=0, paid__gte=F("gross")),
                name="billing_never_overpaid",
            ),
            models.CheckConstraint(
                condition=Q(kind="invoice", corrects=None) | Q(kind="credit_note"),
                name="billing_invoice_corrects",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-bill_date"], name="billing_invoice_account"),
            models.Index(fields=["run", "status"], name="billing_invoice_run"),
            models.Index(
                fields=["due"],
                name="billing_invoice_due",
                condition=Q(status__in=["validated", "sent", "partially_paid"]),
            ),
            models.Index(fields=["-created"], name="billing_invoice_newest"),
        ]
        permissions = [
            ("void_invoice", _("Can issue credit notes")),
            ("write_off", _("Can write amounts off")),
            ("dispute_invoice", _("Can mark invoices as disputed")),
        ]

    def __str__(self) -> str:
        return self.number or f"{_('draft')} {self.account}"

    @property
    def open_amount(self) -> Decimal:
        """What is still to be paid; below zero, what the customer still has in credit on it."""
        return self.gross - self.paid

    @property
    def is_posted(self) -> bool:
        """Whether it has its legal number."""
        return self.number is not None


class InvoiceLineQuerySet(OwnedQuerySet):
    """Lines, seen through the customer of their document."""

    scope_paths: ClassVar[dict[str, str]] = {"customer": "invoice__account__customer_id"}


class InvoiceLine(Identified):
    """One line; `derivation` holds everything that answers "why this amount"."""

    class Kind(models.TextChoices):
        ONE_OFF = "one_off", _("Once")
        RECURRING = "recurring", _("Recurring")
        USAGE = "usage", _("Usage")
        DISCOUNT = "discount", _("Discount")
        ADJUSTMENT = "adjustment", _("Adjustment")

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    product = models.ForeignKey(Product, null=True, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, null=True, on_delete=models.PROTECT, related_name="lines")
    adjustment = models.ForeignKey(Adjustment, null=True, on_delete=models.PROTECT, related_name="lines")
    text = models.CharField(max_length=200)
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    unit = models.CharField(max_length=10, blank=True)
    unit_price = AmountField()
    net = AmountField()
    tax_category = models.CharField(max_length=2)
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    period_start = models.DateField(null=True)
    period_end = models.DateField(null=True)
    derivation = models.JSONField(default=dict)

    objects = InvoiceLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="billing_line_position"),
            models.CheckConstraint(
                condition=Q(kind__in=["one_off", "recurring", "usage", "discount", "adjustment"]),
                name="billing_line_kind",
            ),
        ]
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.invoice} {self.position}"


class InvoiceTax(Identified):
    """VAT of one category and rate of a document (EN 16931 BG-23), rounded once."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="taxes")
    category = models.CharField(max_length=2)
    percent = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    base = AmountField()
    tax = AmountField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "category", "percent"],
                nulls_distinct=False,
                name="billing_tax_category_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.percent}"


class InvoiceDocument(Identified):
    """The PDF as it was issued."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="document")
    pdf = models.BinaryField()
    digest = models.CharField(max_length=64)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.invoice}.pdf"
