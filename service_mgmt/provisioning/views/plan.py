"""The plan of a service order as a picture: each step's planned and real time, and how the order breaks down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from kernel import clock
from kernel.pages import formats
from service_mgmt.provisioning.models import ServiceOrder, ServiceOrderItem, WorkflowRun, WorkflowStep
from service_mgmt.provisioning.services.runs import in_words

# Units of the drawing; integers, because SVG knows no decimal comma.
LABEL, CHART, RIGHT, HEAD, ROW = 230, 640, 36, 26, 22
Run, Step = WorkflowRun.Status, WorkflowStep.Status


@dataclass(frozen=True)
class Bar:
    """A span of time on the drawing."""

    x: int
    width: int
    said: str


@dataclass(frozen=True)
class Line:
    """A row of the drawing: a run's heading, or one step with its planned and its real bar."""

    y: int
    text: str
    url: str = ""
    heading: bool = False
    status: str = ""
    planned: Bar | None = None
    real: Bar | None = None
    late: bool = False

    @property
    def base(self) -> int:
        """Base line of the row's text."""
        return self.y + 15


@dataclass(frozen=True)
class Mark:
    """An instant on the drawing; `beyond` when it lies outside of the time shown."""

    x: int
    text: str
    beyond: bool = False


@dataclass(frozen=True)
class Gantt:
    """Everything the template draws."""

    lines: Sequence[Line]
    ticks: Sequence[Mark]
    now: Mark | None
    promised: Mark | None
    height: int
    width: int = LABEL + CHART + RIGHT
    label: int = LABEL
    edge: int = LABEL + CHART


def items_of(order: ServiceOrder) -> list[ServiceOrderItem]:
    """Items with their services, product items, runs and steps: five queries, whatever the size of the order."""
    runs = WorkflowRun.objects.order_by("created").prefetch_related(
        Prefetch("steps", WorkflowStep.objects.order_by("position"))
    )
    return list(
        order.items.select_related(
            "service__specification",
            "service__customer",
            "product_order_item__product",
            "product_order_item__offering",
        )
        .prefetch_related(Prefetch("runs", runs))
        .order_by("position")
    )


def plan(order: ServiceOrder) -> dict[str, Any]:
    """Context of the plan of one service order."""
    items = items_of(order)
    product_order = order.product_order
    return {
        "service_order": order,
        "product_order": product_order,
        "items": items,
        "gantt": gantt(order, items, clock.now()),
        "jeopardy": product_order.jeopardy if product_order is not None else "",
        "late": is_late(order, clock.now()),
    }


def is_late(order: ServiceOrder, at: datetime) -> bool:
    """Whether the promised time has gone by without the order being done."""
    end = order.completed or at
    return order.promised is not None and end > order.promised


class Scale:
    """Time to places on the drawing, over the steps' own span; what lies far outside is marked at the edge."""

    def __init__(self, steps: Iterable[WorkflowStep], now: datetime) -> None:
        times = [
            at
            for step in steps
            for at in (step.planned_start, step.planned_end, step.started, step.finished)
            if at is not None
        ]
        self.start = min(times, default=now)
        end = max(times, default=now)
        # An order that waits for days would squeeze its bars to nothing: then "now" stands at the edge.
        if self.start < now <= end + 2 * (end - self.start):
            end = max(end, now)
        self.end = max(end, self.start + timedelta(seconds=1))

    def x(self, at: datetime) -> int:
        """Place of an instant, kept inside of the drawing."""
        share = (at - self.start) / (self.end - self.start)
        return LABEL + round(min(max(share, 0.0), 1.0) * CHART)

    def bar(self, start: datetime, end: datetime, said: str) -> Bar:
        """A span; never too narrow to be seen."""
        left = self.x(start)
        return Bar(left, max(self.x(end) - left, 2), said)

    def mark(self, at: datetime, text: str) -> Mark:
        """An instant."""
        return Mark(self.x(at), text, beyond=not self.start <= at <= self.end)


def gantt(order: ServiceOrder, items: Sequence[ServiceOrderItem], now: datetime) -> Gantt | None:
    """The drawing; None while nothing is planned."""
    runs = [(item, run) for item in items for run in item.runs.all()]
    scale = Scale((step for _item, run in runs for step in run.steps.all()), now)
    if not runs:
        return None
    lines, y = [], HEAD
    for item, run in runs:
        lines.append(Line(y, f"{run.number} · {item.service.name}"[:42], heading=True))
        y += ROW
        for step in run.steps.all():
            lines.append(_line(step, y, scale, now))
            y += ROW
    return Gantt(
        lines=lines,
        ticks=[_tick(scale, part) for part in range(5)],
        now=scale.mark(now, _("now")) if order.completed is None else None,
        promised=scale.mark(order.promised, _("promised")) if order.promised else None,
        height=y + 8,
    )


def _tick(scale: Scale, part: int) -> Mark:
    at = scale.start + (scale.end - scale.start) * part / 4
    local = timezone.localtime(at)
    return Mark(LABEL + CHART * part // 4, f"{local:%H:%M:%S}")


def _line(step: WorkflowStep, y: int, scale: Scale, now: datetime) -> Line:
    planned = real = None
    if step.planned_start and step.planned_end:
        span = formats.duration(step.planned_end - step.planned_start)
        planned = scale.bar(step.planned_start, step.planned_end, _("planned %(span)s") % {"span": span})
    if step.started is not None:
        end = step.finished or now
        real = scale.bar(
            step.started, end, _("real %(span)s") % {"span": formats.duration(end - step.started)}
        )
    late = bool(step.planned_end and step.started and (step.finished or now) > step.planned_end)
    return Line(y, in_words(step.title), status=step.status, planned=planned, real=real, late=late)


def tree(items: Sequence[ServiceOrderItem]) -> list[Mapping[str, Any]]:
    """Product order items with the service order items that deliver them; those without one stand alone."""
    branches: dict[Any, dict[str, Any]] = {}
    for item in items:
        wanted = item.product_order_item
        branch = branches.setdefault(wanted and wanted.pk, {"wanted": wanted, "items": []})
        branch["items"].append(item)
    return list(branches.values())
