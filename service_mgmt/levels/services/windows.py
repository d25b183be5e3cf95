"""Planned work in the clock log: which services it touches, and the proof that their customers had notice."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from bss.care.models import Notice, Topic
from kernel import clock
from oss.alarms.models import Maintenance
from service_mgmt.levels.models import OutageImpact, SlaClockEvent
from service_mgmt.levels.services import clocks, outage
from service_mgmt.levels.services.outage import Fault
from service_mgmt.services.models import Service

Kind = SlaClockEvent.Kind
LOOK_BACK = timedelta(days=40)


def record_windows(*, at: datetime | None = None) -> int:
    """Write maintenance windows that began or ended into the log of the services they take away; returns how many.

    Safe to call often. A window that was ended early ends when we notice.
    """
    at = at or clock.now()
    begun = Maintenance.objects.filter(
        status__in=[Maintenance.Status.ACTIVE, Maintenance.Status.ENDED],
        start__lte=at,
        end__gt=at - LOOK_BACK,
    )
    known: dict[UUID, set[str]] = {}
    for cause_id, kind in (
        SlaClockEvent.objects.filter(cause_id__in=begun.values("pk"))
        .values_list("cause_id", "kind")
        .distinct()
    ):
        known.setdefault(cause_id, set()).add(kind)
    written = 0
    for window in begun.order_by("start"):
        written += _record(window, known.get(window.pk, set()), at)
    return written


def _record(window: Maintenance, kinds: set[str], at: datetime) -> int:
    over = window.status == Maintenance.Status.ENDED or window.end <= at
    end = min(window.end, at) if over else None
    if Kind.MAINTENANCE_START not in kinds:
        services = _touched(window)
        return clocks.record_maintenance(
            notified=_notified(window, services),
            start=window.start,
            end=max(end, window.start) if end else None,
            cause_id=window.pk,
            label=window.number,
            evidence={"window": window.number, "change": window.change_ref, "reason": window.reason},
        )
    if end is not None and Kind.MAINTENANCE_END not in kinds:
        started = SlaClockEvent.objects.filter(cause_id=window.pk, kind=Kind.MAINTENANCE_START)
        return clocks.end_maintenance(
            service_ids=set(started.values_list("service_id", flat=True)),
            at=max(end, window.start),
            cause_id=window.pk,
            label=window.number,
        )
    return 0


def _touched(window: Maintenance) -> list[Service]:
    """Live customer-facing services that the window's own targets take away or weaken."""
    targets = window.targets.filter(behind=False)
    fault = Fault(
        elements=frozenset(targets.filter(link=None).values_list("element_id", flat=True)),
        links=frozenset(targets.filter(element=None).values_list("link_id", flat=True)),
    )
    scope, _impact = outage.scope_of(fault)
    hit = [*scope.of(OutageImpact.Effect.LOST), *scope.of(OutageImpact.Effect.DEGRADED)]
    return list(Service.objects.filter(pk__in=hit).order_by("pk"))


def _notified(window: Maintenance, services: list[Service]) -> dict[UUID, datetime | None]:
    """Service id → when its customer was really sent the notice of this work, None without proof."""
    about = Q(story_id=window.pk)
    if window.change_ref:
        about |= Q(story_label=window.change_ref)
    sent = Notice.objects.filter(
        about,
        topic=Topic.MAINTENANCE,
        phase=Notice.Phase.START,
        status=Notice.Status.SENT,
        customer_id__in={service.customer_id for service in services},
    )
    # The earliest one stands: it comes last and takes the place of the others.
    first = dict(sent.order_by("-sent").values_list("customer_id", "sent"))
    return {service.pk: first.get(service.customer_id) for service in services}
