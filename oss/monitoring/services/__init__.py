"""Doors of monitoring."""

from oss.monitoring.services.definitions import ensure_definitions
from oss.monitoring.services.feeds import heard, silent_feeds
from oss.monitoring.services.health import take
from oss.monitoring.services.limits import add_threshold, change_threshold
from oss.monitoring.services.polling import poll, poll_all
from oss.monitoring.services.readings import PortReading, Reading, Sample
from oss.monitoring.services.record import record
from oss.monitoring.services.series import Point, roll_up, series

__all__ = [
    "Point",
    "PortReading",
    "Reading",
    "Sample",
    "add_threshold",
    "change_threshold",
    "ensure_definitions",
    "heard",
    "poll",
    "poll_all",
    "record",
    "roll_up",
    "series",
    "silent_feeds",
    "take",
]
