"""Every page by its name, and the page of any object. Declaring a list, detail or form puts it here."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from django.apps import apps
from django.conf import settings
from django.db import models
from django.urls import NoReverseMatch, reverse

from kernel.errors import NotFound

if TYPE_CHECKING:
    from kernel.pages.actions import Action
    from kernel.pages.details import Detail
    from kernel.pages.formpages import FormPage
    from kernel.pages.lists import List
    from kernel.pages.panels import Panel, Tab
    from kernel.pages.values import Fact

LISTS: dict[str, List] = {}
DETAILS: dict[str, Detail] = {}
FORMS: dict[str, FormPage] = {}
PAGE_OF: dict[str, Detail] = {}
EXTENSIONS: dict[str, Extension] = {}

P = TypeVar("P")


class Extension:
    """What upper layers add to a lower layer's page."""

    def __init__(self) -> None:
        self.tabs: dict[str, Tab] = {}
        self.rail: dict[str, Panel] = {}
        self.facts: dict[str, Fact] = {}
        self.actions: dict[str, Action] = {}


def extend(
    name: str,
    *,
    tabs: Iterable[Tab] = (),
    rail: Iterable[Panel] = (),
    facts: Iterable[Fact] = (),
    actions: Iterable[Action] = (),
) -> None:
    """Add to the detail page `name` from an upper layer; the page need not exist yet. Safe to call twice."""
    extension = EXTENSIONS.setdefault(name, Extension())
    extension.tabs.update((tab.name, tab) for tab in tabs)
    extension.rail.update((panel.name, panel) for panel in rail)
    extension.facts.update((str(fact.label), fact) for fact in facts)
    extension.actions.update((action.key, action) for action in actions)


def extension(name: str) -> Extension:
    """What was added to a page; empty when nothing was."""
    return EXTENSIONS.get(name) or Extension()


@cache
def load() -> bool:
    """Import the URLs of the installation, and with them every page (workers run bulk work of lists)."""
    importlib.import_module(settings.ROOT_URLCONF)
    return True


@cache
def view_modules() -> tuple[Any, ...]:
    """The `views` module of every installed app that has one."""
    return tuple(
        importlib.import_module(f"{config.name}.views")
        for config in apps.get_app_configs()
        if config.name.split(".")[0] in {"oss", "bss", "service_mgmt", "portal"}
        and find_spec(f"{config.name}.views")
    )


def declared(constant: str, kind: type[P]) -> list[P]:
    """The items of one module constant (MENU, CARDS, COMMANDS) over all apps' `views`."""
    return [
        item for module in view_modules() for item in getattr(module, constant, ()) if isinstance(item, kind)
    ]


def list_named(name: str) -> List:
    """Raises NotFound when no list has the name."""
    load()
    try:
        return LISTS[name]
    except KeyError as error:
        raise NotFound(f"no list is called {name}", code="page.unknown") from error


def page_of(model: type[models.Model]) -> Detail | None:
    """The detail page of a model."""
    return PAGE_OF.get(model._meta.label)


def url_of(obj: Any) -> str | None:
    """Address of an object's page; None when its model has none."""
    if not isinstance(obj, models.Model):
        return None
    page = PAGE_OF.get(obj._meta.label)
    if page is None:
        return None
    try:
        return page.url(obj)
    except NoReverseMatch:
        return None


def link_of(obj: Any, user: Any) -> str | None:
    """`url_of`, but only for who may see objects of that model."""
    page = PAGE_OF.get(obj._meta.label) if isinstance(obj, models.Model) else None
    if page is None or (page.permission and not user.has_perm(page.permission)):
        return None
    return url_of(obj)


def url(name: str, *args: Any) -> str:
    """Reverse by name, "" when the app that owns the name is not installed."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
