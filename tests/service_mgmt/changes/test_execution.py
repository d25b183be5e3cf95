"""Carrying changes out on live elements: what fails or dies is taken back, what runs twice does no harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from kernel import clock
from kernel.errors import IllegalMove, Invalid, StaleState, Unreachable
from kernel.models import JournalEntry, User
from oss.alarms.models import Maintenance
from oss.inventory.models import Link, NetworkElement, Port
from oss.inventory.services import import_topology
from oss.southbound import services as southbound
from oss.southbound.models import ElementSession
from oss.southbound.services.leases import Lease
from service_mgmt.changes import services, tasks
from service_mgmt.changes.models import ChangeRequest, ChangeStep
from service_mgmt.changes.services import actions, execution
from tests.factories.oss_inventory import make_link
from tests.running_lab import RunningLab

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
WINDOW = (AT + timedelta(hours=1), AT + timedelta(hours=3))


class Killed(BaseException):
    """Stands for kill -9: nothing in the product catches it."""


@pytest.fixture
def people(make_user: Callable[..., User]) -> tuple[User, User]:
    return make_user("engineer"), make_user("engineer")


@pytest.fixture
def link(lab: RunningLab) -> Link:
    import_topology(lab.topology)
    southbound.register_lab(lab.state)
    return Link.objects.select_related("port_a__element", "port_b__element").get(name="cr2-ag1")


@pytest.fixture(autouse=True)
def in_window(people: Any) -> Iterator[None]:
    with clock.frozen(AT):
        yield


def step(phase: str, action: str, port: Port, **params: str) -> dict[str, Any]:
    return {
        "phase": phase,
        "action": action,
        "element": port.element,
        "params": {"port": port.name, **params},
    }


def scheduled(people: tuple[User, User], link: Link, steps: list[dict[str, Any]]) -> ChangeRequest:
    change = services.draft(title="Test", author=people[0], links=[link], steps=steps)
    services.set_window(change=change, start=WINDOW[0], end=WINDOW[1])
    services.submit(change=change)
    services.approve(change=change, by=people[1])
    return services.schedule(change=change, by=people[1])


def switch_off(port: Port, *after: dict[str, Any]) -> list[dict[str, Any]]:
    """Switch a port off, with checks that follow."""
    return [step("pre", "port_state", port, state="up"), step("do", "set_port", port, state="down"), *after]


def run(change: ChangeRequest) -> ChangeRequest:
    with clock.frozen(WINDOW[0]):
        return services.execute(change=change)


def admin_state(port: Port) -> str:
    with southbound.session(element=port.element, purpose="look") as session:
        return str(session.ports()[port.name]["admin"])


def waits(port: Port) -> bool:
    """Whether a commit waits on the element; takes it back."""
    with southbound.session(element=port.element, purpose="look", write=True) as session:
        return bool(session.settle())


def die(change: ChangeRequest) -> None:
    """The worker's last sign of life is long past."""
    ChangeRequest.objects.filter(pk=change.pk).update(heartbeat=timezone.now() - timedelta(hours=1))


@contextmanager
def killed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker that dies in the block; its lease stays where it is."""
    with monkeypatch.context() as patch:
        patch.setattr(Lease, "give_back", lambda self: None)
        with pytest.raises(Killed):
            yield


def statuses(change: ChangeRequest) -> list[str]:
    return list(change.steps.order_by("position").values_list("status", flat=True))


@pytest.mark.parametrize("end", ["port_a", "port_b"])
def test_a_failing_check_afterwards_puts_the_element_back(link: Link, people: Any, end: str) -> None:
    port = getattr(link, end)
    change = scheduled(people, link, switch_off(port, step("post", "port_state", port, state="up")))
    run(change)
    assert (change.status, statuses(change)) == ("failed", ["done", "undone", "failed"])
    assert admin_state(port) == "up"
    assert not waits(port)
    assert port.name in change.steps.get(phase="do").diff
    assert Maintenance.objects.get(change_ref=change.number).status in {"ended", "cancelled"}


def test_a_change_that_holds_stays_on_the_element(link: Link, people: Any) -> None:
    port = link.port_a
    change = scheduled(people, link, switch_off(port, step("post", "port_state", port, state="down")))
    run(change)
    assert change.status == "postImplementationReview"
    assert admin_state(port) == "down"
    assert not waits(port)
    assert change.steps.get(phase="do").undo == [{"kind": "PortAdmin", "port": port.name, "enabled": True}]


def test_two_actions_on_one_element_are_confirmed_together(link: Link, people: Any) -> None:
    port = link.port_a
    ends = Link.objects.values_list("port_a", "port_b")
    taken = {pk for pair in ends for pk in pair}
    with southbound.session(element=port.element, purpose="look") as session:
        known = set(session.ports())
    other = Port.objects.filter(element=port.element, name__in=known).exclude(pk__in=taken).earliest("name")
    plan = [
        step("do", "set_port", port, state="down"),
        step("do", "set_port", other, state="down"),
        step("post", "port_state", port, state="down"),
    ]
    change = scheduled(people, link, plan)
    run(change)
    assert change.status == "postImplementationReview"
    assert (admin_state(port), admin_state(other)) == ("down", "down")
    assert not waits(port)


def test_a_worker_lost_after_an_action_leaves_a_change_that_is_taken_back(
    link: Link, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = link.port_a
    change = scheduled(people, link, switch_off(port, step("post", "ping", port, address="10.0.0.1") | {
        "params": {"address": "10.0.0.1"}
    }))  # fmt: skip

    def vanish(*_args: Any) -> Any:
        raise Killed

    with killed(monkeypatch):
        monkeypatch.setitem(actions.ACTIONS, "ping", actions.Action("x", {"address": "address"}, vanish))
        run(change)
    change.refresh_from_db()
    assert (change.status, statuses(change)) == ("inProgress", ["done", "done", "running"])
    assert services.run_change(change_id=change.pk) is None, "its worker may still live"
    die(change)
    assert services.sweep() == 1
    services.run_change(change_id=change.pk)
    change.refresh_from_db()
    assert (change.status, statuses(change)[:2]) == ("failed", ["done", "undone"])
    assert admin_state(port) == "up"
    assert not waits(port)


def test_a_worker_lost_between_two_confirmations_takes_both_elements_back(
    link: Link, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = link.port_a, link.port_b
    plan = [
        step("do", "set_port", a, state="down"),
        step("do", "set_port", b, state="down"),
        step("post", "port_state", a, state="down"),
    ]
    change = scheduled(people, link, plan)
    confirmed: list[str] = []

    def beat(row: ChangeRequest) -> None:
        done = row.steps.filter(status="done").count() == 3
        if done and confirmed:
            raise Killed
        if done:
            confirmed.append("first")
        original(row)

    original = execution._go_on
    with killed(monkeypatch), monkeypatch.context() as patch:
        patch.setattr(execution, "_go_on", beat)
        run(change)
    die(change)
    services.run_change(change_id=change.pk)
    change.refresh_from_db()
    assert (change.status, statuses(change)) == ("failed", ["undone", "undone", "done"])
    assert (admin_state(a), admin_state(b)) == ("up", "up")


def test_a_worker_lost_during_the_checks_before_is_followed_by_one_that_starts_anew(
    link: Link, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = link.port_a
    change = scheduled(people, link, switch_off(port, step("post", "port_state", port, state="down")))

    def vanish(*_args: Any) -> Any:
        raise Killed

    with killed(monkeypatch), monkeypatch.context() as patch:
        patch.setitem(
            actions.ACTIONS, "port_state", actions.Action("x", {"port": "name", "state": "state"}, vanish)
        )
        run(change)
    die(change)
    former = ElementSession.objects.filter(holder=change.pk).latest("started")
    with southbound.session(
        element=port.element, purpose="former self", holder=change.pk
    ):  # its lease is taken over by whoever has the same holder
        southbound.recover(element=port.element, holder=change.pk)
    with clock.frozen(WINDOW[0]):
        services.run_change(change_id=change.pk)
    change.refresh_from_db()
    assert (change.status, statuses(change)) == ("postImplementationReview", ["done", "done", "done"])
    former.refresh_from_db()
    assert former.finished is not None


def test_a_task_that_comes_twice_or_late_does_nothing_more(link: Link, people: Any) -> None:
    port = link.port_a
    change = scheduled(people, link, switch_off(port, step("post", "port_state", port, state="down")))
    run(change)
    sessions, entries = ElementSession.objects.count(), JournalEntry.objects.count()
    tasks.run(str(change.pk))
    tasks.run(str(change.pk))
    assert tasks.sweep() == 0
    assert (ElementSession.objects.count(), JournalEntry.objects.count()) == (sessions, entries)


def test_calling_it_off_takes_back_what_was_done(
    link: Link, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = link.port_a
    change = scheduled(people, link, switch_off(port, step("post", "port_state", port, state="down")))
    original = actions.ACTIONS["set_port"]

    def and_then_abort(row: ChangeStep, hold: Any) -> tuple[str, str]:
        found = original.run(row, hold)
        services.abort(change=ChangeRequest.objects.get(pk=change.pk), reason="customers call")
        return found

    monkeypatch.setitem(
        actions.ACTIONS, "set_port", actions.Action("x", original.params, and_then_abort, changes=True)
    )
    run(change)
    assert (change.status, statuses(change)) == ("failed", ["done", "undone", "pending"])
    assert admin_state(port) == "up"


# -- without a network


def looks(people: Any) -> ChangeRequest:
    """A scheduled change that only looks; nothing answers."""
    link = make_link()
    return scheduled(people, link, [step("pre", "port_state", link.port_a, state="up")])


def test_of_two_who_start_a_change_one_is_told(people: Any) -> None:
    mine = looks(people)
    rival = ChangeRequest.objects.get(pk=mine.pk)
    services.start(change=mine, at=WINDOW[0])
    with pytest.raises(StaleState):
        services.start(change=rival, at=WINDOW[0])


def test_of_two_workers_one_gets_the_change(people: Any) -> None:
    change = services.start(change=looks(people), at=WINDOW[0])
    assert execution._claim(change.pk) is not None
    assert execution._claim(change.pk) is None


@pytest.mark.parametrize("at", [AT, WINDOW[1]])
def test_nothing_begins_before_or_after_the_window(people: Any, at: datetime) -> None:
    change = looks(people)
    with pytest.raises(IllegalMove):
        services.start(change=change, at=at)
    assert change.status == "scheduled"


def test_a_window_that_ends_before_the_first_step_fails_the_change_untouched(people: Any) -> None:
    change = services.start(change=looks(people), at=WINDOW[0])
    with clock.frozen(WINDOW[1]):
        services.run_change(change_id=change.pk)
    change.refresh_from_db()
    assert (change.status, statuses(change)) == ("failed", ["pending"])
    assert not ElementSession.objects.exists()


def test_an_element_that_does_not_answer_is_tried_again_and_then_the_change_fails(
    people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(**_kwargs: Any) -> Any:
        raise Unreachable("no answer")

    monkeypatch.setattr(southbound, "session", silent)
    change = services.start(change=looks(people), at=WINDOW[0])
    seen = []
    with clock.frozen(WINDOW[0]):
        for _attempt in range(execution.OPENING_ATTEMPTS):
            services.run_change(change_id=change.pk)
            change.refresh_from_db()
            seen.append(change.status)
            assert services.run_change(change_id=change.pk) is None, "not before some time has passed"
            die(change)
    assert seen == ["inProgress", "inProgress", "failed"]


def test_a_bug_in_an_action_does_not_leave_the_change_running(
    people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_kwargs: Any) -> Any:
        raise KeyError("port")

    monkeypatch.setattr(southbound, "session", broken)
    change = services.start(change=looks(people), at=WINDOW[0])
    with clock.frozen(WINDOW[0]):
        services.run_change(change_id=change.pk)
    change.refresh_from_db()
    assert change.status == "failed"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"action": "reboot"}, "action"),
        ({"phase": "do"}, "phase"),
        ({"params": {"port": "x"}}, "state"),
        ({"params": {"port": "x\nrequest system reboot", "state": "up"}}, "port"),
        ({"params": {"port": "x", "state": "sideways"}}, "state"),
        ({"params": {"port": "x", "state": "up", "more": "1"}}, "more"),
    ],
)
def test_a_step_is_checked_before_it_is_kept(people: Any, values: dict[str, Any], field: str) -> None:
    port = make_link().port_a
    with pytest.raises(Invalid) as refusal:
        actions.check_step({**step("pre", "port_state", port, state="up"), **values})
    assert field in refusal.value.fields


def test_an_action_on_what_the_change_does_not_name_is_refused(people: Any) -> None:
    link, elsewhere = make_link(), make_link().port_a
    plan = [step("do", "renew_port", elsewhere), step("post", "port_state", link.port_a, state="up")]
    with pytest.raises(Invalid, match=NetworkElement.objects.get(pk=elsewhere.element_id).name):
        services.draft(title="x", author=people[0], links=[link], steps=plan)
