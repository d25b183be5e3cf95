"""The state of a list is its URL: filters, search, sort, columns, page and view, and how they compose.

A view gives defaults; explicit parameters override it name by name, an empty one takes a filter of the view away.
Names no filter knows are kept aside and shown as ignored; a value no filter can read shows nothing at all, because
a list that is wider than its user believes is how bulk work hits the wrong rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from kernel.errors import Invalid
from kernel.filtering import OPERATORS, Condition, Filter, parse
from kernel.models import SavedView

PER_PAGE = (25, 50, 100)
DEFAULT_PER_PAGE = 50
SETTINGS = ("q", "sort", "cols", "per_page", "density")
PLACE = ("page", "after", "before")
RESERVED = frozenset({*SETTINGS, *PLACE, "view", "tz"})
# A view keeps everything but the page and the time zone of the moment.
VIEW_NAMES = frozenset(SETTINGS)

Params = dict[str, list[str]]


@dataclass(frozen=True)
class View:
    """One tab: built in, or saved by a person. `key` is what `view=` says."""

    key: str
    name: Any
    query: str
    saved: SavedView | None = None
    mine: bool = False


def key_of(saved: SavedView) -> str:
    """Short key of a saved view: the random end of its id."""
    return str(saved.pk)[-8:]


def params_of(query: str) -> Params:
    """Query string → name → values, blanks kept."""
    return {name: list(values) for name, values in QueryDict(query).lists()}


@dataclass
class State:
    """What one request asks of a list."""

    filters: Mapping[str, Filter]
    sortable: Mapping[str, tuple[str, ...]]
    columns: Sequence[str]
    default_sort: str
    explicit: Params
    view: View | None = None
    lock: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""

    def __post_init__(self) -> None:
        base = params_of(self.view.query) if self.view else {}
        self.base = {name: values for name, values in base.items() if name not in {*PLACE, "view", "tz"}}
        self.merged: Params = {
            **self.base,
            **{k: v for k, v in self.explicit.items() if not k.startswith("_") and k != "view"},
        }
        self.conditions: list[Condition] = []
        self.unknown: list[str] = []
        self.errors: list[tuple[str, str]] = []
        self.locked: list[Condition] = self._conditions(
            {
                name: list(map(str, v if isinstance(v, list | tuple) else [v]))
                for name, v in self.lock.items()
            },
            note_unknown=False,
        )
        self.conditions = self._conditions(self.filter_params)
        self.q = self.one("q").strip()
        self.sort = self._read_sort(self.one("sort")) or self._read_sort(self.default_sort)
        self.per_page = self._number("per_page", DEFAULT_PER_PAGE, PER_PAGE)
        self.page = self._number("page", 1)
        self.density = "compact" if self.one("density") == "compact" else "normal"

    @property
    def filter_params(self) -> Params:
        """The parameters that are filters (or try to be)."""
        return {name: values for name, values in self.merged.items() if name not in RESERVED}

    @property
    def cols(self) -> list[str]:
        """Names of the columns chosen; empty = those shown by default."""
        wanted = [part for value in self.merged.get("cols", []) for part in value.split(",") if part]
        return [name for name in self.columns if name in wanted]

    @property
    def filtered(self) -> bool:
        """Whether the user narrowed beyond the locked chips and the list's own default view."""
        return bool(self.q or self.conditions) and not (
            self.view is not None and self.view.key == "" and not self.modified
        )

    @property
    def modified(self) -> bool:
        """Whether something differs from the chosen view."""
        return self.view is not None and _kept(self.merged) != _kept(self.base)

    @property
    def saving(self) -> str:
        """Query string that a saved view of this state keeps."""
        return urlencode(sorted(_kept(self.merged).items()), doseq=True)

    @property
    def query(self) -> str:
        """Canonical query string of this state, with nothing but what was asked for."""
        return urlencode(self.asked({}, keep_place=True), doseq=True)

    def url(self, *, keep_place: bool = False, **changes: Any) -> str:
        """This list with some parameters changed: None removes, a blank takes away what the view sets.

        The page is forgotten unless `keep_place`: another filter or sort starts at the top.
        """
        query = urlencode(self.asked(changes, keep_place=keep_place), doseq=True)
        return f"{self.path}?{query}" if query else self.path

    @property
    def here(self) -> str:
        """This very address."""
        return self.url(keep_place=True)

    @property
    def reset_url(self) -> str:
        """The chosen view as it was saved."""
        return f"{self.path}?view={self.view.key}" if self.view and self.view.key else self.path

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What a search form carries along: everything but the words and the page."""
        return [(k, v) for k, values in self.asked({"q": None}, keep_place=False).items() for v in values]

    @property
    def hidden_but_columns(self) -> list[tuple[str, str]]:
        """What the column form carries along."""
        asked = self.asked({"cols": None, "density": None}, keep_place=False)
        return [(name, value) for name, values in asked.items() for value in values]

    @property
    def csv_url(self) -> str:
        """These rows and columns as CSV."""
        return self.url(_export="csv")

    @property
    def xlsx_url(self) -> str:
        """These rows and columns as a workbook."""
        return self.url(_export="xlsx")

    @property
    def json_url(self) -> str:
        """These rows and columns as JSON."""
        return self.url(_export="json")

    def without(self, name: str) -> str:
        """This list without one filter, whether it was asked for or comes from the view."""
        changes: dict[str, Any] = {name: [""] if name in self.base else None}
        return self.url(**changes)

    def sorted_by(self, column: str) -> str:
        """This list sorted by a column; by the same column the other way round when it already is."""
        first = self.sort[0] if self.sort else ""
        return self.url(sort=[f"-{column}" if first == column else column])

    def asked(self, changes: Mapping[str, Any], *, keep_place: bool) -> Params:
        """The parameters of an address of this list: the view, what was asked for, and the changes."""
        asked: Params = {}
        if self.view is not None and self.view.key:
            asked["view"] = [self.view.key]
        for name, values in self.explicit.items():
            if name.startswith("_") or (name in PLACE and not keep_place) or name == "view":
                continue
            if any(values) or name in self.base:
                asked[name] = values
        for name, value in changes.items():
            asked.pop(name, None)
            if value is not None:
                asked[name] = [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]
        return asked

    def _conditions(self, params: Params, *, note_unknown: bool = True) -> list[Condition]:
        found: list[Condition] = []
        for name, values in params.items():
            try:
                conditions, unknown = parse(self.filters, [(name, values)])
            except Invalid as error:
                self.errors.append((name, error.message))
                continue
            found += conditions
            if unknown and not note_unknown:
                raise Invalid(
                    f"a tab is locked to {name}, which its list does not filter by", code="page.lock"
                )
            self.unknown += unknown
        return found

    def _read_sort(self, text: str) -> list[str]:
        names = [part for part in text.split(",") if part]
        unknown = [name for name in names if name.lstrip("-") not in self.sortable]
        self.unknown += [f"sort={name}" for name in unknown]
        return [name for name in names if name not in unknown]

    def one(self, name: str) -> str:
        """The last value of a parameter; empty when it is not given."""
        values = self.merged.get(name) or [""]
        return values[-1]

    def _number(self, name: str, default: int, allowed: Sequence[int] = ()) -> int:
        text = self.one(name)
        value = int(text) if text.isdigit() and len(text) < 7 else default
        return value if value > 0 and (not allowed or value in allowed) else default


def _kept(params: Params) -> Params:
    return {
        name: values
        for name, values in params.items()
        if any(values) and not name.startswith("_") and (name in VIEW_NAMES or name not in RESERVED)
    }


def split_operator(name: str) -> tuple[str, str]:
    """`status__not` → ("status", "not")."""
    bare, _sep, operator = name.rpartition("__")
    return (bare, operator) if bare and operator in OPERATORS else (name, "eq")
