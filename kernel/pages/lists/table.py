"""What a list template shows: headers, rows, pager, tabs, and the three kinds of emptiness."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.safestring import SafeString

from kernel import clock
from kernel.pages import formats, registry
from kernel.pages.lists.chips import Chip, chips
from kernel.pages.lists.state import PER_PAGE, State, View
from kernel.pages.values import Column

if TYPE_CHECKING:
    from kernel.pages.lists import List
    from kernel.pages.lists.bulk import Bulk

# Beyond this an exact count costs more than it tells: the page says "10,000+".
COUNT_CAP = 10_000


@dataclass(frozen=True)
class Header:
    """One column head; `sort` is "ascending", "descending" or "" (aria-sort)."""

    label: Any
    url: str
    sort: str
    numeric: bool


@dataclass(frozen=True)
class Row:
    """One row: its cells are finished HTML, the first one is the row's heading."""

    key: str
    label: str
    cells: list[tuple[SafeString, bool]]
    css: str


def encode_cursor(row: Any, fields: Sequence[str]) -> str:
    """Place of a row in an ordered list."""
    values = [getattr(row, name.lstrip("-")) for name in fields]
    text = json.dumps(values, default=lambda v: v.isoformat() if isinstance(v, datetime) else str(v))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(text: str, fields: Sequence[str]) -> list[Any] | None:
    """None when the text is no cursor of this list: the list then starts at its top."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        return None
    return values if isinstance(values, list) and len(values) == len(fields) else None


def beyond(fields: Sequence[str], values: Sequence[Any], *, backwards: bool = False) -> Q:
    """Condition of the rows that come after (or before) the cursor in the order of `fields`."""
    condition = Q()
    for index, name in enumerate(fields):
        same = Q(
            **{field.lstrip("-"): value for field, value in zip(fields[:index], values[:index], strict=True)}
        )
        falls = name.startswith("-") != backwards
        condition |= same & Q(**{f"{name.lstrip('-')}__{'lt' if falls else 'gt'}": values[index]})
    return condition


class Table:
    """The page's view of a list in one state. Queries happen once, when the template asks."""

    def __init__(self, page: List, state: State, user: Any, views: Sequence[View]) -> None:
        self.page = page
        self.state = state
        self.user = user
        self.views = views
        self.at = clock.now()
        self.embedded = bool(state.lock)

    # --- rows -------------------------------------------------------------------------------------------------

    @cached_property
    def matching(self) -> models.QuerySet[Any]:
        """All rows that the state asks for, ordered."""
        return self.page.matching(self.state, self.user)

    @cached_property
    def count(self) -> int:
        """How many rows match; counting stops one beyond the cap."""
        return 0 if self.state.errors else self.page.count(self.matching)

    @property
    def count_text(self) -> str:
        return formats.capped(self.count, COUNT_CAP)

    @cached_property
    def _slice(self) -> tuple[list[Any], bool, bool]:
        if self.state.errors:
            return [], False, False
        size = self.state.per_page
        if self.page.keyset:
            return self._keyset_slice(size)
        start = (self.state.page - 1) * size
        found = list(self.matching[start : start + size + 1])
        return found[:size], self.state.page > 1, len(found) > size

    def _keyset_slice(self, size: int) -> tuple[list[Any], bool, bool]:
        fields, rows = self.page.order(self.state), self.matching
        back = self._beyond(fields, self.state.one("before"), backwards=True)
        if back is not None:
            found = list(
                back.order_by(*(n[1:] if n.startswith("-") else f"-{n}" for n in fields))[: size + 1]
            )
            return found[:size][::-1], len(found) > size, True
        forth = self._beyond(fields, self.state.one("after"))
        found = list((rows if forth is None else forth)[: size + 1])
        return found[:size], forth is not None, len(found) > size

    def _beyond(
        self, fields: list[str], cursor: str, *, backwards: bool = False
    ) -> models.QuerySet[Any] | None:
        values = decode_cursor(cursor, fields) if cursor else None
        if values is None:
            return None
        try:
            return self.matching.filter(beyond(fields, values, backwards=backwards))
        except (ValidationError, ValueError, TypeError):
            return None  # somebody wrote the cursor by hand

    @cached_property
    def objects(self) -> list[Any]:
        """The rows of this page, as model instances."""
        return self._slice[0]

    @cached_property
    def rows(self) -> list[Row]:
        """The rows of this page, as cells."""
        columns, user, css = self.columns, self.user, self.page.row_class
        return [
            Row(
                str(obj.pk),
                self.page.label_of(obj),
                [(column.html(obj, user), column.numeric) for column in columns],
                css(obj) if css else "",
            )
            for obj in self.objects
        ]

    # --- columns ----------------------------------------------------------------------------------------------

    @cached_property
    def allowed(self) -> list[Column]:
        """Columns this user may see at all; a locked filter's own column says nothing new and is left out."""
        return self.page.allowed(self.user, self.state.lock)

    @cached_property
    def columns(self) -> list[Column]:
        """Columns shown."""
        return self.page.shown(self.state, self.allowed)

    @property
    def headers(self) -> list[Header]:
        first = self.state.sort[0] if self.state.sort else ""
        heads = []
        for column in self.columns:
            present = (
                ("descending" if first.startswith("-") else "ascending")
                if first.lstrip("-") == column.name
                else ""
            )
            sortable = bool(column.paths) and not self.page.keyset
            url = self.state.sorted_by(column.name) if sortable else ""
            heads.append(Header(column.label, url, present, column.numeric))
        return heads

    @property
    def picker(self) -> list[tuple[Column, bool]]:
        """Columns and whether they are shown."""
        shown = set(self.columns)
        return [(column, column in shown) for column in self.allowed]

    # --- navigation -------------------------------------------------------------------------------------------

    @property
    def pager(self) -> dict[str, Any]:
        """Addresses of the pages around, and which rows these are."""
        objects, has_previous, has_next = self._slice
        if self.page.keyset:
            fields = self.page.order(self.state)
            return {
                "first": self.state.url() if has_previous else "",
                "previous": self.state.url(before=encode_cursor(objects[0], fields))
                if has_previous and objects
                else "",
                "next": self.state.url(after=encode_cursor(objects[-1], fields))
                if has_next and objects
                else "",
                "from": 0,
                "to": 0,
            }
        number, start = self.state.page, (self.state.page - 1) * self.state.per_page
        return {
            "first": self.state.url() if number > 2 else "",
            "previous": self.state.url(page=number - 1 if number > 2 else None) if has_previous else "",
            "next": self.state.url(page=number + 1) if has_next else "",
            "from": start + 1 if objects else 0,
            "to": start + len(objects),
        }

    @property
    def sizes(self) -> list[tuple[int, str, bool]]:
        return [(size, self.state.url(per_page=size), size == self.state.per_page) for size in PER_PAGE]

    @property
    def tabs(self) -> list[tuple[View, str, bool]]:
        """Views as tabs: address and whether it is the present one."""
        present = self.state.view.key if self.state.view else "all"
        path = self.state.path
        return [
            (view, f"{path}?view={view.key}" if view.key else path, view.key == present)
            for view in self.views
        ]

    @property
    def chips(self) -> list[Chip]:
        return chips(self.state, self.page.lock_labels(self.state))

    @property
    def addable(self) -> list[tuple[Any, str]]:
        """Fields that "+ filter" offers."""
        return [
            (known.label or known.name, self.state.url(keep_place=True, _field=known.name))
            for known in self.page.filters.values()
            if known.name not in self.state.lock
        ]

    @property
    def clear_url(self) -> str:
        """This list without any filter."""
        path = self.state.path
        return f"{path}?view=all" if self.page.default_view else path

    @property
    def create_url(self) -> str:
        """Address of the form that makes a new one; empty for who may not."""
        form = registry.FORMS.get(self.page.create)
        if not self.page.create or self.embedded or (form and not self.user.has_perm(form.permission)):
            return ""
        return reverse(self.page.create)

    # --- work -------------------------------------------------------------------------------------------------

    @cached_property
    def bulk(self) -> list[tuple[Bulk, Any]]:
        """Bulk actions and, where denied, the reason."""
        return [(action, action.denied(self.user)) for action in self.page.bulk]

    @property
    def selectable(self) -> bool:
        """Whether rows have a box to tick."""
        return any(not denied for _action, denied in self.bulk)

    @property
    def token(self) -> str:
        """Signed statement of what "all matching" means on this page."""
        from kernel.pages.lists.selection import seal

        return seal(self.page.name, self.state, self.user, self.count)

    @property
    def emptiness(self) -> str:
        """Why there are no rows: error, filtered, well or first; empty when there are some."""
        if self.state.errors:
            return "error"
        if self.objects:
            return ""
        if self.state.filtered or self.state.page > 1:
            return "filtered"
        return "well" if self.page.empty.nothing_wrong else "first"
