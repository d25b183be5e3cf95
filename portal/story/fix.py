"""The second half of chapter five: the problem behind two incidents, its cause, and the change that removes it."""

from __future__ import annotations

from datetime import timedelta

from kernel import clock
from kernel.errors import NotAllowed
from oss.alarms.models import Maintenance
from oss.incidents.models import Incident
from portal.story.teller import Teller
from service_mgmt.changes import services as changes
from service_mgmt.changes.models import ChangeRequest
from service_mgmt.problems import services as problems
from service_mgmt.problems.models import KnownError, Problem

CAUSE = "The connector of the span is dirty: the laser's safety shut-down latches after every cut."
WORKAROUND = "Bounce the port at either end after the splice: runbook “Bounce a port”."


def tell(story: Teller) -> None:
    """Found by recurrence, analysed, removed in a window by an approved change, and watched."""
    problem = _found(story)
    change = _planned(story, problem)
    _carried_out(story, change)
    story.wait("the problem to count as fixed", lambda: _is(problem, Problem.Status.RESOLVED))
    story.check("the problem is fixed, and watched for two weeks", True, problem.get_status_display())


def _found(story: Teller) -> Problem:
    second: Incident = story.things["second incident"]
    problem = story.wait(
        "the problem behind both",
        lambda: Problem.objects.filter(incidents__incident=second, status__in=Problem.OPEN).first(),
    )
    story.made("problem", problem)
    count = problem.incidents.count()
    story.check("both incidents belong to it", count == 2, count)
    with story.as_("engineer") as owner:
        problems.take(problem=problem, owner=owner)
        problems.record_cause(problem=problem, root_cause=CAUSE, workaround=WORKAROUND)
    story.made("known error", KnownError.objects.get(problem=problem))
    return problem


def _planned(story: Teller, problem: Problem) -> ChangeRequest:
    """Drafted from the problem, judged on the live network, approved by somebody else, in the calendar."""
    with story.as_("noc") as author:
        change = ChangeRequest.objects.get(pk=problems.propose_change(problem=problem, author=author))
        start, end = changes.next_window(after=clock.now() + timedelta(days=2))
        changes.set_window(change=change, start=start, end=end)
        changes.submit(change=change)
        story.made("change", change)
        story.check("judged on the live network", bool(change.assessment), f"risk {change.risk}")
        try:
            changes.approve(change=change, by=author)
            refused = False
        except NotAllowed:
            refused = True
        story.check("nobody approves their own change", refused)
    with story.as_("engineer") as approver:
        changes.approve(change=change, by=approver, reason="the cable has cost us two outages")
        changes.schedule(change=change, by=approver)
    window = Maintenance.objects.get(change_ref=change.number)
    story.made("maintenance window", window)
    return change


def _carried_out(story: Teller, change: ChangeRequest) -> None:
    assert change.window_start is not None
    story.move_clock(change.window_start + timedelta(minutes=5))
    with story.as_("engineer"):
        changes.execute(change=change)
        steps = list(change.steps.values_list("phase", "action", "status"))
        story.check(
            "checked before, done, checked after",
            all(status == "done" for _phase, _action, status in steps),
            [f"{phase} {action}: {status}" for phase, action, status in steps],
        )
        changes.review(change=change, text="Both ends see each other; no errors since.")
    story.check("the change is completed", change.status == ChangeRequest.Status.COMPLETED, change.status)


def _is(problem: Problem, status: str) -> bool | None:
    problem.refresh_from_db()
    return True if problem.status == status else None
