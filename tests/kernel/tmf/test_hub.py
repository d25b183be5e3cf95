"""The hub: subscriptions, fan-out under the owner's eyes, deliveries signed, retried and logged."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel import clock, events, lifecycle
from kernel.models import HubDelivery, HubSubscription, JournalEntry, OutboxEvent
from kernel.tasks import deliver_webhooks, sweep_webhooks
from kernel.tmf import addresses, delivery, hub
from kernel.tmf.addresses import ForbiddenAddress
from tests.kernel.tmf import shop
from tests.kernel.tmf.conftest import BASE, Caller, make_calendar, make_work

pytestmark = pytest.mark.django_db


class Receiver:
    """A listener on loopback: answers with `status`, remembers what came."""

    def __init__(self) -> None:
        self.status, self.headers, self.got = 201, {}, []
        self.slow = False  # drips a letter now and then and never comes to an end
        self.closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, dict(self.headers), body))
                if outer.slow:
                    self.drip()
                    return
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"thanks")

            def drip(self) -> None:
                with contextlib.suppress(OSError):
                    while not outer.closing.wait(0.01):
                        self.wfile.write(b"H")
                        self.wfile.flush()

            do_GET = do_POST  # noqa: N815 - what a followed redirect would call

            def log_message(self, *args: Any) -> None:
                """Silent."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/client"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.closing.set()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: Any) -> list[tuple[str, Any]]:
    """What would have been sent to the broker."""
    sent: list[tuple[str, Any]] = []
    monkeypatch.setattr(hub, "enqueue", lambda task, *args: sent.append((task, *args)))
    monkeypatch.setattr(delivery, "enqueue", lambda task, *args: sent.append((task, *args)))
    return sent


def subscribe(caller: Caller, query: str = "", callback: str = "http://127.0.0.1:9/cb") -> HubSubscription:
    response = caller.post("hub", {"callback": callback, "query": query})
    assert response.status_code == 201, response.content
    return HubSubscription.objects.get(pk=response.json()["id"])


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


# Delivery


def waiting(api: Caller, receiver: Receiver) -> HubDelivery:
    """One delivery ready to go, and the secret it is signed with."""
    response = api.post("hub", {"callback": receiver.url})
    lifecycle.create(shop.Work(kind="test", title="Été"))
    events.drain()
    row = HubDelivery.objects.get()
    row.secret = response["X-Webhook-Secret"]  # type: ignore[attr-defined]
    return row


def test_a_delivery_is_signed_as_standard_webhooks_say(api: Caller, receiver: Receiver) -> None:
    row = waiting(api, receiver)
    deliver_webhooks(str(row.pk))
    ((path, headers, body),) = receiver.got
    assert path == "/client/listener/workCreateEvent"
    assert json.loads(body) == row.payload
    assert headers["webhook-id"] == str(row.event_id)
    assert headers["webhook-signature"] == delivery.signature(
        row.secret,
        headers["webhook-id"],
        headers["webhook-timestamp"],
        body,  # type: ignore[attr-defined]
    )
    row.refresh_from_db()
    assert (row.status, row.attempts, row.response_status, row.response_body) == (
        "delivered",
        1,
        201,
        "thanks",
    )
    assert row.milliseconds is not None


def test_the_known_signature_of_the_specification() -> None:
    # The example of the Standard Webhooks specification.
    found = delivery.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        b'{"test": 2432232314}',
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_delivering_twice_sends_once(api: Caller, receiver: Receiver) -> None:
    row = waiting(api, receiver)
    deliver_webhooks(str(row.pk))
    deliver_webhooks(str(row.pk))
    assert len(receiver.got) == 1


def test_after_rotation_both_secrets_sign_until_the_old_one_is_dropped(
    api: Caller, receiver: Receiver
) -> None:
    row = waiting(api, receiver)
    new = hub.rotate_secret(row.subscription)
    delivery.deliver(row.pk)
    _path, headers, body = receiver.got[0]
    told = (headers["webhook-id"], headers["webhook-timestamp"], body)
    old = row.secret  # type: ignore[attr-defined]
    assert headers["webhook-signature"].split() == [
        delivery.signature(new, *told),
        delivery.signature(old, *told),
    ]
    hub.drop_previous_secret(row.subscription)
    hub.resend(row)
    delivery.deliver(row.pk)
    assert len(receiver.got[1][1]["webhook-signature"].split()) == 1


@pytest.mark.parametrize("status", [204, 200, 202])
def test_any_2xx_counts(api: Caller, receiver: Receiver, status: int) -> None:
    receiver.status = status
    assert delivery.deliver(waiting(api, receiver).pk)


def test_a_failure_waits_longer_each_time_and_success_clears_it(
    api: Caller, receiver: Receiver, monkeypatch: Any, no_broker: list[Any]
) -> None:
    row = waiting(api, receiver)
    receiver.status = 500
    monkeypatch.setattr(delivery.random, "uniform", lambda low, high: 1.0)
    monkeypatch.setattr(delivery.pause, "__defaults__", (lambda low, high: 1.0,))
    now = clock.system_now()
    for attempt, seconds in enumerate(delivery.PAUSES_S[:4], start=1):
        monkeypatch.setattr(clock, "system_now", lambda now=now: now)
        assert not delivery.deliver(row.pk)
        row.refresh_from_db()
        assert (row.attempts, row.status, row.error) == (attempt, "pending", "HTTP 500")
        assert row.next_attempt == now + timedelta(seconds=seconds)
        assert sweep_webhooks() == 0
        now = row.next_attempt
    monkeypatch.setattr(clock, "system_now", lambda now=now: now)
    no_broker.clear()
    assert sweep_webhooks() == 1
    assert no_broker == [("kernel.deliver_webhooks", row.pk)]
    receiver.status = 201
    assert delivery.deliver(row.pk)
    row.subscription.refresh_from_db()
    assert row.subscription.failing_since is None


def test_pauses_reach_from_five_seconds_to_a_day_with_jitter() -> None:
    assert delivery.pause(1, lambda low, high: 1.0) == timedelta(seconds=5)
    assert delivery.pause(99, lambda low, high: 1.0) == timedelta(days=1)
    assert timedelta(seconds=4) <= delivery.pause(1) <= timedelta(seconds=6)


def test_after_three_days_the_subscription_is_disabled_and_its_owner_alerted(
    api: Caller, receiver: Receiver
) -> None:
    row = waiting(api, receiver)
    receiver.status = 503
    HubSubscription.objects.update(failing_since=clock.system_now() - timedelta(days=3, seconds=1))
    delivery.deliver(row.pk)
    row.refresh_from_db()
    row.subscription.refresh_from_db()
    assert (row.status, row.subscription.active) == ("failed", False)
    alert = OutboxEvent.objects.get(name="kernel.WebhookDisabled")
    assert alert.payload["owner_id"] == str(api.user.pk)
    hub.reactivate(row.subscription)
    receiver.status = 201
    start = clock.system_now() - timedelta(hours=1)
    assert hub.replay(row.subscription, start=start, end=clock.system_now()) == 1
    assert delivery.deliver(row.pk)


def test_410_disables_at_once(api: Caller, receiver: Receiver) -> None:
    row = waiting(api, receiver)
    receiver.status = 410
    delivery.deliver(row.pk)
    row.subscription.refresh_from_db()
    assert not row.subscription.active
    assert "410" in row.subscription.disabled_reason


def test_a_redirect_is_a_failure_and_is_not_followed(api: Caller, receiver: Receiver) -> None:
    row = waiting(api, receiver)
    receiver.status, receiver.headers = 302, {"Location": f"{receiver.url}/elsewhere"}
    delivery.deliver(row.pk)
    row.refresh_from_db()
    assert (len(receiver.got), row.error) == (1, "HTTP 302")


def test_a_redirect_into_a_private_network_reaches_nobody_there(
    api: Caller, receiver: Receiver, monkeypatch: Any
) -> None:
    called: list[Any] = []
    connect = socket.create_connection
    monkeypatch.setattr(
        socket,
        "create_connection",
        lambda address, **more: called.append(address) or connect(address, **more),
    )
    row = waiting(api, receiver)
    receiver.status, receiver.headers = 307, {"Location": "http://169.254.169.254/latest/meta-data"}
    delivery.deliver(row.pk)
    row.refresh_from_db()
    assert (row.error, row.status) == ("HTTP 307", "pending")
    assert called == [receiver.server.server_address]


def test_a_receiver_that_drips_its_answer_is_cut_off_and_tried_again_later(
    api: Caller, receiver: Receiver, monkeypatch: Any
) -> None:
    monkeypatch.setattr(delivery, "WHOLE_S", 0.2)
    row = waiting(api, receiver)
    receiver.slow = True

    assert not delivery.deliver(row.pk)

    row.refresh_from_db()
    assert len(receiver.got) == 1
    assert row.error
    assert row.status == "pending"
    assert row.next_attempt > clock.system_now()


def test_a_name_that_moves_into_a_private_network_after_registration_gets_nothing(
    api: Caller, receiver: Receiver, settings: Any
) -> None:
    row = waiting(api, receiver)
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    delivery.deliver(row.pk)
    row.refresh_from_db()
    assert receiver.got == []
    assert "127.0.0.1" in row.error
    assert row.status == "pending"


def test_the_call_goes_to_the_address_that_was_checked(
    api: Caller, receiver: Receiver, monkeypatch: Any
) -> None:
    # Rebinding: the name answers with a forbidden address as soon as it is asked a second time.
    row = waiting(api, receiver)
    asked: list[str] = []

    def once(target: Any) -> list[str]:
        asked.append(target.host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    monkeypatch.setattr(addresses, "resolve", once)
    assert delivery.deliver(row.pk)
    assert asked == ["127.0.0.1"]


def test_nobody_listening_and_no_such_name_are_failures(
    api: Caller, receiver: Receiver, monkeypatch: Any
) -> None:
    row = waiting(api, receiver)
    receiver.server.server_close()
    delivery.deliver(row.pk)
    row.refresh_from_db()
    assert "Error" in row.error
    monkeypatch.setattr(addresses, "resolve", lambda target: [])
    HubDelivery.objects.update(next_attempt=clock.system_now())
    delivery.deliver(row.pk)
    row.refresh_from_db()
    assert row.error == "the name does not resolve"


def test_a_test_ping_goes_out_whatever_the_query(api: Caller, receiver: Receiver) -> None:
    row = subscribe(api, "eventType=WorkCreateEvent", receiver.url)
    sent = hub.ping(row)
    delivery.deliver(sent.pk)
    assert receiver.got[0][0] == "/client/listener/pingEvent"


def test_a_failing_receivers_new_deliveries_wait(
    api: Caller, receiver: Receiver, no_broker: list[Any]
) -> None:
    row = subscribe(api, "", receiver.url)
    HubSubscription.objects.filter(pk=row.pk).update(failing_since=clock.system_now())
    lifecycle.create(shop.Work(kind="test", title="a"))
    events.drain()
    assert no_broker == []
    assert HubDelivery.objects.get().next_attempt > clock.system_now()


def test_the_log_is_kept_a_month(api: Caller, receiver: Receiver) -> None:
    row = waiting(api, receiver)
    delivery.deliver(row.pk)
    HubDelivery.objects.update(created=clock.system_now() - timedelta(days=31))
    sweep_webhooks()
    sweep_webhooks()
    assert not HubDelivery.objects.exists()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", True),  # the tests' own network is named in WEBHOOK_ALLOWED_NETWORKS
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:192.168.1.1", False),
        ("2002:0a00:0001::", False),
        ("64:ff9b::a00:1", False),
    ],
)
def test_only_public_addresses_and_named_networks_are_allowed(address: str, expected: bool) -> None:
    assert addresses.allowed(address) is expected


def test_one_forbidden_address_of_a_name_forbids_it(monkeypatch: Any) -> None:
    monkeypatch.setattr(addresses, "resolve", lambda target: ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(ForbiddenAddress):
        addresses.checked(addresses.target_of("https://example.org/x"))
