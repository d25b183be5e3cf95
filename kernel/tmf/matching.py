"""A subscription's `query` (`eventType=…&event.x.state=…&fields=…`), evaluated on an event's JSON (TMF630 part 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from kernel.errors import Invalid
from kernel.tmf.query import Term, alternatives
from kernel.tmf.render import stamp

MOST_CHARACTERS = 1000
HEADINGS = ("eventId", "eventTime", "eventType", "timeOcurred", "correlationId")


@dataclass
class Wanted:
    """Groups are joined by AND, the terms of a group by OR."""

    groups: list[list[Term]] = field(default_factory=list)
    names: tuple[str, ...] = ()

    def takes_type(self, event_type: str) -> bool:
        """Whether the conditions on eventType alone let an event through (asked before it is rendered)."""
        only = [group for group in self.groups if all(term.name == "eventType" for term in group)]
        return all(any(_holds(term, [event_type]) for term in group) for group in only)

    def takes(self, payload: dict[str, Any]) -> bool:
        """Whether an event fits."""
        return all(
            any(_holds(term, list(values_at(payload, term.name))) for term in group) for group in self.groups
        )

    def project(self, payload: dict[str, Any], path: str) -> dict[str, Any]:
        """The event with only the asked attributes of the resource (thin payload); id and href always stay."""
        if not self.names:
            return payload
        kept = {
            "id",
            "href",
            *(name.removeprefix("event.").removeprefix(f"{path}.").split(".")[0] for name in self.names),
        }
        body = {name: value for name, value in payload["event"][path].items() if name in kept}
        return {**payload, "event": {path: body}}


def wanted_of(query: str, event_types: Sequence[str] = ()) -> Wanted:
    """Read a query. With `event_types` given, raises Invalid for a type this API does not announce."""
    if len(query) > MOST_CHARACTERS or "\x00" in query:
        raise Invalid(_("A query has at most %(n)d characters") % {"n": MOST_CHARACTERS}, code="hub.query")
    wanted = Wanted()
    for part in query.lstrip("?").split("&"):
        terms = [_split(term) for term in alternatives(part)] if part else []
        if terms and terms[0].name == "fields":
            wanted.names += terms[0].values
        elif terms:
            _check(terms, event_types)
            wanted.groups.append(terms)
    return wanted


def _split(term: Term) -> Term:
    parts = [one.strip().strip('"') for value in term.values for one in value.split(",")]
    return Term(term.name, term.operator, tuple(part for part in parts if part))


def _check(terms: Sequence[Term], event_types: Sequence[str]) -> None:
    for term in terms:
        if not term.values:
            raise Invalid(_("%(name)s needs a value") % {"name": term.name[:80]}, code="hub.query")
        if term.operator == "regex":
            # A pattern would run in the dispatcher, where one that backtracks badly would hold up everybody.
            raise Invalid(_("A query of the hub has no patterns: use .contains"), code="hub.query")
        if event_types and term.name == "eventType" and term.operator == "eq":
            known = {name.lower() for name in event_types}
            if unknown := [value for value in term.values if value.lower() not in known]:
                raise Invalid(
                    _("%(name)s is no event of this API; there are: %(known)s")
                    % {"name": unknown[0][:80], "known": ", ".join(event_types)},
                    code="hub.eventType",
                )


def values_at(value: Any, path: str) -> Iterator[Any]:
    """Every value at a dotted path; arrays stand for each of their elements.

    A path may start at the envelope (`event.productOrder.state`) or at the resource (`productOrder.state`).
    """
    if (
        isinstance(value, dict)
        and "event" in value
        and path.split(".")[0] not in {"event", *HEADINGS, *value}
    ):
        yield from _walk(value["event"], path.split("."))
    else:
        yield from _walk(value, path.split("."))


def _walk(value: Any, parts: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for element in value:
            yield from _walk(element, parts)
    elif not parts:
        if value is not None:
            yield value
    elif isinstance(value, dict) and parts[0] in value:
        yield from _walk(value[parts[0]], parts[1:])


def _holds(term: Term, found: list[Any]) -> bool:
    if term.operator == "not":
        return not any(_equal(value, text) for value in found for text in term.values)
    compare = _COMPARE[term.operator]
    return any(compare(value, text) for value in found for text in term.values)


def _equal(value: Any, text: str) -> bool:
    if isinstance(value, bool):
        return text.lower() == str(value).lower()
    if isinstance(value, int | float):
        return _number(text) == Decimal(str(value))
    return str(value).strip() == text or _instant(str(value)) == _instant(text) != ""


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _instant(text: str) -> str:
    from django.utils.dateparse import parse_datetime

    try:
        found = parse_datetime(text)
    except ValueError:
        return ""
    return stamp(found) if found is not None and found.tzinfo is not None else ""


def _order(value: Any, text: str) -> int | None:
    """-1, 0, 1 as `value` lies before, at or after the text; None when they cannot be compared."""
    left: Any = value
    right: Any = text
    if isinstance(value, int | float) and not isinstance(value, bool):
        left, right = Decimal(str(value)), _number(text)
    elif _instant(str(value)) and _instant(text):
        left, right = _instant(str(value)), _instant(text)
    else:
        left = str(value)
    return None if right is None else (left > right) - (left < right)


_COMPARE: dict[str, Any] = {
    "eq": _equal,
    "gt": lambda value, text: _order(value, text) == 1,
    "gte": lambda value, text: _order(value, text) in {0, 1},
    "lt": lambda value, text: _order(value, text) == -1,
    "lte": lambda value, text: _order(value, text) in {0, -1},
    "contains": lambda value, text: text.lower() in str(value).lower(),
}
