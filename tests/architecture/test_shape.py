"""The same shape everywhere: who knows one app knows all."""

import ast
from pathlib import Path

from django.apps import apps

from tests.architecture.rules import AREAS, PRODUCT, ROOT, calls, layers, place, python_files

LONGEST_FILE = 450
# architecture.md, "Layout". Drivers are one file a vendor, workflows one a procedure, formats one a feed.
ALLOWED = {
    "apps", "models", "services", "events", "subscribers", "forms", "views", "urls", "api", "tasks", "admin",
    "migrations", "templates", "drivers", "workflows", "formats",
}  # fmt: skip
# Each says nothing about what is in it, and so ends with everything in it.
BANNED = {"utils", "util", "helpers", "helper", "managers", "constants", "misc", "common"}
# Waiting for something outside of this process that gives no sign; everything else waits on an event or a clock.
MAY_SLEEP = {
    "portal/launcher/": "polls servers and processes that it has started",
    "tests/launcher/": "polls real processes",
    "tests/drills/": "polls real processes",
}


def app_folders() -> list[Path]:
    return [path.parent for area in AREAS for path in sorted((ROOT / area).glob("*/__init__.py"))]


def test_files_stay_within_their_length() -> None:
    long = {}
    for path in python_files(*PRODUCT):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_FILE and "migrations" not in path.parts:
            long[str(path.relative_to(ROOT))] = lines

    assert long == {}, f"a file of more than {LONGEST_FILE} lines becomes a package of the same name"


def test_apps_hold_only_the_files_that_every_app_may_have() -> None:
    odd = []
    for folder in app_folders():
        for entry in folder.iterdir():
            name = entry.name.removesuffix(".py")
            is_code = entry.suffix == ".py" or (entry.is_dir() and entry.name != "__pycache__")
            if is_code and name != "__init__" and name not in ALLOWED:
                odd.append(str(entry.relative_to(ROOT)))

    assert odd == []


def test_no_file_is_named_for_nothing() -> None:
    nameless = [str(path.relative_to(ROOT)) for path in python_files(*PRODUCT) if path.stem in BANNED]

    assert nameless == []


def test_every_app_is_installed_and_placed_in_the_import_rule() -> None:
    installed = {config.name for config in apps.get_app_configs()}
    lost = []
    for folder in app_folders():
        area, app = folder.parent.name, folder.name
        if f"{area}.{app}" not in installed:
            lost.append(f"{area}.{app} is not in INSTALLED_APPS")
        if not any(app in names for names in layers(area)):
            lost.append(f"{area}.{app} has no place in the layers of {area}")

    assert lost == []


def test_nothing_sleeps_instead_of_waiting_for_what_it_needs() -> None:
    sleeping = []
    for path in python_files():
        if str(path.relative_to(ROOT)).startswith(tuple(MAY_SLEEP)):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = any(
            isinstance(node, ast.ImportFrom)
            and node.module == "time"
            and any(a.name == "sleep" for a in node.names)
            for node in ast.walk(tree)
        )
        for call in calls(path, "sleep"):
            owner = call.func.value if isinstance(call.func, ast.Attribute) else None
            if imported or (isinstance(owner, ast.Name) and owner.id == "time"):
                sleeping.append(place(path, call.lineno))

    assert sleeping == []
