"""Made-up readings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from oss.inventory.models import NetworkElement, Port
from oss.monitoring import services
from oss.monitoring.models import ElementHealth, Metric, Threshold
from oss.monitoring.services.readings import COUNTERS, PortReading, Reading, Sample
from tests.factories.oss_inventory import make_element, make_port

AT = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)


def later(seconds: float) -> datetime:
    """AT and so many seconds."""
    return AT + timedelta(seconds=seconds)


def make_reading(element: NetworkElement, **overrides: Any) -> Reading:
    """An element answers at AT, up for an hour."""
    return Reading(**{"element_id": element.pk, "at": AT, "uptime": 360_000, **overrides})


def make_silence(element: NetworkElement, at: datetime) -> Reading:
    """An element does not answer."""
    return Reading(element.pk, at, error="no answer over SNMP")


def make_port_reading(port: Port, **overrides: Any) -> PortReading:
    """A port that is up, all counters at zero unless given by name."""
    counters = {name: overrides.pop(name, 0) for name in COUNTERS}
    return PortReading(
        **{"name": port.name, "if_index": port.if_index or 1, "oper": "up", "counters": counters, **overrides}
    )


def make_sample(port: Port | None = None, **overrides: Any) -> Sample:
    """One value of traffic into a port."""
    port = port or make_port()
    return Sample(
        **{
            "metric": "port.in",
            "element_id": port.element_id,
            "port_id": port.pk,
            "at": AT,
            "value": 1e6,
            **overrides,
        }
    )


def make_threshold(**overrides: Any) -> Threshold:
    """At most 80 Mbit/s into a port, twice in a row; clears at 60."""
    values = {
        "name": "Much traffic",
        "limit": 80e6,
        "clear_limit": 60e6,
        "samples": 2,
        "severity": "major",
        **overrides,
    }
    values.setdefault("metric", Metric.objects.get(code="port.in"))
    return services.add_threshold(**values)


def make_health(**overrides: Any) -> ElementHealth:
    """The health of an element that answered at AT."""
    element = overrides.pop("element", None) or make_element()
    services.take([make_reading(element)])
    return ElementHealth.objects.get(element=element)


SAMPLES: dict[str, Callable[[], Any]] = {
    "oss_monitoring.ElementHealth": make_health,
    "oss_monitoring.Threshold": make_threshold,
}
