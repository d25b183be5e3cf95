"""The hub: subscriptions, and fan-out under the owner’s eyes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel import events, lifecycle
from kernel.models import HubDelivery, HubSubscription, JournalEntry, OutboxEvent
from kernel.tmf import hub
from tests.kernel.tmf import shop
from tests.kernel.tmf.conftest import BASE, Caller, make_calendar, make_work
from tests.kernel.tmf.hub.conftest import subscribe

pytestmark = pytest.mark.django_db


def test_subscribing_answers_id_callback_and_query_and_the_secret_once(api: Caller) -> None:
    response = api.post("hub", {"callback": "http://127.0.0.1:9/cb", "query": "eventType=WorkCreateEvent"})
    assert response.status_code == 201
    body = response.json()
    assert set(body) == {"id", "callback", "query"}
    assert response["Location"] == f"http://testserver{BASE}/hub/{body['id']}"
    secret = response["X-Webhook-Secret"]
    assert secret.startswith("whsec_")
    row = HubSubscription.objects.get()
    assert secret not in row.secret
    assert JournalEntry.objects.filter(verb="hub_subscription.created", actor=api.user).exists()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "attribute.required"),
        ({"callback": 5}, 400, "attribute.type"),
        ([], 400, "request.shape"),
        ({"callback": "ftp://example.org/x"}, 400, "hub.callback"),
        ({"callback": "http://user:pw@example.org/x"}, 400, "hub.callback"),
        ({"callback": "http://[::1"}, 400, "hub.callback"),
        ({"callback": "http://10.0.0.1/x"}, 409, "hub.forbiddenAddress"),
        ({"callback": "http://169.254.169.254/latest"}, 409, "hub.forbiddenAddress"),
        ({"callback": "http://[::ffff:10.0.0.1]/x"}, 409, "hub.forbiddenAddress"),
        ({"callback": "http://[fd00::1]/x"}, 409, "hub.forbiddenAddress"),
        ({"callback": "http://0.0.0.0/x"}, 409, "hub.forbiddenAddress"),
        ({"callback": "http://127.0.0.1/x", "query": "eventType=NoSuchEvent"}, 400, "hub.eventType"),
        ({"callback": "http://127.0.0.1/x", "query": "event.work.name=~x"}, 400, "hub.query"),
        ({"callback": "http://127.0.0.1/x", "query": "eventType="}, 400, "hub.query"),
    ],
)
def test_what_cannot_be_subscribed_is_refused(api: Caller, body: Any, status: int, code: str) -> None:
    response = api.post("hub", body)
    assert (response.status_code, response.json()["code"]) == (status, code), response.content


def test_the_same_callback_and_query_twice_is_409(api: Caller) -> None:
    subscribe(api, "eventType=WorkCreateEvent")
    again = api.post("hub", {"callback": "http://127.0.0.1:9/cb", "query": "eventType=WorkCreateEvent"})
    assert (again.status_code, again.json()["code"]) == (409, "hub.duplicate")
    subscribe(api, "eventType=WorkStateChangeEvent")


def test_unsubscribing_is_204_then_404_and_only_ones_own(api: Caller, make_caller: Any) -> None:
    row = subscribe(api)
    assert make_caller("admin").delete(f"hub/{row.pk}").status_code == 404
    assert api.delete("hub/nonsense").status_code == 404
    assert api.delete(f"hub/{row.pk}").status_code == 204
    assert api.delete(f"hub/{row.pk}").status_code == 404


def test_a_caller_who_sees_nothing_of_the_api_may_not_subscribe(make_caller: Any) -> None:
    assert make_caller("noc").post("hub", {"callback": "http://127.0.0.1/x"}).status_code == 403


def test_an_event_becomes_one_delivery_with_the_standards_envelope(api: Caller, no_broker: list[Any]) -> None:
    row = subscribe(api)
    job = lifecycle.create(shop.Work(kind="test", title="New"))
    # The proxy's rows are the resource's rows: events carry its label.
    assert events.drain() >= 1
    made = HubDelivery.objects.get(event_type="WorkCreateEvent")
    payload = made.payload
    assert set(payload) == {
        "eventId", "eventTime", "eventType", "domain", "title", "description", "priority", "timeOcurred", "event",
    }  # fmt: skip
    assert payload["eventId"] == str(made.event_id)
    assert payload["event"]["work"]["id"] == str(job.pk)
    assert payload["event"]["work"]["name"] == "New"
    assert (made.sequence, no_broker) == (1, [("kernel.deliver_webhooks", made.pk)])
    row.refresh_from_db()
    assert row.sequence == 1


def test_state_changes_and_attribute_changes_carry_their_types(api: Caller) -> None:
    subscribe(api)
    job = shop.Work.objects.get(pk=make_work().pk)
    lifecycle.move(job, "running", cycle=shop.JOB)
    calendar = make_calendar()
    lifecycle.change(calendar, name="Renamed", country="DE")
    events.drain()
    lifecycle.remove(calendar)
    events.drain()
    told = {row.event_type: row.payload for row in HubDelivery.objects.all()}
    assert set(told) == {"WorkStateChangeEvent", "CalendarAttributeValueChangeEvent", "CalendarDeleteEvent"}
    assert told["WorkStateChangeEvent"]["event"]["work"]["state"] == "inProgress"
    assert set(told["CalendarAttributeValueChangeEvent"]["fieldPath"].split(",")) == {
        "name",
        "countryCode",
        "label",
    }
    assert set(told["CalendarDeleteEvent"]["event"]["calendar"]) == {"id", "href", "@type"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 3),
        ("eventType=WorkCreateEvent", 3),
        ("eventType=WorkStateChangeEvent", 0),
        ("eventType=WorkStateChangeEvent,WorkCreateEvent", 3),
        ("event.work.state=acknowledged", 2),
        ("work.state=acknowledged", 2),
        ("eventType=WorkCreateEvent&event.work.name=b", 1),
        ("event.work.name=a;event.work.name=b", 2),
        ("event.work.name=a,b", 2),
        ("event.work.done.gte=20", 2),
        ("event.work.done>20", 1),
        ("event.work.cancelRequested=false", 3),
        ("event.work.relatedParty.role=owner", 0),
        ("event.work.name.contains=C", 1),
        ("event.work.name.ne=c", 2),
        ("event.work.created.gt=2020-01-01T00:00:00Z", 3),
        ("event.work.created.lt=2020-01-01T00:00:00Z", 0),
        ("eventTime.gt=2020-01-01T00:00:00Z", 3),
        ("event.nothing.here=1", 0),
    ],
)
def test_a_query_chooses_events(api: Caller, query: str, expected: int) -> None:
    subscribe(api, query)
    for title, done, status in (("a", 10, "pending"), ("b", 20, "pending"), ("c", 30, "running")):
        lifecycle.create(shop.Work(kind="test", title=title, done=done, status=status))
    events.drain()
    assert HubDelivery.objects.count() == expected


def test_fields_thin_the_payload(api: Caller) -> None:
    subscribe(api, "eventType=WorkCreateEvent&fields=event.work.state,name")
    lifecycle.create(shop.Work(kind="test", title="a"))
    events.drain()
    assert set(HubDelivery.objects.get().payload["event"]["work"]) == {"id", "href", "state", "name"}


def test_a_subscriber_hears_only_of_what_its_owner_may_see(api: Caller, make_caller: Any) -> None:
    subscribe(api)
    blind = make_caller("noc")
    HubSubscription.objects.create(api="999", owner=blind.user, callback="http://127.0.0.1/x", secret="x")
    lifecycle.create(shop.Work(kind="hidden", title="a"))
    events.drain()
    assert not HubDelivery.objects.exists()
    lifecycle.create(shop.Work(kind="test", title="a"))
    events.drain()
    assert [row.subscription.owner for row in HubDelivery.objects.all()] == [api.user]


def test_an_event_that_comes_twice_is_delivered_once(api: Caller) -> None:
    subscribe(api)
    lifecycle.create(shop.Work(kind="test", title="a"))
    events.drain()
    OutboxEvent.objects.update(delivered=None)
    events.drain()
    assert HubDelivery.objects.count() == 1


def test_events_of_models_without_a_resource_cost_no_query(api: Caller) -> None:
    subscribe(api)
    event = events.ObjectCreated("kernel.SavedView", UUID(int=1))
    hub.fan_out(None, event)
    with CaptureQueriesContext(connection) as queries:
        hub.fan_out(None, event)
    assert len(queries) == 0


def test_task_resources_announce_themselves(api: Caller) -> None:
    subscribe(api)
    api.post("stopWork", {"work": {"id": str(make_work().pk)}})
    events.drain()
    assert {row.event_type for row in HubDelivery.objects.all()} >= {
        "StopWorkCreateEvent",
        "StopWorkStateChangeEvent",
    }
