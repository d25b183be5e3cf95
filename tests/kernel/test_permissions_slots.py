"""Roles, scopes, four eyes, slots and secrets."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken

from kernel import permissions, secrets
from kernel.errors import NotAllowed
from kernel.models import SavedView
from kernel.permissions import OwnedQuerySet
from kernel.slots import Slot, slot


class Views(OwnedQuerySet):
    scope_paths = {"customer": "page"}


class Unowned(OwnedQuerySet):
    """Says nothing about scopes."""


@pytest.mark.django_db
def test_visible_is_what_role_and_scope_allow(make_user: Any, admin: Any) -> None:
    for page in ("a", "b"):
        SavedView.objects.create(owner=admin, page=page, name=page)
    nobody, scoped = make_user(), make_user("admin", customer="a")
    assert Views(SavedView).visible_to(admin).count() == 2
    assert Views(SavedView).visible_to(nobody).count() == 0
    assert [v.page for v in Views(SavedView).visible_to(scoped)] == ["a"]
    assert Unowned(SavedView).visible_to(scoped).count() == 0
    assert Unowned(SavedView).visible_to(admin).count() == 2


@pytest.mark.django_db
def test_permissions_cost_one_query(admin: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert admin.has_perm("kernel.view_audit")
        assert not admin.has_perm("kernel.no_such_thing")


@pytest.mark.django_db
def test_require_names_the_missing_permission(make_user: Any) -> None:
    with pytest.raises(NotAllowed, match=r"kernel\.view_audit"):
        permissions.require(make_user(), "kernel.view_audit")


def test_four_eyes() -> None:
    permissions.forbid_own_work(1, 2)
    with pytest.raises(NotAllowed):
        permissions.forbid_own_work(1, 1)
    with pytest.raises(NotAllowed):
        permissions.forbid_own_work(1, None)


def test_slots_are_filled_from_above_in_a_stable_order() -> None:
    place = Slot("test.place")
    assert place.one() is None
    assert not place.filled

    @place.fill
    def second(value: int) -> int:
        return value + 1

    @place.fill
    def first(value: int) -> int | None:
        return None if value == 0 else value

    place.fill(second)
    assert place.call(1) == [1, 2]
    assert place.call(0) == [1]
    assert place.filled
    assert slot("test.place") is place


def test_secrets_open_under_old_keys_and_rotate(settings: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_KEYS = [old]
    secrets._box.cache_clear()
    sealed = secrets.seal("pass")
    assert "pass" not in sealed
    settings.FIELD_KEYS = [new, old]
    secrets._box.cache_clear()
    rotated = secrets.rotate(sealed)
    settings.FIELD_KEYS = [new]
    secrets._box.cache_clear()
    assert secrets.unseal(rotated) == "pass"
    with pytest.raises(InvalidToken):
        secrets.unseal(sealed)
    secrets._box.cache_clear()
