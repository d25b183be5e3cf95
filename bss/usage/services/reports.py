"""Usage reported one by one: the same way as any file, of a source that stands for the caller."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bss.usage.models import UsageFile, UsageRecord, UsageSource, UsageSpecification
from bss.usage.models.record import Kind
from bss.usage.services.files import create_source, ingest_file, process_file
from kernel import clock, lifecycle
from kernel.errors import DomainError, Invalid
from kernel.ids import uuid7

FIELDS = ["key", "caller", "called", "start", "duration"]
CALLS: dict[str, Any] = {"header": False, "fields": FIELDS, "columns": {name: name for name in FIELDS}}


@dataclass(frozen=True)
class Reported:
    """One call (`seconds`) or data report (`volume` bytes over `seconds`) as an integrator tells it."""

    started: datetime
    identifier: str
    other: str = ""
    seconds: int = 0
    volume: int = 0
    key: str = ""


def report_usage(*, kind: str, reports: Sequence[Reported]) -> list[UsageRecord]:
    """Mediate and rate reports at once; returns their records in order, of a repeated key the one that is there.

    Nothing is half taken: raises Invalid naming the first report that cannot be rated and why, and keeps none.
    """
    rows = [row if row.key else Reported(**{**row.__dict__, "key": str(uuid7())}) for row in reports]
    with transaction.atomic():
        source = _source(kind)
        text = "\n".join(_line(kind, row) for row in rows) + "\n"
        file = ingest_file(text.encode(), source=source, name=f"{source.code}-{uuid7()}")
        process_file(file.pk)
        suspended = file.suspense.order_by("line").first()
        if suspended is not None:
            raise Invalid(
                _("Report %(line)d cannot be rated: %(reason)s")
                % {"line": suspended.line, "reason": suspended.get_reason_display()},
                code=f"usage.{suspended.reason}",
            )
        return _records(source, file, rows)


def _records(source: UsageSource, file: UsageFile, rows: Sequence[Reported]) -> list[UsageRecord]:
    found = {
        record.key: record
        for record in UsageRecord.objects.filter(source=source, key__in=[_key(source, row) for row in rows])
    }
    if missing := [row.key for row in rows if _key(source, row) not in found]:
        raise DomainError(
            _("%(key)s is never charged") % {"key": missing[0]}, code="usage.notCharged", file=file.number
        )
    return [found[_key(source, row)] for row in rows]


def _key(source: UsageSource, row: Reported) -> str:
    return row.key if source.format == "csv" else f"rest/{row.key}/0"


def _source(kind: str) -> UsageSource:
    if kind not in Kind.values:
        raise Invalid(_("There is no usage of kind %(kind)s") % {"kind": kind}, code="usage.kind")
    code = f"rest-{kind}"
    found = UsageSource.objects.filter(code=code).first()
    if found is not None:
        return found
    if kind == Kind.VOICE:
        return create_source(code=code, name="REST, calls", format="csv", mapping=CALLS)
    return create_source(code=code, name="REST, data", format="radius")


def _line(kind: str, row: Reported) -> str:
    at = row.started.astimezone(UTC).isoformat()
    if kind == Kind.VOICE:
        text = io.StringIO()
        csv.writer(text).writerow([row.key, row.identifier, row.other, at, row.seconds])
        return text.getvalue().strip()
    told = {"status": "interim", "element": "rest", "session": row.key, "user": row.identifier, "at": at}
    delta = {"at": at, "seconds": row.seconds, "volume": row.volume}
    return json.dumps({**told, "seconds": 0, "delta": delta, "taken": clock.system_now().isoformat()})


def change_specification(
    *, specification: UsageSpecification, name: str | None = None, description: str | None = None
) -> UsageSpecification:
    """Correct the name or description of a kind of usage."""
    return lifecycle.change(
        specification,
        name=specification.name if name is None else name,
        description=specification.description if description is None else description,
    )
