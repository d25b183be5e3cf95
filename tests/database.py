"""The test database's end: nothing that a test left open may keep it alive."""

from __future__ import annotations

import logging
from typing import Any

from django.db import connection

logger = logging.getLogger(__name__)

OTHERS = """
    SELECT pid, state, left(query, 200) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


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
