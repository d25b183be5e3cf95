"""Changes on live elements: judged, approved by another, run in the window, taken back when a check fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel import clock, lifecycle
from kernel.errors import IllegalMove, Invalid, NotAllowed
from kernel.models import User
from oss.alarms.models import Maintenance
from oss.inventory.models import Link, NetworkElement
from oss.inventory.services import import_topology
from oss.southbound import services as southbound
from service_mgmt.changes import services
from service_mgmt.changes.models import ChangeRequest, Freeze
from service_mgmt.problems import services as problems
from service_mgmt.problems.models import Problem
from tests.factories.oss_inventory import make_link
from tests.running_lab import RunningLab

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
WINDOW = (AT + timedelta(hours=1), AT + timedelta(hours=3))
STATES = [str(state) for state in ChangeRequest.Status]


@pytest.fixture
def people(make_user: Callable[..., User]) -> tuple[User, User]:
    return make_user("engineer"), make_user("engineer")


def make_change(author: User, link: Link | None = None, **overrides: Any) -> ChangeRequest:
    link = link or make_link()
    steps = [
        {
            "phase": "pre",
            "action": "neighbour",
            "element": link.port_a.element,
            "params": {"port": "x", "neighbour": "y"},
        }
    ]
    return services.draft(title="Test", author=author, links=[link], **{"steps": steps, **overrides})


def planned(people: tuple[User, User], change: ChangeRequest) -> ChangeRequest:
    """Submitted, approved by the other person, scheduled."""
    services.set_window(change=change, start=WINDOW[0], end=WINDOW[1])
    services.submit(change=change)
    services.approve(change=change, by=people[1])
    return services.schedule(change=change, by=people[1])


def test_a_change_needs_a_target_a_window_and_a_check_after_its_action(people: Any) -> None:
    with pytest.raises(Invalid):
        services.draft(title="x", author=people[0])
    link = make_link()
    action = [
        {"phase": "do", "action": "renew_port", "element": link.port_a.element, "params": {"port": "x"}}
    ]
    with pytest.raises(Invalid):
        services.draft(title="x", author=people[0], links=[link], steps=action)
    with clock.frozen(AT), pytest.raises(Invalid):
        services.submit(change=make_change(people[0]))


def test_nobody_approves_their_own_change(people: Any) -> None:
    with clock.frozen(AT):
        change = make_change(people[0])
        services.set_window(change=change, start=WINDOW[0], end=WINDOW[1])
        services.submit(change=change)
        with pytest.raises(NotAllowed):
            services.approve(change=change, by=people[0])
        assert services.approve(change=change, by=people[1]).status == "approved"


def test_a_freeze_refuses_and_an_emergency_passes_it(people: Any) -> None:
    Freeze.objects.create(
        name="Christmas", start=WINDOW[0] - timedelta(days=1), end=WINDOW[1] + timedelta(days=1)
    )
    with clock.frozen(AT):
        for kind, passes in (("normal", False), ("emergency", True)):
            change = make_change(people[0], kind=kind)
            services.set_window(change=change, start=WINDOW[0], end=WINDOW[1])
            services.submit(change=change)
            if passes:
                services.approve(change=change, by=people[1])
            else:
                with pytest.raises(Invalid, match="Christmas"):
                    services.approve(change=change, by=people[1])


def test_two_changes_of_one_resource_at_one_time_collide(people: Any) -> None:
    link = make_link()
    with clock.frozen(AT):
        planned(people, make_change(people[0], link))
        second = make_change(people[0], link)
        services.set_window(change=second, start=WINDOW[0] + timedelta(minutes=30), end=WINDOW[1])
        services.submit(change=second)
        assert second.risk >= 25
        with pytest.raises(Invalid, match="at the same time"):
            services.approve(change=second, by=people[1])


def test_scheduling_announces_the_window_to_the_alarms(people: Any) -> None:
    with clock.frozen(AT):
        change = planned(people, make_change(people[0]))
    window = Maintenance.objects.get(change_ref=change.number)
    assert (window.start, window.end) == WINDOW


def test_nothing_runs_outside_the_window(people: Any) -> None:
    with clock.frozen(AT):
        change = planned(people, make_change(people[0]))
        with pytest.raises(IllegalMove):
            services.execute(change=change, at=AT)
    assert change.status == "scheduled"


@pytest.fixture
def link(lab: RunningLab) -> Link:
    import_topology(lab.topology)
    southbound.register_lab(lab.state)
    return Link.objects.get(name="cr2-ag1")


def fix_of(link: Link, people: tuple[User, User]) -> tuple[Problem, ChangeRequest]:
    """A problem of a link and the change that renews it."""
    problem = problems.open_problem(title="again", link=link, at=AT)
    problems.take(problem=problem, owner=people[0])
    problems.record_cause(problem=problem, root_cause="worn patch")
    return problem, ChangeRequest.objects.get(pk=problems.propose_change(problem=problem, author=people[0]))


def test_the_permanent_fix_is_carried_out_checked_and_reported_to_its_problem(
    link: Link, people: Any
) -> None:
    with clock.frozen(AT):
        problem, change = fix_of(link, people)
        planned(people, change)
    with clock.frozen(WINDOW[0]):
        services.execute(change=change)
        assert change.status == "postImplementationReview"
        assert set(change.steps.values_list("status", flat=True)) == {"done"}
        services.review(change=change, text="as planned")
    problem.refresh_from_db()
    assert (change.status, problem.status) == ("completed", "resolved")
    assert change.steps.exclude(session_id=None).count() == change.steps.count()


def test_a_check_that_fails_takes_the_change_back(link: Link, people: Any, lab: RunningLab) -> None:
    with clock.frozen(AT):
        problem, change = fix_of(link, people)
        planned(people, change)
    lab.ctl("cut", link.name)
    with clock.frozen(WINDOW[0]):
        services.execute(change=change)
    problem.refresh_from_db()
    assert (change.status, problem.status) == ("failed", "inProgress")
    assert "down" in change.steps.get(status="failed").output
    with southbound.session(
        element=NetworkElement.objects.get(name="cr2-kvl"), purpose="look", write=True
    ) as session:
        assert not session.settle()


@pytest.mark.parametrize(("before", "after"), [(a, b) for a in STATES for b in STATES])
def test_every_pair_of_states_follows_the_table(people: Any, before: str, after: str) -> None:
    change = make_change(people[0])
    ChangeRequest.objects.update(status=before)
    change.refresh_from_db()
    if ChangeRequest.lifecycle.allows(before, after):
        assert lifecycle.move(change, after).status == after
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(change, after)
