"""The one filter engine behind lists, REST and exports: named filters over columns, with operators.

A list or resource declares `Filter`s; `parse` turns query parameters into conditions, `apply` narrows a QuerySet.
Repeated values of one attribute are OR, different attributes are AND. Pages use `name__gte=`; REST uses
`name.gte=` and signs (kernel.tmf maps them); both end here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from kernel.errors import Invalid

Rows = TypeVar("Rows", bound=QuerySet[Any])

OPERATORS = ("eq", "not", "in", "gt", "gte", "lt", "lte", "contains", "regex", "empty")
REGEX_MAX = 100
VALUES_MAX = 200


@dataclass(frozen=True)
class Filter:
    """One filterable attribute.

    `path` is the ORM lookup it compares; `kind` one of text, number, money, date, datetime, choice, bool, uuid;
    `to_python`/`lookup` allow a resource to translate its own words (e.g. TMF states) to stored ones.
    """

    name: str
    path: str
    kind: str = "text"
    label: Any = ""
    choices: Sequence[tuple[Any, Any]] = ()
    translate: Mapping[str, Any] = field(default_factory=dict)
    operators: tuple[str, ...] = OPERATORS
    many: bool = False
    # Takes the place of the comparison with `path` where an attribute is no single column: (operator, values) → Q.
    build: Callable[[str, tuple[str, ...]], Q] | None = None

    def convert(self, raw: str) -> Any:
        """Typed value of one raw text; raises Invalid naming the filter."""
        if raw in self.translate:
            return self.translate[raw]
        try:
            return _CONVERT[self.kind](raw)
        except (ValueError, InvalidOperation, TypeError) as error:
            raise Invalid(
                _("%(value)s is not a valid value of %(name)s") % {"value": raw[:60], "name": self.name},
                code="filter.value",
                fields={self.name: str(error)},
            ) from error


@dataclass(frozen=True)
class Condition:
    """`filter` `operator` any of `values`."""

    filter: Filter
    operator: str
    values: tuple[str, ...]

    def q(self) -> Q:
        """The ORM condition."""
        path, operator = self.filter.path, self.operator
        if self.filter.build is not None:
            return self.filter.build(operator, self.values)
        if operator == "empty":
            blank = Q(**{f"{path}__isnull": True})
            if self.filter.kind == "text":
                blank |= Q(**{path: ""})
            return blank if self.values[0].lower() in {"1", "true", "yes"} else ~blank
        if operator == "regex":
            return _any(Q(**{f"{path}__regex": safe_pattern(value)}) for value in self.values)
        if operator == "contains":
            return _any(Q(**{f"{path}__icontains": value}) for value in self.values)
        converted = [self.filter.convert(value) for value in self.values]
        if operator in {"gt", "gte", "lt", "lte"}:
            return _any(Q(**{f"{path}__{operator}": value}) for value in converted)
        spans = [
            _span(self.filter.kind, raw, value) for raw, value in zip(self.values, converted, strict=True)
        ]
        match = _any(
            Q(**{f"{path}__gte": span[0], f"{path}__lt": span[1]}) if span else Q(**{path: value})
            for span, value in zip(spans, converted, strict=True)
        )
        if not any(spans) and len(converted) > 1:
            match = Q(**{f"{path}__in": converted})
        return ~match if operator == "not" else match


def apply(queryset: Rows, conditions: Iterable[Condition]) -> Rows:
    """Narrow a QuerySet; conditions on to-many paths go through a subquery so that rows never repeat."""
    for condition in conditions:
        if condition.filter.many:
            matching = queryset.model._default_manager.filter(condition.q()).values("pk")
            queryset = queryset.filter(pk__in=matching)
        else:
            queryset = queryset.filter(condition.q())
    return queryset


def parse(
    filters: Mapping[str, Filter], params: Iterable[tuple[str, Sequence[str]]], *, separator: str = "__"
) -> tuple[list[Condition], list[str]]:
    """Conditions of query parameters and the names that no filter knows.

    `params` holds (name, values); the name may end in `separator` + operator. Empty values are left out. Raises
    Invalid for a bad value, an operator the filter does not allow, an over-long expression or too many values.
    """
    conditions, unknown = [], []
    for name, raw_values in params:
        bare, _sep, operator = name.rpartition(separator)
        if not bare or operator not in OPERATORS:
            bare, operator = name, "eq"
        known = filters.get(bare)
        if known is None:
            unknown.append(name)
            continue
        values = tuple(value for value in raw_values if value != "")
        if not values:
            continue
        if operator == "in":
            values = tuple(part for value in values for part in value.split(",") if part)
            operator = "eq"
        if operator not in known.operators:
            raise Invalid(
                _("%(name)s cannot be compared with %(operator)s") % {"name": bare, "operator": operator},
                code="filter.operator",
            )
        if len(values) > VALUES_MAX:
            raise Invalid(
                _("At most %(n)d values for %(name)s") % {"n": VALUES_MAX, "name": bare},
                code="filter.tooMany",
            )
        condition = Condition(known, operator, values)
        condition.q()
        conditions.append(condition)
    return conditions, unknown


def _any(parts: Iterable[Q]) -> Q:
    result = Q()
    for part in parts:
        result |= part
    return result


def safe_pattern(value: str) -> str:
    """A pattern PostgreSQL may run: short, and without the constructs that backtrack badly."""
    if len(value) > REGEX_MAX:
        raise Invalid(
            _("A pattern has at most %(n)d characters") % {"n": REGEX_MAX}, code="filter.regexTooLong"
        )
    if "\\" in value and any(f"\\{digit}" in value for digit in "123456789"):
        raise Invalid(_("Back-references are not allowed in a pattern"), code="filter.regex")
    return value


def _datetime(raw: str) -> datetime:
    value = parse_datetime(raw)
    if value is None:
        day = parse_date(raw)
        if day is None:
            raise ValueError(_("write it as 2026-11-22T14:05:00Z"))
        value = datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
    return value if value.tzinfo else timezone.make_aware(value)


def _date(raw: str) -> date:
    value = parse_date(raw[:10])
    if value is None:
        raise ValueError(_("write it as 2026-11-22"))
    return value


def _bool(raw: str) -> bool:
    if raw.lower() in {"1", "true", "yes", "on"}:
        return True
    if raw.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError(_("true or false"))


def _span(kind: str, raw: str, value: Any) -> tuple[datetime, datetime] | None:
    """The interval that a shortened date-time stands for: a day, a second or a millisecond."""
    if kind != "datetime" or not isinstance(value, datetime):
        return None
    if len(raw) <= 10:
        return value, value + timedelta(days=1)
    digits = raw.split(".")[1].rstrip("Z").split("+")[0] if "." in raw else ""
    if len(digits) >= 6:
        return None
    return value.astimezone(UTC), value.astimezone(UTC) + timedelta(microseconds=10 ** (6 - len(digits)))


_CONVERT: dict[str, Any] = {
    "text": str,
    "choice": str,
    "number": lambda raw: int(raw) if raw.lstrip("-").isdigit() else Decimal(raw),
    "money": lambda raw: Decimal(raw.replace(",", ".")),
    "date": _date,
    "datetime": _datetime,
    "bool": _bool,
    "uuid": uuid.UUID,
}
