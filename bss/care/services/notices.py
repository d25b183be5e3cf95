"""Writing notices: one per story, phase, customer and channel, for one customer or for thousands, in one statement.

Texts are rendered once per language and time zone; the statement puts in what differs from customer to customer, finds
the address, and decides who is not to be told: no address, a wish, no consent, too many already.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from bss.care.events import NoticesWritten
from bss.care.models import Notice, NoticeTemplate, Topic
from bss.care.services import statements, templates, wording
from bss.customers.models import BillingAccount, Consent, ContactMedium
from kernel import clock, events, jobs, journal, lifecycle
from kernel.ids import uuid7_block

Phase, Status = Notice.Phase, Notice.Status

# Which of a party's contacts a topic goes to first.
ROLES = {
    Topic.OUTAGE: ContactMedium.Role.TECHNICAL,
    Topic.MAINTENANCE: ContactMedium.Role.TECHNICAL,
    Topic.BILLING: ContactMedium.Role.BILLING,
}
# What nobody can decline: bills, what we do to a service, answers to what was asked.
MANDATORY = {Topic.BILLING, Topic.SERVICE, Topic.TICKET}
# At most so many first notices of a topic to one customer and channel in a time. Updates and ends of a story told
# always follow, or the customer would go on believing the first one.
LIMITS = {
    Topic.OUTAGE: (6, timedelta(hours=24)),
    Topic.MAINTENANCE: (6, timedelta(hours=24)),
    Topic.MARKETING: (2, timedelta(days=7)),
}
NO_LIMIT = (1_000_000, timedelta(days=1))
ZONE = "Europe/Paris"


@dataclass(frozen=True)
class Written:
    """What came of a call: who is or will be told, and how many were left out, by reason."""

    told: frozenset[UUID]
    suppressed: dict[str, int]


def link_to(number: str) -> str:
    """Address of a thing's page, by its public number."""
    return f"{settings.PUBLIC_URL}/go/{number}"


def notify(
    *,
    template: str,
    story_kind: str,
    story_id: UUID,
    customer_ids: Iterable[UUID] | None = None,
    phase: str = Phase.START,
    story_label: str = "",
    context: Mapping[str, Any] | None = None,
    each: Mapping[UUID, Mapping[str, Any]] | None = None,
    account: BillingAccount | None = None,
    at: datetime | None = None,
) -> Written:
    """Write the notices of one phase of a story, in each customer's language, on every channel the template has.

    Asking again writes nothing again. Without `customer_ids` it goes to those who were told the start of the story.
    `context` holds values for the text (text, lazy translation, datetime, date, Money, or {language: value}); `each`
    holds text, or {language: text}, per customer. With `account`, the notice goes to its payer in the account's
    language. Raises Invalid when the template does not exist or a variable has no value. TMF681 communicationMessage.
    """
    at = at or clock.now()
    texts = templates.of_code(template)
    with transaction.atomic():
        told: set[UUID] = set()
        suppressed: dict[str, int] = {}
        for channel in sorted({text.channel for text in texts}):
            wanted = _audience(customer_ids, story_id, channel)
            if not wanted:
                continue
            for customer_id, status, reason in _write(
                [text for text in texts if text.channel == channel],
                wanted,
                story=(story_kind, story_id, story_label, str(phase)),
                context=context or {},
                each=each or {},
                account=account,
                at=at,
            ):
                if status == Status.SUPPRESSED:
                    suppressed[reason] = suppressed.get(reason, 0) + 1
                else:
                    told.add(customer_id)
        if told or suppressed:
            events.publish(NoticesWritten(story_id, str(phase), len(told), sum(suppressed.values()), at))
            jobs.enqueue("bss.care.send_pending")
    return Written(frozenset(told), suppressed)


def stop(*, story_id: UUID, reason: str = "") -> int:
    """Hold back the notices of a story that are still waiting and that no worker is sending; returns how many."""
    with transaction.atomic():
        waiting = Notice.objects.filter(story_id=story_id, status=Status.PENDING).filter(
            Q(claimed_until=None) | Q(claimed_until__lt=clock.system_now())
        )
        return len(
            lifecycle.move_many(waiting, Status.SUPPRESSED, reason=reason, obstacle=Notice.Obstacle.STOPPED)
        )


def repeat(*, notice: Notice) -> Notice:
    """Try a failed notice again, now. Raises IllegalMove for one that did not fail."""
    with transaction.atomic():
        lifecycle.move(notice, Status.PENDING, attempts=0, next_attempt=None, error="")
        jobs.enqueue("bss.care.send_pending")
    return notice


def _audience(customer_ids: Iterable[UUID] | None, story_id: UUID, channel: str) -> list[UUID]:
    if customer_ids is not None:
        return sorted(set(customer_ids))
    started = Notice.objects.filter(story_id=story_id, phase=Phase.START, channel=channel).told()
    return list(started.order_by("customer_id").values_list("customer_id", flat=True))


def _write(
    texts: Collection[NoticeTemplate],
    customers: list[UUID],
    *,
    story: tuple[str, UUID, str, str],
    context: Mapping[str, Any],
    each: Mapping[UUID, Mapping[str, Any]],
    account: BillingAccount | None,
    at: datetime,
) -> list[tuple[UUID, str, str]]:
    """Insert one channel's notices; returns (customer, status, obstacle) of the new ones."""
    sample = next(iter(texts))
    topic, channel = sample.topic, sample.channel
    limit, window = LIMITS.get(Topic(topic), NO_LIMIT) if story[3] == Phase.START else NO_LIMIT
    present = journal.context()
    own = sorted({name for words in each.values() for name in words})
    params: dict[str, Any] = {
        "audience": json.dumps(
            [
                {
                    "id": str(pk),
                    "customer_id": str(customer),
                    "words": {name: _own_words(value) for name, value in each.get(customer, {}).items()},
                }
                for pk, customer in zip(uuid7_block(len(customers)), customers, strict=True)
            ]
        ),
        "party": str(account.payer_id) if account else None,
        "language": account.language if account else None,
        "zone": account.time_zone if account else None,
        "default_zone": ZONE,
    }
    with connection.cursor() as cursor:
        cursor.execute(statements.READERS, params)
        variants = [_variant(texts, language, zone, context, own) for language, zone in cursor.fetchall()]
        params |= {
            "variants": json.dumps(variants),
            "role": ROLES.get(Topic(topic), ContactMedium.Role.GENERAL),
            "topic": topic,
            "channel": channel,
            "mandatory": topic in MANDATORY,
            "consent": Consent.Purpose.MARKETING_EMAIL if topic == Topic.MARKETING else None,
            "limit": limit,
            "since": at - window,
            "story_kind": story[0],
            "story_id": str(story[1]),
            "story_label": story[2],
            "phase": story[3],
            "at": at,
            "actor_id": str(present.actor_id) if present.actor_id else None,
            "actor": present.actor,
            "request": present.request_id,
            "correlation": str(present.correlation_id) if present.correlation_id else None,
            **{f"mark_{name}": wording.mark(name) for name in (*statements.STANDARD, *own)},
            **{f"name_{name}": name for name in own},
        }
        cursor.execute(statements.write(own), params)
        return [(UUID(str(customer)), status, obstacle) for customer, status, obstacle in cursor.fetchall()]


def _own_words(value: Any) -> str | dict[str, str]:
    if isinstance(value, Mapping):
        return {
            language: wording.in_words(text, language=language, zone=ZONE) for language, text in value.items()
        }
    return wording.in_words(value, language="en", zone=ZONE)


def _variant(
    texts: Collection[NoticeTemplate],
    language: str,
    zone: str,
    context: Mapping[str, Any],
    own: Iterable[str],
) -> dict[str, str]:
    """The text for readers of a language and zone, complete but for what differs from customer to customer."""
    by_language = {text.language: text for text in texts}
    text = by_language.get(language) or by_language.get("en") or next(iter(texts))
    words = {
        name: wording.in_words(value, language=text.language, zone=zone) for name, value in context.items()
    }
    words |= {name: wording.mark(name) for name in (*statements.STANDARD, *own)}
    words["company"] = str(settings.OPERATOR.get("name", ""))
    return {
        "template_id": str(text.pk),
        "reader": language,
        "zone": zone,
        "language": text.language,
        # A subject is one line, whatever the values held.
        "subject": wording.one_line(wording.render(text.subject, words))[:300],
        "body": wording.render(text.body, words),
    }
