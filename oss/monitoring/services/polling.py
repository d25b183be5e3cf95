"""Asking the elements, many at a time: SNMP in, one round of readings out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from kernel import clock, jobs
from oss.inventory.models import NetworkElement, Port
from oss.monitoring.models import ElementHealth, Metric
from oss.monitoring.services.feeds import heard
from oss.monitoring.services.health import take
from oss.monitoring.services.readings import PortReading, Reading
from oss.southbound.models import ManagementEndpoint
from oss.southbound.services import snmp_walk_many

POLL_BATCH = "oss.monitoring.poll_batch"
BATCH, CONCURRENCY = 25, 25

UPTIME = "1.3.6.1.2.1.1.3"
IF_ENTRY, IF_X_ENTRY = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
NAME, DESCR, ADMIN, OPER = f"{IF_X_ENTRY}.1", f"{IF_ENTRY}.2", f"{IF_ENTRY}.7", f"{IF_ENTRY}.8"
COLUMNS: Mapping[str, str] = {
    "in_octets": f"{IF_X_ENTRY}.6",
    "out_octets": f"{IF_X_ENTRY}.10",
    "in_discards": f"{IF_ENTRY}.13",
    "in_errors": f"{IF_ENTRY}.14",
    "out_discards": f"{IF_ENTRY}.19",
    "out_errors": f"{IF_ENTRY}.20",
}
# ifOperStatus (RFC 2863): what is not known to pass traffic is not up.
OPER_STATES = {1: Port.OperState.UP, 2: Port.OperState.DOWN, 6: Port.OperState.DOWN, 7: Port.OperState.DOWN}


def poll(*, element_ids: Iterable[UUID], at: datetime | None = None) -> int:
    """Read these elements now and take the readings in; returns how many answered.

    Elements that are not live or have no management endpoint are left out. Talks to the network: never call it inside
    a transaction. The readings are dated by the start of the round, so that later news from a trap outranks them.
    """
    endpoints = list(
        ManagementEndpoint.objects.filter(
            element__in=NetworkElement.objects.live().filter(pk__in=list(element_ids))
        ).select_related("credential", "element")
    )
    if not endpoints:
        return 0
    started = at or clock.now()
    gauges = gauge_oids()
    answers = snmp_walk_many(
        endpoints=endpoints,
        oids=[UPTIME, NAME, DESCR, ADMIN, OPER, *COLUMNS.values(), *gauges],
        concurrency=CONCURRENCY,
    )
    readings = [read(element_id, values, at=started, gauges=gauges) for element_id, values in answers.items()]
    take(readings)
    heard("poll", messages=len(readings), expected_every=timedelta(seconds=settings.POLL_SECONDS * 3))
    return sum(reading.answered for reading in readings)


def poll_all(*, at: datetime | None = None) -> int:
    """Send one task a batch for every live element that is due; returns how many elements that are.

    An element polled less than half an interval ago is not due: rounds that overlap do not pile up.
    """
    recent = (at or clock.now()) - timedelta(seconds=settings.POLL_SECONDS / 2)
    busy = ElementHealth.objects.filter(last_polled__gt=recent).values("element")
    due = list(
        ManagementEndpoint.objects.filter(element__in=NetworkElement.objects.live())
        .exclude(element__in=busy)
        .order_by("element__name")
        .values_list("element_id", flat=True)
    )
    for start in range(0, len(due), BATCH):
        jobs.enqueue(POLL_BATCH, [str(pk) for pk in due[start : start + BATCH]])
    return len(due)


def gauge_oids() -> dict[str, str]:
    """SNMP object → metric code, of the metrics read from elements."""
    return dict(Metric.objects.exclude(oid="").values_list("oid", "code"))


def read(
    element_id: UUID, values: Mapping[str, Any] | None, *, at: datetime, gauges: Mapping[str, str]
) -> Reading:
    """A reading from the values of one agent (full OID → value); None or no uptime means no answer."""
    uptime = (values or {}).get(f"{UPTIME}.0")
    if values is None or uptime is None:
        return Reading(element_id, at, error="no answer over SNMP")
    names = _column(values, NAME) or _column(values, DESCR)
    return Reading(
        element_id,
        at,
        uptime=int(uptime),
        ports=tuple(_port(index, _text(name), values) for index, name in names.items()),
        gauges={code: float(values[oid]) for oid, code in gauges.items() if _is_number(values.get(oid))},
    )


def _port(index: str, name: str, values: Mapping[str, Any]) -> PortReading:
    counters = {
        counter: int(values[oid])
        for counter, base in COLUMNS.items()
        if _is_number(values.get(oid := f"{base}.{index}"))
    }
    return PortReading(
        name=name,
        if_index=int(index),
        oper=OPER_STATES.get(values.get(f"{OPER}.{index}", 4), Port.OperState.UNKNOWN),
        admin_up=values.get(f"{ADMIN}.{index}") != 2,
        counters=counters,
    )


def _column(values: Mapping[str, Any], base: str) -> dict[str, Any]:
    prefix = base + "."
    return {oid.removeprefix(prefix): value for oid, value in values.items() if oid.startswith(prefix)}


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
