"""Doors of accounts: preferences, roles, deactivation. Every change of them is in the journal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from kernel import journal, lifecycle
from kernel.errors import Invalid, NotAllowed
from kernel.models import User
from kernel.permissions import ROLES


def set_preferences(*, user: User, **preferences: Any) -> User:
    """Change language, time_zone, theme, shortcuts or preferences of a user."""
    allowed = {"language", "time_zone", "theme", "shortcuts", "preferences"}
    if unknown := set(preferences) - allowed:
        raise TypeError(f"no such preference: {sorted(unknown)}")
    return lifecycle.change(user, verb="preferences", **preferences)


def set_password(*, user: User, password: str) -> None:
    """Store a new password (validated by the form); the journal says that, never what."""
    with transaction.atomic():
        user.set_password(password)
        User.objects.filter(pk=user.pk).update(password=user.password)
        journal.record("user.password_changed", user)


def set_roles(*, user: User, roles: Iterable[str], by: User) -> User:
    """Give a user exactly these roles. Raises Invalid for an unknown role, NotAllowed for one's own roles."""
    wanted = set(roles)
    if unknown := wanted - set(ROLES):
        raise Invalid(_("There is no role %(name)s") % {"name": min(unknown)}, code="role.unknown")
    if user.pk == by.pk:
        raise NotAllowed(_("Nobody changes their own roles"), code="role.own")
    with transaction.atomic():
        before = sorted(user.groups.values_list("name", flat=True))
        if set(before) != wanted:
            user.groups.set(Group.objects.filter(name__in=wanted))
            journal.record(
                "user.roles_changed", user, before={"roles": before}, after={"roles": sorted(wanted)}
            )
    return user


def set_active(*, user: User, active: bool, by: User) -> User:
    """Let a user in or keep them out; their tokens stop with them. Raises NotAllowed for oneself."""
    if user.pk == by.pk:
        raise NotAllowed(_("Nobody deactivates themselves"), code="user.own")
    return lifecycle.change(user, verb="activated" if active else "deactivated", is_active=active)
