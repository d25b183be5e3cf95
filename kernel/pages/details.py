"""The detail page: one object, its facts, actions, tabs with URLs of their own, rail and timeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse

from kernel.errors import DomainError
from kernel.pages import actions as actions_of
from kernel.pages import changes, registry
from kernel.pages.actions import Action
from kernel.pages.badgeset import BadgeSet
from kernel.pages.call import Call
from kernel.pages.lists import List, has_field
from kernel.pages.panels import Panel, Tab
from kernel.pages.respond import complain, go, render
from kernel.pages.tabs import Shown, content, counts, tabs_of
from kernel.pages.timeline import Entry, add_comment
from kernel.pages.values import Fact, Value, read
from kernel.permissions import require, view_permission

OWN_TABS = frozenset({"timeline", "changes", "do", "edit", "counts"})


class Detail:
    """Declaration and view of one kind of object; see docs/pages.md."""

    def __init__(
        self,
        *,
        name: str,
        model: type[models.Model],
        title: Value = "",
        rows: Callable[[Any], models.QuerySet[Any]] | None = None,
        list: List | str = "",
        status: tuple[Value, BadgeSet | str] | None = None,
        facts: Sequence[Fact] = (),
        fields: Sequence[Fact] = (),
        overview: str = "",
        context: Callable[[Any, Any], Mapping[str, Any]] | None = None,
        actions: Sequence[Action] = (),
        tabs: Sequence[Tab] = (),
        rail: Sequence[Panel] = (),
        edit: str = "",
        identify: Sequence[str | Callable[[str], Q]] = (),
        find: Sequence[str] = (),
        states: Mapping[str, Mapping[str, Any]] | None = None,
        words: Sequence[str] = (),
        restore: Callable[[Call], Any] | None = None,
        timeline: Callable[[Any], Iterable[Entry]] | None = None,
        comments: bool = True,
        live: bool = False,
        key: str = "",
        icon: str = "",
        permission: str = "",
        open_to_all: bool = False,
    ) -> None:
        self.name = name
        self.model = model
        self.title = title
        self._rows = rows
        self._list = list
        self.status = status
        self.facts = tuple(facts)
        self.fields = tuple(fields)
        self.overview = overview
        self.context = context
        self.actions = tuple(actions)
        self.tabs = tuple(tabs)
        self.rail = tuple(rail)
        self.edit = edit
        self.identify = tuple(identify)
        self.find = tuple(find)
        self.states = dict(states or {})
        self.words = tuple(words)
        self.restore = restore
        self.timeline = timeline
        self.comments = comments
        self.live = live
        self.key = key or ("number" if has_field(model, "number") else "pk")
        self.permission = "" if open_to_all else permission or view_permission(model)
        self._icon = icon
        for tab in self.tabs:
            if tab.name in OWN_TABS:
                raise ValueError(f"detail {name}: the tab name {tab.name} is the kit's own")
        registry.DETAILS[name] = self
        registry.PAGE_OF.setdefault(model._meta.label, self)

    # --- declaration ------------------------------------------------------------------------------------------

    @property
    def list(self) -> List | None:
        """The list this page belongs to, for the breadcrumb and `[` `]`."""
        return registry.LISTS.get(self._list) if isinstance(self._list, str) else self._list

    @property
    def icon(self) -> str:
        """Icon of this kind of object."""
        return self._icon or (self.list.icon if self.list else "file-text")

    def all_actions(self) -> Sequence[Action]:
        """Own actions, then those upper layers added."""
        return (*self.actions, *registry.extension(self.name).actions.values())

    def all_facts(self) -> Sequence[Fact]:
        """Own facts, then those upper layers added."""
        return (*self.facts, *registry.extension(self.name).facts.values())

    def all_panels(self) -> Sequence[Panel]:
        """Own rail, then what upper layers added."""
        return (*self.rail, *registry.extension(self.name).rail.values())

    def all_tabs(self) -> Sequence[Tab]:
        """Own tabs, then those upper layers added."""
        return (*self.tabs, *registry.extension(self.name).tabs.values())

    def urls(self, route: str) -> Sequence[URLPattern]:
        """`route` holds `<key>`; tabs and actions have addresses below it."""
        route = route.replace("<key>", "<str:key>")
        name = self.name.rpartition(":")[2]
        return [
            path(route, self.view, name=name),
            path(f"{route}<str:tab>/", self.view, name=f"{name}-tab"),
            path(f"{route}<str:tab>/<str:part>/", self.view, name=f"{name}-part"),
        ]

    # --- the row ----------------------------------------------------------------------------------------------

    def source(self, user: Any) -> Any:
        """Rows this page shows to a user."""
        if self._rows is not None:
            return self._rows(user)
        return self.model._default_manager.visible_to(user)  # type: ignore[attr-defined]

    def key_of(self, row: Any) -> str:
        """What stands for the row in its address: the number people say, else the primary key."""
        return str(row.pk if self.key == "pk" else getattr(row, self.key))

    def key_is(self, text: str) -> Q:
        """Condition for the row of that key; nothing for text that can be no key."""
        if self.key != "pk":
            return Q(**{self.key: text}) | Q(**{self.key: text.upper()})
        field: Any = self.model._meta.pk
        try:
            return Q(pk=field.to_python(text))
        except ValidationError:
            return Q(pk__in=[])

    def url(self, row: Any, *parts: str) -> str:
        """Address of a row's page, of one of its tabs, or of a part of a tab."""
        suffix = ("", "-tab", "-part")[len(parts)]
        return reverse(f"{self.name}{suffix}", args=[self.key_of(row), *parts])

    def title_of(self, row: Any) -> str:
        """What the row is called."""
        return str(read(row, self.title) or "") if self.title else str(row)

    def get(self, key: str, user: Any) -> Any:
        """The row, or 404 when it does not exist or is not visible to the user, which look the same."""
        row = self.source(user).filter(self.key_is(key)).first()
        if row is None:
            raise Http404
        return row

    # --- view -------------------------------------------------------------------------------------------------

    def view(self, request: HttpRequest, key: str, tab: str = "", part: str = "") -> HttpResponseBase:
        """Every address of the object: overview, tabs, timeline, changes, actions."""
        if self.permission:
            require(request.user, self.permission)
        row = self.get(key, request.user)
        if tab == "do":
            return actions_of.answer(self, row, part, request)
        if part and tab != "changes":
            raise Http404
        if request.method == "POST" and tab in {"timeline", "changes"}:
            return self._change(row, tab, part, request)
        if tab == "counts":
            return render(request, "pages/_tab_counts.html", {"tabs": counts(self, row, request)})
        return self._show(row, tab, request)

    def _change(self, row: Any, tab: str, part: str, request: HttpRequest) -> HttpResponse:
        try:
            if tab == "timeline":
                if not self.comments:
                    raise Http404
                add_comment(row, request.POST.get("text", ""), request.user)
            else:
                changes.restore(self, row, part, request)
        except DomainError as error:
            complain(request, error)
        return go(request, self.url(row, tab) if tab == "changes" else self.url(row))

    def _show(self, row: Any, tab: str, request: HttpRequest) -> HttpResponseBase:
        shown = tabs_of(self, row, request, tab)
        current = next((one for one in shown if one.current), None)
        if current is None:
            raise Http404
        body = content(self, row, current.name, request)
        if isinstance(body, HttpResponseBase):
            return body
        context = {**self._context(row, request, shown), "tab": current.name, **body}
        if tab == "timeline":
            return render(request, "pages/detail.html", context, partial="pages/_timeline.html")
        # A list inside a tab refreshes by itself; other tabs are fetched whole.
        partial = "pages/_list.html" if "table" in body else ""
        return render(request, "pages/detail.html", context, partial=partial)

    def _context(self, row: Any, request: HttpRequest, shown: Sequence[Shown]) -> dict[str, Any]:
        user = request.user
        offered = actions_of.offers(self, row, user)
        visible = [offer for offer in offered if offer.action.primary or offer.action.secondary][:3]
        edit = registry.FORMS.get(self.edit)
        return {
            "page": self,
            "object": row,
            "title": self.title_of(row),
            "number": self.key_of(row) if self.key != "pk" else "",
            "label": self.model._meta.verbose_name,
            "badge": self._badge(row),
            "facts": [(fact.label, fact.html(row, user)) for fact in self.all_facts() if _may(fact, user)],
            "fields": [(fact.label, fact.html(row, user)) for fact in self.fields if _may(fact, user)],
            "tabs": shown,
            "offers": visible,
            "menu": [offer for offer in offered if offer not in visible],
            "edit_url": reverse(self.edit, args=[self.key_of(row)])
            if self.edit and (edit is None or user.has_perm(edit.permission))
            else "",
            "rail": [
                panel
                for panel in self.all_panels()
                if not panel.permission or user.has_perm(panel.permission)
            ],
            "url": self.url(row),
            "live_id": str(row.pk) if self.live and isinstance(row.pk, UUID) else "",
        }

    def _badge(self, row: Any) -> Any:
        if self.status is None:
            return ""
        value, badges = self.status
        fact = Fact("", value, badge=badges)
        return fact.html(row, None)


def _may(fact: Fact, user: Any) -> bool:
    return not fact.permission or user.has_perm(fact.permission)
