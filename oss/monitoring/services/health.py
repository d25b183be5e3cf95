"""Readings into the database: who answers, which ports changed, and the rates since the last reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from kernel import events
from oss.inventory.models import Port
from oss.inventory.services import set_oper_states
from oss.monitoring.events import ElementRestarted, PortOperChanged, ReachabilityChanged
from oss.monitoring.models import ElementHealth, PortCounters
from oss.monitoring.services.readings import (
    COUNTERS,
    Counters,
    PortReading,
    Reading,
    Sample,
    rates,
    restarted,
)
from oss.monitoring.services.record import record

MISSES_DOWN = 3  # misses in a row before an element counts as silent
STEADY_ANSWERS = 3  # answers in a row that one which changed often needs to count as reachable again
MANY_CHANGES, CHANGES_WITHIN = 4, timedelta(minutes=15)
GAP_INTERVALS = 5  # a rate over more intervals than this would hide the gap


@transaction.atomic
def take(readings: Sequence[Reading]) -> list[events.Event]:
    """Take in one round of readings; returns the events it published. Older readings than the last are left out.

    Reachability is damped (see ElementHealth); a port that reads otherwise than recorded is news; counters become
    rates against the last reading. Runs in one transaction, a fixed number of statements whatever the number of ports.
    """
    fresh = _fresh(readings)
    news: list[events.Event] = []
    for health, reading in fresh:
        news += _judge(health, reading)
    ElementHealth.objects.bulk_update(
        [health for health, _reading in fresh],
        ["reachable", "since", "misses", "answers", "changes", "last_polled", "last_answered", "uptime", "booted",
         "error"],
    )  # fmt: skip
    answered = [reading for _health, reading in fresh if reading.answered]
    ports = _ports(answered)
    news += _port_states(answered, ports)
    record([*_element_samples(answered), *_port_samples(answered, ports)])
    events.publish(*news)
    return news


def _fresh(readings: Iterable[Reading]) -> list[tuple[ElementHealth, Reading]]:
    """Readings with the locked health of their element, without those older than what is known."""
    by_element = {reading.element_id: reading for reading in sorted(readings, key=lambda reading: reading.at)}
    ElementHealth.objects.bulk_create(
        [ElementHealth(element_id=pk) for pk in by_element], ignore_conflicts=True
    )
    held = ElementHealth.objects.filter(pk__in=by_element).locked()
    return [
        (health, by_element[health.pk])
        for health in held
        if health.last_polled is None or health.last_polled < by_element[health.pk].at
    ]


def _judge(health: ElementHealth, reading: Reading) -> list[events.Event]:
    news: list[events.Event] = []
    health.last_polled, health.error = reading.at, reading.error[:200]
    if reading.answered:
        health.misses, health.answers = 0, health.answers + 1
        if health.uptime is not None and health.last_answered is not None:
            elapsed = reading.at - health.last_answered
            if restarted(health.uptime, reading.uptime, elapsed):
                news.append(ElementRestarted(health.pk, reading.at - timedelta(seconds=reading.uptime / 100)))
        health.last_answered, health.uptime = reading.at, reading.uptime
        health.booted = reading.at - timedelta(seconds=reading.uptime / 100)
    else:
        health.misses, health.answers = health.misses + 1, 0
    verdict = _verdict(health, reading.at)
    if verdict is not health.reachable:
        news += _turn(health, verdict, reading.at)
    return news


def _verdict(health: ElementHealth, at: datetime) -> bool | None:
    """Whether it now counts as reachable: one answer is enough, unless it changed often of late."""
    if health.misses:
        return False if health.misses >= MISSES_DOWN else health.reachable
    restless = (
        health.changes >= MANY_CHANGES and health.since is not None and at - health.since < CHANGES_WITHIN
    )
    needed = STEADY_ANSWERS if health.reachable is False and restless else 1
    return True if health.answers >= needed else health.reachable


def _turn(health: ElementHealth, reachable: bool | None, at: datetime) -> list[events.Event]:
    first = health.reachable is None
    recent = health.since is not None and at - health.since < CHANGES_WITHIN
    health.changes = health.changes + 1 if recent else 1
    health.reachable, health.since = reachable, at
    # The first answer of a new element is no news; its first silence is.
    return [] if first and reachable else [ReachabilityChanged(health.pk, bool(reachable), at)]


def _ports(readings: Sequence[Reading]) -> dict[tuple[UUID, str], Port]:
    """(element, port name) → port. By name: interface indexes may change at a restart (RFC 2863 §3.1.5)."""
    rows = Port.objects.filter(element_id__in=[reading.element_id for reading in readings])
    return {(port.element_id, port.name): port for port in rows}


def _seen(
    readings: Sequence[Reading], ports: dict[tuple[UUID, str], Port]
) -> list[tuple[Reading, PortReading, Port]]:
    return [
        (reading, told, port)
        for reading in readings
        for told in reading.ports
        if (port := ports.get((reading.element_id, told.name))) is not None
    ]


def _port_states(readings: Sequence[Reading], ports: dict[tuple[UUID, str], Port]) -> list[events.Event]:
    differing = [
        (reading, told, port)
        for reading, told, port in _seen(readings, ports)
        if told.oper != port.oper_state and told.oper in Port.OperState.values
    ]
    if not differing:
        return []
    changed = set(set_oper_states([(port.pk, told.oper, reading.at) for reading, told, port in differing]))
    return [
        PortOperChanged(port.pk, port.element_id, told.oper, reading.at)
        for reading, told, port in differing
        if port.pk in changed
    ]


def _element_samples(readings: Sequence[Reading]) -> list[Sample]:
    return [
        Sample(metric, reading.element_id, None, reading.at, float(value))
        for reading in readings
        for metric, value in reading.gauges.items()
    ]


def _port_samples(readings: Sequence[Reading], ports: dict[tuple[UUID, str], Port]) -> list[Sample]:
    """Rates of every port that is up, and the counters kept for the next time."""
    told_ports = [row for row in _seen(readings, ports) if set(COUNTERS) <= set(row[1].counters)]
    known = {
        kept.port_id: _counters(kept)
        for kept in PortCounters.objects.filter(port_id__in=[port.pk for _r, _t, port in told_ports])
    }
    longest = timedelta(seconds=settings.POLL_SECONDS * GAP_INTERVALS)
    samples = []
    for reading, told, port in told_ports:
        before = known.get(port.pk)
        if before is None or told.oper != Port.OperState.UP:
            continue
        now = Counters(reading.at, reading.uptime, told.counters)
        for metric, rate in rates(before, now, speed_mbps=port.speed_mbps, longest=longest).items():
            samples.append(Sample(metric, reading.element_id, port.pk, reading.at, rate))
    PortCounters.objects.bulk_create(
        [
            PortCounters(
                port=port,
                at=reading.at,
                uptime=reading.uptime,
                **{name: told.counters[name] for name in COUNTERS},
            )
            for reading, told, port in told_ports
        ],
        update_conflicts=True,
        unique_fields=["port"],
        update_fields=["at", "uptime", *COUNTERS],
        batch_size=1000,
    )
    return samples


def _counters(kept: PortCounters) -> Counters:
    return Counters(kept.at, kept.uptime, {name: int(getattr(kept, name)) for name in COUNTERS})
