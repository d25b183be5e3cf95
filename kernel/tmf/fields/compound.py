"""Objects made from several columns of the same row: money, quantities, periods, nested objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from decimal import Decimal
from typing import Any, Self, Unpack

from django.db.models import Model

from kernel.errors import Invalid
from kernel.filtering import Filter
from kernel.money import Money as Amount
from kernel.tmf import sentences
from kernel.tmf.fields.base import (
    Field,
    Flags,
    Intake,
    Plan,
    Reader,
    Row,
    Schema,
    Scope,
    build,
    column_of,
    load_all,
    reads_of,
)
from kernel.tmf.fields.scalars import as_date, as_datetime, as_number
from kernel.tmf.fields.where import always, either
from kernel.tmf.render import day, number, stamp


def constant(column: str) -> str | None:
    """The text of a quoted constant given in place of a column: `"'EUR'"` → EUR."""
    return column[1:-1] if column[:1] == "'" else None


class Pair(Field):
    """A number with its unit; base of Money and Quantity."""

    json_type = "object"
    value_name, unit_name = "value", "unit"

    def __init__(self, name: str, value: str, unit: str, **flags: Unpack[Flags]) -> None:
        super().__init__(name, value, **flags)
        self.unit = unit

    def reader(self, plan: Plan) -> Reader:
        value, word = plan.column(self.column), constant(self.unit)
        value_name, unit_name = self.value_name, self.unit_name
        unit = -1 if word is not None else plan.column(self.unit)

        def read(row: Row) -> dict[str, Any] | None:
            if row[value] is None:
                return None
            return {unit_name: row[unit] if word is None else word, value_name: number(row[value])}

        return read

    def filters(self, scope: Scope) -> Iterator[Filter]:
        if not self.filterable:
            return
        inner = scope.inside(self.name)
        numeric = ("eq", "not", "gt", "gte", "lt", "lte", "in")
        yield Filter(
            inner.dotted(self.value_name),
            scope.lookup(self.column),
            "number",
            operators=numeric,
            many=scope.many,
        )
        if (word := constant(self.unit)) is not None:
            yield always(scope, inner.dotted(self.unit_name), {word})
        else:
            yield Filter(inner.dotted(self.unit_name), scope.lookup(self.unit), "text", many=scope.many)

    def sorts(self, scope: Scope) -> Iterator[tuple[str, str]]:
        if self.sortable:
            yield scope.inside(self.name).dotted(self.value_name), scope.lookup(self.column)

    def split(self, value: Any, intake: Intake, path: str) -> tuple[Decimal, str] | None:
        """Number and unit of a JSON object, or None after a fault."""
        if not isinstance(value, dict):
            intake.fault(path, "attribute.type", sentences.WRONG_TYPE, expected=sentences.AN_OBJECT)
            return None
        amount = as_number(value.get(self.value_name), intake, f"{path}.{self.value_name}")
        unit = value.get(self.unit_name) or constant(self.unit)
        if not isinstance(unit, str):
            intake.fault(f"{path}.{self.unit_name}", "attribute.required", sentences.REQUIRED)
            return None
        return None if amount is None else (Decimal(amount), unit)

    def schema(self, model: type[Model]) -> Schema:
        parts = {self.unit_name: {"type": "string"}, self.value_name: {"type": "number"}}
        return {**super().schema(model), "properties": parts, "required": [self.value_name]}

    def columns_used(self) -> set[str]:
        return super().columns_used() | (set() if constant(self.unit) else {self.unit.partition("__")[0]})


class Money(Pair):
    """`{unit, value}`: the currency's code and a JSON number; a door gets `kernel.money.Money`."""

    def __init__(
        self, name: str, amount: str = "", currency: str = "currency", **flags: Unpack[Flags]
    ) -> None:
        super().__init__(name, amount, currency, **flags)

    def python(self, value: Any, intake: Intake, path: str) -> Amount | None:
        parts = self.split(value, intake, path)
        if parts is None:
            return None
        try:
            return Amount(*parts)
        except Invalid:
            intake.fault(f"{path}.unit", "money.currency", sentences.WRONG_CURRENCY)
            return None


class Quantity(Pair):
    """`{amount, units}`; a door gets the Decimal. A client's other unit than the constant one is refused."""

    value_name, unit_name = "amount", "units"

    def __init__(self, name: str, amount: str = "", units: str = "units", **flags: Unpack[Flags]) -> None:
        super().__init__(name, amount, units, **flags)

    def python(self, value: Any, intake: Intake, path: str) -> Decimal | None:
        parts = self.split(value, intake, path)
        if parts is None:
            return None
        word = constant(self.unit)
        if word is not None and parts[1] != word:
            intake.fault(f"{path}.units", "attribute.value", sentences.WRONG_UNIT, unit=word)
            return None
        return parts[0]

    def load(self, value: Any, out: dict[str, Any], intake: Intake, path: str) -> None:
        super().load(value, out, intake, path)
        if constant(self.unit) is None and isinstance(value, dict) and isinstance(value.get("units"), str):
            out[self.unit] = value["units"]


class Period(Field):
    """`{startDateTime, endDateTime}` over two date or date-time columns; a null end is open."""

    json_type = "object"

    def __init__(self, name: str, start: str = "start", end: str = "end", **flags: Unpack[Flags]) -> None:
        super().__init__(name, start, **flags)
        self.end = end
        self.days = False

    def bind(self, model: type[Model]) -> Self:
        bound = super().bind(model)
        column = column_of(model, self.column)
        bound.days = column is not None and column.get_internal_type() == "DateField"
        return bound

    def reader(self, plan: Plan) -> Reader:
        start, end = plan.column(self.column), plan.column(self.end)
        show: Callable[[Any], str] = day if self.days else stamp

        def read(row: Row) -> dict[str, Any] | None:
            found = {}
            if row[start] is not None:
                found["startDateTime"] = show(row[start])
            if row[end] is not None:
                found["endDateTime"] = show(row[end])
            return found or None

        return read

    def load(self, value: Any, out: dict[str, Any], intake: Intake, path: str) -> None:
        if not isinstance(value, dict):
            intake.fault(path, "attribute.type", sentences.WRONG_TYPE, expected=sentences.A_PERIOD)
            return
        convert = as_date if self.days else as_datetime
        found: dict[str, Any] = {}
        for name, column in (("startDateTime", self.column), ("endDateTime", self.end)):
            given = value.get(name)
            found[column] = None if given is None else convert(given, intake, f"{path}.{name}")
        start, end = found[self.column], found[self.end]
        if start is not None and end is not None and end < start:
            intake.fault(path, "period.reversed", sentences.REVERSED)
        if start is None:
            del found[self.column]  # the door's own default start
        out.update(found)

    def clear(self, out: dict[str, Any], intake: Intake, path: str) -> None:
        if self.required:
            intake.fault(path, "attribute.required", sentences.NOT_REMOVABLE)
            return
        if self.nullable:
            out[self.column] = None
        out[self.end] = None

    def filters(self, scope: Scope) -> Iterator[Filter]:
        if not self.filterable:
            return
        inner, kind = scope.inside(self.name), "date" if self.days else "datetime"
        operators = ("eq", "not", "gt", "gte", "lt", "lte", "in")
        for name, column in (("startDateTime", self.column), ("endDateTime", self.end)):
            yield Filter(inner.dotted(name), scope.lookup(column), kind, operators=operators, many=scope.many)

    def sorts(self, scope: Scope) -> Iterator[tuple[str, str]]:
        if self.sortable:
            inner = scope.inside(self.name)
            yield inner.dotted("startDateTime"), scope.lookup(self.column)
            yield inner.dotted("endDateTime"), scope.lookup(self.end)

    def schema(self, model: type[Model]) -> Schema:
        instant = {"type": "string", "format": "date-time"}
        return {**super().schema(model), "properties": {"startDateTime": instant, "endDateTime": instant}}

    def columns_used(self) -> set[str]:
        return {self.column, self.end}


class Object(Field):
    """A nested object whose attributes are columns of the same row; left out when all of them are.

    A door gets a dict under `arg`, or the attributes themselves with `flat=True`.
    """

    json_type = "object"
    empty: Any = {}

    def __init__(
        self, name: str, fields: Sequence[Field], *, flat: bool = False, **flags: Unpack[Flags]
    ) -> None:
        super().__init__(name, **flags)
        self.fields = tuple(fields)
        self.flat = flat
        self.sortable = flags.get("sort", True)

    def bind(self, model: type[Model]) -> Self:
        bound = copy(self)
        bound.fields = tuple(each.bind(model) for each in self.fields)
        return bound

    def reader(self, plan: Plan) -> Reader:
        readers = reads_of(self.fields, plan)
        # An object of constants alone says nothing.
        telling = {each.name for each in self.fields if each.columns_used()}

        def read(row: Row) -> dict[str, Any] | None:
            found = build(readers, row)
            return found if telling & found.keys() else None

        return read

    def load(self, value: Any, out: dict[str, Any], intake: Intake, path: str) -> None:
        if not isinstance(value, dict):
            intake.fault(path, "attribute.type", sentences.WRONG_TYPE, expected=sentences.AN_OBJECT)
            return
        inner = out if self.flat else out.setdefault(self.arg, {})
        load_all(self.fields, value, inner, intake, path)

    def clear(self, out: dict[str, Any], intake: Intake, path: str) -> None:
        if self.required:
            intake.fault(path, "attribute.required", sentences.NOT_REMOVABLE)
        elif self.flat:
            for each in self.fields:
                if each.writable(creating=intake.creating):
                    each.clear(out, intake, f"{path}.{each.name}")
        else:
            out[self.arg] = None

    def filters(self, scope: Scope) -> Iterator[Filter]:
        if self.filterable:
            inner = scope.inside(self.name)
            for each in self.fields:
                yield from each.filters(inner)

    def sorts(self, scope: Scope) -> Iterator[tuple[str, str]]:
        if self.sortable:
            inner = scope.inside(self.name)
            for each in self.fields:
                yield from each.sorts(inner)

    def schema(self, model: type[Model]) -> Schema:
        return {**super().schema(model), **object_schema(self.fields, model)}

    def columns_used(self) -> set[str]:
        return set().union(*(each.columns_used() for each in self.fields))


class Array(Field):
    """An array of objects, each made from columns of the same row (`contactMedium`, `characteristic`); read-only."""

    json_type = "array"
    empty: Any = ()

    def __init__(self, name: str, *objects: Sequence[Field], **flags: Unpack[Flags]) -> None:
        super().__init__(name, **flags)
        self.objects = tuple(Object(name, fields) for fields in objects)
        self.read_only = True
        self.sortable = False

    def bind(self, model: type[Model]) -> Self:
        bound = copy(self)
        bound.objects = tuple(each.bind(model) for each in self.objects)
        return bound

    def reader(self, plan: Plan) -> Reader:
        readers = [each.reader(plan) for each in self.objects]
        if self.mandatory:
            return lambda row: [value for read in readers if (value := read(row)) is not None]
        return lambda row: [value for read in readers if (value := read(row)) is not None] or None

    def filters(self, scope: Scope) -> Iterator[Filter]:
        if not self.filterable:
            return
        found: dict[str, list[Filter]] = {}
        for each in self.objects:
            for one in each.filters(scope):
                found.setdefault(one.name, []).append(one)
        for several in found.values():
            yield either(several)

    def schema(self, model: type[Model]) -> Schema:
        return {**super().schema(model), "items": self.objects[0].schema(model)}

    def columns_used(self) -> set[str]:
        return set().union(*(each.columns_used() for each in self.objects))


def object_schema(fields: Sequence[Field], model: type[Model]) -> Schema:
    """`properties` and `required` of a nested object."""
    found: Schema = {"type": "object", "properties": {each.name: each.schema(model) for each in fields}}
    if required := [each.name for each in fields if each.required]:
        found["required"] = required
    return found
