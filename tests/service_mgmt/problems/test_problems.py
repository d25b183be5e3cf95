"""Problems: found at the second occurrence, one per signature, fixed by a change, closed when it stays away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel import lifecycle
from kernel.errors import IllegalMove, Invalid
from oss.incidents.models import Incident
from oss.inventory.models import Link
from service_mgmt.problems import services
from service_mgmt.problems.models import KnownError, Problem, ProblemIncident
from tests.factories.oss_inventory import make_link

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
STATES = [str(state) for state in Problem.Status]


def strike(link: Link, *, days_ago: int = 0, **overrides: Any) -> Problem | None:
    """An incident on a link, seen by detection."""
    opened = AT - timedelta(days=days_ago)
    values = {
        "link": link,
        "category": "transport",
        "opened": opened,
        "status": "resolved",
        "resolved": opened,
        "cause_code": "cable",
        **overrides,
    }
    incident = Incident.objects.create(title="down", **values)
    return services.detect(incident_id=incident.pk, at=opened)


def test_the_second_occurrence_in_a_month_opens_a_problem_with_both_incidents() -> None:
    link = make_link()
    assert strike(link, days_ago=20) is None
    problem = strike(link)
    assert problem is not None
    assert ProblemIncident.objects.filter(problem=problem).count() == 2
    assert problem.link == link


def test_a_third_joins_and_detection_twice_changes_nothing() -> None:
    link = make_link()
    strike(link, days_ago=3)
    first, second = strike(link, days_ago=2), strike(link)
    assert first == second
    incident = ProblemIncident.objects.order_by("-created").first()
    assert incident is not None
    assert services.detect(incident_id=incident.incident_id, at=AT) == first
    assert ProblemIncident.objects.count() == 3


@pytest.mark.parametrize("overrides", [{"days_ago": 31}, {"days_ago": 2, "cause_code": "planned"}])
def test_old_or_planned_disturbances_do_not_count(overrides: dict[str, Any]) -> None:
    link = make_link()
    strike(link, **overrides)
    assert strike(link) is None


def test_other_places_and_kinds_are_other_problems() -> None:
    strike(make_link(), days_ago=1)
    link = make_link()
    strike(link, days_ago=1, category="power")
    assert strike(link) is None


def test_a_workaround_becomes_a_known_error_for_the_next_one() -> None:
    link = make_link()
    strike(link, days_ago=1)
    problem = strike(link)
    assert problem is not None
    with pytest.raises(Invalid):
        services.record_cause(problem=problem, root_cause=" ")
    services.record_cause(problem=problem, root_cause="loose connector", workaround="bounce the port")
    incident = Incident.objects.create(title="down", link=link, category="transport", opened=AT)
    assert [error.workaround for error in services.known_errors_of(incident)] == ["bounce the port"]


def test_a_fix_needs_a_cause_and_is_watched_until_it_has_held(admin: Any) -> None:
    link = make_link()
    strike(link, days_ago=1)
    problem = strike(link)
    assert problem is not None
    services.take(problem=problem, owner=admin)
    with pytest.raises(Invalid):
        services.propose_change(problem=problem, author=admin)
    services.record_cause(problem=problem, root_cause="loose connector", workaround="bounce")
    change_id = services.propose_change(problem=problem, author=admin)
    services.change_done(change_id, True, AT)
    problem.refresh_from_db()
    assert problem.status == "resolved"
    assert services.verify_fix(at=AT + timedelta(days=13)) == []
    assert services.verify_fix(at=AT + timedelta(days=15)) == [problem]
    assert KnownError.objects.get().retired is not None


def test_a_recurrence_after_the_fix_or_a_failed_change_reopens_the_analysis(admin: Any) -> None:
    link = make_link()
    strike(link, days_ago=1)
    problem = strike(link)
    assert problem is not None
    services.take(problem=problem, owner=admin)
    services.record_cause(problem=problem, root_cause="connector")
    services.change_done(services.propose_change(problem=problem, author=admin), False, AT)
    problem.refresh_from_db()
    assert problem.status == "inProgress"
    services.change_done(services.propose_change(problem=problem, author=admin), True, AT)
    strike(link, days_ago=-1)
    problem.refresh_from_db()
    assert problem.status == "inProgress"


@pytest.mark.parametrize(("before", "after"), [(a, b) for a in STATES for b in STATES])
def test_every_pair_of_states_follows_the_table(before: str, after: str) -> None:
    problem = services.open_problem(title="x", at=AT)
    Problem.objects.update(status=before)
    problem.refresh_from_db()
    if Problem.lifecycle.allows(before, after):
        assert lifecycle.move(problem, after).status == after
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(problem, after)
