"""What alarms do when monitoring tells something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kernel.events import Event
from oss.alarms.services import measured
from oss.monitoring.events import (
    ElementRestarted,
    PortOperChanged,
    ReachabilityChanged,
    ThresholdCrossed,
    ThresholdLeft,
)


def reachability_changed(event: ReachabilityChanged) -> None:
    """Silent elements raise, answering ones clear."""
    kind, text = (
        ("reachable", "answers the poll") if event.reachable else ("unreachable", "does not answer the poll")
    )
    measured.element_turned(element_id=event.element_id, kind=kind, at=event.at, text=text)


def element_restarted(event: ElementRestarted) -> None:
    """An uptime that began anew, whether or not the element said so itself."""
    measured.element_turned(
        element_id=event.element_id, kind="restart", at=event.at, text="uptime began anew"
    )


def port_changed(event: PortOperChanged) -> None:
    """A poll is evidence like a trap."""
    measured.port_turned(port_id=event.port_id, state=event.state, at=event.at)


def threshold_crossed(event: ThresholdCrossed) -> None:
    """A limit crossed is an alarm."""
    measured.limit_crossed(
        threshold_id=event.threshold_id, metric=event.metric, element_id=event.element_id, port_id=event.port_id,
        value=event.value, limit=event.limit, severity=event.severity, at=event.at,
    )  # fmt: skip


def threshold_left(event: ThresholdLeft) -> None:
    """And left, it is over."""
    measured.limit_left(
        threshold_id=event.threshold_id, metric=event.metric, element_id=event.element_id, port_id=event.port_id,
        value=event.value, at=event.at,
    )  # fmt: skip


SUBSCRIBERS: dict[type[Event], list[Callable[[Any], None]]] = {
    ReachabilityChanged: [reachability_changed],
    ElementRestarted: [element_restarted],
    PortOperChanged: [port_changed],
    ThresholdCrossed: [threshold_crossed],
    ThresholdLeft: [threshold_left],
}
