"""Fields beyond one row's columns: rows of a related table, elements of a JSON array, values of a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any, Self, Unpack

from django.db.models import (
    ManyToManyField,
    ManyToManyRel,
    ManyToOneRel,
    Model,
    Q,
)

from kernel.filtering import Filter
from kernel.tmf import sentences
from kernel.tmf.fields.base import (
    Field,
    Flags,
    Intake,
    Plan,
    Reader,
    Schema,
    Scope,
    build,
    load_all,
    reads_of,
)
from kernel.tmf.fields.compound import object_schema
from kernel.tmf.fields.jsons import MOST_ELEMENTS


class Many(Field):
    """An array of related rows: `relation` is a reverse foreign key or a many-to-many of the model.

    One query a page and level. A door gets a list of dicts under `arg` (default: the relation's name).
    """

    json_type = "array"
    empty: Any = ()

    def __init__(
        self,
        name: str,
        relation: str,
        fields: Sequence[Field],
        *,
        order: Sequence[str] = ("pk",),
        where: Q | None = None,
        **flags: Unpack[Flags],
    ) -> None:
        super().__init__(name, relation, **flags)
        self.fields = tuple(fields)
        self.order = tuple(order)
        self.where = where
        self.sortable = False
        self.child: type[Model] | None = None
        self.parent = ""
        self.lookup = relation

    def bind(self, model: type[Model]) -> Self:
        bound = copy(self)
        relation = _relation(model, self.column)
        bound.child = relation.related_model
        if isinstance(relation, ManyToOneRel):
            bound.parent = relation.field.attname
            bound.lookup = relation.name  # the name queries use: related_query_name
        elif isinstance(relation, ManyToManyRel):
            bound.parent, bound.lookup = relation.field.name, relation.name
        else:
            bound.parent = relation.related_query_name()
        bound.fields = tuple(each.bind(bound.model_of_child) for each in self.fields)
        return bound

    @property
    def model_of_child(self) -> type[Model]:
        """The related model; bound fields only."""
        if self.child is None:
            raise TypeError(f"{self.name} is not bound to a model")
        return self.child

    def reader(self, plan: Plan) -> Reader:
        child, parent, order, where = self.model_of_child, self.parent, self.order, self.where
        inner = Plan(child, plan.base)
        key = inner.column(parent)
        readers = reads_of(self.fields, inner)

        def load(keys: list[Any], user: Any) -> dict[Any, Any]:
            rows = child._default_manager.filter(**{f"{parent}__in": set(keys)}).order_by(*order)
            if where is not None:
                rows = rows.filter(where)
            found: dict[Any, list[Any]] = {}
            for row in inner.extend(list(rows.values_list(*inner.columns)), user):
                found.setdefault(row[key], []).append(build(readers, row))
            return found

        index = plan.loader("pk", load)
        if self.mandatory:
            return lambda row: [] if row[index] is None else row[index]
        return lambda row: row[index]

    def load(self, value: Any, out: dict[str, Any], intake: Intake, path: str) -> None:
        if not isinstance(value, list):
            intake.fault(path, "attribute.type", sentences.WRONG_TYPE, expected=sentences.AN_ARRAY)
            return
        if len(value) > MOST_ELEMENTS:
            intake.fault(path, "attribute.tooMany", sentences.TOO_MANY, n=MOST_ELEMENTS)
            return
        if self.required and not value:
            intake.fault(path, "attribute.required", sentences.AT_LEAST_ONE)
        out[self.arg] = elements(self.fields, value, intake, path)

    def clear(self, out: dict[str, Any], intake: Intake, path: str) -> None:
        if self.required:
            intake.fault(path, "attribute.required", sentences.NOT_REMOVABLE)
        else:
            out[self.arg] = []

    def filters(self, scope: Scope) -> Iterator[Filter]:
        if self.filterable:
            inner = scope.inside(self.name, self.lookup, self.model_of_child, many=True)
            # Paths of a nested scope lead through the relation; columns are looked up in the child model.
            for each in self.fields:
                yield from each.filters(inner)

    def schema(self, model: type[Model]) -> Schema:
        found = {**super().schema(model), "items": object_schema(self.fields, self.model_of_child)}
        return {**found, "minItems": 1} if self.required else found


class List(Field):
    """An array in a JSON column (or in a task's body) whose elements are objects of these `fields`.

    Reads the column as it is; a door gets a list of dicts, `data.raw` has the elements as sent.
    """

    json_type = "array"
    empty: Any = ()

    def __init__(
        self, name: str, fields: Sequence[Field], *, column: str = "", **flags: Unpack[Flags]
    ) -> None:
        super().__init__(name, column, **flags)
        self.fields = tuple(fields)
        self.sortable = False
        self.filterable = False

    def bind(self, model: type[Model]) -> Self:
        bound = super().bind(model)
        bound.fields = tuple(each.bind(model) for each in self.fields)
        return bound

    def load(self, value: Any, out: dict[str, Any], intake: Intake, path: str) -> None:
        if not isinstance(value, list) or len(value) > MOST_ELEMENTS:
            intake.fault(path, "attribute.type", sentences.WRONG_TYPE, expected=sentences.AN_ARRAY)
            return
        if self.required and not value:
            intake.fault(path, "attribute.required", sentences.AT_LEAST_ONE)
        out[self.arg] = elements(self.fields, value, intake, path)

    def schema(self, model: type[Model]) -> Schema:
        return {**super().schema(model), "items": object_schema(self.fields, model)}


class Computed(Field):
    """A value made by a function of columns; filterable by `where` (a column path or a Filter)."""

    json_type = None

    def __init__(
        self,
        name: str,
        columns: Sequence[str],
        function: Callable[..., Any],
        *,
        schema: Schema | None = None,
        where: str | Filter | None = None,
        **flags: Unpack[Flags],
    ) -> None:
        super().__init__(name, columns[0], **flags)
        self.columns, self.function, self.shape, self.where = tuple(columns), function, schema, where
        self.read_only = True
        self.sortable = isinstance(where, str) and self.sortable

    def bind(self, model: type[Model]) -> Self:
        return copy(self)

    def reader(self, plan: Plan) -> Reader:
        indices, function = [plan.column(path) for path in self.columns], self.function
        return lambda row: function(*(row[index] for index in indices))

    def filters(self, scope: Scope) -> Iterator[Filter]:
        yield from _where(self, scope, self.where)

    def sorts(self, scope: Scope) -> Iterator[tuple[str, str]]:
        if self.sortable and isinstance(self.where, str):
            yield scope.dotted(self.name), scope.lookup(self.where)

    def schema(self, model: type[Model]) -> Schema:
        return {**super().schema(model), **(self.shape or {"type": "string"})}

    def columns_used(self) -> set[str]:
        return {path.partition("__")[0] for path in self.columns}


class Batch(Field):
    """Values of another source for a whole page at once: `load(keys, user) -> {key: JSON value}`."""

    json_type = None

    def __init__(
        self,
        name: str,
        load: Callable[[list[Any], Any], Mapping[Any, Any]],
        *,
        columns: Sequence[str] = ("pk",),
        schema: Schema | None = None,
        where: str | Filter | None = None,
        **flags: Unpack[Flags],
    ) -> None:
        super().__init__(name, columns[0], **flags)
        self.source, self.shape, self.where = load, schema, where
        self.read_only = True
        self.sortable = False

    def bind(self, model: type[Model]) -> Self:
        return copy(self)

    def reader(self, plan: Plan) -> Reader:
        source = self.source

        def load(keys: list[Any], user: Any) -> dict[Any, Any]:
            return dict(source(keys, user))

        empty: Any = [] if self.mandatory and (self.shape or {}).get("type") == "array" else None
        index = plan.loader(self.column, load, empty)
        return lambda row: row[index]

    def filters(self, scope: Scope) -> Iterator[Filter]:
        yield from _where(self, scope, self.where)

    def schema(self, model: type[Model]) -> Schema:
        return {**super().schema(model), **(self.shape or {"type": "object"})}

    def columns_used(self) -> set[str]:
        return set()


def elements(fields: Sequence[Field], value: list[Any], intake: Intake, path: str) -> list[dict[str, Any]]:
    """The objects of an array, each loaded by `fields`."""
    found = []
    for index, element in enumerate(value):
        here = f"{path}[{index}]"
        if not isinstance(element, dict):
            intake.fault(here, "attribute.type", sentences.WRONG_TYPE, expected=sentences.AN_OBJECT)
            continue
        inner: dict[str, Any] = {}
        load_all(fields, element, inner, intake, here)
        found.append(inner)
    return found


def _where(one: Field, scope: Scope, where: str | Filter | None) -> Iterator[Filter]:
    if where is None or not one.filterable:
        return
    if isinstance(where, str):
        yield Filter(scope.dotted(one.name), scope.lookup(where), many=scope.many)
    else:
        yield where


def _relation(model: type[Model], name: str) -> Any:
    """The reverse foreign key or many-to-many of that accessor."""
    for relation in model._meta.related_objects:
        if name in {relation.get_accessor_name(), relation.name}:
            return relation
    found: Any = model._meta.get_field(name)
    if not isinstance(found, ManyToManyField | ManyToOneRel | ManyToManyRel):
        raise TypeError(f"{model.__name__}.{name} is not a to-many relation")
    return found
