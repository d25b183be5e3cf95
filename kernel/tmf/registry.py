"""Every API and resource there is, by number and path; filled when the apps' `api.py` are imported."""

from __future__ import annotations

import importlib
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from django.apps import apps

if TYPE_CHECKING:
    from kernel.tmf.api import Api
    from kernel.tmf.resource import Resource

APIS: dict[str, Api] = {}


@cache
def discover() -> bool:
    """Import `api.py` of every installed app, once."""
    for config in apps.get_app_configs():
        if config.name.partition(".")[0] in {"oss", "bss", "service_mgmt"} and find_spec(
            f"{config.name}.api"
        ):
            importlib.import_module(f"{config.name}.api")
    return True


def find(name: str) -> Resource[Any] | None:
    """The resource "<api number>/<path>", or None where no installed app serves it."""
    if not name:
        return None
    discover()
    number, _sep, path = name.partition("/")
    api = APIS.get(number)
    return None if api is None else api.resources.get(path)


def href(base: str, name: str) -> str:
    """Absolute address of a resource's rows, up to the id; "" where nobody serves it."""
    resource = find(name)
    return "" if resource is None else f"{base}{resource.api.path}/{resource.path}/"


def resources() -> list[Resource[Any]]:
    """Every resource, in order of API number and path."""
    discover()
    return [
        APIS[number].resources[path] for number in sorted(APIS) for path in sorted(APIS[number].resources)
    ]


def of_model(label: str) -> list[Resource[Any]]:
    """Resources that read a model (`app_label.Model`)."""
    discover()
    return _by_model(len(resources())).get(label, [])


@cache
def _by_model(count: int) -> dict[str, list[Resource[Any]]]:
    del count  # a new key whenever a resource was added
    found: dict[str, list[Resource[Any]]] = {}
    for resource in resources():
        for label in (resource.model._meta.label, *resource.speaks_for):
            found.setdefault(label, []).append(resource)
    return found
