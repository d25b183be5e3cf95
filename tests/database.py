"""The test database's begin and end: migrated once for all workers, dropped whoever still holds it."""

from __future__ import annotations

import logging
from typing import Any

import psycopg2
from django.db import connection

logger = logging.getLogger(__name__)

OTHERS = """
    SELECT pid, state, left(query, 200) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""

# Holds back the other workers while one migrates. Any number will do that nobody else uses on these servers.
GATE = 7_315_274_119


def maintenance() -> Any:
    """A connection to the server outside the test database, past Django and what pytest-django forbids."""
    params = {**connection.get_connection_params(), "dbname": "postgres"}
    found = psycopg2.connect(**params)
    found.autocommit = True
    return found


def template_name(worker: str = "") -> str:
    """The migrated database that the workers of a run copy theirs from."""
    return f"{connection.creation._get_test_db_name().removesuffix(f'_{worker}')}_template"


def ensure_template(run: str, worker: str) -> str:
    """Name of a database that was migrated in this run: the first worker to come makes it, the others wait."""
    name, server = template_name(worker), maintenance()
    try:
        with server.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [GATE])
            cursor.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
            )
            known = cursor.fetchone()
            if known is None or known[0] != run:
                drop(name, cursor)
                migrate_into(name)
                cursor.execute(f"COMMENT ON DATABASE {connection.ops.quote_name(name)} IS %s", [run])
    finally:
        server.close()
    return name


def migrate_into(name: str) -> None:
    """Make a database of that name with the whole schema, and leave it."""
    settings = connection.settings_dict
    before, wanted = settings["NAME"], settings["TEST"]["NAME"]
    settings["TEST"]["NAME"] = name
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    finally:
        connection.close()
        settings["NAME"], settings["TEST"]["NAME"] = before, wanted


def drop_template() -> None:
    """Throw the template away, when all workers have ended; where there is no server, there is none."""
    try:
        server = maintenance()
    except psycopg2.OperationalError:
        return
    try:
        with server.cursor() as cursor:
            drop(template_name(), cursor)
    finally:
        server.close()


def leftover_sessions() -> list[tuple[int, str, str]]:
    """Who else is connected to the test database: (process, state, last query)."""
    with connection.cursor() as cursor:
        cursor.execute(OTHERS)
        return list(cursor.fetchall())


def drop(name: str, cursor: Any) -> None:
    """Drop a database with whoever is still connected to it."""
    cursor.execute(f"DROP DATABASE IF EXISTS {connection.ops.quote_name(name)} WITH (FORCE)")


def drop_with_force(creation: Any) -> None:
    """Let Django's test database go even where a thread of a test still holds a session."""

    def destroy(test_database_name: str, verbosity: int) -> None:
        with creation._nodb_cursor() as cursor:
            drop(test_database_name, cursor)

    creation._destroy_test_db = destroy
