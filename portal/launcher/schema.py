"""The database's schema: migrated when any code has changed since it last was, and left alone when none has."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from portal.launcher.checkout import Checkout
from portal.launcher.environment import RUNTIME, lock_hash
from portal.launcher.preparation import manage
from portal.launcher.servers import Servers, postgres_folder

# Top folders whose code can change what a migration does, or what is put in order after it (roles, partitions).
CODE = ("bss", "kernel", "oss", "portal", "service_mgmt")
NOTE = "schema"
# Commands after which the schema is no longer what was noted.
UNSETTLING = frozenset({"migrate", "flush"})


def migrate(checkout: Checkout, servers: Servers, env: Mapping[str, str]) -> bool:
    """Migrate unless that was done with this very code; whether it had to be done."""
    note, mark = _note(servers), fingerprint(checkout)
    if note is not None and _read(note) == mark:
        return False
    manage(checkout, ["migrate", "--no-input", "--verbosity", "0"], env)
    if note is not None:
        note.write_text(mark, encoding="ascii")
    return True


def forget(checkout: Checkout) -> None:
    """Make the next start migrate."""
    (postgres_folder(checkout) / NOTE).unlink(missing_ok=True)


def fingerprint(checkout: Checkout) -> str:
    """Changes with any file of code: its name, size or time. Reading them all would take longer than it saves."""
    digest = hashlib.sha256(lock_hash(checkout, RUNTIME).encode())
    for top in CODE:
        for path in sorted((checkout.root / top).rglob("*.py")):
            status = path.stat()
            digest.update(
                f"{path.relative_to(checkout.root)} {status.st_size} {status.st_mtime_ns}\n".encode()
            )
    return digest.hexdigest()


def _note(servers: Servers) -> Path | None:
    """Beside the data it speaks of, so that it goes when they go. About somebody else's server nothing is noted."""
    return servers.postgres.base / NOTE if servers.postgres else None


def _read(note: Path) -> str:
    try:
        return note.read_text(encoding="ascii")
    except FileNotFoundError:
        return ""
