"""The demo operator's people: one log-in per role."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from kernel.errors import NotAllowed
from kernel.models import User

PASSWORD = "armor-telecom"  # noqa: S105 - the demo says its passwords aloud; never made in production


@dataclass(frozen=True)
class Person:
    """Someone who works at the demo operator."""

    username: str
    role: str
    first_name: str
    last_name: str
    language: str = "en"


PEOPLE = (
    Person("noc", "noc", "Nolwenn", "Le Goff", "fr"),
    Person("engineer", "engineer", "Ewan", "Murray"),
    Person("care", "care", "Carla", "Renard", "fr"),
    Person("sales", "sales", "Samir", "Haddad"),
    Person("product", "product", "Priya", "Nair"),
    Person("billing", "billing", "Bastien", "Morel", "fr"),
    Person("finance", "finance", "Fiona", "Clarke"),
    Person("manager", "manager", "Maëlle", "Kerbrat", "fr"),
    Person("integrator", "integrator", "Ingo", "Brandt"),
    Person("admin", "admin", "Ada", "Okafor"),
)


def hire() -> dict[str, User]:
    """Create the people who are missing; returns them by role. Raises NotAllowed in production."""
    if settings.PRODUCTION:
        raise NotAllowed("Demo people are not for production.", code="demo.production")
    found = {}
    for person in PEOPLE:
        user = User.objects.filter(username=person.username).first()
        found[person.role] = user if user is not None else _hire(person)
    return found


def _hire(person: Person) -> User:
    """One account; whoever else hires at this moment (the launcher lists the log-ins) may be first."""
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                person.username,
                password=PASSWORD,
                first_name=person.first_name,
                last_name=person.last_name,
                language=person.language,
                email=f"{person.username}@armor.example",
            )
            user.groups.set(Group.objects.filter(name=person.role))
            return user
    except IntegrityError:
        return User.objects.get(username=person.username)
