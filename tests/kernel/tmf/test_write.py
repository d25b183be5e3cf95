"""Writing: validation and creation."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.models import BusinessCalendar, JournalEntry
from tests.kernel.tmf.conftest import BASE, Caller, codes

pytestmark = pytest.mark.django_db


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
