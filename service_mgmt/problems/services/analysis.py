"""From the first look to the fix that holds: taken, understood, changed, watched, closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from kernel import clock, lifecycle
from kernel.errors import IllegalMove, Invalid
from kernel.models import User
from kernel.slots import slot
from oss.incidents.models import Incident
from service_mgmt.problems.models import KnownError, Problem
from service_mgmt.problems.services.detection import OURSELVES, attach_incident, signature_of
from service_mgmt.problems.services.states import create, to

Status = Problem.Status
QUIET = timedelta(days=14)
WHYS = 5
DEPTH_MAX = 10
EDITABLE = {"title", "category", "description", "occasion", "priority", "element", "link"}

# Filled by service_mgmt.changes: (problem, author) → id of the change that is to remove the cause.
propose_change_slot = slot("service_mgmt_problems.propose_change")
# Filled by service_mgmt.changes: change id → the change.
change_slot = slot("service_mgmt_problems.change")


def open_problem(
    *,
    title: str,
    element: Any = None,
    link: Any = None,
    priority: int = 5,
    category: str = "",
    description: str = "",
    occasion: str = "",
    originator: dict[str, Any] | None = None,
    incidents: Iterable[Incident] = (),
    at: datetime | None = None,
) -> Problem:
    """Open a problem by hand, of incidents or without one; `priority` 1 (highest) to 10, `originator` a TMF party."""
    if not 1 <= priority <= 10:
        raise Invalid(_("From 1 to 10"), code="problem.priority", fields={"priority": _("From 1 to 10")})
    with transaction.atomic():
        problem = create(
            Problem(
                title=title[:200],
                element=element,
                link=link,
                priority=priority,
                category=category[:60],
                description=description,
                occasion=occasion[:300],
                originator=originator or OURSELVES,
                opened=at or clock.now(),
            )
        )
        for incident in incidents:
            attach_incident(problem=problem, incident=incident)
    return problem


def open_from_incident(*, incident: Incident, by: User) -> Problem:
    """Open the problem behind an incident, so that its next occurrence joins it.

    Raises Invalid when the incident belongs to a problem, or one of its kind is open already.
    """
    signature = signature_of(incident)
    known = Problem.objects.filter(
        Q(incidents__incident=incident) | (Q(signature=signature, status__in=Problem.OPEN) & ~Q(signature=""))
    ).first()
    if known is not None:
        raise Invalid(
            _("%(problem)s is about this already") % {"problem": known.number}, code="problem.known"
        )
    with transaction.atomic():
        problem = create(
            Problem(
                title=incident.title[:200],
                signature=signature,
                category=incident.category,
                occasion=_("opened for %(incident)s") % {"incident": incident.number},
                originator=party_of(by, "originator"),
                element=incident.element,
                link=incident.link,
                opened=clock.now(),
            )
        )
        attach_incident(problem=problem, incident=incident)
    return problem


def party_of(user: User | None, role: str) -> dict[str, Any]:
    """A person as a TM Forum party; the operator where no person is known."""
    if user is None:
        return {**OURSELVES, "role": role}
    return {"id": str(user.pk), "name": str(user), "role": role, "@referredType": "Individual"}


def change_problem(*, problem: Problem, version: int | None = None, **values: Any) -> Problem:
    """Correct what a problem says. Raises IllegalMove when it is over, Invalid for a priority out of range."""
    if problem.status not in Problem.OPEN:
        raise IllegalMove(_("The problem is over"), code="problem.over")
    if unknown := set(values) - EDITABLE:
        raise TypeError(f"{unknown} cannot be changed here")
    if not 1 <= values.get("priority", problem.priority) <= 10:
        raise Invalid(_("From 1 to 10"), code="problem.priority", fields={"priority": _("From 1 to 10")})
    return lifecycle.change(problem, version=version, **values)


def take(*, problem: Problem, owner: User) -> Problem:
    """Begin the analysis, or take over one that somebody else began."""
    if problem.status in {Status.IN_PROGRESS, Status.PENDING} and problem.owner_id != owner.pk:
        return lifecycle.change(problem, verb="taken", owner=owner)
    return to(problem, Status.IN_PROGRESS, at=clock.now(), owner=owner)


def record_cause(
    *,
    problem: Problem,
    root_cause: str,
    contributing: str = "",
    workaround: str = "",
    whys: Sequence[str] | None = None,
    version: int | None = None,
) -> Problem:
    """Write down what was found; with a workaround a known error is published for the next one who meets it.

    `whys` are the answers to “why?”, at most five, each to the one before. Raises Invalid without a cause.
    """
    if not root_cause.strip():
        raise Invalid(_("Say what the cause is"), code="problem.cause", fields={"root_cause": _("required")})
    answers: dict[str, Any] = (
        {} if whys is None else {"whys": [why.strip() for why in whys if why.strip()][:WHYS]}
    )
    with transaction.atomic():
        lifecycle.change(
            problem,
            version=version,
            root_cause=root_cause,
            contributing=contributing,
            workaround=workaround,
            **answers,
        )
        _publish(problem)
    return problem


def _publish(problem: Problem) -> None:
    """The known error says what the problem says."""
    known = KnownError.objects.filter(problem=problem).first()
    if known is not None:
        if problem.workaround:
            lifecycle.change(known, workaround=problem.workaround)
    elif problem.workaround:
        lifecycle.create(KnownError(problem=problem, symptom=problem.title, workaround=problem.workaround))


def change_known_error(
    *, error: KnownError, symptom: str, workaround: str, version: int | None = None
) -> KnownError:
    """Say better what one sees and what helps; the problem's workaround follows."""
    with transaction.atomic():
        lifecycle.change(error, version=version, symptom=symptom, workaround=workaround)
        lifecycle.change(error.problem, workaround=workaround)
    return error


def retire_known_error(*, error: KnownError, reason: str = "", at: datetime | None = None) -> KnownError:
    """Show a known error no longer. Raises IllegalMove when it is retired."""
    if error.retired is not None:
        raise IllegalMove(_("It is retired"), code="knownError.retired")
    return lifecycle.change(error, verb="retired", reason=reason, retired=at or clock.now())


def known_errors_of(incident: Incident) -> list[KnownError]:
    """Workarounds that fit an incident: those of its own problem, and of problems of its kind."""
    signature = signature_of(incident)
    fits = Q(problem__incidents__incident=incident)
    if signature:
        fits |= Q(problem__signature=signature)
    found = KnownError.objects.filter(fits, retired=None).select_related("problem")
    return list(found.order_by("number").distinct())


def propose_change(*, problem: Problem, author: User) -> UUID:
    """Draft the change that removes the cause; the problem then waits for it. Raises Invalid without a cause or place."""
    if not problem.root_cause:
        raise Invalid(_("First say what the cause is"), code="problem.cause")
    with transaction.atomic():
        change_id: UUID | None = propose_change_slot.one(problem, author)
        if change_id is None:
            raise Invalid(_("First say which device or link it concerns"), code="problem.noPlace")
        to(problem, Status.PENDING, at=clock.now(), change_id=change_id)
    return change_id


def change_done(change_id: UUID, ok: bool, at: datetime) -> None:
    """The change was carried out: the problem counts as fixed and is watched, or goes back into analysis."""
    problem = Problem.objects.filter(change_id=change_id, status=Status.PENDING).first()
    if problem is None:
        return
    if ok:
        to(problem, Status.RESOLVED, at=at, resolved=at)
    else:
        to(problem, Status.IN_PROGRESS, at=at, reason=_("the change did not succeed"), change_id=None)


def change_of(problem: Problem) -> Any:
    """The change for which the problem waits, or that removed its cause."""
    return change_slot.one(problem.change_id) if problem.change_id else None


def problem_of(problem_id: UUID) -> Problem | None:
    """A problem by its id, for the page of the change that is to solve it (fills a slot)."""
    return Problem.objects.filter(pk=problem_id).first()


def resolve(*, problem: Problem, reason: str = "", at: datetime | None = None) -> Problem:
    """Fixed without a change of ours (a supplier's repair, say): watched from now on. Raises Invalid without a cause."""
    if not problem.root_cause:
        raise Invalid(_("First say what the cause is"), code="problem.cause")
    moment = at or clock.now()
    return to(problem, Status.RESOLVED, at=moment, reason=reason, resolved=moment)


def verify_fix(*, at: datetime | None = None) -> list[Problem]:
    """Close problems that stayed away for two weeks after their fix, and retire their known errors."""
    moment = at or clock.now()
    quiet = Problem.objects.filter(status=Status.RESOLVED, resolved__lt=moment - QUIET)
    return [close(problem=problem, at=moment, reason=_("no recurrence")) for problem in quiet]


def close(*, problem: Problem, at: datetime | None = None, reason: str = "") -> Problem:
    """Close a fixed problem."""
    return _over(problem, Status.CLOSED, at, reason)


def reject(*, problem: Problem, reason: str, at: datetime | None = None) -> Problem:
    """Refuse a problem that is none, before its analysis."""
    return _over(problem, Status.REJECTED, at, reason)


def cancel(*, problem: Problem, reason: str, at: datetime | None = None) -> Problem:
    """Give a problem up: its cause will not be removed. Known errors stay, because they go on helping."""
    moment = at or clock.now()
    return to(problem, Status.CANCELLED, at=moment, reason=reason, closed=moment)


def _over(problem: Problem, status: str, at: datetime | None, reason: str) -> Problem:
    moment = at or clock.now()
    with transaction.atomic():
        to(problem, status, at=moment, reason=reason, closed=moment)
        for error in KnownError.objects.filter(problem=problem, retired=None):
            retire_known_error(error=error, at=moment)
    return problem


def group(*, parent: Problem, children: Iterable[Problem]) -> list[Problem]:
    """Make problems parts of a larger one (TMF656 problemGroup). Raises Invalid for a circle."""
    found = list(children)
    above: Problem | None = parent
    line = set()
    for _level in range(DEPTH_MAX):
        if above is None:
            break
        line.add(above.pk)
        above = above.parent
    if any(child.pk in line for child in found):
        raise Invalid(_("A problem cannot be a part of its own part"), code="problem.circle")
    with transaction.atomic():
        return [lifecycle.change(child, verb="grouped", parent=parent) for child in found]


def ungroup(*, parent: Problem, children: Iterable[Problem]) -> list[Problem]:
    """Undo `group` (TMF656 problemUngroup). Raises Invalid for a problem that is no part of it."""
    found = list(children)
    if any(child.parent_id != parent.pk for child in found):
        raise Invalid(_("It is no part of this problem"), code="problem.notItsPart")
    with transaction.atomic():
        return [lifecycle.change(child, verb="ungrouped", parent=None) for child in found]
