"""Patches, deletion, preconditions."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.models import Holiday, JournalEntry
from tests.kernel.tmf.conftest import Caller, make_calendar, make_work

pytestmark = pytest.mark.django_db


# PATCH


def test_patch_merges_and_touches_only_what_differs(api: Caller) -> None:
    row = make_calendar(name="Old", country="FR")
    response = api.patch(f"calendar/{row.pk}", {"name": "New", "countryCode": "FR"})
    assert (response.status_code, response.json()["name"]) == (200, "New")
    assert JournalEntry.objects.get().after == {"name": "New"}
    assert api.get(f"calendar/{row.pk}").json() == response.json()
    assert response["ETag"] == '"2"'


@pytest.mark.parametrize("media_type", ["application/json", "application/merge-patch+json"])
def test_null_removes_and_arrays_are_replaced_whole(api: Caller, media_type: str) -> None:
    row = make_calendar(country="FR")
    Holiday.objects.create(calendar=row, day="2026-01-02", name="Old")
    body = {"countryCode": None, "holiday": [{"date": "2026-03-03", "name": "New"}]}
    response = api.patch(f"calendar/{row.pk}", body, Content_Type=media_type)
    assert response.status_code == 200, response.content
    assert "countryCode" not in response.json()
    assert [one["name"] for one in response.json()["holiday"]] == ["New"]


def test_json_patch_changes_one_element(api: Caller) -> None:
    row = make_calendar()
    for day in (2, 3):
        Holiday.objects.create(calendar=row, day=f"2026-01-0{day}", name=str(day))
    operations = [
        {"op": "test", "path": "/holiday/0/name", "value": "2"},
        {"op": "replace", "path": "/holiday/1/name", "value": "third"},
        {"op": "remove", "path": "/countryCode"},
    ]
    response = api.patch(f"calendar/{row.pk}", operations, Content_Type="application/json-patch+json")
    assert [one["name"] for one in response.json()["holiday"]] == ["2", "third"]
    assert "countryCode" not in response.json()


@pytest.mark.parametrize(
    ("operations", "status", "code"),
    [
        ([{"op": "test", "path": "/name", "value": "no"}], 409, "patch.testFailed"),
        ([{"op": "replace", "path": "/none/x", "value": 1}], 400, "patch.invalid"),
        ([{"op": "explode", "path": "/name"}], 400, "patch.invalid"),
        ([{"path": "/name"}], 400, "patch.invalid"),
        (["text"], 400, "patch.invalid"),
        ({"name": "x"}, 400, "request.shape"),
        ([{"op": "replace", "path": "", "value": 1}], 400, "request.shape"),
        ([{"op": "replace", "path": "/id", "value": "x"}], 400, "attribute.readOnly"),
        ([{"op": "remove", "path": "/href"}], 400, "attribute.readOnly"),
        ([{"op": "add", "path": "/lastUpdate", "value": "2020-01-01T00:00:00Z"}], 400, "attribute.readOnly"),
    ],
)
def test_a_json_patch_that_cannot_be_applied(api: Caller, operations: Any, status: int, code: str) -> None:
    row = make_calendar()
    response = api.patch(f"calendar/{row.pk}", operations, Content_Type="application/json-patch+json")
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert not JournalEntry.objects.exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"id": "x"}, "attribute.readOnly"),
        ({"href": "x"}, "attribute.readOnly"),
        ({"created": "2020-01-01T00:00:00Z"}, "attribute.readOnly"),
        ({"kind": "other"}, "attribute.readOnly"),
        ({"total": 5}, "attribute.readOnly"),
        ({"@type": "Other"}, "attribute.readOnly"),
        ({"name": None}, "attribute.required"),
        ({"done": None}, "attribute.required"),
        ({"state": None}, "attribute.required"),
        ({"done": "5"}, "attribute.type"),
        ({"done": 1.5}, "attribute.type"),
        ({"done": True}, "attribute.type"),
        ({"done": -1}, "attribute.value"),
        ({"done": 1001}, "attribute.value"),
        ({"cancelRequested": "yes"}, "attribute.type"),
        ({"state": "nonsense"}, "attribute.value"),
        (
            {"period": {"startDateTime": "2026-02-01T00:00:00Z", "endDateTime": "2026-01-01T00:00:00Z"}},
            "period.reversed",
        ),
        ({"period": "always"}, "attribute.type"),
        ({"parameter": []}, "attribute.type"),
        ({"relatedParty": {"id": "x"}}, "attribute.type"),
        ([], "request.shape"),
    ],
)
def test_patches_are_checked_like_posts(api: Caller, body: Any, code: str) -> None:
    row = make_work(done=1)
    response = api.patch(f"work/{row.pk}", body)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert not JournalEntry.objects.exists()


def test_a_read_only_attribute_sent_back_unchanged_is_ignored(api: Caller) -> None:
    row = make_work(done=1, kind="test")
    body = api.get(f"work/{row.pk}").json()
    body.pop("id")
    assert api.patch(f"work/{row.pk}", {**body, "name": "New"}).json()["name"] == "New"
    assert JournalEntry.objects.get().after == {"title": "New"}


def test_another_spelling_of_the_same_instant_is_no_change(api: Caller) -> None:
    row = make_work()
    created = api.get(f"work/{row.pk}").json()["created"].replace("Z", "+00:00")
    assert api.patch(f"work/{row.pk}", {"created": created}).status_code == 200


def test_a_patch_that_changes_nothing_writes_nothing(api: Caller) -> None:
    row = make_calendar(name="Same")
    assert api.patch(f"calendar/{row.pk}", {"name": "Same"})["ETag"] == '"1"'
    assert not JournalEntry.objects.exists()


def test_a_period_and_a_json_column_are_patched(api: Caller) -> None:
    row = make_work(params={"a": 1})
    response = api.patch(
        f"work/{row.pk}", {"period": {"startDateTime": "2026-01-01T01:00:00+01:00"}, "parameter": {"b": 2.5}}
    )
    assert response.json()["period"] == {"startDateTime": "2026-01-01T00:00:00.000000Z"}
    assert response.json()["parameter"] == {"a": 1, "b": 2.5}


def test_a_state_goes_through_its_door_together_with_attributes(api: Caller) -> None:
    row = make_work()
    response = api.patch(f"work/{row.pk}", {"state": "cancelled", "name": "Stopped"})
    assert (response.json()["state"], response.json()["name"]) == ("cancelled", "Stopped")
    assert [entry.verb for entry in JournalEntry.objects.order_by("seq")] == [
        "work.changed",
        "work.cancelled",
    ]


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("succeeded", "inProgress", "work.state.illegalMove"),
        ("pending", "completed", "work.state.illegalMove"),
        ("running", "completed", "work.state.notByClient"),
        ("cancelled", "acknowledged", "work.state.notByClient"),
    ],
)
def test_an_illegal_move_is_409_with_the_tables_name(api: Caller, before: str, after: str, code: str) -> None:
    row = make_work(status=before, title="Old")
    response = api.patch(f"work/{row.pk}", {"state": after, "name": "New"})
    assert (response.status_code, response.json()["code"]) == (409, code)
    row.refresh_from_db()
    assert (row.status, row.title) == (before, "Old")


def test_the_state_it_already_has_is_no_move(api: Caller) -> None:
    row = make_work(status="failed")
    assert api.patch(f"work/{row.pk}", {"state": "aborted"}).status_code == 200


# DELETE and preconditions


def test_delete_is_204_then_404(api: Caller) -> None:
    row = make_calendar()
    response = api.delete(f"calendar/{row.pk}")
    assert (response.status_code, response.content) == (204, b"")
    assert response["Content-Type"].startswith("application/json")
    assert api.get(f"calendar/{row.pk}").status_code == 404
    assert api.delete(f"calendar/{row.pk}").status_code == 404


def test_if_match_lets_only_the_seen_version_change(api: Caller) -> None:
    row = make_calendar()
    etag = api.get(f"calendar/{row.pk}?fields=name")["ETag"]
    first = api.patch(f"calendar/{row.pk}", {"name": "Mine"}, If_Match=etag)
    assert first.status_code == 200
    for method in ("PATCH", "DELETE"):
        stale = api(
            method, f"calendar/{row.pk}", {"name": "Theirs"} if method == "PATCH" else None, If_Match=etag
        )
        assert (stale.status_code, stale.json()["code"], stale["ETag"]) == (
            412,
            "version.stale",
            first["ETag"],
        )
    assert api.get(f"calendar/{row.pk}").json()["name"] == "Mine"
    assert api.patch(f"calendar/{row.pk}", {"name": "Any"}, If_Match="*").status_code == 200
    assert api.patch(f"calendar/{row.pk}", {"name": "Weak"}, If_Match='W/"3"').status_code == 412


def test_a_tokens_policy_can_demand_if_match(make_caller: Any) -> None:
    careful = make_caller("admin", require_match=True)
    row = make_calendar()
    response = careful.patch(f"calendar/{row.pk}", {"name": "x"})
    assert (response.status_code, response.json()["code"]) == (428, "version.required")
    assert careful.patch(f"calendar/{row.pk}", {"name": "x"}, If_Match='"1"').status_code == 200


def test_what_the_database_refuses_is_409(api: Caller) -> None:
    make_calendar(name="Taken")
    response = api.post("calendar", {"name": "Taken"})
    assert (response.status_code, response.json()["code"]) == (409, "object.duplicate")
