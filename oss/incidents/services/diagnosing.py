"""Diagnosis: asked for by anybody, run by a worker, kept with every test."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from kernel import clock, jobs, lifecycle
from kernel.errors import DomainError
from oss.incidents.models import Diagnosis, DiagnosisTest, Incident, IncidentEntry
from oss.incidents.services import probes, timeline
from oss.incidents.services.conclusions import Conclusion, conclude

RUN_DIAGNOSIS = "oss.incidents.run_diagnosis"
STALE = timedelta(minutes=2)  # longer than any round of tests takes
Status, Kind = Diagnosis.Status, IncidentEntry.Kind


@transaction.atomic
def diagnose(*, incident: Incident, by: Any = None, at: datetime | None = None) -> Diagnosis:
    """Ask for a round of tests; the one that is waiting or running when there is one."""
    Incident.objects.locked().get(pk=incident.pk)
    present = Diagnosis.objects.filter(incident=incident, status__in=[Status.PENDING, Status.RUNNING]).first()
    if present is not None:
        return present
    made = lifecycle.create(
        Diagnosis(
            incident=incident,
            requested=at or clock.now(),
            requested_by=by if getattr(by, "pk", None) else None,
        )
    )
    jobs.enqueue(RUN_DIAGNOSIS, made.pk)
    return made


def run_diagnosis(*, diagnosis_id: UUID) -> Diagnosis | None:
    """Run one round of tests unless another worker has it, and conclude. Safe to run twice; never in a transaction."""
    diagnosis = _claim(diagnosis_id)
    if diagnosis is None:
        return None
    incident = diagnosis.incident
    try:
        found = probes.probe(probes.plan(incident), holder=incident.pk)
    except DomainError as error:
        return _fail(diagnosis, error)
    return _finish(diagnosis, found, conclude(incident, found))


def _claim(diagnosis_id: UUID) -> Diagnosis | None:
    """Take a waiting round, or one whose worker has died."""
    now = clock.system_now()
    with transaction.atomic():
        free = Q(status=Status.PENDING) | Q(status=Status.RUNNING, claimed__lt=now - STALE)
        row = (
            Diagnosis.objects.filter(free, pk=diagnosis_id)
            .select_for_update(of=("self",), skip_locked=True)
            .first()
        )
        if row is None:
            return None
        if row.status == Status.PENDING:
            lifecycle.move(row, Status.RUNNING, claimed=now)
        else:
            lifecycle.change(row, claimed=now)
    return Diagnosis.objects.select_related(
        "incident__link__port_a__element", "incident__link__port_b__element", "incident__element",
        "incident__root_alarm__port__element",
    ).get(pk=diagnosis_id)  # fmt: skip


@transaction.atomic
def _finish(diagnosis: Diagnosis, found: list[probes.Probe], verdict: Conclusion) -> Diagnosis:
    now, incident = clock.now(), diagnosis.incident
    DiagnosisTest.objects.filter(diagnosis=diagnosis).delete()  # of a worker that died on the way
    DiagnosisTest.objects.bulk_create(probes.rows(found, diagnosis.pk))
    because = {"rule": verdict.rule, "params": verdict.params}
    lifecycle.move(
        diagnosis,
        Status.DONE,
        finished=now,
        element=verdict.element,
        link=verdict.link,
        port=verdict.port,
        confidence=verdict.confidence,
        because=because,
        cause_code=verdict.cause_code,
        remedy=verdict.remedy,
    )
    located = bool(verdict.place)
    timeline.told(
        incident, Kind.DIAGNOSIS, "diagnosed" if located else "diagnosed_open", at=now, place=verdict.place,
        because=because,
    )  # fmt: skip
    incident.refresh_from_db()
    if located and incident.status == Incident.Status.OPEN:
        lifecycle.move(incident, Incident.Status.DIAGNOSED)
    return diagnosis


@transaction.atomic
def _fail(diagnosis: Diagnosis, error: DomainError) -> Diagnosis:
    now = clock.now()
    lifecycle.move(diagnosis, Status.FAILED, finished=now, error=error.message[:300])
    timeline.told(diagnosis.incident, Kind.DIAGNOSIS, "diagnosis_failed", at=now, error=error.message[:300])
    return diagnosis
