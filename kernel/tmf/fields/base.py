"""What a field is: it reads one attribute from the columns of a row, writes it, filters by it and describes itself.

Reading makes no model instances. A `Plan` gathers the columns of all wanted fields for one `values_list()`; each
field gives it a function from the row's tuple to the JSON value. What needs rows of another table is a `Loader`:
called once a page, its results stand at the end of each tuple.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self, TypedDict, Unpack

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.db.models import fields as columns

from kernel.filtering import OPERATORS, Filter
from kernel.tmf import sentences
from kernel.tmf.errors import Fault, Faults, fault

if TYPE_CHECKING:
    from kernel.tmf.fields.references import Wish

Row = tuple[Any, ...]
Reader = Callable[[Row], Any]
Schema = dict[str, Any]


class Loader(Protocol):
    """Values of one attribute for a whole page."""

    def __call__(self, keys: list[Any], user: Any) -> dict[Any, Any]:
        """JSON values by key."""


class Plan:
    """The columns and loaders of one projection of one model."""

    def __init__(self, model: type[Model], base: str) -> None:
        self.model = model
        self.base = base
        self.columns: list[str] = []
        self.loaders: list[tuple[int, Loader, Any]] = []

    def column(self, path: str) -> int:
        """Index of an ORM path in the row's tuple."""
        if path not in self.columns:
            self.columns.append(path)
        return self.columns.index(path)

    def loader(self, key_path: str, load: Loader, empty: Any = None) -> int:
        """Index (from the end) of what `load` finds for the key in `key_path`."""
        self.loaders.append((self.column(key_path), load, empty))
        return -len(self.loaders)

    def extend(self, rows: list[Row], user: Any) -> list[Row]:
        """Append the loaders' results, the first loader's last, so that indices count from the end."""
        for index, load, empty in reversed(self.loaders):
            values = load([row[index] for row in rows], user) if rows else {}
            rows = [(*row, values.get(row[index], empty)) for row in rows]
        return rows


@dataclass(frozen=True)
class Scope:
    """Where a field stands: its model, the dotted name and the ORM path that lead to it."""

    model: type[Model]
    name: str = ""
    path: str = ""
    many: bool = False

    def dotted(self, name: str) -> str:
        """Public name inside this scope."""
        return f"{self.name}.{name}" if self.name else name

    def lookup(self, column: str) -> str:
        """ORM path inside this scope."""
        return f"{self.path}__{column}" if self.path else column

    def inside(
        self, name: str, path: str = "", model: type[Model] | None = None, *, many: bool = False
    ) -> Scope:
        """The scope of an attribute's own attributes."""
        return Scope(
            model or self.model,
            self.dotted(name),
            self.lookup(path) if path else self.path,
            many or self.many,
        )


@dataclass
class Intake:
    """One body on its way in: what is wrong, what was ignored, which references are still to be fetched."""

    creating: bool = True
    quiet: bool = False
    row: int | None = None
    faults: list[Fault] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)

    def fault(self, attribute: str, code: str, sentence: Any, **values: Any) -> None:
        """Note an error; `sentence` is one of `kernel.tmf.sentences`."""
        self.faults.append(fault(attribute, code, sentence, row=self.row, **values))

    def check(self) -> None:
        """Raise Faults when something is wrong."""
        if self.faults:
            raise Faults(self.faults)


class Flags(TypedDict, total=False):
    """Keyword arguments of every field; see `Field`."""

    required: bool
    mandatory: bool
    read_only: bool
    create_only: bool
    arg: str
    filter: bool
    sort: bool
    doc: str
    extension: bool


class Field:
    """One attribute over one column.

    `required`: POST must carry it. `mandatory`: on every row, even empty. `read_only`: the server sets it.
    `create_only`: POST may carry it, PATCH may not change it. `arg`: its name in the data of a door. `extension`: the
    standard's document does not have it.
    """

    json_type: str | None = "string"
    kind = "text"
    empty: Any = None  # what a mandatory attribute shows when its column is null
    operators: tuple[str, ...] = OPERATORS

    def __init__(self, name: str, column: str = "", **flags: Unpack[Flags]) -> None:
        self.name = name
        self.column = column or snake(name)
        self.required = flags.get("required", False)
        self.mandatory = flags.get("mandatory", False)
        self.read_only = flags.get("read_only", False)
        self.create_only = flags.get("create_only", False)
        self.arg = flags.get("arg", "") or self.column.rpartition("__")[2]
        self.filterable = flags.get("filter", True)
        self.sortable = flags.get("sort", True)
        self.doc = flags.get("doc", "")
        self.extension = flags.get("extension", False)
        self.nullable = True

    def bind(self, model: type[Model]) -> Self:
        """A copy that knows its model: what the column refuses is then refused at the door of the kit."""
        bound = copy(self)
        column = column_of(model, self.column) if self.column else None
        bound.nullable = column is None or column.null
        return bound

    # Reading

    def reader(self, plan: Plan) -> Reader:
        """Function from a row's tuple to the JSON value; None leaves the attribute out."""
        index = plan.column(self.column)
        return lambda row: row[index]

    def reads(self, plan: Plan) -> Reader:
        """`reader`, with the empty value where the attribute is mandatory."""
        read, empty = self.reader(plan), self.empty
        if not self.mandatory or empty is None:
            return read
        return lambda row: empty if (value := read(row)) is None else value

    # Writing

    def writable(self, *, creating: bool) -> bool:
        """Whether a client may send it."""
        return not self.read_only and (creating or not self.create_only)

    def load(self, value: Any, out: dict[str, Any], intake: Intake, path: str) -> None:
        """Check a JSON value that is not null and put what the door takes into `out`."""
        python = self.python(value, intake, path)
        if python is not None:
            out[self.arg] = python

    def python(self, value: Any, intake: Intake, path: str) -> Any:
        """The Python value, or None after a fault."""
        raise NotImplementedError

    def clear(self, out: dict[str, Any], intake: Intake, path: str) -> None:
        """What the door takes when the attribute is removed (null)."""
        if self.required or not self.nullable:
            intake.fault(path, "attribute.required", sentences.NOT_REMOVABLE)
        else:
            out[self.arg] = None

    # Filtering and sorting

    def filters(self, scope: Scope) -> Iterator[Filter]:
        """Filters by this attribute and its parts."""
        if self.filterable:
            yield self.by(scope, scope.dotted(self.name), self.column, self.kind)

    def by(self, scope: Scope, name: str, column: str, kind: str) -> Filter:
        """A filter over one column."""
        return Filter(name, scope.lookup(column), kind, operators=self.operators, many=scope.many)

    def sorts(self, scope: Scope) -> Iterator[tuple[str, str]]:
        """(public name, ORM path) of what a list can be sorted by."""
        if self.sortable:
            yield scope.dotted(self.name), scope.lookup(self.column)

    # Describing

    def schema(self, model: type[Model]) -> Schema:
        """JSON Schema (OpenAPI 3.0 dialect) of the attribute."""
        found: Schema = {"type": self.json_type} if self.json_type else {}
        if self.doc:
            found["description"] = self.doc
        if self.extension:
            found["x-extension"] = True
        return found

    def columns_used(self) -> set[str]:
        """Own columns whose change means that this attribute changed (event `fieldPath`)."""
        return {self.column.partition("__")[0]}


def snake(name: str) -> str:
    """`externalId` → external_id; a leading @ falls away."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name.lstrip("@")).lower()


def pascal(name: str) -> str:
    """`productOrder` → ProductOrder."""
    return name[:1].upper() + name[1:]


def column_of(model: type[Model], path: str) -> columns.Field[Any, Any] | None:
    """The column at the end of an ORM path; None for an annotation or a reverse relation."""
    present: Any = model
    found: Any = None
    for part in path.split("__"):
        if present is None:
            return None
        try:
            found = present._meta.pk if part == "pk" else present._meta.get_field(part)
        except FieldDoesNotExist:
            found = next((f for f in present._meta.concrete_fields if f.attname == part), None)
            if found is None:
                return None
            present = None
            continue
        present = getattr(found, "related_model", None)
    return found if isinstance(found, columns.Field) else None


def model_at(model: type[Model], path: str) -> type[Model]:
    """The model that a relation path leads to; raises FieldDoesNotExist."""
    present: Any = model
    for part in path.split("__"):
        present = present._meta.get_field(part).related_model
    found: type[Model] = present
    return found


def reads_of(fields: Iterable[Field], plan: Plan) -> list[tuple[str, Reader]]:
    """(name, function) of each field."""
    return [(each.name, each.reads(plan)) for each in fields]


def build(readers: Sequence[tuple[str, Reader]], row: Row) -> dict[str, Any]:
    """The JSON object of one row."""
    found = {}
    for name, read in readers:
        value = read(row)
        if value is not None:
            found[name] = value
    return found


def load_all(
    fields: Sequence[Field], body: dict[str, Any], out: dict[str, Any], intake: Intake, path: str = ""
) -> None:
    """Load every attribute of an object; names what is missing and what was ignored."""
    known = {each.name for each in fields}
    intake.ignored.extend(
        _join(path, name) for name in body if name not in known and not name.startswith("@")
    )
    for each in fields:
        here = _join(path, each.name)
        if not each.writable(creating=intake.creating):
            if each.name in body and not each.name.startswith("@"):
                intake.ignored.append(here)
            continue
        value = body.get(each.name)
        if value is not None:
            each.load(value, out, intake, here)
        elif each.required:
            intake.fault(here, "attribute.required", sentences.REQUIRED)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
