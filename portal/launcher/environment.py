"""The virtual environment: made from a hashed lock, and touched again only when the lock has changed."""

import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from portal.launcher.checkout import Checkout, exclusive, write_private
from portal.launcher.children import run
from portal.launcher.console import LauncherError, say
from portal.launcher.postgres import tail

RUNTIME, DEVELOPMENT = "runtime", "dev"
LOCKS = {RUNTIME: "requirements.lock", DEVELOPMENT: "requirements-dev.lock"}
STAMP = "trunkline-lock.json"
OLDEST_PYTHON = (3, 11)
SPACE_NEEDED = 1_500_000_000

# What installers print when something is wrong that the person can mend, and how.
_DIAGNOSES: Sequence[tuple[tuple[str, ...], str, str]] = (
    (
        ("No space left on device", "Disk quota exceeded"),
        "the disk is full",
        "Free about 1.5 GB and start again.",
    ),
    (
        ("DO NOT MATCH THE HASHES", "Hash mismatch", "hash mismatch"),
        "a package does not match its recorded hash",
        "A proxy or mirror altered it, or the lock is out of date: see the log; never install it regardless.",
    ),
    (
        (
            "Temporary failure in name resolution",
            "Name or service not known",
            "NewConnectionError",
            "ConnectTimeoutError",
            "Network is unreachable",
            "dns error",
            "Failed to fetch",
            "tcp connect error",
            "client error (Connect)",
        ),
        "the package index cannot be reached",
        "The first start needs the network, or PIP_INDEX_URL (UV_DEFAULT_INDEX for uv) set to a mirror you can reach.",
    ),
    (
        (
            "No matching distribution",
            "No solution found",
            "has no wheels with a matching",
            "is not a supported wheel",
        ),
        "a package has no version for this system",
        "Wheels exist for Linux (glibc) and macOS on x86_64 and arm64; elsewhere use docker-compose.yml.",
    ),
)


def check_platform() -> None:
    """Refuse at once what cannot work, rather than in the middle of an installation."""
    if sys.version_info < OLDEST_PYTHON:
        found = platform.python_version()
        raise LauncherError(
            f"Python 3.11 or newer is needed, this is {found}", "Run python3.11 dev up, for example."
        )
    system, machine = platform.system(), platform.machine().lower()
    if system not in {"Linux", "Darwin"}:
        raise LauncherError(
            f"{system} is not supported directly",
            "Use Linux, macOS, WSL 2, or docker compose up (docker-compose.yml).",
        )
    if machine not in {"x86_64", "amd64", "aarch64", "arm64"}:
        raise LauncherError(
            f"there are no wheels of the embedded servers for {machine}",
            "Set DATABASE_URL and REDIS_URL, or use docker compose up.",
        )


def ensure(checkout: Checkout, kind: str = RUNTIME) -> bool:
    """Bring the environment to the lock of that kind; whether anything had to be done."""
    if is_current(checkout, kind):
        return False
    checkout.prepare()
    with exclusive(checkout.var / "install.lock", None):  # two commands at once: the second finds it done
        if is_current(checkout, kind):
            return False
        free = shutil.disk_usage(checkout.root).free
        if free < SPACE_NEEDED:
            raise LauncherError(
                f"{free / 1e9:.1f} GB free on the disk of {checkout.root}, about {SPACE_NEEDED / 1e9:.1f} GB are needed"
            )
        Installer(checkout).install(kind)
        _write_stamp(checkout, kind)
    return True


def is_current(checkout: Checkout, kind: str) -> bool:
    """Whether the environment was made from this very lock and its interpreter is still there."""
    return _stamp(checkout).get(kind) == lock_hash(checkout, kind) and checkout.python.exists()


def lock_hash(checkout: Checkout, kind: str) -> str:
    """Hash of a lock file."""
    try:
        return hashlib.sha256((checkout.root / LOCKS[kind]).read_bytes()).hexdigest()
    except FileNotFoundError:
        raise LauncherError(
            f"{LOCKS[kind]} is missing from the checkout", "git checkout it, or ./dev lock."
        ) from None


def program_environment(checkout: Checkout, extra: Mapping[str, str]) -> dict[str, str]:
    """Environment of everything that runs in the virtual environment."""
    inherited = {
        name: value for name, value in os.environ.items() if name not in {"PYTHONHOME", "PYTHONPATH"}
    }
    path = f"{checkout.venv / 'bin'}{os.pathsep}{inherited.get('PATH', os.defpath)}"
    own = {"VIRTUAL_ENV": str(checkout.venv), "PATH": path, "PYTHONUNBUFFERED": "1"}
    return {**inherited, **own, "TRUNKLINE_VAR": str(checkout.var), **extra}


def _stamp(checkout: Checkout) -> dict[str, str]:
    try:
        recorded = json.loads((checkout.venv / STAMP).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return recorded if isinstance(recorded, dict) else {}


def _write_stamp(checkout: Checkout, kind: str) -> None:
    recorded = {kind: lock_hash(checkout, kind)}
    if kind == DEVELOPMENT:
        # The development lock holds every pin of the runtime lock (./dev check sees to that).
        recorded[RUNTIME] = lock_hash(checkout, RUNTIME)
    write_private(checkout.venv / STAMP, json.dumps(recorded) + "\n")


class Installer:
    """Makes the environment and installs a lock: with uv where it is found, with pip otherwise."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.uv = shutil.which("uv")
        self.log = checkout.logs / "install.log"

    def install(self, kind: str) -> None:
        """Everything from nothing, or the difference."""
        self.log.write_text("", encoding="utf-8")
        self._remove_broken()
        try:
            self._install(kind)
        except LauncherError:
            if self.uv is None:
                raise
            # Where only pip is configured to reach a mirror, uv looks in vain.
            say("  uv could not; trying with pip")
            self.uv = None
            self._install(kind)

    def _install(self, kind: str) -> None:
        if not self.checkout.python.exists():
            self._create()
        elif not self.uv and not self._has_pip() and not self._outer_pip():
            shutil.rmtree(self.checkout.venv)
            self._create()
        say(f"  installing {LOCKS[kind]} with {'uv' if self.uv else 'pip'} (log: var/log/install.log)")
        self._run(self._install_command(kind))

    def _remove_broken(self) -> None:
        """An environment whose interpreter has gone (a Python upgrade, a moved folder) is made again."""
        venv = self.checkout.venv
        if not venv.exists() and not venv.is_symlink():
            return
        if not (venv / "pyvenv.cfg").exists():
            raise LauncherError(
                f"{venv} exists and is not a virtual environment", "Move it away and start again."
            )
        with contextlib.suppress(OSError):
            ask = [str(self.checkout.python), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
            if subprocess.run(ask, check=False, capture_output=True).returncode == 0:
                return
        shutil.rmtree(venv)

    def _create(self) -> None:
        """The first way that this system has; distributions like to leave one or the other out."""
        venv = str(self.checkout.venv)
        if self.uv or self._outer_pip():
            self._run([sys.executable, "-m", "venv", "--without-pip", venv])
        elif importlib.util.find_spec("ensurepip"):
            self._run([sys.executable, "-m", "venv", venv])
        elif importlib.util.find_spec("virtualenv"):
            self._run([sys.executable, "-m", "virtualenv", venv])
        else:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise LauncherError(
                "this Python can make no virtual environment: neither ensurepip nor virtualenv nor pip is there",
                f"On Debian and Ubuntu: apt install python{version}-venv. Or put uv on the PATH.",
            )

    def _install_command(self, kind: str) -> list[str]:
        lock = str(self.checkout.root / LOCKS[kind])
        python = str(self.checkout.python)
        if self.uv:
            return [self.uv, "pip", "install", "--python", python, "--require-hashes", "-r", lock]
        pip = [python, "-m", "pip"] if self._has_pip() else [sys.executable, "-m", "pip", "--python", python]
        # Modules are compiled when first imported: most never are.
        options = ["--disable-pip-version-check", "--no-input", "--no-compile", "--require-hashes"]
        return [*pip, "install", *options, "-r", lock]

    def _has_pip(self) -> bool:
        ask = [str(self.checkout.python), "-c", "import pip"]
        return subprocess.run(ask, check=False, capture_output=True).returncode == 0

    def _outer_pip(self) -> bool:
        """Whether this Python's own pip can install into another environment (pip 22.3): saves making one in there."""
        ask = [sys.executable, "-c", "import pip; print(pip.__version__)"]
        done = subprocess.run(ask, check=False, capture_output=True, text=True)
        try:
            major, minor = (int(part) for part in done.stdout.split(".")[:2])
        except ValueError:
            return False
        return (major, minor) >= (22, 3)

    def _run(self, command: list[str]) -> None:
        # uv must use this interpreter and not fetch one of its own.
        environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n")
            log.flush()
            code, _ = run(
                command, env=environment, cwd=self.checkout.root, stdout=log.fileno(), stderr=log.fileno()
            )
        if code != 0:
            raise diagnose(self.log)


def diagnose(log: Path) -> LauncherError:
    """The likely reason of a failed installation, from what the installer wrote."""
    text = log.read_text(encoding="utf-8", errors="replace")
    for phrases, message, hint in _DIAGNOSES:
        if any(phrase in text for phrase in phrases):
            return LauncherError(f"installing the packages failed: {message}", f"{hint} Log: {log}")
    return LauncherError(f"installing the packages failed; the end of {log}:\n{tail(log)}")
