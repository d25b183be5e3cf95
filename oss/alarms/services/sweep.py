"""What time alone brings about: ends of acknowledgements, alarms that outlived their signs, windows, silent feeds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from kernel import clock
from oss.alarms.models import Alarm, AlarmType, EarlyClear, ProbableCause, Severity, Source
from oss.alarms.services.maintenance import turn_windows
from oss.alarms.services.normalise import key
from oss.alarms.services.notices import Notice
from oss.alarms.services.operators import unacknowledge
from oss.alarms.services.state import EARLY_KEPT, FLAP_QUIET, raise_many
from oss.monitoring.models import ElementHealth
from oss.monitoring.services import silent_feeds


@dataclass(frozen=True)
class Swept:
    """How many alarms each rule concerned."""

    unacknowledged: int
    cleared: int
    windows: int
    feeds: int


@transaction.atomic
def sweep(*, at: datetime | None = None) -> Swept:
    """Everything that is due at `at`. Safe to run as often as one likes, and twice at once."""
    moment = at or clock.now()
    unacknowledged = unacknowledge(Alarm.objects.ack_expired(moment), reason="its time is up")
    windows = turn_windows(at=moment)
    over = [*_expired(moment), *_quiet(moment), *_ports_up(), *_elements_up()]
    feeds = _feeds(moment)
    raise_many(over + feeds)
    EarlyClear.objects.filter(at__lt=moment - EARLY_KEPT).delete()
    return Swept(len(unacknowledged), len(over), windows, len(feeds))


def _over(alarm: Alarm, at: datetime, source: str, text: str, *, forced: bool = True) -> Notice:
    return Notice(
        key=alarm.key,
        at=at,
        source=source,
        severity=Severity.CLEARED,
        element_id=alarm.element_id,
        text=text,
        forced=forced,
    )


def _expired(at: datetime) -> list[Notice]:
    """Alarms of things that happen and pass: nobody says that they are over."""
    rows = Alarm.objects.open().filter(expires__lte=at)
    return [_over(alarm, alarm.expires or at, Source.TIMER, "no further sign") for alarm in rows]


def _quiet(at: datetime) -> list[Notice]:
    """Flapping alarms that stayed quiet since their last clear."""
    rows = Alarm.objects.open().filter(clear_pending__lte=at - FLAP_QUIET)
    return [
        _over(alarm, alarm.clear_pending, Source.TIMER, "stayed quiet after flapping")
        for alarm in rows
        if alarm.clear_pending
    ]


def _ports_up() -> list[Notice]:
    """Ports recorded up since after the last sign that they are down: the message that said so was lost."""
    rows = Alarm.objects.open().filter(
        port__oper_state="up",
        port__oper_changed__gt=F("last_raised"),
        clear_pending=None,
        key__endswith=":link",
    )
    return [
        _over(alarm, alarm.port.oper_changed, Source.POLL, "the port is seen up", forced=False)
        for alarm in rows.select_related("port")
        if alarm.port and alarm.port.oper_changed and alarm.key == key("link", port=alarm.port_id)
    ]


def _elements_up() -> list[Notice]:
    """Elements that answer since after they were last found silent."""
    rows = Alarm.objects.open().filter(key__endswith=":reachability", clear_pending=None)
    answering = {
        health.pk: health.since
        for health in ElementHealth.objects.filter(pk__in=[row.element_id for row in rows], reachable=True)
    }
    return [
        _over(alarm, since, Source.POLL, "the element answers", forced=False)
        for alarm in rows
        if alarm.element_id and (since := answering.get(alarm.element_id)) and since > alarm.last_raised
    ]


def _feeds(at: datetime) -> list[Notice]:
    """A source that should speak and does not: what it would tell is unknown, not good."""
    silent = {feed.name for feed in silent_feeds()}
    known = set(Alarm.objects.open().filter(key__startswith="feed:").values_list("key", flat=True))
    raised = [
        Notice(
            key=f"feed:{name}",
            at=at,
            source=Source.TIMER,
            severity=Severity.MAJOR,
            alarm_type=AlarmType.PROCESSING,
            probable_cause=ProbableCause.UNDERLYING,
            specific_problem=f"Feed {name} is silent",
            proposed_repair="Look at the process that listens or polls",
        )
        for name in sorted(silent)
        if f"feed:{name}" not in known
    ]
    back = [
        Notice(
            key=open_key,
            at=at,
            source=Source.TIMER,
            severity=Severity.CLEARED,
            text="it speaks again",
            forced=True,
        )
        for open_key in sorted(known)
        if open_key.removeprefix("feed:") not in silent
    ]
    return raised + back
