"""Found by recurrence: the second incident of a kind on one resource opens a problem, further ones join it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from kernel import clock, lifecycle
from kernel.errors import Invalid
from oss.incidents.models import CauseCode, Incident
from service_mgmt.problems.models import Problem, ProblemIncident
from service_mgmt.problems.services.states import create, to

WINDOW = timedelta(days=30)
RECURRENCES = 2
# Not disturbances of ours, or counted elsewhere: they say nothing about a recurring cause.
NOT_COUNTED = {CauseCode.PLANNED, CauseCode.NO_FAULT, CauseCode.MERGED, CauseCode.CUSTOMER}
OURSELVES = {"id": "trunkline", "name": "Trunkline", "role": "originator", "@referredType": "Organization"}


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
            to(
                problem,
                Problem.Status.IN_PROGRESS,
                at=moment,
                reason=_("it came back: %(n)s") % {"n": incident},
            )
    return problem


def _same(incident: Incident, at: datetime) -> list[Incident]:
    """Incidents on the same resource in the window, this one among them."""
    where = Q(link=incident.link) if incident.link_id else Q(element=incident.element, link=None)
    rows = Incident.objects.filter(where, category=incident.category, opened__gt=at - WINDOW)
    return list(rows.exclude(cause_code__in=NOT_COUNTED).order_by("opened"))


def _open(incident: Incident, signature: str, count: int, at: datetime) -> Problem:
    place = incident.link or incident.element
    return create(
        Problem(
            title=_("%(place)s fails again (%(n)d times in %(days)d days)")
            % {"place": place, "n": count, "days": WINDOW.days},
            signature=signature,
            category=incident.category,
            occasion=_("%(n)d incidents in %(days)d days") % {"n": count, "days": WINDOW.days},
            originator=OURSELVES,
            element=incident.element,
            link=incident.link,
            priority=3,
            opened=at,
        )
    )


def link_incident(*, problem: Problem, incident: Incident) -> ProblemIncident:
    """Say that an incident belongs to a problem; one problem an incident, the first stays."""
    known = ProblemIncident.objects.filter(incident=incident).first()
    return known or lifecycle.create(ProblemIncident(problem=problem, incident=incident))


def attach_incident(*, problem: Problem, incident: Incident) -> ProblemIncident:
    """Link an incident by hand. Raises Invalid for one of another problem, or when the problem is over."""
    if problem.status not in Problem.OPEN:
        raise Invalid(_("The problem is over"), code="problem.over")
    with transaction.atomic():
        link = link_incident(problem=problem, incident=incident)
    if link.problem_id != problem.pk:
        raise Invalid(
            _("%(incident)s belongs to %(problem)s")
            % {"incident": incident.number, "problem": link.problem.number},
            code="problem.incidentTaken",
            fields={"incident": _("It belongs to another problem")},
        )
    return link


def detach_incident(*, problem: Problem, incident: Incident) -> None:
    """Say that an incident does not belong to the problem after all. Raises Invalid when it does not anyway."""
    link = problem.incidents.filter(incident=incident).first()
    if link is None:
        raise Invalid(
            _("It does not belong to this problem"),
            code="problem.notItsIncident",
            fields={"incident": _("It does not belong to this problem")},
        )
    lifecycle.remove(link)


def problem_of_incident(incident: Incident) -> Problem | None:
    """The problem to which an incident belongs."""
    return Problem.objects.filter(incidents__incident=incident).first()
