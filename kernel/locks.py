"""Transaction-scoped advisory locks by named key, taken in one order with a time limit."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import OperationalError, connection
from django.utils.translation import gettext as _

from kernel.errors import Busy

WAIT_MS = 3000


def key_of(name: str, *parts: Any) -> int:
    """Signed 64-bit lock key of a name such as ("element", id)."""
    digest = hashlib.blake2b(":".join([name, *map(str, parts)]).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def advisory(*keys: int, wait_ms: int = WAIT_MS) -> None:
    """Take the locks until the transaction ends, sorted so that two takers never deadlock.

    Call once per transaction, as late as possible. Raises Busy when one cannot be had within `wait_ms`.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("advisory locks live in a transaction")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        before = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{wait_ms}ms"])
        try:
            for key in sorted(set(keys)):
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
        except OperationalError as error:
            raise Busy(_("Somebody else is working on this right now; try again in a moment")) from error
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])


def try_advisory(key: int) -> bool:
    """Take the lock if it is free; never waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [key])
        return bool(cursor.fetchone()[0])
