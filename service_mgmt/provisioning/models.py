"""Service orders and the workflow runs that fulfil them: a plan of steps kept in rows, resumable after any crash."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet


class ServiceOrderQuerySet(OwnedQuerySet):
    """Service orders, seen through their customer."""

    scope_paths: ClassVar[dict[str, str]] = {"customer": "customer_id"}


class ServiceOrder(Stamped):
    """The network's side of one product order (TMF641)."""

    class State(models.TextChoices):
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        REJECTED = "rejected", _("Rejected")
        PENDING = "pending", _("Pending")
        HELD = "held", _("Held")
        IN_PROGRESS = "inProgress", _("In progress")
        ASSESSING_CANCELLATION = "assessingCancellation", _("Assessing cancellation")
        PENDING_CANCELLATION = "pendingCancellation", _("Pending cancellation")
        CANCELLED = "cancelled", _("Cancelled")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")
        PARTIAL = "partial", _("Partial")

    # TMF641 transition table (see docs/rest.md); terminal: rejected, cancelled, completed, failed, partial.
    MOVES = {
        State.ACKNOWLEDGED: {State.REJECTED, State.PENDING, State.HELD, State.IN_PROGRESS, State.CANCELLED},
        State.PENDING: {State.IN_PROGRESS, State.CANCELLED},
        State.HELD: {State.IN_PROGRESS, State.CANCELLED},
        State.IN_PROGRESS: {
            State.PENDING,
            State.HELD,
            State.COMPLETED,
            State.FAILED,
            State.PARTIAL,
            State.ASSESSING_CANCELLATION,
        },
        State.ASSESSING_CANCELLATION: {State.PENDING_CANCELLATION, State.IN_PROGRESS},
        State.PENDING_CANCELLATION: {State.CANCELLED},
        State.REJECTED: set(),
        State.CANCELLED: set(),
        State.COMPLETED: set(),
        State.FAILED: set(),
        State.PARTIAL: set(),
    }
    lifecycle = Lifecycle("state", MOVES)

    number = NumberField("SO")
    # None for orders that no product asked for: dunning, migration of an element.
    product_order = models.ForeignKey(
        "bss_orders.ProductOrder", null=True, on_delete=models.PROTECT, related_name="+"
    )
    customer = models.ForeignKey("bss_customers.Customer", on_delete=models.PROTECT, related_name="+")
    description = models.CharField(_("description"), max_length=200, blank=True)
    external_id = models.CharField(_("external reference"), max_length=80, blank=True)
    state = models.CharField(_("state"), max_length=24, choices=State, default=State.ACKNOWLEDGED)
    ordered = models.DateTimeField(_("ordered"))
    promised = models.DateTimeField(_("promised"), null=True)
    started = models.DateTimeField(_("started"), null=True)
    completed = models.DateTimeField(_("completed"), null=True)
    # Why the order exists when no product order does: the dunning case or another caller's id.
    origin_kind = models.CharField(max_length=40, blank=True)
    origin_id = models.UUIDField(null=True)

    objects = ServiceOrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("service order")
        constraints = [
            models.UniqueConstraint(fields=["product_order"], name="provisioning_one_per_product_order"),
            models.UniqueConstraint(
                fields=["origin_kind", "origin_id"],
                name="provisioning_one_per_origin",
                condition=Q(origin_id__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "acknowledged",
                        "rejected",
                        "pending",
                        "held",
                        "inProgress",
                        "assessingCancellation",
                        "pendingCancellation",
                        "cancelled",
                        "completed",
                        "failed",
                        "partial",
                    ]
                ),
                name="provisioning_order_state",
            ),
        ]
        indexes = [
            models.Index(fields=["-created"], name="provisioning_order_new"),
            models.Index(fields=["customer", "-created"], name="provisioning_order_cust"),
        ]

    def __str__(self) -> str:
        return self.number


class ServiceOrderItem(Stamped):
    """One service to add, modify or delete; its workflow run does the work."""

    class Action(models.TextChoices):
        ADD = "add", _("Add")
        MODIFY = "modify", _("Modify")
        DELETE = "delete", _("Delete")
        NO_CHANGE = "no_change", _("No change")

    lifecycle = Lifecycle("state", ServiceOrder.MOVES, name="serviceOrderItem")

    order = models.ForeignKey(ServiceOrder, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=9, choices=Action)
    service = models.ForeignKey("service_mgmt_services.Service", on_delete=models.PROTECT, related_name="+")
    product_order_item = models.ForeignKey(
        "bss_orders.ProductOrderItem", null=True, on_delete=models.PROTECT, related_name="+"
    )
    workflow = models.SlugField(max_length=60)
    state = models.CharField(
        max_length=24, choices=ServiceOrder.State, default=ServiceOrder.State.ACKNOWLEDGED
    )
    # Items whose work must be done first.
    needs = models.ManyToManyField("self", symmetrical=False, related_name="needed_by", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="provisioning_item_position"),
            models.UniqueConstraint(
                fields=["product_order_item"],
                name="provisioning_item_per_product_item",
                condition=Q(product_order_item__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(action__in=["add", "modify", "delete", "no_change"]),
                name="provisioning_item_action",
            ),
        ]
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.order}/{self.position}"


class WorkflowRun(Stamped):
    """One execution of one version of one workflow. It keeps the plan that ran, whatever the file says today."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting to start")
        RUNNING = "running", _("Running")
        FAILED = "failed", _("Failed")
        COMPENSATING = "compensating", _("Undoing")
        COMPLETED = "completed", _("Completed")
        CANCELLED = "cancelled", _("Cancelled")

    MOVES = {
        Status.PENDING: {Status.RUNNING, Status.CANCELLED},
        Status.RUNNING: {Status.FAILED, Status.COMPLETED, Status.COMPENSATING},
        Status.FAILED: {Status.RUNNING, Status.COMPENSATING},
        Status.COMPENSATING: {Status.CANCELLED, Status.FAILED},
        Status.COMPLETED: set(),
        Status.CANCELLED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("WF")
    workflow = models.SlugField(max_length=60)
    revision = models.PositiveSmallIntegerField()
    item = models.ForeignKey(ServiceOrderItem, on_delete=models.PROTECT, related_name="runs")
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    correlation_id = models.UUIDField(null=True)
    actor = models.CharField(max_length=120, blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("workflow run")
        constraints = [
            models.UniqueConstraint(
                fields=["item"],
                name="provisioning_one_open_run",
                condition=Q(status__in=["pending", "running", "failed", "compensating"]),
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["pending", "running", "failed", "compensating", "completed", "cancelled"]
                ),
                name="provisioning_run_status",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class WorkflowStep(Stamped):
    """One step: state, attempts, inputs, outputs, the element's diff and session, and why it failed."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        READY = "ready", _("Ready")
        RUNNING = "running", _("Running")
        FAILED = "failed", _("Failed")
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Skipped")
        UNDOING = "undoing", _("Undoing")
        UNDONE = "undone", _("Undone")

    MOVES = {
        Status.PENDING: {Status.READY, Status.UNDOING},
        Status.READY: {Status.RUNNING, Status.UNDOING},
        Status.RUNNING: {Status.READY, Status.DONE, Status.FAILED},
        Status.FAILED: {Status.READY, Status.SKIPPED, Status.UNDOING},
        Status.DONE: {Status.UNDOING},
        Status.SKIPPED: {Status.UNDOING},
        Status.UNDOING: {Status.UNDONE, Status.FAILED},
        Status.UNDONE: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="steps")
    name = models.SlugField(max_length=40)
    title = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField()
    needs = models.JSONField(default=list)
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    inputs = models.JSONField(default=dict)
    outputs = models.JSONField(default=dict)
    diff = models.TextField(blank=True)
    error = models.TextField(blank=True)
    cause = models.CharField(max_length=160, blank=True)
    session_id = models.UUIDField(null=True)
    planned_start = models.DateTimeField(null=True)
    planned_end = models.DateTimeField(null=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    # System times: when it may run (back-off, waiting), and until when its worker is believed alive.
    not_before = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "name"], name="provisioning_step_once"),
            models.UniqueConstraint(fields=["run", "position"], name="provisioning_step_position"),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "pending",
                        "ready",
                        "running",
                        "failed",
                        "done",
                        "skipped",
                        "undoing",
                        "undone",
                    ]
                ),
                name="provisioning_step_status",
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before"],
                name="provisioning_step_due",
                condition=Q(status__in=["ready", "running", "undoing"]),
            ),
            models.Index(fields=["cause"], name="provisioning_step_cause", condition=Q(status="failed")),
        ]
        ordering = ["position"]
        permissions = [("override_order_step", _("Can skip, retry or complete a workflow step by hand"))]

    def __str__(self) -> str:
        return f"{self.run}/{self.name}"


class Fallout(Stamped):
    """A failed step that needs a person; grouped by the signature of its cause."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        RESOLVED = "resolved", _("Resolved")

    MOVES = {Status.OPEN: {Status.RESOLVED}, Status.RESOLVED: set()}
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("FAL")
    step = models.ForeignKey(WorkflowStep, on_delete=models.PROTECT, related_name="fallouts")
    cause = models.CharField(_("cause"), max_length=160)
    detail = models.TextField(_("what the element said"), blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.OPEN)
    opened = models.DateTimeField(_("opened"))
    resolved = models.DateTimeField(_("resolved"), null=True)
    resolution = models.CharField(_("resolution"), max_length=200, blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("fallout")
        constraints = [
            models.UniqueConstraint(
                fields=["step"], name="provisioning_one_open_fallout", condition=Q(status="open")
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "resolved"]), name="provisioning_fallout_status"
            ),
        ]
        indexes = [models.Index(fields=["status", "cause"], name="provisioning_fallout_cause")]

    def __str__(self) -> str:
        return self.number
