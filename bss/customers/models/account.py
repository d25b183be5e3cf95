"""What is billed together, to whom and when (TMF666 BillingAccount)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bss.customers.models.contact import ContactMedium
from bss.customers.models.customer import Customer
from bss.customers.models.party import Party
from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet


class BillingAccountQuerySet(OwnedQuerySet):
    """Accounts of a customer; the payer may be another party."""

    scope_paths = {"customer": "customer_id"}


class BillingAccount(Stamped):
    """An account: everything on it shares one invoice, one currency, one cycle and one payer.

    Billing days are days of `time_zone`. A cycle day of 29, 30 or 31 falls on the last day of shorter months and
    comes back after them. `parent` makes a tree for reading; each account has its own invoice.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        CLOSED = "closed", _("Closed")

    class TaxStatus(models.TextChoices):
        STANDARD = "standard", _("Taxed")
        REVERSE_CHARGE = "reverse_charge", _("Reverse charge")
        EXEMPT = "exempt", _("Exempt")

    class Delivery(models.TextChoices):
        EMAIL = "email", _("By e-mail")
        PORTAL = "portal", _("On the portal")
        PAPER = "paper", _("On paper")

    class PaymentMethod(models.TextChoices):
        TRANSFER = "transfer", _("Bank transfer")
        DIRECT_DEBIT = "direct_debit", _("Direct debit")
        CARD = "card", _("Card")

    MOVES: ClassVar = {
        Status.ACTIVE: {Status.SUSPENDED, Status.CLOSED},
        Status.SUSPENDED: {Status.ACTIVE, Status.CLOSED},
        Status.CLOSED: {Status.ACTIVE},
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("ACC")
    name = models.CharField(_("name"), max_length=120)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="accounts")
    payer = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="paid_accounts", verbose_name=_("payer")
    )
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
        verbose_name=_("part of"),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.ACTIVE, editable=False
    )
    cycle_day = models.PositiveSmallIntegerField(_("billing day of the month"), default=1)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    language = models.CharField(
        _("language of invoices"),
        max_length=5,
        default="en",
        choices=[("en", _("English")), ("fr", _("French"))],
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Paris")
    tax_country = models.CharField(_("country of taxation"), max_length=2, default="FR")
    tax_status = models.CharField(
        _("tax status"), max_length=14, choices=TaxStatus, default=TaxStatus.STANDARD
    )
    exemption_reason = models.CharField(_("reason of exemption"), max_length=120, blank=True)
    delivery = models.CharField(_("delivery"), max_length=6, choices=Delivery, default=Delivery.EMAIL)
    payment_method = models.CharField(
        _("payment method"), max_length=12, choices=PaymentMethod, default=PaymentMethod.TRANSFER
    )
    payment_days = models.PositiveSmallIntegerField(_("days to pay"), default=30)
    iban = models.CharField(_("IBAN"), max_length=34, blank=True)
    mandate_reference = models.CharField(_("SEPA mandate"), max_length=35, blank=True)
    mandate_signed = models.DateField(_("mandate signed"), null=True, blank=True)
    dunning_policy = models.CharField(_("dunning policy"), max_length=40, default="standard")
    purchase_order = models.CharField(_("your reference"), max_length=60, blank=True)
    billing_address = models.ForeignKey(
        ContactMedium,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("billing address"),
    )

    objects = BillingAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("billing account")
        verbose_name_plural = _("billing accounts")
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(condition=Q(cycle_day__range=(1, 31)), name="bss_account_cycle_day"),
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="bss_account_currency"),
            models.CheckConstraint(
                condition=Q(status__in=["active", "suspended", "closed"]), name="bss_account_status"
            ),
            models.CheckConstraint(
                condition=Q(tax_status="exempt") & ~Q(exemption_reason="")
                | Q(tax_status__in=["standard", "reverse_charge"]),
                name="bss_account_exemption_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(payment_method="direct_debit") | ~Q(iban="") & ~Q(mandate_reference=""),
                name="bss_account_debit_has_mandate",
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="bss_account_not_own_parent"),
        ]
        indexes = [models.Index(fields=["status", "cycle_day"], name="bss_account_cycle")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"
