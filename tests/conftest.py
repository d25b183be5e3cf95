"""Fixtures every test may use. Factories are plain functions in `tests/factories/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from kernel import clock, journal
from kernel.models import Scope, User
from kernel.pages import live
from tests import database
from tests.running_lab import RunningLab

# A Thursday in winter: no clock change nearby, mid-month.
NOW = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, django_db_blocker: Any, django_db_keepdb: bool, request: Any
) -> None:
    """Workers that run side by side migrate once: the first one makes a template, from which each copies its own."""
    worker = getattr(request.config, "workerinput", None)
    if worker is None or django_db_keepdb:
        return
    with django_db_blocker.unblock():
        template = database.ensure_template(worker["testrunuid"], worker["workerid"])
        connection.settings_dict["TEST"]["TEMPLATE"] = template


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The template goes with the last worker."""
    if session.config.getoption("numprocesses", None) and not hasattr(session.config, "workerinput"):
        database.drop_template()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database; at the end it goes, whoever is still connected to it, and who that was is told.

    A browser may ask for the live stream after its test: outside the fixture `hub` nobody listens.
    """
    live.HUB.stop()
    yield
    with django_db_blocker.unblock():
        for session in database.leftover_sessions():
            database.logger.warning("left open at the end of the tests: %s", session)
        database.drop_with_force(connection.creation)


@pytest.fixture(autouse=True)
def _nobody_acts() -> Iterator[None]:
    """A story that one test opened (`journal.correlate`) ends with it."""
    token = journal._context.set(None)
    yield
    journal._context.reset(token)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[live.Hub]:
    """A hub of this test's own, whose listener ends with it."""
    made = live.Hub()
    monkeypatch.setattr(live, "HUB", made)
    yield made
    made.stop()


@pytest.fixture
def now() -> Iterator[datetime]:
    """Business time frozen at a known instant."""
    with clock.frozen(NOW):
        yield NOW


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """`make_user("care", "billing", customer=<id>)`: a user with roles and scopes."""
    counter = iter(range(1, 1000))

    def make(*roles: str, username: str = "", **scopes: Any) -> User:
        user = User.objects.create_user(
            username or f"{'-'.join(roles) or 'nobody'}-{next(counter)}", password="pass"
        )
        user.groups.set(Group.objects.filter(name__in=roles))
        Scope.objects.bulk_create(
            Scope(user=user, kind=kind, value=str(value)) for kind, value in scopes.items()
        )
        return user

    return make


@pytest.fixture
def admin(make_user: Callable[..., User]) -> User:
    """A user who may do everything."""
    return make_user("admin", username="ada")


@pytest.fixture(scope="session")
def lab_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """One lab a test session."""
    lab = RunningLab(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.stop()


@pytest.fixture
def lab(lab_process: RunningLab) -> RunningLab:
    """The lab, every element healthy and in its first configuration."""
    lab_process.ctl("reset")
    lab_process.ctl("reset", "config")
    return lab_process
