"""Is the process alive, and is it fit for work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from kernel import clock
from kernel.models import OutboxEvent
from kernel.pages.respond import open_to_anyone

LAG_MAX = timedelta(minutes=2)


@open_to_anyone
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    del request
    return HttpResponse("ok\n", content_type="text/plain")


@open_to_anyone
def ready(request: HttpRequest) -> HttpResponse:
    """Database, migrations and delivery of events; 503 names what is not well."""
    del request
    checks = {name: _ask(check) for name, check in CHECKS.items()}
    ok = all(check["ok"] for check in checks.values())
    return JsonResponse(
        {"ok": ok, "checks": checks}, status=200 if ok else 503, headers={"Cache-Control": "no-store"}
    )


def _ask(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return check()
    except DatabaseError as error:
        return {"ok": False, "hint": type(error).__name__}


def _database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True}


@cache
def _migrated() -> bool:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotMigratedError
    return True


class NotMigratedError(DatabaseError):
    """The code is newer than the tables. Raised, so that only the good answer is remembered."""


def _migrations() -> dict[str, Any]:
    return {"ok": _migrated()}


def _outbox() -> dict[str, Any]:
    oldest = (
        OutboxEvent.objects.filter(delivered=None, dead=False)
        .order_by("seq")
        .values_list("at", "next_attempt")
        .first()
    )
    dead = OutboxEvent.objects.filter(dead=True, delivered=None).count()
    # Business time may be moved, so the lag is counted in business time too.
    lag = clock.now() - oldest[0] if oldest and oldest[1] is None else timedelta(0)
    return {"ok": lag < LAG_MAX, "lag_seconds": max(0, round(lag.total_seconds())), "dead": dead}


CHECKS = {"database": _database, "migrations": _migrations, "outbox": _outbox}
