"""`Idempotency-Key`: the same POST again gives the same answer, and its effect happens once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _

from kernel import clock, locks
from kernel.errors import Invalid
from kernel.models import IdempotencyKey
from kernel.tmf.errors import KeyInFlight, KeyReused
from kernel.tmf.render import answer

KEPT = timedelta(hours=24)
MOST_CHARACTERS = 200


def once(user: Any, key: str, request: bytes, act: Callable[[], HttpResponse]) -> HttpResponse:
    """Run `act` under a key, or replay its stored answer.

    The key's row is written in the transaction of the effect: a crash in the middle leaves neither. A refusal is not
    kept, so a mended request may come again under its key. Raises KeyReused (422), KeyInFlight (409).
    """
    if not key.strip() or len(key) > MOST_CHARACTERS or not key.isprintable():
        raise Invalid(
            _("Idempotency-Key has 1 to %(n)d characters") % {"n": MOST_CHARACTERS}, code="idempotency.key"
        )
    digest = hashlib.sha256(request).hexdigest()
    with transaction.atomic():
        if not locks.try_advisory(locks.key_of("idempotency", user.pk, key)):
            raise KeyInFlight(_("The first request with this key is still running"))
        kept = IdempotencyKey.objects.filter(user=user, key=key).first()
        if kept is not None and kept.created < clock.system_now() - KEPT:
            kept.delete()
            kept = None
        if kept is not None:
            if kept.body_digest != digest:
                raise KeyReused(_("This key was used with another body"))
            return _replay(kept)
        response = act()
        IdempotencyKey.objects.create(
            user=user,
            key=key,
            body_digest=digest,
            status=response.status_code,
            response=response.content.decode(),
            location=response.get("Location", ""),
        )
        return response


def _replay(kept: IdempotencyKey) -> HttpResponse:
    headers = {"Idempotency-Replayed": "true"}
    if kept.location:
        headers["Location"] = kept.location
    return answer(None, status=kept.status or 200, headers=headers, text=kept.response)


def sweep() -> int:
    """Delete keys older than a day; returns how many."""
    count, _kinds = IdempotencyKey.objects.filter(created__lt=clock.system_now() - KEPT).delete()
    return count
