"""The demo operator's people."""

from __future__ import annotations

import pytest

from kernel.models import User
from portal.story import people
from portal.story.people import Person

pytestmark = pytest.mark.django_db


def test_a_rival_who_hires_at_the_same_moment_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    hire_one = people._hire
    rivals: list[User] = []

    def rival_first(person: Person) -> User:
        if person.username == "noc":
            rivals.append(hire_one(person))
        return hire_one(person)

    monkeypatch.setattr(people, "_hire", rival_first)

    hired = people.hire()

    assert [hired["noc"]] == rivals
    assert set(hired) == {person.role for person in people.PEOPLE}
    assert all(user.groups.filter(name=role).exists() for role, user in hired.items())
