"""Problems as people see and treat them, what repetition costs, and TMF656."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from kernel.errors import IllegalMove, Invalid, StaleState
from kernel.models import User
from oss.incidents.models import Incident
from service_mgmt.levels.models import CreditProposal
from service_mgmt.problems import services, tasks
from service_mgmt.problems.models import KnownError, Problem, ProblemIncident
from tests.conftest import NOW
from tests.factories.bss_care import make_ticket
from tests.factories.oss_incidents import make_incident
from tests.factories.oss_inventory import make_element, make_link
from tests.factories.service_mgmt_levels import make_credit
from tests.factories.service_mgmt_problems import make_analysed, make_problem
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
URL = "/tmf-api/serviceProblemManagement/v4"


@pytest.fixture
def engineer(make_user: Callable[..., User], now: datetime) -> User:
    return make_user("engineer")


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())


def page(problem: Problem, *tab: str) -> str:
    name = "service_mgmt_problems:problem-detail" + ("-tab" if tab else "")
    return reverse(name, args=[problem.number, *tab])


def do(user: User, problem: Problem, action: str, **data: Any) -> Any:
    answer = browser_of(user).post(f"{page(problem)}do/{action}/", data)
    problem.refresh_from_db()
    return answer


def test_a_problem_is_worked_through_on_its_page(engineer: User) -> None:
    problem = make_problem()
    do(engineer, problem, "take")
    assert (problem.status, problem.owner) == ("inProgress", engineer)
    do(engineer, problem, "change")
    assert problem.status == "inProgress", "no cause yet"
    do(
        engineer, problem, "cause", why_1="no light", why_2="worn connector", root_cause="Connector",
        workaround="Bounce it",
    )  # fmt: skip
    assert problem.whys == ["no light", "worn connector"]
    do(engineer, problem, "change")
    assert problem.status == "pending"
    shown = text_of(browser_of(engineer).get(page(problem)))
    for text in ("worn connector", "Bounce it", "KER-", "CHG-"):
        assert text in shown


def test_a_device_gets_a_change_without_a_plan_and_nothing_gets_none(engineer: User) -> None:
    problem = services.open_problem(title="x", element=make_element())
    nowhere = services.open_problem(title="y")
    for each in (problem, nowhere):
        services.take(problem=each, owner=engineer)
        services.record_cause(problem=each, root_cause="fan")
    services.propose_change(problem=problem, author=engineer)
    assert services.change_of(problem).steps.count() == 0
    with pytest.raises(Invalid) as refusal:
        services.propose_change(problem=nowhere, author=engineer)
    assert refusal.value.code == "problem.noPlace"


def test_somebody_else_may_take_a_problem_over(engineer: User, make_user: Any) -> None:
    problem, other = make_problem(), make_user("noc")
    services.take(problem=problem, owner=engineer)
    services.take(problem=problem, owner=other)
    assert (problem.status, problem.owner) == ("inProgress", other)


def test_an_incident_belongs_to_one_problem(engineer: User) -> None:
    problem, other = make_problem(), make_problem()
    incident = problem.incidents.get().incident
    with pytest.raises(Invalid):
        services.attach_incident(problem=other, incident=incident)
    assert do(engineer, other, "attach", incident=incident.number).status_code == 422
    do(engineer, problem, "detach", incident=incident.number)
    do(engineer, other, "attach", incident=incident.number)
    assert ProblemIncident.objects.get(incident=incident).problem == other
    assert incident.number in text_of(browser_of(engineer).get(page(other, "incidents")))


def test_a_problem_is_opened_from_an_incident_once_and_the_next_one_joins_it(engineer: User) -> None:
    link = make_link()
    incident = make_incident(title="Link down", link=link, category="transport")
    url = reverse("oss_incidents:incident-detail", args=[incident.number])
    browser_of(engineer).post(f"{url}do/problem/")
    problem = Problem.objects.get()
    with pytest.raises(Invalid):
        services.open_from_incident(incident=incident, by=engineer)
    again = make_incident(title="Link down", link=link, category="transport")
    assert services.detect(incident_id=again.pk, at=NOW) == problem
    assert problem.incidents.count() == 2
    assert problem.number in text_of(browser_of(engineer).get(url))


def test_a_problem_is_opened_by_hand_with_its_incidents(engineer: User) -> None:
    incident = make_incident(title="x", element=make_element())
    values = {"title": "Comes back", "priority": "2", "category": "power", "incidents": incident.number}
    browser = browser_of(engineer)
    assert browser.post(reverse("service_mgmt_problems:problem-create"), values).status_code == 303
    problem = Problem.objects.get()
    assert (problem.originator["name"], problem.incidents.get().incident) == (str(engineer), incident)
    wrong = {**values, "incidents": "INC-999999"}
    assert browser.post(reverse("service_mgmt_problems:problem-create"), wrong).status_code == 422


def test_known_errors_stand_where_the_problem_is_met_again(engineer: User, make_user: Any) -> None:
    problem = make_analysed()
    incident = problem.incidents.get().incident
    ticket = make_ticket(story_kind=Incident._meta.label, story_id=incident.pk, story_label=incident.number)
    stranger = make_ticket()
    care = browser_of(make_user("care"))
    for url in (
        reverse("bss_care:ticket-detail", args=[ticket.number]),
        reverse("service_mgmt_problems:known-error-list"),
    ):
        assert "Bounce the port" in text_of(care.get(url))
    url = reverse("oss_incidents:incident-detail", args=[incident.number])
    assert "Bounce the port" in text_of(browser_of(engineer).get(url))
    assert "Bounce the port" not in text_of(
        care.get(reverse("bss_care:ticket-detail", args=[stranger.number]))
    )
    services.retire_known_error(error=KnownError.objects.get())
    assert "Bounce the port" not in text_of(browser_of(engineer).get(url))


def test_a_better_workaround_changes_the_known_error_and_the_other_way_round() -> None:
    problem = make_analysed()
    services.record_cause(problem=problem, root_cause="x", workaround="Reseat it")
    known = KnownError.objects.get()
    assert known.workaround == "Reseat it"
    services.change_known_error(error=known, symptom="No light", workaround="Clean it")
    problem.refresh_from_db()
    assert problem.workaround == "Clean it"
    services.retire_known_error(error=known)
    with pytest.raises(IllegalMove):
        services.retire_known_error(error=known)


def test_the_cost_of_repetition_is_counted_from_its_rows(
    now: datetime, django_assert_max_num_queries: Any
) -> None:
    link = make_link()
    rows = [
        make_incident(title="down", link=link, category="transport", at=NOW - 5 * HOUR),
        make_incident(title="down", link=link, category="transport", at=NOW - 2 * HOUR),
    ]
    Incident.objects.filter(pk=rows[0].pk).update(
        status="resolved",
        cause_code="cable",
        resolved=NOW - 4 * HOUR,
        affected_services=7,
        affected_customers=5,
    )
    Incident.objects.filter(pk=rows[1].pk).update(affected_services=3, affected_customers=2)
    # The factory's results name this incident as the cause of their outage.
    Incident.objects.filter(pk=rows[0].pk).update(number="INC-000000")
    rows[0].refresh_from_db()
    problem = make_problem(incidents=rows)
    make_ticket(story_kind=Incident._meta.label, story_id=rows[0].pk, story_label=rows[0].number)
    make_ticket()
    credit, refused = make_credit(), make_credit()
    CreditProposal.objects.filter(pk=refused.pk).update(status="rejected", decided=NOW)
    with django_assert_max_num_queries(4):
        cost = services.cost_of(problem, at=NOW)
    assert (cost.incidents, cost.down, cost.services, cost.customers) == (2, 3 * HOUR, 7, 7)
    assert cost.tickets == 1
    assert cost.credits == [(credit.amount, "EUR")]
    assert credit.amount > Decimal(0)


def test_a_problem_cannot_become_a_part_of_its_own_part() -> None:
    top, middle, leaf = (make_problem(incidents=[]) for _each in range(3))
    services.group(parent=top, children=[middle])
    services.group(parent=middle, children=[leaf])
    for wrong in ((leaf, [top]), (top, [top])):
        with pytest.raises(Invalid):
            services.group(parent=wrong[0], children=wrong[1])
    with pytest.raises(Invalid):
        services.ungroup(parent=top, children=[leaf])
    services.ungroup(parent=middle, children=[leaf])
    leaf.refresh_from_db()
    assert leaf.parent is None


@pytest.mark.parametrize(("door", "state"), [("reject", "rejected"), ("cancel", "cancelled")])
def test_a_problem_that_is_given_up_says_since_when(now: datetime, door: str, state: str) -> None:
    problem = make_problem()
    getattr(services, door)(problem=problem, reason="none")
    assert (problem.status, problem.status_changed, problem.closed) == (state, NOW, NOW)
    with pytest.raises(IllegalMove):
        services.change_problem(problem=problem, title="x")
    with pytest.raises(Invalid):
        services.attach_incident(problem=problem, incident=make_incident(title="x", element=make_element()))


def send(user: Any, method: str, url: str, body: dict[str, Any]) -> Any:
    client = Client()
    client.force_login(user)
    return getattr(client, method)(url, json.dumps(body), content_type="application/json")


def test_over_rest_a_problem_is_taken_understood_and_fixed(engineer: User) -> None:
    problem = make_problem()
    url = f"{URL}/serviceProblem/{problem.pk}"
    taken = send(engineer, "patch", url, {"status": "inProgress"}).json()
    assert taken["responsibleParty"]["name"] == str(engineer)
    assert send(engineer, "patch", url, {"status": "resolved"}).status_code == 400
    assert send(engineer, "patch", url, {"rootCause": "worn"}).json()["rootCause"] == "worn"
    assert send(engineer, "patch", url, {"status": "resolved"}).json()["status"] == "resolved"
    assert send(engineer, "patch", url, {"status": "pending"}).status_code == 409


def test_over_rest_problems_are_grouped(engineer: User) -> None:
    parent, child = make_problem(), make_problem()
    body = {"parentProblem": {"id": str(parent.pk)}, "childProblem": [{"id": str(child.pk)}]}
    assert send(engineer, "post", f"{URL}/problemGroup", body).status_code == 201
    child.refresh_from_db()
    assert child.parent == parent
    client = Client()
    client.force_login(engineer)
    row = client.get(f"{URL}/serviceProblem/{child.pk}").json()
    assert row["parentProblem"][0]["id"] == str(parent.pk)
    circle = {"parentProblem": {"id": str(child.pk)}, "childProblem": [{"id": str(parent.pk)}]}
    assert send(engineer, "post", f"{URL}/problemGroup", circle).status_code == 400
    nobody = {**body, "childProblem": [{"id": "nobody"}]}
    assert send(engineer, "post", f"{URL}/problemUngroup", nobody).status_code == 400
    assert send(engineer, "post", f"{URL}/problemUngroup", body).status_code == 201


def test_of_two_who_take_a_new_problem_one_is_told(engineer: User, make_user: Any) -> None:
    mine = make_problem()
    rival = Problem.objects.get(pk=mine.pk)
    services.take(problem=mine, owner=engineer)
    with pytest.raises(StaleState):
        services.take(problem=rival, owner=make_user("noc"))


def test_the_hourly_task_closes_what_stayed_away_once(engineer: User) -> None:
    problem = make_analysed()
    services.take(problem=problem, owner=engineer)
    services.resolve(problem=problem, at=NOW - timedelta(days=15))
    assert (tasks.verify_fixes(), tasks.verify_fixes()) == (1, 0)
    problem.refresh_from_db()
    assert problem.status == "closed"
    assert KnownError.objects.get().retired is not None
