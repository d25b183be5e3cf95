"""The checker: what must hold whatever has crashed, asked of the tables in sets (`manage.py audit_books`).

Each app states in `services/books.py` what may never be, as queries that find the rows where it is so, and fills the slot
`kernel.audit` in its `ready()`:

    CHECKS = (Check("invoice is not the sum of its lines", "SELECT number FROM … WHERE …"),)

    def audit_books(older_than: timedelta = PATIENCE) -> list[Finding]:
        return audit.run("billing", CHECKS, older_than)

A query names the row first (its public number, else its id) and may say more in a second column. It is one statement, so
that it sees one state of the tables however much is being written meanwhile. Queries about waiting use the cut-offs
`%(waiting)s` (system time) and `%(overdue)s` (business time): what has been waiting since before them waits too long.
`%(now)s` is business time. A literal per cent sign is written twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from kernel import clock
from kernel.slots import slot

# How long something may wait for a worker, a sweeper or a retry before that is a finding: longer than all retries of an
# event, than a lost lease and than the silence after which a job is taken to be dead.
PATIENCE = timedelta(minutes=15)
# Rows named for one check; the others are counted.
NAMED = 100

AUDIT = slot("kernel.audit")


@dataclass(frozen=True)
class Check:
    """One invariant: what is wrong with the rows that the query finds."""

    what: str
    sql: str


@dataclass(frozen=True)
class Finding:
    """One row with which something is wrong. `row` is its number."""

    area: str
    what: str
    row: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.area}: {self.what}: {self.row}" + (f" ({self.detail})" if self.detail else "")


def run(area: str, checks: Iterable[Check], older_than: timedelta = PATIENCE) -> list[Finding]:
    """Findings of an area's checks, in their order; past `NAMED` rows a check only counts."""
    params = {
        "now": clock.now(),
        "overdue": clock.now() - older_than,
        "waiting": clock.system_now() - older_than,
    }
    found: list[Finding] = []
    with connection.cursor() as cursor:
        for check in checks:
            cursor.execute(check.sql, params)
            rows = cursor.fetchmany(NAMED)
            found += [Finding(area, check.what, str(row[0]), " ".join(map(str, row[1:]))) for row in rows]
            if (more := cursor.rowcount - len(rows)) > 0:
                found.append(Finding(area, check.what, f"and {more} more"))
    return found


def findings(older_than: timedelta = PATIENCE) -> list[Finding]:
    """Findings of every app, in order of the apps' names; an empty list means that nothing is lost and nothing wrong."""
    return [finding for part in AUDIT.call(older_than) for finding in part]
