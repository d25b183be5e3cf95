"""Doors of problem management: found by recurrence, analysed, fixed by a change, closed when it stays away."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from kernel import clock, lifecycle
from kernel.errors import Invalid
from kernel.models import User
from kernel.slots import slot
from oss.incidents.models import CauseCode, Incident
from service_mgmt.problems.models import KnownError, Problem, ProblemIncident

WINDOW = timedelta(days=30)
RECURRENCES = 2
QUIET = timedelta(days=14)
# Not disturbances of ours, or counted elsewhere: they say nothing about a recurring cause.
NOT_COUNTED = {CauseCode.PLANNED, CauseCode.NO_FAULT, CauseCode.MERGED, CauseCode.CUSTOMER}

# Filled by service_mgmt.changes: (problem, author) → id of the change that is to remove the cause.
propose_change_slot = slot("service_mgmt_problems.propose_change")


def signature_of(incident: Incident) -> str:
    """What makes two incidents the same: category and the resource they struck; empty when that is unknown."""
    where = incident.link_id or incident.element_id
    return f"{incident.category}:{where}" if where else ""


def detect(*, incident_id: UUID, at: datetime | None = None) -> Problem | None:
    """After an incident opened: join it to the open problem of its kind, or open one at the second in 30 days.

    Safe to call twice. None when it is the first of its kind.
    """
    moment = at or clock.now()
    incident = Incident.objects.select_related("link", "element").get(pk=incident_id)
    signature = signature_of(incident)
    if not signature:
        return None
    with transaction.atomic():
        problem = Problem.objects.locked().filter(signature=signature, status__in=Problem.OPEN).first()
        if problem is None:
            same = _same(incident, moment)
            if len(same) < RECURRENCES:
                return None
            problem = _open(incident, signature, len(same), moment)
            for other in same:
                link_incident(problem=problem, incident=other)
        link_incident(problem=problem, incident=incident)
        if problem.status == Problem.Status.RESOLVED:
            lifecycle.move(
                problem, Problem.Status.IN_PROGRESS, reason=_("it came back: %(n)s") % {"n": incident}
            )
    return problem


def _same(incident: Incident, at: datetime) -> list[Incident]:
    """Incidents on the same resource in the window, this one among them."""
    where = Q(link=incident.link) if incident.link_id else Q(element=incident.element, link=None)
    rows = Incident.objects.filter(where, category=incident.category, opened__gt=at - WINDOW)
    return list(rows.exclude(cause_code__in=NOT_COUNTED).order_by("opened"))


def _open(incident: Incident, signature: str, count: int, at: datetime) -> Problem:
    place = incident.link or incident.element
    return lifecycle.create(
        Problem(
            title=_("%(place)s fails again (%(n)d times in %(days)d days)")
            % {"place": place, "n": count, "days": WINDOW.days},
            signature=signature,
            element=incident.element,
            link=incident.link,
            priority=3,
            opened=at,
        )
    )


def open_problem(
    *, title: str, element: Any = None, link: Any = None, priority: int = 5, at: datetime | None = None
) -> Problem:
    """Open a problem by hand."""
    return lifecycle.create(
        Problem(title=title[:200], element=element, link=link, priority=priority, opened=at or clock.now())
    )


def link_incident(*, problem: Problem, incident: Incident) -> ProblemIncident:
    """Say that an incident belongs to a problem; one problem an incident, the first stays."""
    known = ProblemIncident.objects.filter(incident=incident).first()
    return known or lifecycle.create(ProblemIncident(problem=problem, incident=incident))


def take(*, problem: Problem, owner: User) -> Problem:
    """Begin the analysis."""
    return lifecycle.move(problem, Problem.Status.IN_PROGRESS, owner=owner)


def record_cause(
    *,
    problem: Problem,
    root_cause: str,
    contributing: str = "",
    workaround: str = "",
    version: int | None = None,
) -> Problem:
    """Write down what was found; with a workaround a known error is published for the next one who meets it."""
    if not root_cause.strip():
        raise Invalid(_("Say what the cause is"), code="problem.cause", fields={"root_cause": _("required")})
    with transaction.atomic():
        lifecycle.change(
            problem, version=version, root_cause=root_cause, contributing=contributing, workaround=workaround
        )
        if workaround and not KnownError.objects.filter(problem=problem).exists():
            lifecycle.create(KnownError(problem=problem, symptom=problem.title, workaround=workaround))
    return problem


def known_errors_of(incident: Incident) -> list[KnownError]:
    """Workarounds that fit an incident."""
    found = KnownError.objects.filter(retired=None, problem__signature=signature_of(incident))
    return list(found.select_related("problem")) if signature_of(incident) else []


def propose_change(*, problem: Problem, author: User) -> UUID:
    """Draft the change that removes the cause; the problem then waits for it. Raises Invalid without a cause."""
    if not problem.root_cause:
        raise Invalid(_("First say what the cause is"), code="problem.cause")
    with transaction.atomic():
        change_id: UUID | None = propose_change_slot.one(problem, author)
        if change_id is None:
            raise Invalid(_("Changes are not managed here"), code="problem.noChanges")
        lifecycle.move(problem, Problem.Status.PENDING, change_id=change_id)
    return change_id


def change_done(change_id: UUID, ok: bool, at: datetime) -> None:
    """The change was carried out: the problem counts as fixed and is watched, or goes back into analysis."""
    problem = Problem.objects.filter(change_id=change_id, status=Problem.Status.PENDING).first()
    if problem is None:
        return
    if ok:
        lifecycle.move(problem, Problem.Status.RESOLVED, resolved=at)
    else:
        lifecycle.move(
            problem, Problem.Status.IN_PROGRESS, reason=_("the change did not succeed"), change_id=None
        )


def verify_fix(*, at: datetime | None = None) -> list[Problem]:
    """Close problems that stayed away for two weeks after their fix, and retire their known errors."""
    moment = at or clock.now()
    quiet = Problem.objects.filter(status=Problem.Status.RESOLVED, resolved__lt=moment - QUIET)
    return [close(problem=problem, at=moment, reason=_("no recurrence")) for problem in quiet]


def close(*, problem: Problem, at: datetime | None = None, reason: str = "") -> Problem:
    """Close a fixed problem."""
    moment = at or clock.now()
    with transaction.atomic():
        lifecycle.move(problem, Problem.Status.CLOSED, closed=moment, reason=reason)
        for error in KnownError.objects.filter(problem=problem, retired=None):
            lifecycle.change(error, retired=moment, verb="retired")
    return problem


def problem_of(problem_id: UUID) -> Problem | None:
    """A problem by its id, for the page of the change that is to solve it (fills a slot)."""
    return Problem.objects.filter(pk=problem_id).first()


def fill_slots() -> None:
    """What this app answers for its sibling (called at start-up)."""
    slot("service_mgmt_changes.done").fill(change_done)
    slot("service_mgmt_changes.problem").fill(problem_of)
