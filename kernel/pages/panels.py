"""Cards and tabs: parts of a page made of a template and the values it shows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import F, QuerySet, Value
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from kernel.pages.lists import List

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Panel:
    """A card on a detail page. `context(row, user)` gives its values; `object` is the row. Lazy ones load when seen."""

    name: str
    title: Any
    template: str
    context: Callable[[Any, Any], Mapping[str, Any]] | None = None
    permission: str = ""
    lazy: bool = False
    link: Callable[[Any], str | None] | None = None

    def html(self, request: HttpRequest, row: Any) -> SafeString:
        """The finished card body; one that fails says so and leaves the rest of the page standing."""
        return guarded(self.name, lambda: self._html(request, row))

    def _html(self, request: HttpRequest, row: Any) -> SafeString:
        values = dict(self.context(row, request.user)) if self.context else {}
        return render_to_string(self.template, {"object": row, **values}, request)


@dataclass(frozen=True)
class Tab:
    """A tab with its own URL: a list with a locked chip, a template, or panels."""

    name: str
    label: Any
    template: str = ""
    context: Callable[[Any, Any], Mapping[str, Any]] | None = None
    list: str | List = ""
    lock: Callable[[Any], Mapping[str, Any]] | None = None
    panels: Sequence[Panel] = ()
    count: Callable[[Any, Any], int] | None = None
    permission: str = ""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.template, self.list, self.panels))) != 1:
            raise ValueError(f"tab {self.name}: give one of list=, template= and panels=")
        if bool(self.list) != (self.lock is not None):
            raise ValueError(f"tab {self.name}: a list needs its lock, and only a list has one")


@dataclass(frozen=True)
class Card:
    """A card of the home page, loaded by itself: at most four queries. `context(user)` gives its values."""

    name: str
    title: Any
    template: str
    context: Callable[[Any], Mapping[str, Any]]
    roles: Sequence[str] = ()
    permission: str = ""
    link: str = ""
    wide: bool = False
    topics: Sequence[str] = ()

    def html(self, request: HttpRequest) -> SafeString:
        """The finished card body, or the words that it failed."""
        return guarded(
            self.name, lambda: render_to_string(self.template, dict(self.context(request.user)), request)
        )


def guarded(name: str, make: Callable[[], SafeString]) -> SafeString:
    """One part of a page: when it fails, the failure is logged with the request id and shown in its place."""
    try:
        return make()
    except Exception:  # a card may fail in any way; its neighbours must not
        logger.exception("part %s of a page failed", name)
        return render_to_string("pages/_failed.html", {})


@dataclass(frozen=True)
class Todo:
    """One thing that waits for a person (slot `portal.approvals`)."""

    title: Any
    url: str
    at: datetime
    by: str = ""
    icon: str = "clipboard-check"


@dataclass(frozen=True)
class Waiting:
    """Rows of one kind that wait for a person (slot `portal.approvals`): all kinds are asked for in one query.

    `at` is the path of the time since when, `facts` names the ORM paths that `todo(facts, at)` makes its line of; they
    come as JSON has them (a day as ISO text).
    """

    rows: QuerySet[Any]
    at: str
    facts: Mapping[str, str]
    todo: Callable[[Mapping[str, Any], datetime], Todo]
    most: int = 20

    def values(self, index: int) -> QuerySet[Any, Any]:
        """(index, time, facts) of the first rows."""
        facts = JSONObject(**{name: F(path) for name, path in self.facts.items()})
        return self.rows.values_list(Value(index), F(self.at), facts)[: self.most]


def gathered(kinds: Sequence[Waiting]) -> list[Todo]:
    """What waits, kind by kind and the oldest first."""
    if not kinds:
        return []
    first, *others = [kind.values(index) for index, kind in enumerate(kinds)]
    found: Iterable[Any] = first.union(*others, all=True) if others else first
    return [
        kinds[index].todo(facts, at) for index, at, facts in sorted(found, key=lambda row: (row[0], row[1]))
    ]
