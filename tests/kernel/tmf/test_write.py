"""Writing: validation, creation, patches, deletion, preconditions, bulk, tasks."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel.models import ApiTask, BusinessCalendar, Holiday, Job, JournalEntry, OutboxEvent
from tests.kernel.tmf.conftest import BASE, Caller, make_calendar, make_work

pytestmark = pytest.mark.django_db


def codes(response: Any) -> set[tuple[str, str]]:
    return {(error["attribute"], error["code"]) for error in response.json()["errors"]}


def test_post_answers_201_with_location_equal_href_and_the_whole_row(api: Caller) -> None:
    response = api.post("calendar", {"name": "New", "countryCode": "DE", "@type": "Calendar"})
    assert response.status_code == 201
    body = response.json()
    assert response["Location"] == body["href"] == f"http://testserver{BASE}/calendar/{body['id']}"
    assert (body["name"], body["countryCode"], body["@type"]) == ("New", "DE", "Calendar")
    assert api.get(body["href"]).json() == body
    assert response["ETag"] == '"1"'


def test_the_caller_is_the_actor_and_the_request_id_is_kept(api: Caller) -> None:
    response = api.post("calendar", {"name": "New"}, X_Request_Id="abcdefgh-1")
    entry = JournalEntry.objects.get(verb="business_calendar.created")
    assert (entry.actor, entry.request_id) == (api.user, "abcdefgh-1")
    assert response["X-Request-Id"] == "abcdefgh-1"


def test_nested_rows_are_written(api: Caller) -> None:
    body = {
        "name": "New",
        "holiday": [{"date": "2026-05-01", "name": "May"}, {"date": "2026-05-08T00:00:00Z", "name": "8"}],
    }
    answer = api.post("calendar", body).json()
    assert [one["name"] for one in answer["holiday"]] == ["May", "8"]


def test_every_error_comes_in_one_answer(api: Caller) -> None:
    body = {
        "name": 5,
        "timeZone": "x" * 65,
        "countryCode": "fr",
        "characteristic": {"name": "x"},
        "holiday": [{"name": "no date"}, {"date": "soon", "name": "x"}, 3],
    }
    response = api.post("calendar", body)
    assert response.status_code == 400
    assert codes(response) == {
        ("name", "attribute.type"),
        ("timeZone", "attribute.tooLong"),
        ("countryCode", "attribute.value"),
        ("characteristic", "attribute.type"),
        ("holiday[0].date", "attribute.required"),
        ("holiday[1].date", "attribute.type"),
        ("holiday[2]", "attribute.type"),
    }
    assert response.json()["code"] == "attribute.type"
    assert "timeZone: has at most 64 characters" in response.json()["reason"]
    assert not BusinessCalendar.objects.exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "attribute.required"),
        ({"name": None}, "attribute.required"),
        ({"name": "  "}, "attribute.required"),
        ({"name": "a\x00b"}, "attribute.value"),
        ({"name": "x", "@type": "Other"}, "type.unknown"),
        ({"name": "x", "@type": "Other", "@schemaLocation": "http://10.0.0.1/x"}, "type.unknown"),
        ([], "bulk.empty"),
        ('"text"', "request.shape"),
        ("null", "request.shape"),
        ("{", "request.malformed"),
        ('{"name": "a", "name": "b"}', "request.malformed"),
        ('{"name": NaN}', "request.malformed"),
        ('{"name": "\\ud800"}', "attribute.value"),
        (b"\xff", "request.malformed"),
    ],
)
def test_wrong_bodies_are_400_with_a_code(api: Caller, body: Any, code: str) -> None:
    response = api.post("calendar", body)
    assert (response.status_code, response.json()["code"]) == (400, code), response.content


def test_a_body_has_a_limit(api: Caller, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = api.post("calendar", {"name": "x" * 200})
    assert (response.status_code, response.json()["code"]) == (413, "request.tooLarge")


def test_server_set_and_undeclared_attributes_are_ignored_and_named(api: Caller) -> None:
    body = {"name": "x", "id": "mine", "href": "y", "lastUpdate": "2020-01-01T00:00:00Z", "colour": "red"}
    response = api.post("calendar", body)
    assert response.status_code == 201
    assert set(response["X-Ignored-Attributes"].split(", ")) == {"id", "href", "lastUpdate", "colour"}
    assert response.json()["id"] != "mine"


def test_a_reference_is_an_instance_or_a_400(api: Caller, make_user: Any) -> None:
    owner = make_user(username="olga")
    made = api.post("work", {"name": "x", "relatedParty": [{"id": str(owner.pk), "role": "owner"}]})
    assert made.json()["relatedParty"] == [
        {
            "id": str(owner.pk),
            "href": f"http://testserver{BASE}/person/{owner.pk}",
            "name": "olga",
            "role": "owner",
            "@referredType": "Individual",
        }
    ]
    by_href = api.post("work", {"name": "x", "requester": {"href": f"{BASE}/person/{owner.pk}"}})
    assert by_href.json()["requester"]["id"] == str(owner.pk)
    for wrong, code in (
        ({"id": "0197b000-0000-7000-8000-000000000000"}, "reference.unknown"),
        ({"id": "nonsense"}, "reference.unknown"),
        ({}, "reference.noId"),
        ("text", "attribute.type"),
    ):
        assert api.post("work", {"name": "x", "requester": wrong}).json()["code"] == code


def test_a_refusal_of_the_door_keeps_its_code(api: Caller) -> None:
    response = api.post("work", {"name": "exhausted"})
    assert response.status_code == 409
    body = response.json()
    assert (body["code"], body["reason"], body["status"]) == ("pool.exhausted", "nothing left", "409")
    assert body["referenceError"].endswith("/developers/errors/pool.exhausted")


def test_message_speaks_the_readers_language_and_reason_english(api: Caller) -> None:
    response = api.get("calendar/nonsense", Accept_Language="fr")
    assert response["Content-Language"] == "fr"
    assert response.json()["message"] == "Non trouvé."
    assert response.json()["reason"] == "Object not found"


def test_attribute_errors_keep_their_english_reason(api: Caller) -> None:
    body = api.post("calendar", {}, Accept_Language="fr").json()
    assert body["reason"] == body["errors"][0]["attribute"] + ": is required" == "name: is required"
    assert body["errors"][0]["reason"] == "is required"


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("person", "POST"),
        ("person/1", "PATCH"),
        ("person/1", "DELETE"),
        ("calendar", "PUT"),
        ("work/1", "DELETE"),
        ("hub", "GET"),
    ],
)
def test_verbs_that_are_not_offered_are_405(api: Caller, path: str, method: str) -> None:
    response = api(method, path, {} if method in {"POST", "PATCH", "PUT"} else None)
    assert (response.status_code, response.json()["code"]) == (405, "method.notAllowed")
    assert "GET" in response["Allow"] or path == "hub"


def test_options_names_the_methods(api: Caller) -> None:
    response = api("OPTIONS", "calendar")
    assert (response.status_code, response["Allow"]) == (204, "GET, HEAD, OPTIONS, POST")


def test_another_media_type_is_refused(api: Caller) -> None:
    response = api("POST", "calendar", "name=x", Content_Type="application/x-www-form-urlencoded")
    assert (response.status_code, response.json()["code"]) == (415, "request.mediaType")


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
