"""What is measured, what was measured, and how the elements and the feeds are doing."""

from oss.monitoring.models.health import ElementHealth, Feed, Reachability
from oss.monitoring.models.measurements import Measurement, Metric, PortCounters, RollUp, Series
from oss.monitoring.models.thresholds import Threshold, ThresholdState

__all__ = [
    "ElementHealth",
    "Feed",
    "Measurement",
    "Metric",
    "PortCounters",
    "Reachability",
    "RollUp",
    "Series",
    "Threshold",
    "ThresholdState",
]
