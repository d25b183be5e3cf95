"""Arrays of rows, tasks, and several types in one list."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel.models import ApiTask, BusinessCalendar, Job, OutboxEvent
from tests.kernel.tmf.conftest import Caller, make_calendar, make_work

pytestmark = pytest.mark.django_db


# Bulk


def test_an_array_creates_all_rows_in_a_set(api: Caller) -> None:
    api.get("calendar")
    with CaptureQueriesContext(connection) as few:
        response = api.post("calendar", [{"name": f"a{n}"} for n in range(5)])
    assert response.status_code == 201
    results = response.json()
    assert [one["row"] for one in results] == list(range(5))
    assert BusinessCalendar.objects.get(pk=results[3]["id"]).name == "a3"
    with CaptureQueriesContext(connection) as many:
        assert api.post("calendar", [{"name": f"b{n}"} for n in range(50)]).status_code == 201
    assert len(few) == len(many)


def test_a_bad_row_names_itself_and_nothing_is_kept(api: Caller) -> None:
    response = api.post("calendar", [{"name": "a"}, {"name": 5}, "x", {"countryCode": "FR"}])
    assert response.status_code == 400
    assert [(error["row"], error["code"]) for error in response.json()["errors"]] == [
        (1, "attribute.type"),
        (2, "request.shape"),
        (3, "attribute.required"),
    ]
    assert not BusinessCalendar.objects.exists()


def test_references_of_an_array_are_fetched_together(api: Caller, make_user: Any) -> None:
    owners = [make_user() for _ in range(3)]
    rows = [{"name": "x", "requester": {"id": str(owner.pk)}} for owner in owners]
    assert api.post("work", rows).status_code == 201
    assert Job.objects.filter(owner__in=owners).count() == 3
    rows[1]["requester"] = {"id": "nonsense"}
    response = api.post("work", rows)
    assert [(error["row"], error["attribute"]) for error in response.json()["errors"]] == [(1, "requester")]
    assert Job.objects.count() == 3


def test_an_array_has_a_limit(api: Caller) -> None:
    assert api.post("calendar", [{"name": "x"}] * 1001).json()["code"] == "bulk.tooMany"


# Tasks


def test_a_task_runs_its_door_and_is_kept(api: Caller) -> None:
    row = make_work()
    body = {"work": {"id": str(row.pk)}, "reason": "enough", "item": [{"id": "1", "quantity": 2.5}]}
    response = api.post("stopWork", body)
    assert response.status_code == 201, response.content
    made = response.json()
    assert (made["state"], made["reason"], made["work"]["id"]) == ("done", "enough", str(row.pk))
    assert made["item"] == [{"id": "1", "quantity": 2.5}]
    row.refresh_from_db()
    assert row.status == "cancelled"
    assert api.get(f"stopWork/{made['id']}").json() == made
    for query in ("state=done", "reason=enough", f"work.id={row.pk}", "item.id=1"):
        assert [one["id"] for one in api.get(f"stopWork?{query}").json()] == [made["id"]], query
    assert api.get("stopWork?reason=other").json() == []
    assert api.patch(f"stopWork/{made['id']}", {}).status_code == 405


def test_a_task_that_the_lifecycle_refuses_is_kept_as_failed(api: Caller) -> None:
    row = make_work(status="succeeded")
    response = api.post("stopWork", {"work": {"id": str(row.pk)}})
    assert (response.status_code, response.json()["state"]) == (201, "terminatedWithError")
    assert "succeeded" in response.json()["errorMessage"]


def test_a_task_with_bad_input_is_refused_and_not_kept(api: Caller) -> None:
    row = make_work()
    assert api.post("stopWork", {}).json()["code"] == "attribute.required"
    assert api.post("stopWork", {"work": {"id": "x"}}).json()["code"] == "reference.unknown"
    assert api.post("stopWork", {"work": {"id": str(row.pk)}, "reason": "nonsense"}).status_code == 400
    assert not ApiTask.objects.exists()


def test_ones_tasks_are_ones_own(api: Caller, make_caller: Any) -> None:
    made = api.post("stopWork", {"work": {"id": str(make_work().pk)}}).json()
    other = make_caller("noc")
    assert other.get("stopWork").status_code == 403
    other.user.user_permissions.clear()
    assert api.get(f"stopWork/{made['id']}").status_code == 200


def test_a_change_and_its_events_are_one_transaction(api: Caller) -> None:
    make_calendar(name="Taken")
    before = OutboxEvent.objects.count()
    assert api.post("calendar", [{"name": "Fresh"}, {"name": "Taken"}]).status_code == 409
    assert (BusinessCalendar.objects.count(), OutboxEvent.objects.count()) == (1, before)


# Several types in one list


def test_the_type_chooses_the_kind_and_is_echoed(api: Caller) -> None:
    body = {
        "name": "x",
        "@type": "LongErrand",
        "@baseType": "Errand",
        "line": [{"text": "a", "outcome": "info"}],
    }
    response = api.post("errand", body)
    assert response.status_code == 201, response.content
    made = response.json()
    assert (made["@type"], made["@baseType"]) == ("LongErrand", "Errand")
    assert made["line"][0]["of"] == {"kind": "long", "fixed": True}
    assert made["line"][0]["job"] == {
        "id": made["id"],
        "href": made["href"],
        "name": "x",
        "@referredType": "Errand",
    }
    assert Job.objects.get(pk=made["id"]).kind == "long"


def test_a_type_nobody_knows_is_400_and_its_schema_is_never_fetched(api: Caller) -> None:
    body = {"name": "x", "@type": "Odd", "@schemaLocation": "http://169.254.169.254/schema"}
    response = api.post("errand", body)
    assert (response.status_code, response.json()["code"]) == (400, "type.unknown")


def test_lists_of_several_types_filter_and_count_by_type(api: Caller) -> None:
    for kind in ("short", "long", "long", "other"):
        make_work(kind=kind)
    response = api.get("errand?@type=LongErrand&limit=1")
    assert (response["X-Total-Count"], response.json()[0]["@type"]) == ("2", "LongErrand")
    assert api.get("errand")["X-Total-Count"] == "3"
    assert len(api.get("errand?@type=LongErrand,ShortErrand").json()) == 3
