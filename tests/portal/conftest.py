"""Browsers of signed-in users."""

from __future__ import annotations

import pytest
from django.test import Client

from kernel.models import User


def browser_of(user: User) -> Client:
    """A browser in which a user is signed in."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def browser(admin: User) -> Client:
    """The browser of a user who may do everything."""
    return browser_of(admin)
