"""`Resource`: what an app declares of one resource, and how its rows are read, filtered and sorted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from inspect import getdoc
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db import models
from django.db.models import Q, QuerySet

from kernel import permissions as rights
from kernel.events import Event
from kernel.filtering import Filter
from kernel.lifecycle import Lifecycle
from kernel.tmf.fields import Const, Field, Plan, Scope, State
from kernel.tmf.fields.base import Reader, Row, build, column_of, pascal, reads_of
from kernel.tmf.fields.where import by_id, ids_of

if TYPE_CHECKING:
    from kernel.tmf.api import Api

M = TypeVar("M", bound=models.Model)
Names = frozenset[str] | None
ACTIONS = {"view": "view", "create": "add", "update": "change", "delete": "delete"}
# Event suffixes of the standard for a kernel event, the first declared one wins.
STATE_SUFFIXES = ("StateChange", "StatusChange", "Change")
CHANGE_SUFFIXES = ("AttributeValueChange", "Change")


class Data(dict[str, Any]):
    """Validated attributes by the name a door knows them by; `raw` is the body as it was sent."""

    def __init__(self, values: Mapping[str, Any], raw: dict[str, Any]) -> None:
        super().__init__(values)
        self.raw = raw


Door = Callable[[Any, Data, Any], Any]


@dataclass(frozen=True)
class Projection:
    """Compiled reading of some attributes: the columns to ask for and a function for each attribute."""

    plan: Plan
    readers: tuple[tuple[str, Reader], ...]

    def fetch(self, rows: QuerySet[Any], user: Any) -> list[Row]:
        """The rows' tuples with what the loaders found."""
        return self.plan.extend(list(rows.values_list(*self.plan.columns)), user)

    def take(self, obj: Any, user: Any) -> Row:
        """The tuple of a row at hand, which holds the rows it refers to; only the loaders ask the database."""
        return self.plan.extend([tuple(_value(obj, path) for path in self.plan.columns)], user)[0]

    def body(self, row: Row) -> dict[str, Any]:
        """The JSON object of one row."""
        return build(self.readers, row)

    def value(self, row: Row, path: str) -> Any:
        """What a column of this projection holds."""
        return row[self.plan.columns.index(path)]


def _value(obj: Any, path: str) -> Any:
    for name in path.split("__"):
        obj = getattr(obj, name) if obj is not None else None
    return obj


class Resource(Generic[M]):
    """Base of every declaration; docs/rest.md explains each attribute and each optional method.

    `create(data, user)`, `create_many(rows, user)`, `update(obj, data, user)` and `delete(obj, user)` exist only
    where a subclass defines them; a verb without its method answers 405.
    """

    path: str
    model: type[M]
    fields: Sequence[Field] = ()
    type_name: str = ""
    base_type: str = ""
    key: str = "pk"
    order: Sequence[str] = ("-pk",)
    keyset: str = ""
    max_limit: int = 1000
    events: Sequence[str] = ()
    events_from: Mapping[type[Event], tuple[str, str]] = {}
    speaks_for: Sequence[str] = ()
    moves: Mapping[str, Door] = {}
    permissions: Mapping[str, str] = {}
    created_status: int = 201
    bulk_limit: int = 1000
    description: str = ""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.type_name = self.type_name or pascal(self.path)
        self.description = self.description or getdoc(type(self)) or ""
        self.projection = lru_cache(maxsize=64)(self._compile)

    def __repr__(self) -> str:
        return f"{self.api.number}/{self.path}"

    # What the declaration says

    @cached_property
    def attributes(self) -> tuple[Field, ...]:
        """Every attribute but id and href, bound to the model; `@type` and `@baseType` last."""
        bound = tuple(each.bind(self.model) for each in self.fields)
        known = {each.name for each in bound}
        constants = (("@type", self.type_name), ("@baseType", self.base_type))
        extra = tuple(Const(name, text) for name, text in constants if text and name not in known)
        return bound + extra

    @cached_property
    def state(self) -> State | None:
        """The field of the lifecycle, where there is one."""
        return next(
            (each for each in self.attributes if isinstance(each, State) and not each.read_only), None
        )

    @cached_property
    def lifecycle(self) -> Lifecycle | None:
        """The model's transition table for the state's column."""
        found = [value for value in vars(self.model).values() if isinstance(value, Lifecycle)]
        return next((cycle for cycle in found if self.state and cycle.field == self.state.column), None)

    @cached_property
    def key_column(self) -> Any:
        """The model field behind `id`."""
        return column_of(self.model, self.key)

    @cached_property
    def versioned(self) -> bool:
        """Whether rows carry a version (ETag, If-Match)."""
        return column_of(self.model, "version") is not None

    @cached_property
    def filters(self) -> dict[str, Filter]:
        """Every filterable attribute by its dotted public name."""
        scope = Scope(self.model)
        found = {"id": by_id(scope, "id", self.key), "href": self._by_href()}
        for each in self.attributes:
            found.update({one.name: one for one in each.filters(scope)})
        return found

    @cached_property
    def sorts(self) -> dict[str, str]:
        """ORM path of every sortable attribute by its dotted public name."""
        scope = Scope(self.model)
        return {
            "id": self.key,
            **{name: path for each in self.attributes for name, path in each.sorts(scope)},
        }

    @cached_property
    def names(self) -> frozenset[str]:
        """Names a `fields=` may ask for."""
        return frozenset({"id", "href", *(each.name for each in self.attributes)})

    def _by_href(self) -> Filter:
        path = self.key

        def where(operator: str, values: tuple[str, ...]) -> Q:
            ids = [value.rpartition("/")[2] for value in values if f"/{self.path}/" in value]
            match = Q(**{f"{path}__in": ids_of(self.key_column, tuple(ids))})
            return ~match if operator == "not" else match

        return Filter("href", path, "id", operators=("eq", "not", "in"), build=where)

    def can(self, verb: str) -> bool:
        """Whether `create`, `create_many`, `update` or `delete` is offered."""
        if verb == "update":
            return hasattr(self, "update") or bool(self.moves)
        return hasattr(self, verb)

    def permission(self, action: str) -> str:
        """Permission for view, create, update or delete."""
        return self.permissions.get(action) or rights.permission(self.model, ACTIONS[action])

    def suffix_of_state(self) -> str:
        """The document's suffix for a change of state; "" when it announces none."""
        return next((suffix for suffix in STATE_SUFFIXES if suffix in self.events), "")

    def suffix_of_change(self) -> str:
        """The document's suffix for a change of attributes; "" when it announces none."""
        return next((suffix for suffix in CHANGE_SUFFIXES if suffix in self.events), "")

    def event_types(self) -> list[str]:
        """PascalCase names of the events this resource announces."""
        return [f"{pascal(self.path)}{suffix}Event" for suffix in self.events]

    # Rows

    def queryset(self, user: Any) -> QuerySet[M]:
        """The rows a user may see; override to narrow or annotate."""
        rows = self.model._default_manager.all()
        if hasattr(rows, "visible_to"):
            visible: QuerySet[M] = rows.visible_to(user)
            return visible
        return rows if user.has_perm(rights.view_permission(self.model)) else rows.none()

    def row_of(self, made: Any) -> M | None:
        """The row that `queryset` gives of what `create` returned, where it can be told without reading it back.

        Asked only for users who see every row of the model; None (the default): read it back.
        """
        del made
        return None

    def sees_all(self, user: Any) -> bool:
        """Whether the user sees every row of the model: the right to view it, and no scope that narrows it."""
        return user.has_perm(rights.view_permission(self.model)) and not rights.scopes_of(user)

    def address(self, identifier: str) -> Q | None:
        """Condition for one id in a URL; None when no row can have such an id."""
        found = ids_of(self.key_column, (identifier,)) if "\x00" not in identifier else []
        return Q(**{self.key: found[0]}) if found and found[0] is not None else None

    def location(self, base: str, key: Any) -> str:
        """Absolute address of a row."""
        return f"{base}{self.api.path}/{self.path}/{key}"

    def render(self, rows: QuerySet[M], user: Any, base: str, names: Names = None) -> list[dict[str, Any]]:
        """JSON objects of rows that `queryset(user)` gave, in constant queries."""
        projection = self.projection(names, base)
        return [projection.body(row) for row in projection.fetch(rows, user)]

    def _compile(self, names: Names, base: str) -> Projection:
        plan = Plan(self.model, base)
        key = plan.column(self.key)
        prefix = self.location(base, "")
        readers: list[tuple[str, Reader]] = [
            ("id", lambda row: str(row[key])),
            ("href", lambda row: f"{prefix}{row[key]}"),
        ]
        wanted = [each for each in self.attributes if names is None or each.name in names]
        readers += reads_of(wanted, plan)
        if self.versioned:
            plan.column("version")
        if self.keyset:
            plan.column(self.keyset)
        return Projection(plan, tuple(readers))
