"""A signed-in browser, and calendars to show."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from kernel.models import BusinessCalendar, User


@pytest.fixture(autouse=True)
def _test_pages(settings: Any) -> None:
    # The pages must be declared before anybody asks for one by its name, in whatever order the tests run.
    importlib.import_module("tests.kernel.pages.site")
    settings.ROOT_URLCONF = "tests.kernel.pages.urls"


@pytest.fixture
def browser(admin: User) -> Client:
    """The browser of a user who may do everything."""
    return browser_of(admin)


def browser_of(user: User, **options: Any) -> Client:
    """A browser in which a user is signed in."""
    client = Client(**options)
    client.force_login(user)
    return client


@pytest.fixture
def reader(make_user: Callable[..., User]) -> User:
    """A user who may look at calendars and do nothing else."""
    return allowed(make_user("noc"), "view_businesscalendar")


def allowed(user: User, *codenames: str) -> User:
    """Give the user's first role some permissions of the kernel, as an app's AppConfig would."""
    group = user.groups.get()
    group.permissions.add(
        *Permission.objects.filter(codename__in=codenames, content_type__app_label="kernel")
    )
    return User.objects.get(pk=user.pk)


def make_calendar(name: str, **overrides: Any) -> BusinessCalendar:
    """A calendar."""
    return BusinessCalendar.objects.create(
        **{"name": name, "time_zone": "Europe/Paris", "country": "FR", **overrides}
    )


def make_calendars(count: int, prefix: str = "cal", **overrides: Any) -> list[BusinessCalendar]:
    """Calendars named cal-0000, cal-0001, …"""
    found = [
        BusinessCalendar(**{"name": f"{prefix}-{n:04}", "time_zone": "UTC", "country": "", **overrides})
        for n in range(count)
    ]
    return BusinessCalendar.objects.bulk_create(found)


HX = {"HX-Request": "true", "HX-Target": "list"}
