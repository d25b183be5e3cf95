"""The hub of every API: who wants which events, and what is sent to them (TMF630 part 4).

A kernel event becomes TMF events through the resources of its model: the dispatcher calls `fan_out`, which writes one
`HubDelivery` row for each subscription that wants it, in the dispatcher's transaction; `kernel.tmf.delivery` sends.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from kernel import clock, events, journal
from kernel import secrets as sealing
from kernel.errors import DomainError, Invalid
from kernel.ids import uuid7
from kernel.jobs import enqueue
from kernel.models import HubDelivery, HubSubscription
from kernel.tmf import registry
from kernel.tmf.addresses import checked, target_of
from kernel.tmf.api import Api
from kernel.tmf.fields.base import pascal
from kernel.tmf.matching import Wanted, wanted_of
from kernel.tmf.render import stamp
from kernel.tmf.resource import Resource

DELIVER = "kernel.deliver_webhooks"
FAILING_PAUSE = timedelta(minutes=1)
MOST_SUBSCRIPTIONS = 100
PING = "PingEvent"


class Duplicate(DomainError):
    """The same callback and query are subscribed already."""

    code = "hub.duplicate"


@dataclass(frozen=True)
class Announcement:
    """One TMF event to be told: of which resource, which row, what happened."""

    resource: Resource[Any]
    object_id: Any
    suffix: str
    changed: tuple[str, ...] = ()

    @property
    def event_type(self) -> str:
        """PascalCase name."""
        return f"{pascal(self.resource.path)}{self.suffix}Event"


def subscribe(*, api: Api, owner: Any, callback: str, query: str = "") -> tuple[HubSubscription, str]:
    """Register a callback; returns the subscription and its signing secret, which is told once.

    Raises Invalid for a callback or query that cannot be, ForbiddenAddress, Duplicate.
    """
    wanted_of(query, [name for resource in api.resources.values() for name in resource.event_types()])
    checked(target_of(callback))
    secret = new_secret()
    try:
        with transaction.atomic():
            if HubSubscription.objects.filter(owner=owner, active=True).count() >= MOST_SUBSCRIPTIONS:
                raise DomainError(
                    _("At most %(n)d subscriptions for one account") % {"n": MOST_SUBSCRIPTIONS},
                    code="hub.tooMany",
                )
            row = HubSubscription.objects.create(
                api=api.number, owner=owner, callback=callback, query=query, secret=sealing.seal(secret)
            )
            journal.record("hub_subscription.created", row, after={"callback": callback, "query": query})
    except IntegrityError as error:
        raise Duplicate(_("This callback and query are subscribed already")) from error
    return row, secret


def unsubscribe(subscription: HubSubscription) -> None:
    """Remove a subscription with its delivery log."""
    with transaction.atomic():
        before = {"callback": subscription.callback, "query": subscription.query}
        journal.record("hub_subscription.removed", subscription, before=before)
        subscription.delete()


def new_secret() -> str:
    """A signing secret in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def rotate_secret(subscription: HubSubscription) -> str:
    """A new secret, told once; deliveries are signed with both until the next rotation or `drop_previous_secret`."""
    secret = new_secret()
    with transaction.atomic():
        HubSubscription.objects.filter(pk=subscription.pk).update(
            previous_secret=subscription.secret, secret=sealing.seal(secret), updated=clock.system_now()
        )
        journal.record("hub_subscription.secret_rotated", subscription)
    subscription.refresh_from_db()
    return secret


def drop_previous_secret(subscription: HubSubscription) -> None:
    """Stop signing with the old secret."""
    HubSubscription.objects.filter(pk=subscription.pk).update(previous_secret="")
    subscription.refresh_from_db()


def reactivate(subscription: HubSubscription) -> None:
    """Deliver again after a subscription was disabled; what failed meanwhile is replayed on request (`replay`)."""
    with transaction.atomic():
        HubSubscription.objects.filter(pk=subscription.pk).update(
            active=True, disabled_reason="", failing_since=None
        )
        journal.record("hub_subscription.reactivated", subscription)
    subscription.refresh_from_db()


def resend(delivery: HubDelivery) -> None:
    """Send one delivery again now, whatever became of it."""
    _again(HubDelivery.objects.filter(pk=delivery.pk))
    delivery.refresh_from_db()


def replay(subscription: HubSubscription, *, start: datetime, end: datetime) -> int:
    """Send every delivery created in [start, end) again; returns how many."""
    return _again(subscription.deliveries.filter(created__gte=start, created__lt=end))


def _again(rows: Any) -> int:
    with transaction.atomic():
        ids = list(rows.order_by("sequence").values_list("pk", flat=True))
        HubDelivery.objects.filter(pk__in=ids).update(
            status=HubDelivery.Status.PENDING, attempts=0, next_attempt=clock.system_now(), error=""
        )
        for pk in ids[:1000]:
            enqueue(DELIVER, pk)  # the sweeper sends the rest
    return len(ids)


def ping(subscription: HubSubscription) -> HubDelivery:
    """Send a test event to one subscription, whatever its query."""
    event_id = uuid7()
    payload = _envelope(event_id, PING, clock.now(), None, "Trunkline") | {
        "event": {"ping": {"id": str(event_id)}}
    }
    with transaction.atomic():
        return _insert(subscription, event_id, PING, payload)


def fan_out(row: Any, event: events.Event) -> None:
    """Write the deliveries of one kernel event; called by the dispatcher inside the receipt's transaction."""
    told = list(announcements(event))
    if not told:
        return
    numbers = {one.resource.api.number for one in told}
    subscriptions = HubSubscription.objects.filter(api__in=numbers, active=True, owner__is_active=True)
    shown: dict[Any, Any] = {}
    for subscription in subscriptions.select_related("owner").order_by("pk"):
        for one in told:
            if one.resource.api.number == subscription.api:
                _offer(subscription, one, row, shown)


def announcements(event: events.Event) -> Iterator[Announcement]:
    """The TMF events that a kernel event stands for."""
    if isinstance(
        event, events.ObjectCreated | events.ObjectChanged | events.StateChanged | events.ObjectRemoved
    ):
        for resource in registry.of_model(event.object_type):
            suffix = _suffix(resource, event)
            if suffix:
                changed = _changed(resource, event.changed) if isinstance(event, events.ObjectChanged) else ()
                yield Announcement(resource, event.object_id, suffix, changed)
    for resource in registry.resources():
        if type(event) in resource.events_from:
            suffix, attribute = resource.events_from[type(event)]
            yield Announcement(resource, getattr(event, attribute), suffix)


def _suffix(resource: Resource[Any], event: events.Event) -> str:
    if isinstance(event, events.StateChanged):
        return resource.suffix_of_state()
    if isinstance(event, events.ObjectChanged):
        # A change of what the resource does not show is no event of it.
        return resource.suffix_of_change() if _changed(resource, event.changed) else ""
    wanted = "Create" if isinstance(event, events.ObjectCreated) else "Delete"
    return wanted if wanted in resource.events else ""


def _changed(resource: Resource[Any], columns: Iterable[str]) -> tuple[str, ...]:
    """API names of changed columns."""
    names = {column.removesuffix("_id") for column in columns} | set(columns)
    return tuple(each.name for each in resource.attributes if each.columns_used() & names)


def _offer(subscription: HubSubscription, one: Announcement, row: Any, shown: dict[Any, Any]) -> None:
    """Write the delivery if the subscription asks for it and its owner may see it."""
    try:
        wanted: Wanted = wanted_of(subscription.query)
    except Invalid:
        return
    if not wanted.takes_type(one.event_type):
        return
    key = (subscription.owner_id, str(one.resource), str(one.object_id), one.suffix)
    if key not in shown:
        shown[key] = _representation(one, subscription.owner)
    body = shown[key]
    if body is None:
        return
    event_id = uuid.uuid5(row.id, f"{one.resource}{one.event_type}")
    payload = _envelope(event_id, one.event_type, row.at, row.correlation_id, one.resource.api.title)
    if one.changed:
        payload["fieldPath"] = ",".join(one.changed)
    payload["event"] = {one.resource.path: body}
    if wanted.takes(payload):
        _insert(subscription, event_id, one.event_type, wanted.project(payload, one.resource.path))


def _representation(one: Announcement, owner: Any) -> dict[str, Any] | None:
    """The resource as the owner of a subscription may see it; what is gone keeps its id for unnarrowed owners."""
    base = settings.PUBLIC_URL.rstrip("/")
    resource = one.resource
    if one.suffix == "Delete":
        from kernel.permissions import scopes_of

        if not owner.has_perm(resource.permission("view")) or scopes_of(owner):
            return None
        address = resource.location(base, one.object_id)
        return {"id": str(one.object_id), "href": address, "@type": resource.type_name}
    rows = resource.queryset(owner).filter(**{resource.key: one.object_id})
    found = resource.render(rows[:1], owner, base)
    return found[0] if found else None


def _envelope(event_id: Any, event_type: str, at: datetime, story: Any, domain: str) -> dict[str, Any]:
    """TMF630's envelope; `timeOcurred` is the standard's spelling."""
    instant = stamp(at)
    found = {
        "eventId": str(event_id),
        "eventTime": instant,
        "eventType": event_type,
        "domain": domain,
        "title": event_type,
        "description": event_type,
        "priority": "normal",
        "timeOcurred": instant,
    }
    return {**found, "correlationId": str(story)} if story else found


def _insert(
    subscription: HubSubscription, event_id: Any, event_type: str, payload: dict[str, Any]
) -> HubDelivery:
    """Number and write one delivery, and send it after commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kernel_hubsubscription SET sequence = sequence + 1 WHERE id = %s RETURNING sequence",
            [subscription.pk],
        )
        sequence = cursor.fetchone()[0]
    now = clock.system_now()
    row = HubDelivery.objects.create(
        subscription=subscription,
        event_id=event_id,
        event_type=event_type,
        sequence=sequence,
        payload=payload,
        next_attempt=now + FAILING_PAUSE if subscription.failing_since else now,
    )
    if not subscription.failing_since:
        enqueue(DELIVER, row.pk)
    return row


def connect() -> None:
    """Have the dispatcher call `fan_out` for every event (kernel start-up)."""
    if all(name != "kernel.hub" for name, _function in events.EVERY_EVENT):
        events.EVERY_EVENT.append(("kernel.hub", fan_out))
