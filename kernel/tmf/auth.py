"""Who calls: a bearer token of a user or service account, or the signed-in person on the portal's own API page."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models.signals import m2m_changed
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, exceptions

from kernel import clock
from kernel.models import ApiToken, User

TOUCH_EVERY = timedelta(minutes=1)
REALM = 'Bearer realm="trunkline"'
# Token, account, roles and scopes are read anew for every request. Only what a role may do, which changes with a release,
# is remembered: a role changed by another process counts here after this many seconds at the latest.
RIGHTS_S = 5.0
_rights: dict[int, tuple[float, frozenset[str]]] = {}


class Unauthenticated(exceptions.AuthenticationFailed):
    """401 with a code of its own."""

    def __init__(self, detail: Any, code: str) -> None:
        super().__init__(detail)
        self.tmf_code = code


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer trk_…`. Token, user, roles and scopes come in one query, so that a revocation counts at once."""

    def authenticate(self, request: Any) -> tuple[User, ApiToken] | None:
        """The user and the token; None when the header is absent; raises 401 for a token that does not count."""
        scheme, _space, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise Unauthenticated(_("Use Authorization: Bearer"), "token.scheme")
        found = _look_up(ApiToken.digest_of(secret.strip()))
        if found is None:
            raise Unauthenticated(_("This token is unknown"), "token.unknown")
        user, token = found
        now = clock.system_now()
        if token.revoked is not None:
            raise Unauthenticated(_("This token was revoked"), "token.revoked")
        if token.expires <= now:
            raise Unauthenticated(_("This token has expired"), "token.expired")
        if not user.is_active:
            raise Unauthenticated(_("This account is not active"), "token.inactive")
        if token.last_used is None or now - token.last_used > TOUCH_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used=now)
        return user, token

    def authenticate_header(self, request: Any) -> str:
        """Makes the answer 401, not 403."""
        del request
        return REALM


class SessionAuthentication(authentication.SessionAuthentication):
    """The portal's own pages: session and CSRF token."""

    def authenticate_header(self, request: Any) -> str:
        """Makes the answer 401, not 403."""
        del request
        return REALM


@cache
def _statement(*, whole: bool) -> tuple[str, int, int]:
    token = [f.column for f in ApiToken._meta.concrete_fields]
    user = [f.column for f in get_user_model()._meta.concrete_fields]
    columns = [f't."{name}"' for name in token] + [f'u."{name}"' for name in user]
    # Roles and scopes ride along, so that a request asks once who is calling and what they may do.
    columns += [
        "ARRAY(SELECT s.kind || '=' || s.value FROM kernel_scope s WHERE s.user_id = u.id)",
        "ARRAY(SELECT ug.group_id FROM kernel_user_groups ug WHERE ug.user_id = u.id)",
    ]
    if whole:
        columns.append(
            """ARRAY(SELECT gp.group_id || '=' || ct.app_label || '.' || p.codename
                FROM kernel_user_groups ug JOIN auth_group_permissions gp ON gp.group_id = ug.group_id
                JOIN auth_permission p ON p.id = gp.permission_id
                JOIN django_content_type ct ON ct.id = p.content_type_id WHERE ug.user_id = u.id)"""
        )
    sql = f"""
        SELECT {", ".join(columns)} FROM kernel_apitoken t JOIN kernel_user u ON u.id = t.user_id WHERE t.digest = %s"""
    return sql, len(token), len(user)


def _look_up(digest: str) -> tuple[User, ApiToken] | None:
    known = _remembered()
    row = _ask(digest, whole=not known)
    if row is not None and known and not known.keys() >= set(row[-1]):
        known, row = {}, _ask(digest, whole=True)
    if row is None:
        return None
    _sql, tokens, users = _statement(whole=not known)
    token = ApiToken.from_db("default", [f.attname for f in ApiToken._meta.concrete_fields], row[:tokens])
    user = User.from_db(
        "default", [f.attname for f in User._meta.concrete_fields], row[tokens : tokens + users]
    )
    scopes, roles = row[tokens + users : tokens + users + 2]
    rights = known or _remember(roles, row[-1])
    if not user.is_superuser:
        # Read by kernel.permissions.Backend and scopes_of in place of a query of their own.
        user._perm_cache = set().union(*(rights[role] for role in roles))  # type: ignore[attr-defined]
    allowed: dict[str, set[str]] = {}
    for text in scopes:
        kind, _sign, value = text.partition("=")
        allowed.setdefault(kind, set()).add(value)
    user._scopes = allowed  # type: ignore[attr-defined]
    token.user = user
    return user, token


def _ask(digest: str, *, whole: bool) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(_statement(whole=whole)[0], [digest])
        found: tuple[Any, ...] | None = cursor.fetchone()
    return found


def _remembered() -> dict[int, frozenset[str]]:
    """What roles may do, as far as it is known and young enough; nothing inside a transaction, which sees its own."""
    if connection.in_atomic_block:
        return {}
    since = time.monotonic() - RIGHTS_S
    return {role: rights for role, (read_at, rights) in list(_rights.items()) if read_at > since}


def _remember(roles: Iterable[int], names: Iterable[str]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {role: set() for role in roles}
    for text in names:
        role, _sign, name = text.partition("=")
        found[int(role)].add(name)
    rights = {role: frozenset(held) for role, held in found.items()}
    if not connection.in_atomic_block:  # what it wrote may be rolled back
        read_at = time.monotonic()
        _rights.update({role: (read_at, held) for role, held in rights.items()})
    return rights


def forget_rights(**_kwargs: Any) -> None:
    """Read anew what every role may do (a role was changed in this process)."""
    _rights.clear()


m2m_changed.connect(forget_rights, sender=Group.permissions.through, dispatch_uid="kernel.tmf.auth")


class TokenLimits:
    """What a token leaves out of its user's rights; `None` (a session) leaves out nothing."""

    def __init__(self, token: Any) -> None:
        self.token = token if isinstance(token, ApiToken) else None

    def refuse(self, api: str, *, writing: bool) -> None:
        """Raise 403 when the token does not cover this API, or only reads."""
        if self.token is None:
            return
        if self.token.apis and api not in self.token.apis:
            raise Forbidden(_("This token does not cover this API"), "token.api")
        if writing and self.token.read_only:
            raise Forbidden(_("This token only reads"), "token.readOnly")

    @property
    def require_match(self) -> bool:
        """Whether If-Match is mandatory."""
        return self.token is not None and self.token.require_match


class Forbidden(exceptions.PermissionDenied):
    """403 with a code of its own."""

    def __init__(self, detail: Any, code: str) -> None:
        super().__init__(detail)
        self.tmf_code = code
