"""Changes as people see them: plan, decisions, calendar, and what stands on the pages of others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kernel import clock
from kernel.models import User
from oss.alarms import services as alarms
from oss.incidents import services as incidents
from portal.views.inbox import approvals
from service_mgmt.changes import services
from service_mgmt.changes.models import ChangeRequest
from service_mgmt.changes.views.elsewhere import changes_near
from service_mgmt.problems import services as problems
from tests.conftest import NOW
from tests.factories.oss_inventory import make_link
from tests.factories.service_mgmt_changes import (
    make_change,
    make_freeze,
    make_scheduled,
    make_waiting,
)
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def engineer(make_user: Callable[..., User], now: datetime) -> User:
    return make_user("engineer")


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())


def page(change: ChangeRequest, *tab: str) -> str:
    name = "service_mgmt_changes:change-detail" + ("-tab" if tab else "")
    return reverse(name, args=[change.number, *tab])


def do(user: User, change: ChangeRequest, verb: str, **data: Any) -> Any:
    answer = browser_of(user).post(f"{page(change)}do/{verb}/", data)
    change.refresh_from_db()
    return answer


def test_a_change_is_planned_on_its_pages_until_it_waits_for_approval(engineer: User) -> None:
    link = make_link()
    port = link.port_a
    browser = browser_of(engineer)
    plan = f"pre port_state {port.element.name} port={port.name} state=up"
    answer = browser.post(
        reverse("service_mgmt_changes:change-create"),
        {"title": "Renew it", "kind": "normal", "priority": "high", "links": link.name, "steps": plan},
    )
    assert answer.status_code == 303
    change = ChangeRequest.objects.get()
    assert (change.author, services.plan_in_words(change)) == (engineer, [plan])
    do(engineer, change, "step", phase="do", action="renew_port", element=port.element.name, port=port.name)
    do(
        engineer, change, "step", phase="post", action="port_state", element=port.element.name, port=port.name,
        state="up",
    )  # fmt: skip
    do(engineer, change, "window", start="2026-01-20T22:00", end="2026-01-20T23:00")
    do(engineer, change, "submit")
    assert (change.status, change.steps.count()) == ("waitForApproval", 3)
    shown = text_of(browser.get(page(change)))
    assert link.name in shown
    assert "Renew a port" in shown


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("pre port_state", "Line 1: Write it as"),
        ("pre port_state nobody port=x state=up", "Line 1: There is no device nobody"),
        ("pre reboot {element} port=x", "There is no action reboot"),
        ("pre port_state {element} port=x state=sideways", "does not fit here"),
    ],
)
def test_a_line_of_a_plan_that_does_not_hold_is_named(engineer: User, line: str, why: str) -> None:
    link = make_link()
    answer = browser_of(engineer).post(
        reverse("service_mgmt_changes:change-create"),
        {
            "title": "x",
            "kind": "normal",
            "priority": "low",
            "links": link.name,
            "steps": line.format(element=link.port_a.element.name),
        },
    )
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not ChangeRequest.objects.exists()


def test_a_step_names_a_port_that_the_inventory_has(engineer: User) -> None:
    change = make_change()
    element = change.steps.earliest("position").element
    answer = do(engineer, change, "step", phase="pre", action="port_state", element=element.name, port="none")
    assert answer.status_code == 422
    assert "has no port of this name" in answer.content.decode()


def test_nobody_finds_the_button_to_approve_their_own_change(engineer: User, make_user: Any) -> None:
    change = make_waiting(author=engineer)
    assert "Somebody else decides on what you planned" in text_of(browser_of(engineer).get(page(change)))
    do(engineer, change, "approve")
    assert change.status == "waitForApproval"
    do(make_user("manager"), change, "approve", reason="fine")
    assert change.status == "approved"
    shown = text_of(browser_of(engineer).get(page(change, "approvals")))
    assert "fine" in shown


def test_a_rejection_needs_a_reason(engineer: User) -> None:
    change = make_waiting()
    assert do(engineer, change, "reject").status_code == 422
    do(engineer, change, "reject", reason="wrong week")
    assert change.status == "rejected"
    assert "wrong week" in text_of(browser_of(engineer).get(page(change, "approvals")))


def test_who_may_approve_finds_the_change_in_the_inbox(engineer: User, make_user: Any) -> None:
    mine, other = make_waiting(author=engineer), make_waiting()
    titles = " ".join(str(todo.title) for todo in approvals(engineer))
    assert other.number in titles
    assert mine.number not in titles
    assert not [todo for todo in approvals(make_user("noc")) if other.number in str(todo.title)]


def test_starting_from_the_page_asks_a_worker(
    engineer: User, django_capture_on_commit_callbacks: Any, monkeypatch: Any
) -> None:
    change = make_scheduled()
    assert change.window_start is not None
    do(engineer, change, "start")
    assert change.status == "scheduled", "before its window"
    sent: list[Any] = []
    monkeypatch.setattr("kernel.jobs.current_app.send_task", lambda name, args: sent.append((name, args)))
    with clock.frozen(change.window_start), django_capture_on_commit_callbacks(execute=True):
        assert "renew_port" in text_of(browser_of(engineer).get(f"{page(change)}do/start/"))
        do(engineer, change, "start")
    assert change.status == "inProgress"
    assert ("service_mgmt.changes.run", [str(change.pk)]) in sent


def test_the_assessment_shows_conflicts_of_now(engineer: User) -> None:
    change = make_waiting()
    assert change.window_start is not None
    make_freeze(name="Election", start=change.window_start - HOUR)
    assert "Election" in text_of(browser_of(engineer).get(page(change, "assessment")))


@pytest.mark.parametrize("view", ["week", "month"])
def test_the_calendar_draws_windows_freezes_and_maintenance(engineer: User, view: str) -> None:
    change = make_scheduled()
    make_freeze(name="End of year", start=NOW)
    link = make_link()
    window = alarms.plan_maintenance(start=NOW + HOUR, end=NOW + 2 * HOUR, reason="Batteries", links=[link])
    draft = make_change(title="Not yet submitted")
    url = reverse("service_mgmt_changes:calendar")
    shown = text_of(browser_of(engineer).get(url, {"view": view, "date": NOW.date().isoformat()}))
    for text in (change.number, "End of year", window.number):
        assert shown.count(text) >= 2, "once in the picture, once in the list"
    assert draft.number not in shown
    far = text_of(browser_of(engineer).get(url, {"view": view, "date": "2027-06-01"}))
    assert change.number not in far
    assert browser_of(engineer).get(url, {"date": "nonsense"}).status_code == 200


def test_the_calendar_is_for_who_sees_changes(make_user: Any) -> None:
    answer = browser_of(make_user("product")).get(reverse("service_mgmt_changes:calendar"))
    assert answer.status_code in {403, 404}


def test_the_calendar_costs_the_same_for_any_number_of_changes(engineer: User) -> None:
    browser, url = browser_of(engineer), reverse("service_mgmt_changes:calendar")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            text_of(browser.get(url))
        return len(queries)

    make_scheduled()
    make_freeze()
    browser.get(url)
    first = cost()
    for _index in range(4):
        make_scheduled()
        make_freeze()
    assert cost() == first


def test_the_home_page_of_the_noc_lists_the_next_day(make_user: Any, now: datetime) -> None:
    change = make_scheduled()
    assert change.window_start is not None
    noc = make_user("noc")
    with clock.frozen(change.window_start - HOUR):
        card = browser_of(noc).get(reverse("portal:home-card", args=["changes"]))
    assert change.number in card.content.decode()


def test_an_incident_shows_what_was_changed_nearby_a_day_before(engineer: User) -> None:
    link = make_link()
    near, far = make_scheduled(link=link), make_scheduled()
    for change in (near, far):
        ChangeRequest.objects.filter(pk=change.pk).update(
            started=NOW, finished=NOW + HOUR, status="completed"
        )
    with clock.frozen(NOW + 3 * HOUR):
        incident = incidents.open_incident(title="down", link=link, category="transport")
        shown = changes_near(incident)
        assert near.number in shown
        assert far.number not in shown
    with clock.frozen(NOW + 30 * HOUR):
        later = incidents.open_incident(title="again", link=link, category="power")
        assert near.number not in changes_near(later)


def test_problem_window_and_change_lead_to_each_other(engineer: User) -> None:
    problem = problems.open_problem(title="again", link=make_link())
    problems.take(problem=problem, owner=engineer)
    problems.record_cause(problem=problem, root_cause="worn")
    change = ChangeRequest.objects.get(pk=problems.propose_change(problem=problem, author=engineer))
    assert problem.number in text_of(browser_of(engineer).get(page(change)))
    url = reverse("service_mgmt_problems:problem-detail", args=[problem.number])
    assert change.number in text_of(browser_of(engineer).get(url))
    scheduled = make_scheduled()
    window = services.change_of(scheduled.pk)
    assert window is not None
    found = text_of(browser_of(engineer).get(page(scheduled)))
    assert "MNT-" in found


def test_a_freeze_is_entered_moved_and_lifted(make_user: Any, now: datetime) -> None:
    manager = browser_of(make_user("manager"))
    values = {"name": "Fair", "start": "2026-02-01T00:00", "end": "2026-02-02T00:00"}
    assert manager.post(reverse("service_mgmt_changes:freeze-create"), values).status_code == 303
    wrong = {**values, "end": "2026-01-01T00:00"}
    assert manager.post(reverse("service_mgmt_changes:freeze-create"), wrong).status_code == 422
