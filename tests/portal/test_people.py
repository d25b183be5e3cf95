"""The demo operator's people."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group

from kernel.models import User
from portal.story import people

pytestmark = pytest.mark.django_db


def test_a_rival_who_hires_at_the_same_moment_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    create = User.objects.create_user
    rivals: list[User] = []

    def rival_first(username: str, **values: Any) -> User:
        if username == "noc" and not rivals:
            rivals.append(create(username, **values))
            rivals[0].groups.set(Group.objects.filter(name="noc"))
        made: User = create(username, **values)
        return made

    monkeypatch.setattr(User.objects, "create_user", rival_first)

    hired = people.hire()

    assert hired["noc"] == rivals[0]
    assert set(hired) == {person.role for person in people.PEOPLE}
    assert User.objects.filter(username="noc").count() == 1
