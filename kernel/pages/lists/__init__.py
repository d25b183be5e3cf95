"""The list page: one component for every list, on its own page or as a tab with a locked chip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from kernel import filtering
from kernel.filtering import Filter
from kernel.pages import menus, registry
from kernel.pages.lists import bulk as bulk_work
from kernel.pages.lists import exports, views
from kernel.pages.lists.bulk import Bulk
from kernel.pages.lists.chips import edited, editor
from kernel.pages.lists.state import State, View
from kernel.pages.lists.table import COUNT_CAP, Table
from kernel.pages.respond import render
from kernel.pages.values import Column
from kernel.permissions import require, view_permission

__all__ = ["Bulk", "Column", "Empty", "Filter", "List"]

NEIGHBOURS_MAX = 2000
HARMLESS = frozenset({"_field", "_op", "_go", "_v", "_was"})


@dataclass(frozen=True)
class Empty:
    """Words for an empty list: what it is for, and, where an empty list is good news, that nothing is wrong."""

    first_use: Any = ""
    nothing_wrong: Any = ""


class List:
    """Declaration and view of one list; see docs/pages.md."""

    def __init__(
        self,
        *,
        name: str,
        model: type[models.Model],
        title: Any,
        rows: Callable[[Any], models.QuerySet[Any]],
        columns: Sequence[Column],
        filters: Sequence[Filter] = (),
        search: Sequence[str] = (),
        default_sort: str = "",
        default_view: str = "",
        views: Sequence[tuple[str, Any, str | Callable[[Any], str]]] = (),
        bulk: Sequence[Bulk] = (),
        create: str = "",
        live: bool | Sequence[str] = False,
        keyset: bool = False,
        empty: Empty | None = None,
        icon: str = "list",
        section: str = "",
        order: int = 50,
        key: str = "",
        row_class: Callable[[Any], str] | None = None,
        permission: str = "",
        open_to_all: bool = False,
        subtitle: Callable[[HttpRequest], Any] | None = None,
    ) -> None:
        self.name = name
        self.model = model
        self.title = title
        self.source = rows
        self.columns = tuple(columns)
        self.filters = {known.name: known for known in filters}
        self.search = tuple(search)
        self.default_sort = default_sort
        self.default_view = default_view
        self.built_in = tuple(views)
        self.bulk = tuple(bulk)
        self.create = create
        self.topics = (model._meta.app_label,) if live is True else tuple(live or ())
        self.keyset = keyset
        self.empty = empty or Empty(_("Nothing is here yet."))
        self.icon = icon
        self.row_class = row_class
        # An open list is for every signed-in person and narrows by itself to what is theirs.
        self.permission = "" if open_to_all else permission or view_permission(model)
        self.subtitle = subtitle
        self.sortable = {column.name: column.paths for column in self.columns if column.paths}
        if len({column.name for column in self.columns}) != len(self.columns):
            raise ValueError(f"list {name}: two columns share a name")
        for part in default_sort.replace("-", "").split(","):
            # A list may begin in an order that no column of it shows.
            if part and part not in self.sortable:
                if not has_field(model, part.split("__")[0]):
                    raise ValueError(
                        f"list {name}: default_sort {part} is neither a sortable column nor a field"
                    )
                self.sortable[part] = (part,)
        registry.LISTS[name] = self
        if section:
            menus.add(menus.MenuItem(section, title, name, self.permission, icon, key, order))

    def urls(self, route: str) -> list[URLPattern]:
        """The list's one URL: pages, partials, export, bulk and views all live there."""
        return [path(route, self.view, name=self.name.rpartition(":")[2])]

    # --- rows -------------------------------------------------------------------------------------------------

    def matching(self, state: State, user: Any) -> models.QuerySet[Any]:
        """Visible rows under the state's locked chips, conditions and search, in its order."""
        rows = filtering.apply(self.source(user), [*state.locked, *state.conditions])
        for term in state.q.split()[:8]:
            condition = Q()
            for field in self.search:
                condition |= Q(**{f"{field}__icontains": term})
            rows = rows.filter(condition)
        return rows.order_by(*self.order(state))

    def order(self, state: State) -> list[str]:
        """ORM order of a state; ties are broken by the key, so that pages never repeat or lose a row."""
        fields: list[str] = []
        for name in state.sort:
            down = name.startswith("-")
            fields += [f"-{f}" if down else f for f in self.sortable[name.lstrip("-")]]
        return [*fields, "-pk" if not fields or fields[0].startswith("-") else "pk"]

    def count(self, rows: models.QuerySet[Any]) -> int:
        """How many rows, up to one beyond the cap."""
        return rows.order_by().values("pk")[: COUNT_CAP + 1].count()

    def label_of(self, obj: Any) -> str:
        """What a row is called where it stands alone (check boxes, previews)."""
        return str(getattr(obj, "number", "") or obj)

    def allowed(self, user: Any, lock: Mapping[str, Any]) -> list[Column]:
        """Columns the user may see."""
        return [
            column
            for column in self.columns
            if (not column.permission or user.has_perm(column.permission)) and column.name not in lock
        ]

    def shown(self, state: State, allowed: Sequence[Column]) -> list[Column]:
        """Columns chosen by the state, or those shown by default."""
        chosen = [column for column in allowed if column.name in state.cols]
        return chosen or [column for column in allowed if not column.hidden]

    # --- states -----------------------------------------------------------------------------------------------

    def views(self, user: Any) -> list[View]:
        """Tabs: the default, those built in, the user's and the shared ones. One query."""
        tabs = []
        if self.default_view:
            tabs.append(View("", _("Current"), self.default_view))
        tabs.append(View("all", _("All"), ""))
        for key, name, query in self.built_in:
            tabs.append(View(key, name, query(user) if callable(query) else query))
        return [*tabs, *views.saved_views(self.name, user)]

    def state(
        self,
        query: QueryDict,
        user: Any,
        *,
        lock: Mapping[str, Any] | None = None,
        path: str = "",
        tabs: Sequence[View] = (),
    ) -> State:
        """What a query string asks of this list."""
        tabs = tabs or self.views(user)
        key = query.get("view")
        view = next((tab for tab in tabs if tab.key == key), None) if key is not None else None
        if view is None and self.default_view and not lock and key is None:
            view = tabs[0]
        state = State(
            filters=self.filters,
            sortable=self.sortable,
            columns=[column.name for column in self.columns],
            default_sort=self.default_sort,
            # PostgreSQL stores no NUL, so none can match; it would only break the query.
            explicit={n.replace("\x00", ""): [v.replace("\x00", "") for v in vs] for n, vs in query.lists()},
            view=view,
            lock=lock or {},
            path=path,
        )
        if key is not None and view is None:
            state.unknown.append(f"view={key}")
        state.unknown += [name for name in query if name.startswith("_") and name not in HARMLESS]
        return state

    def lock_labels(self, state: State) -> dict[str, Any]:
        """What locked chips say: the name of the thing the tab belongs to."""
        return {name: getattr(value, "label", value) for name, value in state.lock.items()}

    # --- view -------------------------------------------------------------------------------------------------

    def view(self, request: HttpRequest) -> HttpResponseBase:
        """The list on its own page."""
        answer = self.handle(request)
        if isinstance(answer, HttpResponseBase):
            return answer
        return render(request, "pages/list.html", answer, partial="pages/_list.html")

    def handle(
        self, request: HttpRequest, *, lock: Mapping[str, Any] | None = None
    ) -> HttpResponseBase | dict[str, Any]:
        """A finished answer (redirect, export, bulk step), or the context of `pages/_list.html`."""
        if self.permission:
            require(request.user, self.permission)
        tabs = self.views(request.user)
        state = self.state(request.GET, request.user, lock=lock, path=request.path, tabs=tabs)
        if request.method == "POST":
            return self._post(request, state)
        if "_export" in request.GET:
            return exports.answer(self, state, request)
        if "_around" in request.GET:
            return JsonResponse(self.around(state, request.user, request.GET["_around"]))
        if target := edited(state, request.GET) or self._first_visit(request, tabs, lock):
            return HttpResponseRedirect(target)
        return self.context(request, state, tabs)

    def context(self, request: HttpRequest, state: State, tabs: Sequence[View]) -> dict[str, Any]:
        """What `pages/_list.html` reads."""
        return {
            "table": Table(self, state, request.user, tabs),
            "list": self,
            "state": state,
            "editor": editor(state, request.GET),
            "subtitle": self.subtitle(request) if self.subtitle else "",
            "title": self.title,
        }

    def _first_visit(
        self, request: HttpRequest, tabs: Sequence[View], lock: Mapping[str, Any] | None
    ) -> str | None:
        """A bare address goes to the user's own default view, so that the address says what is shown."""
        if request.GET or lock:
            return None
        mine = next((tab for tab in tabs if tab.saved is not None and tab.mine and tab.saved.default), None)
        return f"{request.path}?view={mine.key}" if mine else None

    def _post(self, request: HttpRequest, state: State) -> HttpResponse:
        if "_view" in request.POST:
            return views.change(self, state, request)
        if "_export" in request.POST:
            return exports.start(self, state, request)
        return bulk_work.answer(self, state, request)

    def around(self, state: State, user: Any, key: str) -> dict[str, str | None]:
        """Addresses of the rows before and after `key` in this result set (its first 2,000 rows)."""
        keys = [str(pk) for pk in self.matching(state, user).values_list("pk", flat=True)[:NEIGHBOURS_MAX]]
        if key not in keys:
            return {"previous": None, "next": None}
        place = keys.index(key)
        before, after = keys[place - 1 : place] if place else [], keys[place + 1 : place + 2]
        wanted = {"previous": "".join(before), "next": "".join(after)}
        found = self.source(user).in_bulk([pk for pk in wanted.values() if pk])
        by_key = {str(pk): registry.url_of(obj) for pk, obj in found.items()}
        return {side: by_key.get(pk) for side, pk in wanted.items()}


def has_field(model: type[models.Model], name: str) -> bool:
    """Whether a model has a field of that name."""
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
