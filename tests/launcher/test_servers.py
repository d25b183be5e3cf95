"""Real servers: each test starts some, none takes more than a few seconds."""

import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

from portal.launcher import servers
from portal.launcher.checkout import Checkout, State
from portal.launcher.children import Account, can_enter, database_account
from portal.launcher.console import LauncherError
from portal.launcher.processtable import is_alive
from portal.launcher.servers import Servers, kept, remove_data, throw_away
from tests.launcher.conftest import ROOT, eventually, make_checkout

AS_ROOT = os.geteuid() == 0
LINUX = sys.platform == "linux"

KEEP = """
import json, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from portal.launcher.checkout import Checkout
from portal.launcher.servers import kept
with kept(Checkout(Path({checkout!r}))) as servers:
    print(json.dumps([servers.database_url, servers.redis_url, servers.postgres.child.pid, servers.valkey.child.pid]))
    sys.stdout.flush()
    sys.stdin.read()
"""


def query(url: str, statement: str) -> object:
    connection = psycopg2.connect(url, connect_timeout=5)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone() if cursor.description else None
        connection.commit()
    finally:
        connection.close()
    return row[0] if row else None


def answers(running: Servers) -> bool:
    with redis.from_url(running.redis_url) as client:
        return query(running.database_url, "select 1") == 1 and client.ping()


def test_throw_away_servers_answer_and_leave_nothing(checkout: Checkout) -> None:
    with throw_away(checkout, "test") as running:
        assert answers(running)
        assert query(running.database_url, "show fsync") == "off"
        assert (
            query(running.database_url, "select datlocprovider from pg_database where datname='trunkline'")
            == "b"
        )
        folder = running.folder

    assert folder is not None
    assert not folder.exists()
    with pytest.raises(psycopg2.OperationalError):
        query(running.database_url, "select 1")


def test_a_throw_away_database_can_be_as_durable_as_the_real_one(checkout: Checkout) -> None:
    with throw_away(checkout, "bench", durable=True) as running:
        assert query(running.database_url, "show fsync") == "on"
        assert query(running.database_url, "show synchronous_commit") == "on"


def test_both_servers_want_their_password(checkout: Checkout) -> None:
    with throw_away(checkout, "test") as running:
        address = urlsplit(running.database_url)
        with pytest.raises(psycopg2.OperationalError, match="password"):
            query(running.database_url.replace(str(address.password), "guess"), "select 1")
        with (
            redis.Redis(port=urlsplit(running.redis_url).port or 0) as client,
            pytest.raises(redis.exceptions.AuthenticationError),
        ):
            client.ping()


def test_data_and_ports_stay_from_start_to_start(checkout: Checkout) -> None:
    with kept(checkout) as running:
        query(running.database_url, "create table kept as select 7 as n")
        with redis.from_url(running.redis_url) as client:
            client.set("kept", "7")
        addresses = running.environment

    with kept(checkout) as running:
        assert running.environment == addresses
        assert query(running.database_url, "select n from kept") == 7
        with redis.from_url(running.redis_url) as client:
            assert client.get("kept") == b"7"


def test_two_checkouts_run_side_by_side(reachable: Path) -> None:
    one, other = make_checkout(reachable / "one"), make_checkout(reachable / "other")

    with kept(one) as first, kept(other) as second:
        assert answers(first)
        assert answers(second)
        assert first.database_url != second.database_url
        assert first.redis_url != second.redis_url
        assert State(one).read()["postgres_port"] != State(other).read()["postgres_port"]


@pytest.mark.skipif(not LINUX, reason="only the Linux kernel ends children with their parent")
def test_servers_die_with_a_launcher_that_is_killed(checkout: Checkout) -> None:
    database, _queue, postgres, valkey = _keep_and_kill(checkout)

    assert eventually(lambda: not is_alive(postgres) and not is_alive(valkey))
    with pytest.raises(psycopg2.OperationalError):
        query(database, "select 1")
    # A fast shutdown and not a crash: the next start has nothing to recover.
    assert eventually(lambda: "database system is shut down" in (checkout.logs / "postgres.log").read_text())


def test_a_server_left_by_a_killed_launcher_is_stopped_first(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on a system whose kernel does not end children: take the tie away.
    monkeypatch.setenv("PYTHONPATH", str(checkout.root))
    (checkout.root / "sitecustomize.py").write_text("import platform\nplatform.system = lambda: 'Other'\n")
    database, _queue, postgres, valkey = _keep_and_kill(checkout)
    assert query(database, "select 1") == 1

    with kept(checkout) as running:
        assert answers(running)
        assert running.database_url == database
        assert not is_alive(postgres)
        assert not is_alive(valkey)


def test_a_recorded_pid_that_is_now_another_program_is_left_alone(checkout: Checkout) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as stranger:
        with kept(checkout):
            pass
        (checkout.var / "postgres/data/postmaster.pid").write_text(f"{stranger.pid}\n")
        (checkout.var / "valkey/valkey.pid").write_text(f"{stranger.pid}\n")
        remove_data(checkout)

        assert stranger.poll() is None
        stranger.kill()


def test_a_server_that_falls_is_started_again_at_its_address(checkout: Checkout) -> None:
    with throw_away(checkout, "test") as running:
        assert running.valkey is not None
        assert running.valkey.child is not None
        child = running.valkey.child
        os.kill(child.pid, signal.SIGKILL)
        assert eventually(lambda: child.returncode() is not None)

        running.revive()

        assert answers(running)
        assert running.valkey.child is not child


def test_data_of_another_major_version_are_refused_with_a_way_out(checkout: Checkout) -> None:
    with kept(checkout):
        pass
    (checkout.var / "postgres/data/PG_VERSION").write_text("15\n")

    with pytest.raises(LauncherError, match="written by PostgreSQL 15") as refusal, kept(checkout):
        pass

    assert "--fresh" in refusal.value.hint


def test_a_cluster_that_was_being_made_when_all_ended_is_made_anew(checkout: Checkout) -> None:
    half = checkout.var / "postgres/data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    with kept(checkout) as running:
        assert answers(running)


def test_servers_of_the_environment_are_used_and_never_stopped(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    with throw_away(checkout, "test") as outside:
        monkeypatch.setenv("DATABASE_URL", outside.database_url)
        monkeypatch.setenv("REDIS_URL", outside.redis_url)

        with kept(checkout) as running:
            assert running.environment == outside.environment
            assert running.postgres is None
        with throw_away(checkout, "test", outside=True) as running:
            assert running.environment == outside.environment
        with throw_away(checkout, "test") as running:
            assert running.database_url != outside.database_url

        assert answers(outside)


def test_folders_of_killed_runs_are_removed_and_those_in_use_are_not(checkout: Checkout) -> None:
    stale = Path(tempfile.mkdtemp(prefix=f"trunkline-{checkout.key}-test-"))
    (stale / "lock").touch()

    with throw_away(checkout, "test") as first, throw_away(checkout, "test") as second:
        assert first.folder != second.folder
        assert answers(first)

    assert not stale.exists()


def test_an_account_without_a_name_is_told_so_before_postgresql_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody_knows(uid: int) -> object:
        raise KeyError(uid)

    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    monkeypatch.setattr(pwd, "getpwuid", nobody_knows)

    with pytest.raises(LauncherError, match="4711 has no name"):
        database_account()


def test_forgetting_the_data_keeps_the_lock_that_guards_it(checkout: Checkout) -> None:
    with kept(checkout):
        pass
    (checkout.var / "launcher.lock").touch()

    remove_data(checkout)

    assert [entry.name for entry in checkout.var.iterdir()] == ["launcher.lock"]


@pytest.mark.skipif(not AS_ROOT, reason="only root gives the database to another account")
class TestAsRoot:
    def test_the_database_runs_as_another_account(self, checkout: Checkout) -> None:
        account = database_account()

        with kept(checkout) as running:
            assert account is not None
            assert running.postgres is not None
            assert running.postgres.data.stat().st_uid == account.uid != 0
            # Nothing but the database's own folder has changed hands.
            assert checkout.var.stat().st_uid == 0

    def test_a_private_home_stays_private_and_the_data_go_where_the_account_can_reach(
        self, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(servers, "can_enter", lambda _account, _folder: False)
        checkout.root.chmod(0o700)
        folder = servers.system_folder(checkout)
        try:
            with kept(checkout) as running:
                assert answers(running)
                assert running.postgres is not None
                assert running.postgres.data.is_relative_to(folder)
                assert running.postgres.binaries.is_relative_to(folder)
            assert checkout.root.stat().st_mode & 0o077 == 0

            remove_data(checkout)
            assert not folder.exists()
        finally:
            subprocess.run(["rm", "-rf", str(folder)], check=True)

    def test_without_an_account_postgres_nobody_does(
        self, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        known = pwd.getpwnam

        def unknown(name: str) -> object:
            if name == "postgres":
                raise KeyError(name)
            return known(name)

        monkeypatch.setattr(pwd, "getpwnam", unknown)
        account = database_account()
        assert account is not None
        assert account.name == "nobody"

        with throw_away(checkout, "test") as running:
            assert answers(running)

    def test_permissions_are_asked_of_the_system(self, reachable: Path) -> None:
        account = database_account()
        assert isinstance(account, Account)
        private = reachable / "private"
        private.mkdir()
        private.chmod(0o700)

        assert can_enter(account, reachable)
        assert not can_enter(account, private)


def _keep_and_kill(checkout: Checkout) -> tuple[str, str, int, int]:
    """Start servers in a launcher of its own and kill it; their addresses and pids."""
    script = KEEP.format(root=str(ROOT), checkout=str(checkout.root))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)
    ) as launcher:
        assert launcher.stdout is not None
        database, queue, postgres, valkey = json.loads(launcher.stdout.readline())
        launcher.kill()
        launcher.wait()
    return database, queue, postgres, valkey
