"""The left navigation: sections by domain, items declared by the apps, each user sees what they may open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from kernel.pages import registry

SECTIONS: dict[str, tuple[Any, str]] = {
    "network": (_("Network"), "network"),
    "assurance": (_("Assurance"), "activity"),
    "care": (_("Care"), "headset"),
    "orders": (_("Orders"), "shopping-cart"),
    "service": (_("Services"), "sitemap"),
    "catalog": (_("Catalogue"), "book"),
    "billing": (_("Billing"), "receipt"),
    "reports": (_("Reports"), "chart-bar"),
    "admin": (_("Administration"), "settings"),
}


@dataclass(frozen=True)
class MenuItem:
    """One entry. `key` after `g` goes there; an empty permission shows it to everybody signed in."""

    section: str
    label: Any
    name: str
    permission: str = ""
    icon: str = "list"
    key: str = ""
    order: int = 50

    def __post_init__(self) -> None:
        if self.section not in SECTIONS:
            raise ValueError(f"menu {self.name}: section {self.section!r} is none of {sorted(SECTIONS)}")


@dataclass(frozen=True)
class Command:
    """One thing the palette can do besides finding: a page to open."""

    label: Any
    name: str
    permission: str = ""
    icon: str = "bolt"


_ITEMS: dict[str, MenuItem] = {}


def add(item: MenuItem) -> None:
    """Put an item into the navigation; by its URL name, so that a second import changes nothing."""
    _ITEMS[item.name] = item


def items(user: Any) -> list[tuple[MenuItem, str]]:
    """Items the user may open and whose app is installed, with their addresses."""
    known = [*_ITEMS.values(), *registry.declared("MENU", MenuItem)]
    known.sort(key=lambda item: (list(SECTIONS).index(item.section), item.order, item.name))
    return [
        (item, address)
        for item in known
        if (not item.permission or user.has_perm(item.permission)) and (address := registry.url(item.name))
    ]


def sections(user: Any, path: str = "") -> Iterator[dict[str, Any]]:
    """The navigation of one user; `current` marks the longest address that begins the present path."""
    entries = items(user)
    best = max((address for _item, address in entries if path.startswith(address)), key=len, default="")
    for key, (label, symbol) in SECTIONS.items():
        inside = [
            {"item": item, "url": address, "current": address == best}
            for item, address in entries
            if item.section == key
        ]
        if inside:
            yield {
                "key": key,
                "label": label,
                "icon": symbol,
                "items": inside,
                "open": any(entry["current"] for entry in inside),
            }


def commands(user: Any) -> list[tuple[Any, str, str]]:
    """(label, address, icon) of the palette's commands: declared ones, and every form that creates something."""
    found = [
        (command.label, registry.url(command.name), command.icon)
        for command in registry.declared("COMMANDS", Command)
        if not command.permission or user.has_perm(command.permission)
    ]
    creating = {page.create for page in registry.LISTS.values() if page.create}
    for name in sorted(creating & registry.FORMS.keys()):
        form = registry.FORMS[name]
        if user.has_perm(form.permission):
            found.append((form.title, registry.url(name), "plus"))
    return [(label, address, symbol) for label, address, symbol in found if address]
