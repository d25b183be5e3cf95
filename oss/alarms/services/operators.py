"""What people do with alarms: take notice, remark, group."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Min, Q
from django.utils.translation import gettext as _

from kernel import clock, events, journal, lifecycle
from kernel.errors import Invalid
from oss.alarms.events import SymptomsJoined
from oss.alarms.models import AckState, Alarm, AlarmComment, CorrelationVerdict
from oss.alarms.models.alarm import RANK

Verdict = CorrelationVerdict.Verdict


@transaction.atomic
def acknowledge(
    alarms: Iterable[Alarm], *, by: Any, note: str = "", until: datetime | None = None, at: datetime | None = None,
    symptoms: bool = False,
) -> list[Alarm]:  # fmt: skip
    """Take notice of open alarms, with a note and perhaps an end; returns those acknowledged (cleared ones are not).

    With `symptoms`, the symptoms of roots among them too. Raises Invalid when `until` is not in the future.
    """
    moment = at or clock.now()
    if until is not None and until <= moment:
        raise Invalid(
            _("An acknowledgement ends in the future"),
            code="alarm.ackUntil",
            fields={"until": _("Choose a later time")},
        )
    return lifecycle.move_many(
        _chosen(alarms, symptoms),
        AckState.ACKNOWLEDGED,
        cycle=Alarm.ack_cycle,
        reason=note,
        acked_by=by if getattr(by, "pk", None) else None,
        acked_at=moment,
        ack_note=note[:500],
        ack_until=until,
    )


@transaction.atomic
def unacknowledge(alarms: Iterable[Alarm], *, reason: str = "", symptoms: bool = False) -> list[Alarm]:
    """Take the acknowledgement of open alarms back; returns those that had one."""
    return lifecycle.move_many(
        _chosen(alarms, symptoms).filter(ack_state=AckState.ACKNOWLEDGED),
        AckState.UNACKNOWLEDGED,
        cycle=Alarm.ack_cycle,
        reason=reason,
        acked_by=None,
        acked_at=None,
        ack_until=None,
    )


def _chosen(alarms: Iterable[Alarm], symptoms: bool) -> Any:
    ids = [alarm.pk for alarm in alarms]
    wanted = Q(pk__in=ids) | Q(root__in=ids) if symptoms else Q(pk__in=ids)
    return Alarm.objects.open().filter(wanted)


@transaction.atomic
def comment(
    *, alarm: Alarm, text: str, by: Any = None, system: str = "", author: str = "", at: datetime | None = None
) -> AlarmComment:
    """Add a remark. Raises Invalid when it is empty."""
    if not text.strip():
        raise Invalid(
            _("A comment says something"), code="alarm.emptyComment", fields={"text": _("Write something")}
        )
    person = by if getattr(by, "pk", None) else None
    return lifecycle.create(
        AlarmComment(
            alarm=alarm,
            at=at or clock.now(),
            author=person,
            author_label=(author or str(person or journal.context().actor))[:120],
            system=system[:80],
            text=text.strip(),
        ),
        events_too=[events.ObjectChanged(alarm._meta.label, alarm.pk, ("comment",))],
    )


@transaction.atomic
def group(
    *, root: Alarm, alarms: Iterable[Alarm], by: Any = None, note: str = "", at: datetime | None = None
) -> list[Alarm]:
    """Say that alarms are symptoms of `root`; the pairs are remembered, and grouped by themselves next time.

    Symptoms of the alarms move to `root` as well. Raises Invalid when `root` is a symptom itself.
    """
    moment = at or clock.now()
    if root.root_id is not None:
        raise Invalid(
            _("%(alarm)s is a symptom itself; choose its root") % {"alarm": root}, code="alarm.rootIsSymptom"
        )
    ids = [alarm.pk for alarm in alarms if alarm.pk != root.pk]
    rows = list(Alarm.objects.filter(Q(pk__in=ids) | Q(root__in=ids)).exclude(root=root).locked())
    for row in rows:
        attach(
            row, root, {"rule": "by_hand", "params": {"by": str(by or journal.context().actor)}}, at=moment
        )
        _remember(Verdict.ACCEPT, root, row, by=by, note=note, at=moment)
    if rows:
        events.publish(SymptomsJoined(root.pk, tuple(row.pk for row in rows), moment))
    return rows


@transaction.atomic
def ungroup(
    *, alarms: Iterable[Alarm], by: Any = None, note: str = "", at: datetime | None = None
) -> list[Alarm]:
    """Say that alarms are not symptoms of their root; the pairs are not grouped again, and each is looked at anew."""
    moment = at or clock.now()
    rows = list(Alarm.objects.filter(pk__in=[alarm.pk for alarm in alarms], root__isnull=False).locked())
    roots = {root.pk: root for root in Alarm.objects.filter(pk__in={row.root_id for row in rows})}
    for row in rows:
        _remember(Verdict.REJECT, roots[row.root_id], row, by=by, note=note, at=moment)
        lifecycle.change(row, root=None, because={}, correlated=None, verb="ungrouped", reason=note)
    return rows


def accept_grouping(
    *, alarms: Iterable[Alarm], by: Any = None, note: str = "", at: datetime | None = None
) -> list[Alarm]:
    """Confirm that symptoms belong to their root."""
    rows = list(
        Alarm.objects.filter(pk__in=[alarm.pk for alarm in alarms], root__isnull=False).select_related("root")
    )
    for row in rows:
        if row.root is not None:
            _remember(Verdict.ACCEPT, row.root, row, by=by, note=note, at=at or clock.now())
    return rows


def attach(symptom: Alarm, root: Alarm, because: dict[str, Any], *, at: datetime) -> None:
    """Make an alarm a symptom of a root, with the reason."""
    lifecycle.change(symptom, root=root, because=because, correlated=at, root_found=None, verb="grouped")
    symptom.root = root


def _remember(
    verdict: str, root: Alarm, symptom: Alarm, *, by: Any, note: str, at: datetime
) -> CorrelationVerdict:
    person = by if getattr(by, "pk", None) else None
    return lifecycle.create(
        CorrelationVerdict(
            root_key=root.key,
            symptom_key=symptom.key,
            verdict=verdict,
            at=at,
            by=person,
            by_label=str(person or journal.context().actor)[:120],
            note=note[:500],
            root=root,
            symptom=symptom,
        )
    )


def severity_of_elements(element_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The worst open severity of each element that has an unexpected alarm (for the picture of the network)."""
    rows = (
        Alarm.objects.open()
        .unexpected()
        .filter(element__in=list(element_ids))
        .values_list("element")
        .annotate(worst=Min("severity_rank"))
    )
    words = {rank: severity for severity, rank in RANK.items()}
    return {element: words[worst] for element, worst in rows}
