"""Sending one delivery: checked address, signature, time limits, retries (Standard Webhooks; portal conventions §5)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from kernel import clock, events
from kernel import secrets as sealing
from kernel.jobs import enqueue
from kernel.models import HubDelivery, HubSubscription
from kernel.tmf.addresses import ForbiddenAddress, Target, checked, target_of
from kernel.tmf.hub import DELIVER
from kernel.tmf.render import dumps

CONNECT_S = 5.0
WHOLE_S = 15.0
GIVE_UP = timedelta(days=3)
LEASE = timedelta(seconds=60)
LOG_KEPT = timedelta(days=30)
SWEEP = 500
# From 5 s to a day; the last pause repeats until three days have passed.
PAUSES_S = (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)


@dataclass(frozen=True)
class WebhookDisabled(events.Event):
    """A subscription was switched off after three days of failures, or because its receiver is gone (410)."""

    subscription_id: UUID
    owner_id: UUID
    reason: str
    at: datetime


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt. `status` is None when nobody answered."""

    status: int | None
    body: str
    milliseconds: int
    error: str

    @property
    def ok(self) -> bool:
        """Any 2xx: listeners of v4 answer 201, of v5 204."""
        return self.status is not None and 200 <= self.status < 300


def deliver(delivery_id: Any) -> bool:
    """Send one delivery if it is due and nobody else is at it; returns whether it arrived. Safe to call twice."""
    now = clock.system_now()
    claimed = HubDelivery.objects.filter(
        pk=delivery_id, status=HubDelivery.Status.PENDING, next_attempt__lte=now, subscription__active=True
    ).update(next_attempt=now + LEASE, attempts=F("attempts") + 1)
    if not claimed:
        return False
    row = HubDelivery.objects.select_related("subscription").get(pk=delivery_id)
    outcome = send(row)  # outside any transaction: the receiver may be slow
    record(row, outcome)
    return outcome.ok


def send(row: HubDelivery) -> Outcome:
    """One attempt over the network."""
    body = dumps(row.payload).encode()
    started = time.monotonic()

    def done(status: int | None, answer: str, error: str) -> Outcome:
        return Outcome(status, answer, int((time.monotonic() - started) * 1000), error[:200])

    try:
        target = target_of(row.subscription.callback)
        addresses = checked(target)
        if not addresses:
            return done(None, "", "the name does not resolve")
        name = row.event_type[:1].lower() + row.event_type[1:]
        status, answer = _post(
            target, addresses[0], f"{target.path}/listener/{name}", headers_of(row, body, target), body
        )
    except ForbiddenAddress as error:
        return done(None, "", str(error.message))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return done(None, "", f"{type(error).__name__}: {error}")
    return done(status, answer, "" if 200 <= status < 300 else f"HTTP {status}")


def headers_of(row: HubDelivery, body: bytes, target: Target) -> dict[str, str]:
    """Standard Webhooks headers; with two live secrets, two signatures."""
    stamp = str(int(clock.system_now().timestamp()))
    secrets = [text for text in (row.subscription.secret, row.subscription.previous_secret) if text]
    signatures = [signature(sealing.unseal(secret), str(row.event_id), stamp, body) for secret in secrets]
    return {
        "Host": target.netloc,
        "Content-Type": "application/json;charset=utf-8",
        "Content-Length": str(len(body)),
        "User-Agent": "Trunkline-Webhooks/1",
        "Connection": "close",
        "webhook-id": str(row.event_id),
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signatures),
        "webhook-sequence": str(row.sequence),
        "webhook-attempt": str(row.attempts),
    }


def signature(secret: str, event_id: str, stamp: str, body: bytes) -> str:
    """`v1,` and the base64 HMAC-SHA256 over id.timestamp.body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{event_id}.{stamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _post(target: Target, address: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    """POST to the address that was checked; no redirect is followed. Returns status and the start of the answer."""
    line: socket.socket = socket.create_connection((address, target.port), timeout=CONNECT_S)
    if target.scheme == "https":
        line = _tls().wrap_socket(line, server_hostname=target.host, do_handshake_on_connect=False)
    # A receiver that drips bytes beats any per-read limit: the whole exchange ends with this timer.
    guard = threading.Timer(WHOLE_S, _cut, [line])
    guard.daemon = True
    guard.start()
    try:
        if isinstance(line, ssl.SSLSocket):
            line.do_handshake()
        line.settimeout(WHOLE_S)
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = line
        try:
            connection.putrequest("POST", path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, response.read1(500).decode("utf-8", "replace").replace("\x00", "")
        finally:
            connection.close()
    finally:
        guard.cancel()
        line.close()


def _cut(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def record(row: HubDelivery, outcome: Outcome) -> None:
    """Write what came of an attempt: delivered, to be tried again, or given up with the subscription disabled."""
    now = clock.system_now()
    told = {
        "response_status": outcome.status,
        "response_body": outcome.body,
        "milliseconds": outcome.milliseconds,
        "error": outcome.error,
        "updated": now,
    }
    with transaction.atomic():
        if outcome.ok:
            HubDelivery.objects.filter(pk=row.pk).update(
                status=HubDelivery.Status.DELIVERED, next_attempt=None, **told
            )
            HubSubscription.objects.filter(pk=row.subscription_id, failing_since__isnull=False).update(
                failing_since=None
            )
            return
        failing_since = row.subscription.failing_since or now
        HubSubscription.objects.filter(pk=row.subscription_id, failing_since=None).update(failing_since=now)
        if outcome.status == 410:
            HubDelivery.objects.filter(pk=row.pk).update(
                status=HubDelivery.Status.FAILED, next_attempt=None, **told
            )
            disable(row.subscription, "the receiver answered 410 Gone")
        elif now - failing_since >= GIVE_UP:
            HubDelivery.objects.filter(pk=row.pk).update(
                status=HubDelivery.Status.FAILED, next_attempt=None, **told
            )
            disable(row.subscription, "no delivery succeeded for three days")
        elif now - row.created >= GIVE_UP:
            HubDelivery.objects.filter(pk=row.pk).update(
                status=HubDelivery.Status.FAILED, next_attempt=None, **told
            )
        else:
            HubDelivery.objects.filter(pk=row.pk).update(next_attempt=now + pause(row.attempts), **told)


def pause(attempts: int, jitter: Callable[[float, float], float] = random.uniform) -> timedelta:
    """Wait after the given number of attempts, a fifth more or less, so that receivers are not hit in step."""
    seconds = PAUSES_S[min(attempts, len(PAUSES_S)) - 1]
    return timedelta(seconds=seconds * jitter(0.8, 1.2))


def disable(subscription: HubSubscription, reason: str) -> None:
    """Switch a subscription off and tell: `WebhookDisabled` reaches its owner as a notice."""
    if HubSubscription.objects.filter(pk=subscription.pk, active=True).update(
        active=False, disabled_reason=reason
    ):
        events.publish(
            WebhookDisabled(subscription.pk, subscription.owner_id, reason, clock.now()),
            events.ObjectChanged(subscription._meta.label, subscription.pk, ("active",)),
        )


def sweep() -> int:
    """Send what is due again (the broker lost it, or its pause is over) and drop the log's oldest part."""
    now = clock.system_now()
    due = HubDelivery.objects.filter(
        status=HubDelivery.Status.PENDING, next_attempt__lte=now, subscription__active=True
    ).order_by("next_attempt")
    ids = list(due.values_list("pk", flat=True)[:SWEEP])
    for pk in ids:
        enqueue(DELIVER, pk)
    old = Q(created__lt=now - LOG_KEPT) & ~Q(status=HubDelivery.Status.PENDING)
    HubDelivery.objects.filter(old).delete()
    return len(ids)
