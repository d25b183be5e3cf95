"""When a start migrates, and when it has no need to."""

from collections.abc import Callable
from pathlib import Path

import pytest

from portal.launcher import schema
from portal.launcher.checkout import Checkout
from portal.launcher.postgres import Postgres
from portal.launcher.servers import Servers, postgres_folder


@pytest.fixture
def project(checkout: Checkout) -> Checkout:
    (checkout.root / "requirements.lock").write_text("")
    (checkout.root / "kernel").mkdir()
    (checkout.root / "kernel/models.py").write_text("x = 1\n")
    return checkout


@pytest.fixture
def servers(project: Checkout) -> Servers:
    base = postgres_folder(project)
    base.mkdir(exist_ok=True)
    return Servers("", "", postgres=Postgres(Path(), base, 0, "", Path()))


@pytest.fixture
def migrate(project: Checkout, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Migrates as a start would; no command is run. Whether one would have been."""
    ran: list[object] = []
    monkeypatch.setattr(schema, "manage", lambda *arguments: ran.append(arguments))

    def migrate() -> bool:
        before = len(ran)
        assert schema.migrate(project, servers, {}) is (len(ran) > before)
        return len(ran) > before

    return migrate


def test_the_first_start_migrates_and_the_second_does_not(migrate: Callable[[], bool]) -> None:
    assert migrate()
    assert not migrate()


@pytest.mark.parametrize(
    ("name", "text"),
    [("kernel/models.py", "x = 12\n"), ("kernel/roles.py", ""), ("requirements.lock", "# changed\n")],
)
def test_any_change_of_code_or_packages_migrates_again(
    project: Checkout, migrate: Callable[[], bool], name: str, text: str
) -> None:
    migrate()

    (project.root / name).write_text(text)

    assert migrate()


def test_new_data_are_migrated(servers: Servers, migrate: Callable[[], bool]) -> None:
    migrate()
    assert servers.postgres is not None
    for entry in servers.postgres.base.iterdir():
        entry.unlink()

    assert migrate()


def test_after_a_migration_by_hand_the_next_start_looks_again(
    project: Checkout, migrate: Callable[[], bool]
) -> None:
    migrate()

    schema.forget(project)

    assert migrate()


def test_a_database_of_somebody_else_is_migrated_at_every_start(
    servers: Servers, migrate: Callable[[], bool]
) -> None:
    servers.postgres = None

    assert migrate()
    assert migrate()


def test_a_failed_migration_is_tried_again(
    project: Checkout, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_arguments: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(schema, "manage", fails)

    for _ in range(2):
        with pytest.raises(RuntimeError):
            schema.migrate(project, servers, {})
