"""Approval by somebody else, rivals, withdrawal, cancellation; what a submitted change no longer lets one touch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel import clock
from kernel.errors import IllegalMove, Invalid, NotAllowed, StaleState
from kernel.models import JournalEntry, User
from oss.alarms.models import Maintenance
from oss.incidents import services as incidents
from oss.inventory.models import Link
from service_mgmt.changes import services
from service_mgmt.changes.models import Approval, ChangeRequest, Freeze
from service_mgmt.problems import services as problems
from tests.factories.oss_inventory import make_link

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
WINDOW = (AT + timedelta(hours=1), AT + timedelta(hours=3))


@pytest.fixture
def people(make_user: Callable[..., User]) -> list[User]:
    return [make_user("engineer") for _person in range(3)]


@pytest.fixture(autouse=True)
def in_the_morning(people: Any) -> Iterator[None]:
    with clock.frozen(AT):
        yield


def make_draft(author: User, link: Link | None = None, **overrides: Any) -> ChangeRequest:
    link = link or make_link()
    look = {
        "phase": "pre",
        "action": "port_state",
        "element": link.port_a.element,
        "params": {"port": link.port_a.name, "state": "up"},
    }
    return services.draft(title="Look", author=author, links=[link], **{"steps": [look], **overrides})


def submitted(author: User, link: Link | None = None, **overrides: Any) -> ChangeRequest:
    change = make_draft(author, link, **overrides)
    services.set_window(change=change, start=WINDOW[0], end=WINDOW[1])
    return services.submit(change=change)


def test_of_two_approvers_one_is_told_and_one_vote_is_kept(people: list[User]) -> None:
    change = submitted(people[0])
    rival = ChangeRequest.objects.get(pk=change.pk)
    services.approve(change=change, by=people[1])
    with pytest.raises(StaleState):
        services.approve(change=rival, by=people[2])
    assert list(Approval.objects.values_list("approver", flat=True)) == [people[1].pk]


def test_of_two_changes_on_one_link_only_the_first_is_approved(people: list[User]) -> None:
    link = make_link()
    first, second = submitted(people[0], link), submitted(people[0], link)
    services.approve(change=first, by=people[1])
    with pytest.raises(Invalid, match=first.number):
        services.approve(change=second, by=people[2])


def test_nobody_rejects_their_own_change_either(people: list[User]) -> None:
    with pytest.raises(NotAllowed):
        services.reject(change=submitted(people[0]), by=people[0], reason="no")


def test_an_emergency_may_be_approved_because_of_the_incident_it_mends(people: list[User]) -> None:
    link = make_link()
    incident = incidents.open_incident(title="down", link=link, category="transport")
    normal = submitted(people[0], link)
    emergency = submitted(people[0], link, kind="emergency")
    with pytest.raises(Invalid, match=incident.number):
        services.approve(change=normal, by=people[1])
    assert incident.number in str(emergency.assessment["conflicts"])
    assert services.approve(change=emergency, by=people[1]).status == "approved"


def test_a_window_that_passed_is_neither_submitted_nor_approved_nor_scheduled(people: list[User]) -> None:
    draft = make_draft(people[0])
    services.set_window(change=draft, start=WINDOW[0], end=WINDOW[1])
    waiting, approved = submitted(people[0]), submitted(people[0])
    services.approve(change=approved, by=people[1])
    with clock.frozen(WINDOW[1]):
        for door, row in ((services.submit, draft), (services.schedule, approved)):
            with pytest.raises(Invalid):
                door(change=row)
        with pytest.raises(Invalid):
            services.approve(change=waiting, by=people[1])


def test_what_was_submitted_is_not_changed_until_it_is_withdrawn(people: list[User]) -> None:
    change = submitted(people[0])
    port = change.targets.get().link.port_a
    values = {"element": port.element, "port": port.name, "state": "up"}
    doors: list[Callable[[], Any]] = [
        lambda: services.set_window(change=change, start=WINDOW[0], end=WINDOW[1] + timedelta(hours=1)),
        lambda: services.change_draft(change=change, title="Other"),
        lambda: services.add_step(change=change, phase="pre", action="port_state", **values),
        lambda: services.remove_step(change=change, position=1),
    ]
    for door in doors:
        with pytest.raises(IllegalMove):
            door()
    services.withdraw(change=change)
    for door in doors:
        door()
    assert change.title == "Other"


def test_who_rejected_a_change_may_approve_what_was_made_of_it(people: list[User]) -> None:
    change = submitted(people[0])
    services.withdraw(change=change)
    services.submit(change=change)
    services.approve(change=change, by=people[1], reason="better")
    assert Approval.objects.get().decision == "approved"


def test_steps_are_kept_in_the_order_in_which_they_are_carried_out(people: list[User]) -> None:
    change = make_draft(people[0])
    port = change.targets.get().link.port_a
    services.add_step(
        change=change, phase="post", action="port_state", element=port.element, port=port.name, state="up"
    )
    services.add_step(change=change, phase="do", action="renew_port", element=port.element, port=port.name)
    assert [line.split()[0] for line in services.plan_in_words(change)] == ["pre", "do", "post"]
    services.remove_step(change=change, position=1)
    assert list(change.steps.values_list("position", "phase")) == [(1, "do"), (2, "post")]
    assert JournalEntry.objects.filter(object_id=change.pk, verb="change_request.planned").count() == 3
    with pytest.raises(Invalid):
        services.remove_step(change=change, position=9)


def test_an_action_without_a_check_after_it_is_not_submitted(people: list[User]) -> None:
    change = make_draft(people[0])
    port = change.targets.get().link.port_a
    services.add_step(change=change, phase="do", action="renew_port", element=port.element, port=port.name)
    services.set_window(change=change, start=WINDOW[0], end=WINDOW[1])
    with pytest.raises(Invalid, match="checked afterwards"):
        services.submit(change=change)


@pytest.mark.parametrize("given_up", ["cancel", "reject"])
def test_a_change_that_is_given_up_calls_its_window_off_and_gives_the_problem_back(
    people: list[User], given_up: str
) -> None:
    problem = problems.open_problem(title="again", link=make_link(), at=AT)
    problems.take(problem=problem, owner=people[0])
    problems.record_cause(problem=problem, root_cause="worn patch")
    change = ChangeRequest.objects.get(pk=problems.propose_change(problem=problem, author=people[0]))
    services.set_window(change=change, start=WINDOW[0], end=WINDOW[1])
    services.submit(change=change)
    if given_up == "reject":
        services.reject(change=change, by=people[1], reason="not now")
    else:
        services.approve(change=change, by=people[1])
        services.schedule(change=change, by=people[1])
        services.cancel(change=change, reason="storm")
        assert Maintenance.objects.get(change_ref=change.number).status == "cancelled"
    problem.refresh_from_db()
    assert (problem.status, problem.change_id) == ("inProgress", None)


def test_freezes_have_an_order_and_can_be_moved_and_lifted(people: list[User]) -> None:
    with pytest.raises(Invalid):
        services.freeze(name="x", start=WINDOW[1], end=WINDOW[0])
    freeze = services.freeze(name="Fair", start=WINDOW[0], end=WINDOW[1])
    change = submitted(people[0])
    with pytest.raises(Invalid, match="Fair"):
        services.approve(change=change, by=people[1])
    services.change_freeze(
        freeze=freeze, name="Fair", start=WINDOW[1], end=WINDOW[1] + timedelta(days=1), version=freeze.version
    )
    services.approve(change=change, by=people[1])
    services.lift_freeze(freeze=freeze)
    assert not Freeze.objects.exists()
