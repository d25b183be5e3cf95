"""Windows in which alarms are expected: planned, previewed, begun and ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from kernel import clock, events, journal, lifecycle
from kernel.errors import Invalid
from oss.alarms.models import Alarm, Maintenance, MaintenanceTarget
from oss.alarms.models.alarm import AlarmQuerySet
from oss.inventory.models import Link, NetworkElement
from oss.inventory.services.graph import Graph

Status = Maintenance.Status
# A window over more than this share of the network (and more than a handful) hides what nobody meant to hide.
BROAD_SHARE, HANDFUL = 0.3, 5

# Bring `planned_outage` of the open alarms in line with the windows that cover now; what a window no longer excuses,
# and was never named a root, is judged anew.
MARK = """
WITH wanted AS (
    SELECT alarm.id, EXISTS (
        SELECT FROM oss_alarms_maintenance window_
        JOIN oss_alarms_maintenancetarget target ON target.maintenance_id = window_.id
        WHERE window_.status IN ('scheduled', 'active') AND window_.start <= %(at)s AND window_."end" > %(at)s
          AND (target.element_id = alarm.element_id OR target.link_id = alarm.link_id)
    ) AS planned
    FROM oss_alarms_alarm alarm WHERE alarm.state <> 'cleared'
), differing AS (
    SELECT alarm.id, wanted.planned FROM oss_alarms_alarm alarm JOIN wanted USING (id)
    WHERE alarm.planned_outage <> wanted.planned ORDER BY alarm.id FOR UPDATE OF alarm
)
UPDATE oss_alarms_alarm alarm SET
    planned_outage = differing.planned,
    correlated = CASE WHEN NOT differing.planned AND root_id IS NULL AND root_found IS NULL THEN NULL
                 ELSE correlated END,
    version = version + 1, updated = now()
FROM differing WHERE alarm.id = differing.id RETURNING alarm.id
"""


@dataclass(frozen=True)
class Preview:
    """What a window would hide: the open alarms, and the elements and links that only its targets reach."""

    alarms: list[Alarm]
    elements: set[UUID]
    links: set[UUID]
    behind: set[UUID]
    too_broad: bool


def preview_maintenance(*, elements: Iterable[NetworkElement] = (), links: Iterable[Link] = ()) -> Preview:
    """The open alarms that a window over these targets would mark as expected, and how far it reaches."""
    wanted = {element.pk for element in elements}
    cut = {link.pk for link in links}
    behind = Graph.load().cut_off(elements=wanted, links=cut) - wanted
    concerned = set(Link.objects.standing().touching(wanted | behind).values_list("pk", flat=True)) | cut
    live = NetworkElement.objects.live().count()
    covered = len(wanted | behind)
    return Preview(
        alarms=list(
            _covered(wanted | behind, concerned).select_related("element", "port", "link", "location")
        ),
        elements=wanted,
        links=concerned,
        behind=behind,
        too_broad=covered > HANDFUL and covered > live * BROAD_SHARE,
    )


def _covered(elements: set[UUID], links: set[UUID]) -> AlarmQuerySet:
    return Alarm.objects.open().filter(Q(element__in=elements) | Q(link__in=links))


@transaction.atomic
def plan_maintenance(
    *,
    start: datetime,
    end: datetime,
    reason: str,
    elements: Iterable[NetworkElement] = (),
    links: Iterable[Link] = (),
    change_ref: str = "",
    by: Any = None,
    broad: bool = False,
    at: datetime | None = None,
) -> Maintenance:
    """Plan a window [start, end) in which alarms of the targets, and of what lies behind them, are expected.

    Such alarms are kept and shown, marked as planned, and lead to no incident. Raises Invalid for an empty or past
    window, no target, or one that covers much of the network unless `broad` says that this is meant.
    """
    moment = at or clock.now()
    elements, links = list(elements), list(links)
    _check(start, end, moment, bool(elements or links))
    seen = preview_maintenance(elements=elements, links=links)
    if seen.too_broad and not broad:
        raise Invalid(
            _("This window would cover %(n)d elements; confirm that it is meant to")
            % {"n": len(seen.elements | seen.behind)},
            code="maintenance.tooBroad",
            fields={"broad": _("Confirm")},
        )
    window = lifecycle.create(
        Maintenance(
            start=start,
            end=end,
            reason=reason[:300],
            change_ref=change_ref[:40],
            planned_by=by if getattr(by, "pk", None) else None,
        )
    )
    asked = {link.pk for link in links}
    MaintenanceTarget.objects.bulk_create(
        [
            *(MaintenanceTarget(maintenance=window, element_id=pk) for pk in sorted(seen.elements)),
            *(
                MaintenanceTarget(maintenance=window, element_id=pk, behind=True)
                for pk in sorted(seen.behind)
            ),
            *(
                MaintenanceTarget(maintenance=window, link_id=pk, behind=pk not in asked)
                for pk in sorted(seen.links)
            ),
        ]
    )
    if start <= moment:
        lifecycle.move(window, Status.ACTIVE)
        mark(at=moment)
    return window


def _check(start: datetime, end: datetime, at: datetime, anything: bool) -> None:
    if not anything:
        raise Invalid(_("Choose what is worked on"), code="maintenance.nothing")
    if end <= start or end <= at:
        raise Invalid(
            _("A window ends after it starts, and not in the past"),
            code="maintenance.window",
            fields={"end": _("Choose a later time")},
        )


@transaction.atomic
def end_maintenance(*, maintenance: Maintenance, at: datetime | None = None, reason: str = "") -> Maintenance:
    """End a window now, or call it off before it began. Alarms that still stand are expected no longer."""
    moment = at or clock.now()
    begun = maintenance.status == Status.ACTIVE or maintenance.start <= moment
    lifecycle.move(maintenance, Status.ENDED if begun else Status.CANCELLED, reason=reason)
    mark(at=moment)
    return maintenance


@transaction.atomic
def turn_windows(*, at: datetime) -> int:
    """Begin and end the windows whose time has come, and bring the marks in line; returns how many turned."""
    begun = lifecycle.move_many(
        Maintenance.objects.filter(status=Status.SCHEDULED, start__lte=at, end__gt=at), Status.ACTIVE
    )
    ended = lifecycle.move_many(Maintenance.objects.standing().filter(end__lte=at), Status.ENDED)
    if begun or ended:
        mark(at=at)
    return len(begun) + len(ended)


@transaction.atomic
def mark(*, at: datetime) -> list[UUID]:
    """Bring the mark of every open alarm in line with the windows that stand at `at`; returns the alarms changed."""
    with connection.cursor() as cursor:
        cursor.execute(MARK, {"at": at})
        changed = [row[0] for row in cursor.fetchall()]
    rows = list(Alarm.objects.filter(pk__in=changed))
    journal.record_many(
        "alarm.planned",
        [
            (row, {"planned_outage": not row.planned_outage}, {"planned_outage": row.planned_outage})
            for row in rows
        ],
    )
    events.publish(*[events.ObjectChanged(row._meta.label, row.pk, ("planned_outage",)) for row in rows])
    return changed
