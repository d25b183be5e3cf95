"""What "all matching" means: a signed statement of filter, count and time, then a frozen set of ids.

The list page carries the statement. The preview evaluates it once, leaving out rows made after the statement was
taken, and keeps the ids it found: what runs is exactly what was previewed, whatever is inserted or changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core import signing
from django.db import models
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from kernel import clock
from kernel.errors import Invalid, NotFound
from kernel.ids import uuid7
from kernel.models import Draft
from kernel.pages.lists.state import State

if TYPE_CHECKING:
    from kernel.pages.lists import List

SALT = "pages.selection"
VALID_SECONDS = 4 * 3600
BULK_MAX = 50_000
KEEP = timedelta(days=7)


def seal(page: str, state: State, user: Any, count: int) -> str:
    """Sign what this state of the list selects, for this user, now."""
    return signing.dumps(
        {
            "p": page,
            "u": str(user.pk),
            # The merged state, not the view's key: a view edited meanwhile must not move the selection.
            "q": f"view=all&{state.saving}",
            "l": {name: str(value) for name, value in state.lock.items()},
            "t": clock.system_now().isoformat(),
            "n": count,
        },
        salt=SALT,
        compress=True,
    )


@dataclass(frozen=True)
class Statement:
    """An opened selection token."""

    query: str
    lock: dict[str, str]
    taken: datetime
    count: int


def unseal(token: str, page: str, user: Any) -> Statement:
    """Raises Invalid when the token is forged, old, of another list or of another user."""
    try:
        data = signing.loads(token, salt=SALT, max_age=VALID_SECONDS)
    except signing.BadSignature as error:
        raise Invalid(
            _("The selection is too old or damaged; open the list again"), code="selection.invalid"
        ) from error
    taken = parse_datetime(data["t"])
    if data["p"] != page or data["u"] != str(user.pk) or taken is None:
        raise Invalid(_("The selection belongs to another list"), code="selection.other")
    return Statement(data["q"], data["l"], taken, data["n"])


def chosen(page: List, statement: Statement, user: Any) -> models.QuerySet[Any]:
    """Rows the statement selects, without those made after it was taken."""
    state = page.state(QueryDict(statement.query), user, lock=statement.lock)
    if state.errors:
        return page.source(user).none()
    return made_until(page.matching(state, user), statement.taken)


def made_until(rows: models.QuerySet[Any], taken: datetime) -> models.QuerySet[Any]:
    """Rows that existed at `taken`, by their creation column or by the time in their UUIDv7."""
    from kernel.pages.lists import has_field

    if has_field(rows.model, "created"):
        return rows.filter(created__lte=taken)
    if isinstance(rows.model._meta.pk, models.UUIDField):
        return rows.filter(pk__lte=last_uuid7(taken))
    return rows


def last_uuid7(at: datetime) -> UUID:
    """The largest UUIDv7 of the millisecond of `at` (RFC 9562 §5.7)."""
    return UUID(int=int(at.timestamp() * 1000) << 80 | 0x7FFF_BFFF_FFFF_FFFF_FFFF)


def freeze(page: str, ids: Sequence[Any], user: Any, **about: Any) -> Draft:
    """Keep the ids of one preview; the user's previews of a week ago are cleared on the way."""
    Draft.objects.filter(owner=user, form=f"bulk:{page}", created__lt=clock.system_now() - KEEP).delete()
    return Draft.objects.create(
        owner=user,
        form=f"bulk:{page}",
        object_key=uuid7().hex,
        data={"ids": [str(pk) for pk in ids], **about},
    )


def frozen(page: str, key: str, user: Any) -> Draft:
    """The ids of a preview of this user; raises NotFound."""
    draft = Draft.objects.filter(owner=user, form=f"bulk:{page}", object_key=key).first()
    if draft is None:
        raise NotFound(_("This selection is gone; open the list again"), code="selection.gone")
    return draft
