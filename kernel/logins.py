"""Failed log-ins are counted per name and address, and per address alone; past a limit both wait."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.db import connection, transaction

from kernel import clock
from kernel.models import LoginFailure

WINDOW = timedelta(minutes=15)
LOCK = timedelta(minutes=15)
# So many failures of one name from one address, or of any names from one address, within the window.
LIMITS = {"name": 5, "address": 50}

_COUNT = """
INSERT INTO kernel_loginfailure AS f (key, count, since) VALUES (%s, 1, %s)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN f.since < %s THEN 1 ELSE f.count + 1 END,
    since = CASE WHEN f.since < %s THEN excluded.since ELSE f.since END
RETURNING count
"""


def _keys(name: str, address: str) -> dict[str, str]:
    parts = {"name": f"{name.strip().lower()}|{address}", "address": address}
    return {kind: hashlib.sha256(f"{kind}:{text}".encode()).hexdigest() for kind, text in parts.items()}


def locked_until(name: str, address: str) -> datetime | None:
    """When this name may try again from this address; None when it may now."""
    rows = LoginFailure.objects.filter(
        key__in=_keys(name, address).values(), locked_until__gt=clock.system_now()
    ).order_by("-locked_until")
    row = rows.first()
    return row.locked_until if row else None


def failed(name: str, address: str) -> None:
    """Count a failure; at the limit the lock begins. Two processes that count at once count both."""
    now = clock.system_now()
    start = now - WINDOW
    with transaction.atomic(), connection.cursor() as cursor:
        for kind, key in sorted(_keys(name, address).items()):
            cursor.execute(_COUNT, [key, now, start, start])
            if cursor.fetchone()[0] >= LIMITS[kind]:
                LoginFailure.objects.filter(key=key).update(locked_until=now + LOCK)
    LoginFailure.objects.filter(since__lt=now - timedelta(days=1)).delete()


def succeeded(name: str, address: str) -> None:
    """Forget the failures of this name from this address; those of the address as a whole stay."""
    LoginFailure.objects.filter(key=_keys(name, address)["name"]).delete()
