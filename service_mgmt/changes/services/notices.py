"""Telling customers of planned work: once when it is scheduled, again when it is called off or over."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from bss.care import services as care
from bss.care.models import Notice
from kernel import clock
from service_mgmt.changes.models import ChangeRequest
from service_mgmt.services.models import Service
from service_mgmt.services.services.impact import Effect, Impact

HIT = (Effect.LOST, Effect.DEGRADED)


def announce(*, change: ChangeRequest, impact: Impact, at: datetime | None = None) -> frozenset[UUID]:
    """Tell each customer whose active service the change takes away or weakens, in their language; returns who is told.

    Asking again tells nobody twice. The change's number stands on the notice: it is the proof of notice by which a
    service level leaves planned work out.
    """
    hit = [row.service_id for effect in HIT for row in impact.customer_facing(effect)]
    names: dict[UUID, dict[str, list[str]]] = defaultdict(lambda: {"en": [], "fr": []})
    rows = Service.objects.filter(pk__in=hit, state=Service.State.ACTIVE)
    for service in rows.select_related("product__offering", "site").order_by("pk"):
        for language, texts in names[service.customer_id].items():
            texts.append(_name(service, language))
    if not names:
        return frozenset()
    return care.notify(
        customer_ids=names,
        template="maintenance-start",
        story_kind=change._meta.label,
        story_id=change.pk,
        story_label=change.number,
        context={
            "reference": change.number,
            "start": change.window_start,
            "end": change.window_end,
            "reason": change.title,
        },
        each={
            customer: {"services": {language: ", ".join(texts) for language, texts in both.items()}}
            for customer, both in names.items()
        },
        at=at or clock.now(),
    ).told


def call_off(*, change: ChangeRequest, at: datetime | None = None) -> None:
    """The work will not take place: hold back what is not sent yet, and tell those who know of it."""
    care.stop(story_id=change.pk, reason=change.number)
    _follow(change, "maintenance-cancelled", {"start": change.window_start}, at or clock.now())


def work_over(*, change: ChangeRequest, at: datetime) -> None:
    """The work is over: tell those who were told of it."""
    _follow(change, "maintenance-end", {"ended": at}, at)


def told(change: ChangeRequest) -> list[Notice]:
    """The first notices of a change, with what became of each."""
    rows = Notice.objects.filter(story_id=change.pk, phase=Notice.Phase.START)
    return list(rows.select_related("customer__party").order_by("customer__number"))


def _follow(change: ChangeRequest, template: str, words: dict[str, Any], at: datetime) -> None:
    known = Notice.objects.filter(story_id=change.pk, phase=Notice.Phase.START).told()
    if not known.exists():
        return
    care.notify(
        template=template,
        story_kind=change._meta.label,
        story_id=change.pk,
        story_label=change.number,
        phase=Notice.Phase.END,
        context={"reference": change.number, **words},
        at=at,
    )


def _name(service: Service, language: str) -> str:
    product: Any = service.product
    name = product.offering.name_in(language) if product else service.name
    where = f", {service.site.name}" if service.site else ""
    return f"{name} ({product.number if product else service.number}{where})"
