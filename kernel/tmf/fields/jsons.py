"""Fields over JSON columns, and what a JSON value must be to get into one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Unpack

from django.db.models import JSONField, Lookup, Model, Q

from kernel.filtering import Filter
from kernel.tmf import sentences
from kernel.tmf.fields.base import Field, Flags, Intake, Plan, Reader, Schema, Scope
from kernel.tmf.fields.scalars import UNPRINTABLE
from kernel.tmf.render import number

MOST_ELEMENTS = 1000
MOST_DEPTH = 20


class Json(Field):
    """A JSON column as it is. `schema` describes it; its `type` and the `required` of an object are checked."""

    json_type = None

    def __init__(
        self, name: str, column: str = "", *, schema: Schema | None = None, **flags: Unpack[Flags]
    ) -> None:
        super().__init__(name, column, **flags)
        self.shape: Schema = schema or {"type": "object"}
        self.filterable = flags.get("filter", False)
        self.sortable = False
        self.empty = {"array": [], "object": {}}.get(self.shape.get("type", ""))

    def reader(self, plan: Plan) -> Reader:
        index = plan.column(self.column)
        if self.mandatory:
            return lambda row: row[index]
        return lambda row: row[index] or None

    def python(self, value: Any, intake: Intake, path: str) -> Any:
        if not fits(value, self.shape, intake, path):
            return None
        return tame(value, intake, path)

    def clear(self, out: dict[str, Any], intake: Intake, path: str) -> None:
        if self.required:
            intake.fault(path, "attribute.required", sentences.NOT_REMOVABLE)
        else:
            out[self.arg] = None if self.nullable else self.empty

    def schema(self, model: type[Model]) -> Schema:
        return {**super().schema(model), **self.shape}


class Characteristics(Field):
    """A JSON object column `{name: value}` shown as TMF's characteristic array, and taken back from it."""

    json_type = "array"
    empty: Any = ()

    def __init__(self, name: str, column: str = "characteristics", **flags: Unpack[Flags]) -> None:
        super().__init__(name, column, **flags)
        self.sortable = False

    def reader(self, plan: Plan) -> Reader:
        index, always = plan.column(self.column), self.mandatory

        def read(row: tuple[Any, ...]) -> list[dict[str, Any]] | None:
            if not row[index]:
                return [] if always else None
            return [
                {"name": name, "value": value, "valueType": _TYPES.get(type(value), "object")}
                for name, value in row[index].items()
            ]

        return read

    def python(self, value: Any, intake: Intake, path: str) -> dict[str, Any] | None:
        if not isinstance(value, list):
            intake.fault(path, "attribute.type", sentences.WRONG_TYPE, expected=sentences.AN_ARRAY)
            return None
        found: dict[str, Any] = {}
        for index, element in enumerate(value):
            here = f"{path}[{index}]"
            if not isinstance(element, dict) or not isinstance(element.get("name"), str):
                intake.fault(
                    here, "attribute.type", sentences.WRONG_TYPE, expected=sentences.A_CHARACTERISTIC
                )
            elif "value" not in element:
                intake.fault(f"{here}.value", "attribute.required", sentences.REQUIRED)
            elif element["name"] in found:
                intake.fault(f"{here}.name", "attribute.value", sentences.TWICE)
            else:
                found[element["name"]] = tame(element["value"], intake, f"{here}.value")
        return found

    def clear(self, out: dict[str, Any], intake: Intake, path: str) -> None:
        if self.required:
            intake.fault(path, "attribute.required", sentences.NOT_REMOVABLE)
        else:
            out[self.arg] = {}

    def filters(self, scope: Scope) -> Iterator[Filter]:
        if not self.filterable:
            return
        path, inner = scope.lookup(self.column), scope.inside(self.name)

        def named(operator: str, values: tuple[str, ...]) -> Q:
            match = Q(**{f"{path}__has_any_keys": list(values)})
            return ~match if operator == "not" else match

        def valued(operator: str, values: tuple[str, ...]) -> Q:
            match = Q(**{f"{path}__has_value": list(values)})
            return ~match if operator == "not" else match

        operators = ("eq", "not", "in")
        yield Filter(inner.dotted("name"), path, "text", operators=operators, many=scope.many, build=named)
        yield Filter(inner.dotted("value"), path, "text", operators=operators, many=scope.many, build=valued)

    def schema(self, model: type[Model]) -> Schema:
        item = {
            "type": "object",
            "required": ["name", "value"],
            "properties": {"name": {"type": "string"}, "value": {}, "valueType": {"type": "string"}},
        }
        return {**super().schema(model), "items": item}


_TYPES: dict[type, str] = {str: "string", bool: "boolean", int: "number", float: "number", list: "array"}


@JSONField.register_lookup
class HasValue(Lookup):
    """`{path}__has_value=[texts]`: some value of a JSON object, as text, is one of them."""

    lookup_name = "has_value"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = self.process_lhs(compiler, connection)
        sql = (
            f"EXISTS (SELECT 1 FROM jsonb_each_text(CASE jsonb_typeof({column}) WHEN 'object' THEN {column} END) AS c"
            " WHERE c.value = ANY(%s))"
        )
        return sql, (*params, *params, list(self.rhs))


def fits(value: Any, shape: Schema, intake: Intake, path: str) -> bool:
    """Check type, enumeration, items and required attributes of a JSON value against a schema; notes what is wrong."""
    wanted = shape.get("type")
    if wanted and not _IS[wanted](value):
        intake.fault(path, "attribute.type", sentences.WRONG_TYPE, expected=_EXPECTED.get(wanted, wanted))
        return False
    if "enum" in shape and value not in shape["enum"]:
        words = ", ".join(map(str, shape["enum"]))
        intake.fault(path, "attribute.value", sentences.WRONG_WORD, words=words)
        return False
    if isinstance(value, list) and "items" in shape:
        parts = [
            fits(one, shape["items"], intake, f"{path}[{n}]") for n, one in enumerate(value[:MOST_ELEMENTS])
        ]
        return all(parts)
    return _object_fits(value, shape, intake, path) if isinstance(value, dict) else True


def _object_fits(value: dict[str, Any], shape: Schema, intake: Intake, path: str) -> bool:
    missing = [name for name in shape.get("required", ()) if value.get(name) is None]
    for name in missing:
        intake.fault(f"{path}.{name}", "attribute.required", sentences.REQUIRED)
    given = {
        name: inner for name, inner in shape.get("properties", {}).items() if value.get(name) is not None
    }
    parts = [fits(value[name], inner, intake, f"{path}.{name}") for name, inner in given.items()]
    return not missing and all(parts)


_IS: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float | Decimal) and not isinstance(value, bool),
}


_EXPECTED: dict[str, Any] = {
    "object": sentences.AN_OBJECT,
    "array": sentences.AN_ARRAY,
    "string": sentences.A_STRING,
    "boolean": sentences.A_TRUTH,
    "integer": sentences.A_WHOLE_NUMBER,
    "number": sentences.A_NUMBER,
}


def tame(value: Any, intake: Intake, path: str, depth: int = 0) -> Any:
    """A JSON value that a jsonb column can hold: no NUL, no lone surrogates, no Decimal, bounded depth and size."""
    if depth > MOST_DEPTH:
        intake.fault(path, "attribute.tooDeep", sentences.TOO_DEEP, n=MOST_DEPTH)
        return None
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, str) and UNPRINTABLE.search(value):
        intake.fault(path, "attribute.value", sentences.UNPRINTABLE)
        return None
    if isinstance(value, list):
        if len(value) > MOST_ELEMENTS:
            intake.fault(path, "attribute.tooMany", sentences.TOO_MANY, n=MOST_ELEMENTS)
            return None
        return [tame(element, intake, path, depth + 1) for element in value]
    if isinstance(value, dict):
        bad = [key for key in value if UNPRINTABLE.search(key)]
        if bad:
            intake.fault(path, "attribute.value", sentences.UNPRINTABLE)
            return None
        return {key: tame(element, intake, path, depth + 1) for key, element in value.items()}
    return value
