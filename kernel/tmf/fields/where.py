"""Filters of attributes that are no plain comparison with a column."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from kernel.filtering import Condition, Filter
from kernel.tmf.fields.base import Scope, column_of


def by_id(scope: Scope, name: str, column: str) -> Filter:
    """Filter by an identifier: what is no id of ours matches nothing, instead of being an error (ids are free text)."""
    path = scope.lookup(column)
    kind = column_of(scope.model, column)

    def where(operator: str, values: tuple[str, ...]) -> Q:
        match = Q(**{f"{path}__in": ids_of(kind, values)})
        return ~match if operator == "not" else match

    return Filter(name, path, "id", operators=("eq", "not", "in"), many=scope.many, build=where)


def ids_of(kind: Any, values: tuple[str, ...]) -> list[Any]:
    """Texts that can be values of a column, converted; the others are left out."""
    if kind is not None and getattr(kind, "related_model", None) is not None:
        kind = kind.target_field
    found = []
    for value in values:
        try:
            found.append(value if kind is None else kind.to_python(value))
        except Exception:  # noqa: S112 - any refusal of a column's converter means: no such id
            continue
    return found


def lenient_number(scope: Scope, name: str, column: str) -> Filter:
    """Text over a numeric column: other texts match nothing."""
    path = scope.lookup(column)

    def where(operator: str, values: tuple[str, ...]) -> Q:
        numbers = [int(value) for value in values if value.lstrip("-").isdigit() and len(value) < 19]
        if operator in {"gt", "gte", "lt", "lte"}:
            match = Q()
            for value in numbers:
                match |= Q(**{f"{path}__{operator}": value})
            return match
        match = Q(**{f"{path}__in": numbers})
        return ~match if operator == "not" else match

    operators = ("eq", "not", "in", "gt", "gte", "lt", "lte")
    return Filter(name, path, "id", operators=operators, many=scope.many, build=where)


def always(scope: Scope, name: str, texts: set[str]) -> Filter:
    """Filter by an attribute that reads the same on every row: all rows or none."""

    def where(operator: str, values: tuple[str, ...]) -> Q:
        hit = bool(texts & set(values))
        return Q() if hit is (operator != "not") else Q(pk__in=[])

    return Filter(name, scope.lookup("pk"), "const", operators=("eq", "not", "in"), build=where)


def present(scope: Scope, name: str, words: list[tuple[str, str]]) -> Filter:
    """Filter by a word that an element shows when its column is set."""

    def where(operator: str, values: tuple[str, ...]) -> Q:
        match = Q(pk__in=[])
        for column, word in words:
            if word in values:
                match |= Q(**{f"{scope.lookup(column)}__isnull": False})
        return ~match if operator == "not" else match

    return Filter(
        name, scope.lookup("pk"), "const", operators=("eq", "not", "in"), many=scope.many, build=where
    )


def either(filters: list[Filter]) -> Filter:
    """One filter that holds when any of several does."""
    first = filters[0]
    if len(filters) == 1:
        return first

    def where(operator: str, values: tuple[str, ...]) -> Q:
        match = Q()
        positive = "eq" if operator == "not" else operator
        for each in filters:
            match |= Condition(each, positive, values).q()
        return ~match if operator == "not" else match

    return Filter(first.name, first.path, first.kind, operators=first.operators, many=first.many, build=where)
