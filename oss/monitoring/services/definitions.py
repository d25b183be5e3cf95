"""The metrics and limits that come with the product; operators add theirs and may switch any limit off."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from oss.monitoring.models import Metric, Threshold

ENTERPRISE = "1.3.6.1.4.1.32473.1.2"  # gauges of the reference elements (RFC 5612 documentation number)
PORT, ELEMENT = Metric.Scope.PORT, Metric.Scope.ELEMENT

# code, scope, English, French, unit, SNMP object
METRICS: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("port.in", PORT, "Traffic in", "Trafic entrant", "bit/s", ""),
    ("port.out", PORT, "Traffic out", "Trafic sortant", "bit/s", ""),
    ("port.in_errors", PORT, "Errors in", "Erreurs en entrée", "1/s", ""),
    ("port.out_errors", PORT, "Errors out", "Erreurs en sortie", "1/s", ""),
    ("port.in_discards", PORT, "Discards in", "Rejets en entrée", "1/s", ""),
    ("port.out_discards", PORT, "Discards out", "Rejets en sortie", "1/s", ""),
    ("element.cpu", ELEMENT, "Processor", "Processeur", "%", f"{ENTERPRISE}.1.0"),
    ("element.memory", ELEMENT, "Memory", "Mémoire", "%", f"{ENTERPRISE}.2.0"),
    ("element.temperature", ELEMENT, "Temperature", "Température", "°C", f"{ENTERPRISE}.3.0"),
    ("element.sessions", ELEMENT, "Command-line sessions", "Sessions de commande", "", f"{ENTERPRISE}.4.0"),
)
THRESHOLDS: tuple[dict[str, Any], ...] = (
    {"name": "Port nearly full, in", "metric": "port.in", "limit": 90, "clear_limit": 80, "of_speed": True,
     "severity": "minor"},
    {"name": "Port nearly full, out", "metric": "port.out", "limit": 90, "clear_limit": 80, "of_speed": True,
     "severity": "minor"},
    {"name": "Errors in", "metric": "port.in_errors", "limit": 10, "clear_limit": 1, "severity": "minor"},
    {"name": "Processor busy", "metric": "element.cpu", "limit": 90, "clear_limit": 75, "severity": "minor",
     "samples": 5},
    {"name": "Memory nearly full", "metric": "element.memory", "limit": 92, "clear_limit": 85, "severity": "major",
     "samples": 5},
    {"name": "Too hot", "metric": "element.temperature", "limit": 70, "clear_limit": 65, "severity": "major"},
)  # fmt: skip


@transaction.atomic
def ensure_definitions(**_kwargs: Any) -> None:
    """Add what is missing, and leave alone what operators have changed (after every migrate)."""
    Metric.objects.bulk_create(
        [
            Metric(code=code, scope=scope, name=name, name_fr=french, unit=unit, oid=oid)
            for code, scope, name, french, unit, oid in METRICS
        ],
        ignore_conflicts=True,
    )
    known = {metric.code: metric for metric in Metric.objects.all()}
    Threshold.objects.bulk_create(
        [Threshold(**{**values, "metric": known[values["metric"]]}) for values in THRESHOLDS],
        ignore_conflicts=True,
    )
