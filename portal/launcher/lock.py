"""The lock files: whether they say what pyproject.toml asks for, without the network; and their making anew."""

import os
import re
import shutil
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from portal.launcher.checkout import Checkout
from portal.launcher.children import run
from portal.launcher.console import LauncherError, step
from portal.launcher.environment import DEVELOPMENT, LOCKS, RUNTIME

Version = tuple[int, ...]
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*((?:[~=<>!]=?=?\s*[0-9][\w.]*\s*,?\s*)*)$")
_CLAUSE = re.compile(r"(~=|==|>=|<=|<|>)\s*([0-9][\w.]*)")
_PIN = re.compile(r"^([a-z0-9._-]+)==([^\s;]+)")


def problems(root: Path) -> list[str]:
    """Every difference between pyproject.toml and the two locks; an empty list when they agree."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    asked = {RUNTIME: project["project"]["dependencies"], DEVELOPMENT: project["dependency-groups"]["dev"]}
    texts = {kind: (root / name).read_text(encoding="utf-8") for kind, name in LOCKS.items()}
    pins = {kind: read_pins(text) for kind, text in texts.items()}
    found = _unmet(asked[RUNTIME], pins[RUNTIME], LOCKS[RUNTIME])
    found += _unmet([*asked[RUNTIME], *asked[DEVELOPMENT]], pins[DEVELOPMENT], LOCKS[DEVELOPMENT])
    found += _unasked(asked[RUNTIME], texts[RUNTIME], LOCKS[RUNTIME])
    for name, version in sorted(pins[RUNTIME].items()):
        if pins[DEVELOPMENT].get(name) != version:
            other = pins[DEVELOPMENT].get(name, "nothing")
            found.append(f"{name}: {version} in {LOCKS[RUNTIME]}, {other} in {LOCKS[DEVELOPMENT]}")
    return [*found, "Run ./dev lock and commit both files."] if found else []


def read_pins(text: str) -> dict[str, str]:
    """Name and version of every package of a lock."""
    return {match[1]: match[2] for line in text.splitlines() if (match := _PIN.match(line))}


def satisfies(version: str, clauses: str) -> bool:
    """Whether a pinned version is what a requirement asks for (the operators that our pyproject.toml uses)."""
    found = parse_version(version)
    return all(_holds(found, operator, wanted) for operator, wanted in _CLAUSE.findall(clauses))


def parse_version(text: str) -> Version:
    """The numbers of a version; a suffix such as .post2 counts by its number."""
    return tuple(int(part) for part in re.findall(r"\d+", text))


def update(checkout: Checkout) -> int:
    """Resolve pyproject.toml anew into both locks. For maintainers; needs uv and the network."""
    uv = shutil.which("uv")
    if uv is None:
        raise LauncherError(
            "uv is not on the PATH: only it resolves for every platform at once", "pip install uv"
        )
    common = [uv, "pip", "compile", "--universal", "--python-version", "3.11", "--python", sys.executable]
    common += ["--generate-hashes", "--no-emit-index-url", "--no-header", "--quiet", "pyproject.toml"]
    env = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    for kind, extra in ((DEVELOPMENT, ["--group", "dev"]), (RUNTIME, ["--constraint", LOCKS[DEVELOPMENT]])):
        with step(LOCKS[kind]):
            code, _ = run([*common, *extra, "-o", LOCKS[kind]], env=env, cwd=checkout.root)
        if code != 0:
            return code
    return 0


def _unmet(asked: Sequence[str], pins: Mapping[str, str], lock: str) -> list[str]:
    found = []
    for requirement in asked:
        match = _REQUIREMENT.match(requirement.strip())
        if match is None:
            found.append(f"pyproject.toml: {requirement!r} is written in a way that this check cannot read")
            continue
        name = _normal(match[1])
        if name not in pins:
            found.append(f"{lock}: {name} is missing")
        elif not satisfies(pins[name], match[2]):
            found.append(f"{lock}: {name} {pins[name]} is not {match[2].strip()}")
    return found


def _unasked(asked: Sequence[str], text: str, lock: str) -> list[str]:
    """Packages that the lock holds for our own sake although we no longer ask for them."""
    wanted = {
        _normal(match[1]) for requirement in asked if (match := _REQUIREMENT.match(requirement.strip()))
    }
    found, current = [], ""
    for line in text.splitlines():
        if match := _PIN.match(line):
            current = match[1]
        elif "trunkline (pyproject.toml)" in line and current not in wanted:
            found.append(f"{lock}: {current} is no longer asked for")
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _holds(found: Version, operator: str, text: str) -> bool:
    wanted = parse_version(text)
    # 5.2 and 5.2.0 are one version: compare at equal length.
    width = max(len(found), len(wanted))
    left, right = (version + (0,) * (width - len(version)) for version in (found, wanted))
    if operator == "~=":
        return left >= right and found[: len(wanted) - 1] == wanted[:-1]
    return {
        "==": left == right,
        ">=": left >= right,
        "<=": left <= right,
        "<": left < right,
        ">": left > right,
    }[operator]
