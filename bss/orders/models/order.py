"""Product orders and their items (TMF622)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bss.catalog.models import OfferingPrice, ProductOffering
from bss.customers.models import Agreement, BillingAccount, Customer, CustomerOwnedQuerySet, CustomerSite
from bss.orders.models.product import Product
from bss.orders.models.qualification import Qualification
from bss.orders.models.quote import Quote
from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet


class State(models.TextChoices):
    """States of TMF622; an item is never `partial`."""

    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    PENDING = "pending", _("Waiting")
    HELD = "held", _("On hold")
    IN_PROGRESS = "in_progress", _("In progress")
    ASSESSING_CANCELLATION = "assessing_cancellation", _("Cancellation being assessed")
    PENDING_CANCELLATION = "pending_cancellation", _("Being cancelled")
    COMPLETED = "completed", _("Completed")
    PARTIAL = "partial", _("Partly completed")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    REJECTED = "rejected", _("Rejected")


# While anything of an order is open, its state follows its items wherever they go; see services.states.
OPEN = (
    State.ACKNOWLEDGED,
    State.PENDING,
    State.HELD,
    State.IN_PROGRESS,
    State.ASSESSING_CANCELLATION,
    State.PENDING_CANCELLATION,
)
_WAITING = {State.PENDING, State.HELD}
ITEM_MOVES = {
    State.ACKNOWLEDGED: {State.REJECTED, *_WAITING, State.IN_PROGRESS, State.ASSESSING_CANCELLATION},
    State.PENDING: {State.HELD, State.IN_PROGRESS, State.ASSESSING_CANCELLATION},
    State.HELD: {State.PENDING, State.IN_PROGRESS, State.ASSESSING_CANCELLATION},
    State.IN_PROGRESS: {*_WAITING, State.COMPLETED, State.FAILED, State.ASSESSING_CANCELLATION},
    State.ASSESSING_CANCELLATION: {State.IN_PROGRESS, State.PENDING_CANCELLATION, State.CANCELLED},
    State.PENDING_CANCELLATION: {State.IN_PROGRESS, State.CANCELLED},
    State.COMPLETED: set(),
    State.FAILED: set(),
    State.CANCELLED: set(),
    State.REJECTED: set(),
}


class ProductOrderQuerySet(CustomerOwnedQuerySet):
    """Orders of customers."""

    def open(self) -> ProductOrderQuerySet:
        """Orders on which something is still to be done."""
        return self.filter(state__in=OPEN)

    def in_jeopardy(self, day: date) -> ProductOrderQuerySet:
        """Open orders that are flagged, promised later than asked for, or past their promise on `day`."""
        return self.open().filter(
            ~Q(jeopardy="") | Q(promised_date__gt=F("requested_date")) | Q(promised_date__lt=day)
        )


class ProductOrder(Stamped):
    """What a customer ordered. Its state is never set by hand: it follows from the states of its items.

    `accepted` is the instant at which we took the order on: from then on provisioning works on it. `requested_date`
    is the customer's wish, `promised_date` our answer; `jeopardy` says in words why the promise is at risk.
    """

    MOVES: ClassVar = {state: set(State) - {state} if state in OPEN else set() for state in State}
    lifecycle = Lifecycle("state", MOVES)
    State = State

    number = NumberField("ORD")
    external_id = models.CharField(_("your number"), max_length=80, blank=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="orders")
    quote = models.OneToOneField(Quote, null=True, blank=True, on_delete=models.PROTECT, related_name="order")
    agreement = models.ForeignKey(
        Agreement, null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    state = models.CharField(
        _("state"), max_length=22, choices=State, default=State.ACKNOWLEDGED, editable=False
    )
    channel = models.CharField(_("channel"), max_length=40, blank=True)
    description = models.TextField(_("description"), blank=True)
    ordered = models.DateTimeField(_("ordered"))
    accepted = models.DateTimeField(_("accepted"), null=True, blank=True, editable=False)
    requested_date = models.DateField(_("wished for"), null=True, blank=True)
    promised_date = models.DateField(_("promised for"), null=True, blank=True, editable=False)
    completed = models.DateTimeField(_("completed"), null=True, blank=True, editable=False)
    jeopardy = models.CharField(_("promise at risk"), max_length=200, blank=True, editable=False)
    cancellation_reason = models.CharField(
        _("reason of cancellation"), max_length=200, blank=True, editable=False
    )
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = ProductOrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="bss_order_state"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "acknowledged",
                        "rejected",
                        "assessing_cancellation",
                        "cancelled",
                        "pending",
                        "held",
                    ]
                )
                | Q(accepted__isnull=False),
                name="bss_order_accepted_before_work",
            ),
            models.UniqueConstraint(
                fields=["customer", "external_id"],
                condition=~Q(external_id=""),
                name="bss_order_external_once",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-ordered"], name="bss_order_state_list"),
            models.Index(fields=["-ordered", "-id"], name="bss_order_newest"),
            models.Index(
                fields=["promised_date"],
                name="bss_order_promises",
                condition=~Q(state__in=["completed", "partial", "failed", "cancelled", "rejected"]),
            ),
        ]
        permissions = [("accept_productorder", _("Can accept orders"))]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in OPEN


class ProductOrderItemQuerySet(OwnedQuerySet):
    """Items of customers' orders."""

    scope_paths = {"customer": "order__customer_id"}

    def leaves(self) -> ProductOrderItemQuerySet:
        """Items that are delivered themselves; the items of bundles follow their members."""
        return self.filter(members=None)


class ProductOrderItem(Stamped):
    """One line of an order: an action on a product. `position` is its id in the order (`1`, `1.2` in a bundle).

    `begun` is the instant at which work on it first started: from then on cancelling means undoing. The item of a
    bundle follows its members over `bundle_lifecycle` and is never worked on itself.
    """

    class Action(models.TextChoices):
        ADD = "add", _("Add")
        MODIFY = "modify", _("Change")
        DELETE = "delete", _("Remove")
        NO_CHANGE = "no_change", _("Keep")

    MOVES: ClassVar = ITEM_MOVES
    lifecycle = Lifecycle("state", MOVES)
    bundle_lifecycle = Lifecycle(
        "state", {state: set(ITEM_MOVES) - {state} if state in OPEN else set() for state in ITEM_MOVES}
    )
    State = State

    order = models.ForeignKey(ProductOrder, on_delete=models.CASCADE, related_name="items")
    position = models.CharField(_("position"), max_length=20)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="members"
    )
    depends_on = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="needed_by")
    action = models.CharField(_("action"), max_length=9, choices=Action, default=Action.ADD)
    state = models.CharField(
        _("state"), max_length=22, choices=State, default=State.ACKNOWLEDGED, editable=False
    )
    offering = models.ForeignKey(ProductOffering, on_delete=models.PROTECT, related_name="order_items")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="order_items")
    site = models.ForeignKey(
        CustomerSite, null=True, blank=True, on_delete=models.PROTECT, related_name="order_items"
    )
    qualification = models.ForeignKey(
        Qualification, null=True, blank=True, on_delete=models.PROTECT, related_name="order_items"
    )
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    characteristics = models.JSONField(_("characteristics"), default=dict, blank=True)
    prices = models.ManyToManyField(OfferingPrice, related_name="+", blank=True)
    explanation = models.CharField(_("explanation"), max_length=300, blank=True, editable=False)
    begun = models.DateTimeField(_("begun"), null=True, blank=True, editable=False)
    completed = models.DateTimeField(_("completed"), null=True, blank=True, editable=False)

    objects = ProductOrderItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("item of an order")
        verbose_name_plural = _("items of an order")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="bss_item_position_once"),
            models.UniqueConstraint(
                fields=["product"],
                condition=~Q(state__in=["completed", "failed", "cancelled", "rejected"])
                & ~Q(action="no_change"),
                name="bss_item_one_open_a_product",
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values) & ~Q(state="partial"), name="bss_item_state"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="bss_item_quantity"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="bss_item_not_own_parent"),
        ]

    def __str__(self) -> str:
        return f"{self.order.number} {self.position}"
