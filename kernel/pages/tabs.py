"""Tabs of a detail page: which there are, what each shows, how many rows each holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from kernel.pages import changes, registry, timeline
from kernel.pages.lists.table import COUNT_CAP
from kernel.pages.panels import Tab

if TYPE_CHECKING:
    from kernel.pages.details import Detail
    from kernel.pages.lists import List


@dataclass(frozen=True)
class Shown:
    """A tab as shown; counts come later by one request for all."""

    name: str
    label: Any
    url: str
    current: bool
    counted: bool = False


class Locked(str):
    """Value of a locked filter with the words its chip shows."""

    label: str

    def __new__(cls, value: Any, label: str) -> Locked:
        text = super().__new__(cls, value)
        text.label = label
        return text


def _list(tab: Tab) -> List | None:
    if not tab.list:
        return None
    return registry.LISTS.get(tab.list) if isinstance(tab.list, str) else tab.list


def permitted(page: Detail, user: Any) -> list[Tab]:
    """Declared tabs the user may open; a list tab also needs the list's permission, and its app to be installed."""
    found = []
    for tab in page.all_tabs():
        if tab.permission and not user.has_perm(tab.permission):
            continue
        if tab.list:
            shown = _list(tab)
            if shown is None or (shown.permission and not user.has_perm(shown.permission)):
                continue
        found.append(tab)
    return found


def tabs_of(page: Detail, row: Any, request: HttpRequest, current: str) -> list[Shown]:
    """Overview, the declared tabs, the changes; the timeline stands at the foot of the overview."""
    shown = [Shown("", _("Overview"), page.url(row), current in {"", "timeline"})]
    shown += [
        Shown(tab.name, tab.label, page.url(row, tab.name), current == tab.name, bool(tab.list or tab.count))
        for tab in permitted(page, request.user)
    ]
    return [*shown, Shown("changes", _("Changes"), page.url(row, "changes"), current == "changes")]


def content(page: Detail, row: Any, name: str, request: HttpRequest) -> dict[str, Any] | HttpResponseBase:
    """What one tab shows: template context, or a finished answer of the list inside."""
    if name == "":
        return _overview(page, row, request)
    if name == "changes":
        return {"changes": changes.of(page, row, request)}
    tab = next((one for one in permitted(page, request.user) if one.name == name), None)
    if tab is None:
        raise Http404
    if (inner := _list(tab)) is not None:
        return inner.handle(request, lock=lock_of(page, tab, row))
    if tab.panels:
        return {"panels": [panel for panel in tab.panels if _may(panel.permission, request.user)]}
    values = dict(tab.context(row, request.user)) if tab.context else {}
    return {"body": render_to_string(tab.template, {"object": row, **values}, request)}


def lock_of(page: Detail, tab: Tab, row: Any) -> Mapping[str, Any]:
    """The locked filters of a list tab, with the object's name as what their chips say."""
    label = page.title_of(row) or page.key_of(row)
    return {name: Locked(value, label) for name, value in (tab.lock(row) if tab.lock else {}).items()}


def _overview(page: Detail, row: Any, request: HttpRequest) -> dict[str, Any]:
    values: dict[str, Any] = {"timeline": timeline.of(page, row, request)}
    if page.overview:
        extra = dict(page.context(row, request.user)) if page.context else {}
        values["body"] = render_to_string(page.overview, {"object": row, "page": page, **extra}, request)
    return values


def counts(page: Detail, row: Any, request: HttpRequest) -> list[tuple[str, str]]:
    """(tab name, number) of every tab that counts; fetched once, after the page."""
    found = []
    for tab in permitted(page, request.user):
        if tab.count is not None:
            count = tab.count(row, request.user)
        elif (inner := _list(tab)) is not None:
            state = inner.state(QueryDict("view=all"), request.user, lock=lock_of(page, tab, row))
            count = inner.count(inner.matching(state, request.user))
        else:
            continue
        found.append((tab.name, f"{COUNT_CAP}+" if count > COUNT_CAP else str(count)))
    return found


def _may(permission: str, user: Any) -> bool:
    return not permission or user.has_perm(permission)
