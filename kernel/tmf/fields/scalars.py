"""Fields over one column: text, numbers, truth, dates, words of an enumeration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Self, Unpack

from django.db.models import Case, CharField, Model, Q, TextChoices, Value, When
from django.db.models.lookups import Regex
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from kernel.errors import Invalid
from kernel.filtering import Filter, safe_pattern
from kernel.tmf import sentences
from kernel.tmf.fields.base import Field, Flags, Intake, Plan, Reader, Schema, Scope, column_of
from kernel.tmf.fields.where import always, by_id, lenient_number
from kernel.tmf.render import day, number, stamp

UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")


class Text(Field):
    """A string. Without `max_length` the column's own length counts; an empty optional text is left out."""

    empty = ""

    def __init__(
        self,
        name: str,
        column: str = "",
        *,
        max_length: int | None = None,
        pattern: str = "",
        **flags: Unpack[Flags],
    ) -> None:
        super().__init__(name, column, **flags)
        self.max_length = max_length
        self.pattern = re.compile(pattern) if pattern else None

    def reader(self, plan: Plan) -> Reader:
        index = plan.column(self.column)
        kind = column_of(plan.model, self.column)
        if kind is not None and kind.get_internal_type() not in {"CharField", "TextField"}:
            return lambda row: None if row[index] in {None, ""} else str(row[index])
        return lambda row: row[index] or None

    def bind(self, model: type[Model]) -> Self:
        bound = super().bind(model)
        bound.max_length = self.max_length or getattr(column_of(model, self.column), "max_length", None)
        return bound

    def python(self, value: Any, intake: Intake, path: str) -> str | None:
        if not isinstance(value, str):
            intake.fault(path, "attribute.type", sentences.WRONG_TYPE, expected=sentences.A_STRING)
        elif UNPRINTABLE.search(value):
            intake.fault(path, "attribute.value", sentences.UNPRINTABLE)
        elif self.max_length and len(value) > self.max_length:
            intake.fault(path, "attribute.tooLong", sentences.TOO_LONG, n=self.max_length)
        elif self.pattern and not self.pattern.fullmatch(value):
            intake.fault(path, "attribute.value", sentences.WRONG_PATTERN, pattern=self.pattern.pattern)
        elif self.required and not value.strip():
            intake.fault(path, "attribute.required", sentences.NOT_EMPTY)
        else:
            return value
        return None

    def clear(self, out: dict[str, Any], intake: Intake, path: str) -> None:
        if self.required:
            intake.fault(path, "attribute.required", sentences.NOT_REMOVABLE)
        else:
            out[self.arg] = ""

    def schema(self, model: type[Model]) -> Schema:
        found = super().schema(model)
        if self.max_length:
            found["maxLength"] = self.max_length
        if self.pattern:
            found["pattern"] = self.pattern.pattern
        return found

    def filters(self, scope: Scope) -> Iterator[Filter]:
        if not self.filterable:
            return
        kind = column_of(scope.model, self.column)
        if kind is not None and kind.get_internal_type() == "UUIDField":
            yield by_id(scope, scope.dotted(self.name), self.column)
        elif kind is not None and "Integer" in kind.get_internal_type():
            yield lenient_number(scope, scope.dotted(self.name), self.column)
        else:
            yield self.by(scope, scope.dotted(self.name), self.column, "text")


class Number(Field):
    """A JSON number; `integer=True` allows whole ones only."""

    kind = "number"
    json_type = "number"
    operators = ("eq", "not", "gt", "gte", "lt", "lte", "in")

    def __init__(
        self,
        name: str,
        column: str = "",
        *,
        integer: bool = False,
        minimum: int | Decimal | None = None,
        maximum: int | Decimal | None = None,
        **flags: Unpack[Flags],
    ) -> None:
        super().__init__(name, column, **flags)
        self.integer, self.minimum, self.maximum = integer, minimum, maximum

    def reader(self, plan: Plan) -> Reader:
        index = plan.column(self.column)
        kind = column_of(plan.model, self.column)
        if kind is not None and kind.get_internal_type() != "DecimalField":
            return lambda row: row[index]
        return lambda row: None if row[index] is None else number(row[index])

    def python(self, value: Any, intake: Intake, path: str) -> Any:
        found = as_number(value, intake, path)
        if found is None:
            return None
        if self.integer:
            if found != int(found):
                intake.fault(path, "attribute.type", sentences.WRONG_TYPE, expected=sentences.A_WHOLE_NUMBER)
                return None
            found = int(found)
        if self.minimum is not None and found < self.minimum:
            intake.fault(path, "attribute.value", sentences.TOO_SMALL, n=self.minimum)
            return None
        if self.maximum is not None and found > self.maximum:
            intake.fault(path, "attribute.value", sentences.TOO_LARGE, n=self.maximum)
            return None
        return found

    def schema(self, model: type[Model]) -> Schema:
        found = super().schema(model)
        if self.integer:
            found["type"] = "integer"
        if self.minimum is not None:
            found["minimum"] = number(self.minimum)
        if self.maximum is not None:
            found["maximum"] = number(self.maximum)
        return found


class Bool(Field):
    """true or false."""

    kind = "bool"
    json_type = "boolean"
    operators = ("eq", "not")

    def python(self, value: Any, intake: Intake, path: str) -> bool | None:
        if isinstance(value, bool):
            return value
        intake.fault(path, "attribute.type", sentences.WRONG_TYPE, expected=sentences.A_TRUTH)
        return None


class DateTime(Field):
    """An instant, printed in UTC with six decimals and `Z`."""

    kind = "datetime"
    operators = ("eq", "not", "gt", "gte", "lt", "lte", "in")

    def reader(self, plan: Plan) -> Reader:
        index = plan.column(self.column)
        return lambda row: None if row[index] is None else stamp(row[index])

    def python(self, value: Any, intake: Intake, path: str) -> datetime | None:
        return as_datetime(value, intake, path)

    def schema(self, model: type[Model]) -> Schema:
        return {**super().schema(model), "format": "date-time"}


class Date(Field):
    """A calendar day over a date column; the standard's type is date-time, so it prints as its midnight."""

    kind = "date"
    operators = ("eq", "not", "gt", "gte", "lt", "lte", "in")

    def reader(self, plan: Plan) -> Reader:
        index = plan.column(self.column)
        return lambda row: None if row[index] is None else day(row[index])

    def python(self, value: Any, intake: Intake, path: str) -> date | None:
        return as_date(value, intake, path)

    def schema(self, model: type[Model]) -> Schema:
        return {**super().schema(model), "format": "date-time"}


class Choice(Field):
    """A word of an enumeration: the standard's outside, ours in the column.

    `words` maps stored → standard's word (emitted exactly as written there) or is a TextChoices whose values are
    the words. `aliases` maps further accepted words → stored. Blanks around a word are forgiven on the way in.
    """

    kind = "choice"

    def __init__(
        self,
        name: str,
        column: str = "",
        *,
        words: Mapping[Any, str] | type[TextChoices],
        aliases: Mapping[str, Any] | None = None,
        **flags: Unpack[Flags],
    ) -> None:
        super().__init__(name, column, **flags)
        self.words: dict[Any, str] = (
            {str(value): str(value) for value in words.values}
            if isinstance(words, type)
            else {getattr(stored, "value", stored): word for stored, word in words.items()}
        )
        self.stored: dict[str, list[Any]] = {}
        for stored, word in self.words.items():
            self.stored.setdefault(word.strip(), []).append(stored)
        for word, stored in (aliases or {}).items():
            self.stored.setdefault(word.strip(), []).append(getattr(stored, "value", stored))

    def reader(self, plan: Plan) -> Reader:
        index, words = plan.column(self.column), self.words
        return lambda row: words.get(row[index], row[index] or None)

    def python(self, value: Any, intake: Intake, path: str) -> Any:
        if isinstance(value, str) and value.strip() in self.stored:
            return self.stored[value.strip()][0]
        intake.fault(
            path, "attribute.value", sentences.WRONG_WORD, words=", ".join(dict.fromkeys(self.words.values()))
        )
        return None

    def filters(self, scope: Scope) -> Iterator[Filter]:
        if not self.filterable:
            return
        path, name = scope.lookup(self.column), scope.dotted(self.name)

        def where(operator: str, values: tuple[str, ...]) -> Q:
            if operator == "regex":
                return self._pattern(path, values)
            wanted = [stored for value in values for stored in self._stored(name, value)]
            match = Q(**{f"{path}__in": wanted})
            return ~match if operator == "not" else match

        yield Filter(
            name, path, "choice", operators=("eq", "not", "in", "regex"), many=scope.many, build=where
        )

    def _pattern(self, path: str, values: tuple[str, ...]) -> Q:
        """Words that fit a pattern, matched by the database, whose engine does not backtrack."""
        word = Case(
            *[When(**{path: stored}, then=Value(text)) for stored, text in self.words.items()],
            output_field=CharField(),
        )
        match = Q()
        for value in values:
            match |= Q(Regex(word, safe_pattern(value)))
        return match

    def _stored(self, name: str, word: str) -> list[Any]:
        found = self.stored.get(word.strip())
        if found is None:
            told = {"name": name, "value": word[:60], "words": ", ".join(self.stored)}
            raise Invalid(
                _("%(name)s: %(value)s is not one of %(words)s") % told,
                code="filter.value",
                fields={name: word[:60]},
            )
        return found

    def schema(self, model: type[Model]) -> Schema:
        return {**super().schema(model), "enum": list(dict.fromkeys(self.words.values()))}


class State(Choice):
    """The lifecycle's word. POST ignores it (unless `create_only`); a PATCH calls the resource's `moves`."""

    def __init__(
        self,
        name: str,
        column: str = "",
        *,
        words: Mapping[Any, str] | type[TextChoices],
        aliases: Mapping[str, Any] | None = None,
        **flags: Unpack[Flags],
    ) -> None:
        super().__init__(name, column, words=words, aliases=aliases, **flags)
        self.on_create = self.create_only
        self.create_only = False

    def writable(self, *, creating: bool) -> bool:
        return not self.read_only and (self.on_create or not creating)


class Type(Choice):
    """`@type` where rows of one resource are of several types."""

    def __init__(
        self,
        column: str,
        *,
        words: Mapping[Any, str] | type[TextChoices],
        aliases: Mapping[str, Any] | None = None,
        **flags: Unpack[Flags],
    ) -> None:
        super().__init__("@type", column, words=words, aliases=aliases, **flags)

    def python(self, value: Any, intake: Intake, path: str) -> Any:
        if isinstance(value, str) and value in self.stored:
            return self.stored[value][0]
        intake.fault(path, "type.unknown", sentences.WRONG_WORD, words=", ".join(self.stored))
        return None


class Const(Field):
    """The same value on every row; a client's own value is ignored."""

    json_type = None

    def __init__(self, name: str, value: Any, **flags: Unpack[Flags]) -> None:
        super().__init__(name, name, **flags)
        self.value = value
        self.read_only = True
        self.sortable = False

    def reader(self, plan: Plan) -> Reader:
        del plan
        value = self.value
        return lambda row: value

    def filters(self, scope: Scope) -> Iterator[Filter]:
        if self.filterable and isinstance(self.value, str):
            yield always(scope, scope.dotted(self.name), {self.value})

    def schema(self, model: type[Model]) -> Schema:
        kinds = {str: "string", bool: "boolean", int: "integer", list: "array", dict: "object"}
        found = super().schema(model)
        found["type"] = kinds.get(type(self.value), "number")
        if isinstance(self.value, list):
            found["items"] = {}
        return found

    def columns_used(self) -> set[str]:
        return set()


def as_number(value: Any, intake: Intake, path: str) -> Decimal | int | None:
    """A JSON number (never a string, never a truth value)."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        exact = Decimal(str(value))
        if abs(exact) < 10**30:
            return value if isinstance(value, int) else exact
    intake.fault(path, "attribute.type", sentences.WRONG_TYPE, expected=sentences.A_NUMBER)
    return None


def as_datetime(value: Any, intake: Intake, path: str) -> datetime | None:
    """ISO 8601 with a time zone; without one it is UTC; a bare day is its midnight."""
    found: datetime | None = None
    if isinstance(value, str):
        try:
            found = parse_datetime(value.strip())
            if found is None and (bare := parse_date(value.strip())):
                found = datetime(bare.year, bare.month, bare.day, tzinfo=UTC)
            found = found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
            found = found.astimezone(UTC) if found else None
        except (ValueError, OverflowError):
            found = None
    if found is None:
        intake.fault(path, "attribute.type", sentences.WRONG_TYPE, expected=sentences.AN_INSTANT)
    return found


def as_date(value: Any, intake: Intake, path: str) -> date | None:
    """The UTC day of a date or date-time."""
    found = as_datetime(value, intake, path)
    return None if found is None else found.date()
