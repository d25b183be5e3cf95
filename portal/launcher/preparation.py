"""What every command needs before it can run: environment, assets, translations; and Django's commands themselves."""

import os
import subprocess
from collections.abc import Mapping, Sequence

from portal.launcher import assets, environment
from portal.launcher.checkout import Checkout
from portal.launcher.children import run
from portal.launcher.console import LauncherError, step
from portal.launcher.servers import Servers


def prepare(checkout: Checkout, kind: str = environment.RUNTIME, *, front_end: bool = True) -> None:
    """Bring the environment, the front-end files and the translations up to date; next to nothing when they are."""
    environment.check_platform()
    checkout.prepare()
    with step("environment"):
        environment.ensure(checkout, kind)
    if not front_end:
        return
    with step("front-end files"):
        assets.ensure(checkout)
    if translations_stale(checkout):
        with step("translations"):
            manage(checkout, ["messages", "--compile"], offline_environment(checkout))


def translations_stale(checkout: Checkout) -> bool:
    """Whether a source of translations is newer than what was compiled from it."""
    for language in (checkout.root / "locale").glob("*/"):
        sources = [path.stat().st_mtime_ns for path in language.glob("fragments/*.po")]
        compiled = language / "LC_MESSAGES" / "django.mo"
        if sources and (not compiled.exists() or compiled.stat().st_mtime_ns < max(sources)):
            return True
    return False


def django_environment(checkout: Checkout, servers: Servers, name: str, **extra: str) -> dict[str, str]:
    """Environment of Trunkline's own processes: `name` is demo or test."""
    own = {"TRUNKLINE_ENV": name, "SECRET_KEY": os.environ.get("SECRET_KEY") or checkout.secret("secret_key")}
    return environment.program_environment(checkout, {**own, **servers.environment, **extra})


def offline_environment(checkout: Checkout) -> dict[str, str]:
    """For commands that touch no server."""
    return django_environment(
        checkout, Servers("postgresql://nobody@127.0.0.1:1/none", "redis://127.0.0.1:1/0"), "demo"
    )


def manage(checkout: Checkout, arguments: Sequence[str], env: Mapping[str, str]) -> str:
    """Run one of Django's commands, quietly; its output. A failure shows what it wrote."""
    command = [str(checkout.python), "manage.py", *arguments]
    with (checkout.logs / "manage.log").open("a+", encoding="utf-8") as log:
        log.write(f"$ manage.py {' '.join(arguments)}\n")
        log.flush()
        begin = log.tell()
        code, output = run(command, env=env, cwd=checkout.root, stdout=subprocess.PIPE, stderr=log.fileno())
        log.seek(begin)
        errors = log.read()
    if code != 0:
        raise LauncherError(f"manage.py {' '.join(arguments)} failed:\n{(output + errors).strip()}")
    return output
