"""Doors of API tokens: issue (shown once), revoke. Page and command go through here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from kernel import clock, journal
from kernel.errors import Invalid
from kernel.models import ApiToken, User
from kernel.tmf import registry

LONGEST = timedelta(days=366)
MOST_TOKENS = 50


def live() -> QuerySet[ApiToken]:
    """Tokens that still open the door."""
    return ApiToken.objects.filter(revoked=None, expires__gt=clock.system_now())


def issue(
    *,
    user: User,
    name: str,
    expires: datetime,
    apis: Sequence[str] = (),
    read_only: bool = False,
    require_match: bool = False,
) -> tuple[ApiToken, str]:
    """Make a token; returns the row and its secret, which is never readable again.

    Raises Invalid for an expiry that is past or more than a year off, an API nobody serves, or too many tokens.
    """
    now = clock.system_now()
    if not now < expires <= now + LONGEST:
        raise Invalid(
            _("A token ends within a year"),
            code="token.expiry",
            fields={"expires": _("choose a day within a year")},
        )
    registry.discover()
    if unknown := sorted(set(apis) - set(registry.APIS)):
        raise Invalid(
            _("There is no API %(number)s") % {"number": unknown[0]},
            code="token.api",
            fields={"apis": unknown[0]},
        )
    with transaction.atomic():
        if live().filter(user=user).count() >= MOST_TOKENS:
            raise Invalid(
                _("At most %(n)d live tokens for one account") % {"n": MOST_TOKENS}, code="token.tooMany"
            )
        row, secret = ApiToken.issue(
            user, name, expires=expires, apis=list(apis), read_only=read_only, require_match=require_match
        )
        told: dict[str, Any] = {
            "name": name,
            "prefix": row.prefix,
            "apis": list(apis),
            "read_only": read_only,
        }
        journal.record("api_token.issued", row, after={**told, "expires": expires})
    return row, secret


def revoke(token: ApiToken, *, reason: str = "") -> None:
    """End a token at once; revoking it again changes nothing."""
    with transaction.atomic():
        ended = ApiToken.objects.filter(pk=token.pk, revoked=None).update(revoked=clock.system_now())
        if ended:
            journal.record("api_token.revoked", token, reason=reason)
    token.refresh_from_db()
