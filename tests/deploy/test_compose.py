"""docker-compose.yml against a structure written by hand: there is no Docker where the tests run."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.core.management import get_commands

from portal.celery import app
from tests.deploy.files import ROOT, compose, image_files

SERVICES = compose()["services"]
OURS = {name: service for name, service in SERVICES.items() if str(service["image"]).startswith("trunkline:")}

# Each key a service may have, and a check of its value.
SCHEMA: Mapping[str, Any] = {
    "image": lambda value: re.fullmatch(r"[\w./-]+:[\w.${}:-]+", value),
    "build": lambda value: value == ".",
    "restart": lambda value: value in {"unless-stopped", "no"},
    "init": lambda value: value is True,
    "read_only": lambda value: value is True,
    "cap_drop": lambda value: value == ["ALL"],
    "security_opt": lambda value: value == ["no-new-privileges:true"],
    "tmpfs": lambda value: all(path.startswith("/") for path in value),
    "shm_size": lambda value: re.fullmatch(r"\d+[mg]b", value),
    "stop_grace_period": lambda value: re.fullmatch(r"\d+[ms]", value),
    "environment": lambda value: all(isinstance(each, str) for pair in value.items() for each in pair),
    "volumes": lambda value: all(re.fullmatch(r"\w+:/[\w/]+", each) for each in value),
    "ports": lambda value: all(re.fullmatch(r"\$\{\w+:-[\d.:]+\}:\d+(/udp)?", each) for each in value),
    "command": lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    "depends_on": lambda value: all(
        each in SERVICES
        and condition
        == {"condition": "service_completed_successfully" if each == "migrate" else "service_healthy"}
        for each, condition in value.items()
    ),
    "healthcheck": lambda value: (
        {"test", "interval", "timeout", "retries"} == value.keys() - {"start_period"}
        and value["test"][0] in {"CMD", "CMD-SHELL"}
    ),
}


def words(service: str) -> list[str]:
    command: list[str] = OURS[service]["command"]
    return command


def environment(service: str) -> Mapping[str, str]:
    found: Mapping[str, str] = OURS[service]["environment"]
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_only_known_keys_with_sound_values(name: str) -> None:
    for key, value in SERVICES[name].items():
        assert key in SCHEMA, f"{name}.{key}"
        assert SCHEMA[key](value), f"{name}.{key} = {value!r}"


def test_the_production_shape_is_complete() -> None:
    workers = {f"worker-{queue}" for queue in _queues()}

    assert (
        SERVICES.keys() == {"postgres", "redis", "migrate", "web", "beat", "dispatcher", "intake"} | workers
    )


@pytest.mark.parametrize(
    "queue", sorted({route["queue"] for route in app.conf.task_routes.values()} | {"default"})
)
def test_each_queue_has_a_worker_of_its_own(queue: str) -> None:
    command = words(f"worker-{queue}")

    assert command[command.index("--queues") + 1] == queue


def test_every_volume_is_declared_and_used() -> None:
    used = {
        str(volume).split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])
    }

    assert used == set(compose()["volumes"])


def test_what_is_written_at_run_time_is_on_a_volume_that_the_image_has_made_writable() -> None:
    made = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    targets = {str(volume).split(":")[1] for service in OURS.values() for volume in service["volumes"]}

    for target in targets:
        assert target.startswith("/app/")
        assert target.removeprefix("/app/") in made


@pytest.mark.parametrize("name", OURS)
def test_a_command_refers_to_what_the_image_holds(name: str) -> None:
    program, *arguments = words(name)

    assert program in {"python", "gunicorn", "celery"}
    if program == "python":
        assert arguments[0] == "manage.py"
        assert arguments[0] in image_files()
        if arguments[1] == "intake" and "intake" not in get_commands():
            pytest.skip("manage.py intake is not written yet")
        assert arguments[1] in get_commands()
    if program == "gunicorn":
        module = arguments[0].split(":")[0].replace(".", "/") + ".py"
        assert {module, arguments[arguments.index("--config") + 1]} <= image_files()
    if program == "celery":
        assert arguments[:2] == ["-A", "portal"]
        assert "portal/celery.py" in image_files()


def test_health_checks_refer_to_what_the_image_holds() -> None:
    assert OURS["web"]["healthcheck"]["test"] == ["CMD", "python", "-m", "portal.launcher.probe"]
    assert "portal/launcher/probe.py" in image_files()


def test_every_variable_that_is_set_is_one_that_the_portal_reads() -> None:
    sources = "".join(
        (ROOT / name).read_text(encoding="utf-8") for name in ("portal/settings.py", "portal/gunicorn.py")
    )

    unknown = {name for service in OURS for name in environment(service) if f'"{name}"' not in sources}

    assert unknown == set()


def test_no_secret_stands_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    secret = re.compile(r"^\s*(?:\w*(?:PASSWORD|SECRET|KEYS?|AUTH)\w*):\s*(.+)$", re.MULTILINE)

    values = [match[1] for match in secret.finditer(text)]

    assert values
    assert all(re.fullmatch(r"\$\{\w+:[?-]\}", value) for value in values)


def test_the_database_is_created_as_the_launcher_creates_its_own() -> None:
    arguments = SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]
    launcher = (ROOT / "portal/launcher/postgres.py").read_text(encoding="utf-8")

    for argument in str(arguments).split():
        assert argument in launcher


def test_nobody_reaches_the_portal_but_through_what_is_published() -> None:
    published = {name for name, service in SERVICES.items() if "ports" in service}

    assert published == {"web", "intake"}


def _queues() -> set[str]:
    return {route["queue"] for route in app.conf.task_routes.values()} | {str(app.conf.task_default_queue)}
