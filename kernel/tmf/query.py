"""The query string of a list: filters with operators and alternatives, sort, projection, page (TMF630 part 1, §4)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from kernel.errors import Invalid
from kernel.filtering import REGEX_MAX, VALUES_MAX, Condition, Filter

if TYPE_CHECKING:
    from kernel.tmf.resource import Resource

DEFAULT_LIMIT = 100
MOST_PARAMETERS = 60
RESERVED = frozenset({"fields", "sort", "offset", "limit", "cursor"})
# name, then a sign; the value is the rest. A name never holds a sign, so the first sign decides.
PAIR = re.compile(r"\s*([@\w.-]+?)\s*(>=|<=|\*=|=~|==|=|>|<)(.*)", re.DOTALL)
# A comma list with some of its values in quotes.
QUOTED = re.compile(r'"[^"]*"|[^",]+')
SIGNS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "=": "eq", "==": "eq", "*=": "regex", "=~": "regex"}
SUFFIXES = {
    "gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte", "eq": "eq", "ne": "not", "regex": "regex",
    "contains": "contains", "in": "eq",
}  # fmt: skip


@dataclass(frozen=True)
class Term:
    """One comparison as the client wrote it."""

    name: str
    operator: str
    values: tuple[str, ...]


@dataclass
class Query:
    """What a list request asks for. `groups` are joined by AND, the conditions of a group by OR."""

    groups: list[list[Condition]] = field(default_factory=list)
    names: frozenset[str] | None = None
    sort: list[str] = field(default_factory=list)
    offset: int = 0
    limit: int = DEFAULT_LIMIT
    paged: bool = False
    cursor: str | None = None
    patterns: bool = False
    exact: bool = False

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that fit."""
        for group in self.groups:
            match = Q()
            for condition in group:
                match |= where(rows.model, condition)
            rows = rows.filter(match)
        return rows


def where(model: Any, condition: Condition) -> Q:
    """Condition on rows of `model`; a to-many path goes through a subquery so that rows never repeat."""
    match = condition.q()
    if condition.filter.many:
        return Q(pk__in=model._default_manager.filter(match).values("pk"))
    return match


def parse(resource: Resource[Any], text: str) -> Query:
    """Read a raw query string. Raises Invalid (400) with a code for whatever is not offered."""
    query = Query(limit=min(DEFAULT_LIMIT, resource.max_limit))
    parts = [part for part in text.split("&") if part]
    if len(parts) > MOST_PARAMETERS:
        raise Invalid(_("At most %(n)d parameters") % {"n": MOST_PARAMETERS}, code="filter.tooMany")
    plain: dict[tuple[str, str], list[str]] = {}
    for part in parts:
        terms = alternatives(part)
        if len(terms) == 1 and terms[0].name in RESERVED:
            _reserved(query, resource, terms[0].name, ",".join(terms[0].values))
        elif len({(term.name, term.operator) for term in terms}) == 1:
            # The same attribute again is one more alternative, whichever way it was written.
            plain.setdefault((terms[0].name, terms[0].operator), []).extend(
                v for term in terms for v in term.values
            )
        else:
            query.groups.append([condition_of(resource.filters, term) for term in terms])
    for (name, operator), values in plain.items():
        query.groups.append([condition_of(resource.filters, Term(name, operator, tuple(values)))])
    query.patterns = any(one.operator in {"regex", "contains"} for group in query.groups for one in group)
    return query


def alternatives(part: str) -> list[Term]:
    """The comparisons of one `&`-part: `a=1`, `a>=1`, `a.gt=1`, `a=1;b=2`, `a=1;2`."""
    terms: list[Term] = []
    for piece in _split(part):
        text = unquote_plus(piece)
        found = PAIR.fullmatch(text)
        if found is None:
            if not terms:
                # A bare name (`flag`) compares with nothing and is refused by its name.
                terms.append(Term(text.strip(), "eq", ("",)))
            else:
                last = terms[-1]
                terms[-1] = Term(last.name, last.operator, (*last.values, text))
            continue
        name, operator, value = found[1], SIGNS[found[2]], found[3]
        if operator == "eq" and value.startswith("~"):
            operator, value = "regex", value[1:]
        bare, _dot, suffix = name.rpartition(".")
        if bare and suffix in SUFFIXES and operator == "eq":
            name, operator = bare, SUFFIXES[suffix]
        terms.append(Term(name, operator, (value,)))
    return terms


def _split(part: str) -> list[str]:
    """Pieces between `;`, except inside double quotes."""
    if ";" not in part:
        return [part]
    pieces, present, quoted = [], "", False
    for character in part.replace("%22", '"'):
        if character == '"':
            quoted = not quoted
        if character == ";" and not quoted:
            pieces.append(present)
            present = ""
        else:
            present += character
    return [piece for piece in [*pieces, present] if piece]


def condition_of(filters: dict[str, Filter], term: Term) -> Condition:
    """The condition of one comparison; raises Invalid for an unknown attribute, operator or value."""
    known = filters.get(term.name)
    if known is None:
        raise Invalid(
            _("%(name)s is not an attribute to filter by") % {"name": term.name[:80]},
            code="filter.unknown",
            fields={term.name[:80]: _("not an attribute to filter by")},
        )
    if term.operator not in known.operators:
        raise Invalid(
            _("%(name)s cannot be compared with %(operator)s")
            % {"name": term.name, "operator": term.operator},
            code="filter.operator",
            fields={term.name: term.operator},
        )
    values = tuple(
        dict.fromkeys(one for value in term.values for one in values_of(known, term.operator, value))
    )
    if not values:
        raise Invalid(
            _("%(name)s needs a value") % {"name": term.name},
            code="filter.value",
            fields={term.name: _("empty")},
        )
    if len(values) > VALUES_MAX:
        raise Invalid(
            _("At most %(n)d values for %(name)s") % {"n": VALUES_MAX, "name": term.name},
            code="filter.tooMany",
        )
    condition = Condition(known, term.operator, values)
    condition.q()  # refuses a bad value here, not in the middle of the query
    return condition


def values_of(known: Filter, operator: str, raw: str) -> Iterable[str]:
    """The values of one text: quoted as it is, otherwise each part of a comma list.

    A text column may itself hold a comma, so there the whole text is a value beside its parts: what an answer
    printed always finds its row again.
    """
    if "\x00" in raw:
        raise Invalid(_("%(name)s needs a value without NUL") % {"name": known.name}, code="filter.value")
    if '"' in raw and (pieces := QUOTED.findall(raw)) and ",".join(pieces) == raw:
        return [_instant(known, piece.strip().strip('"')) for piece in pieces]
    if operator in {"regex", "contains"}:
        return (raw[: REGEX_MAX + 1],) if raw else ()
    parts = [part.strip().strip('"') for part in raw.split(",") if part.strip()]
    if len(parts) > 1 and known.kind in {"text", "const", "choice"}:
        whole = [raw] if known.kind == "text" else []
        return (*whole, *parts)
    if known.kind == "text" and raw and not parts:
        return (raw,)
    if known.kind == "text" and len(parts) == 1:
        return dict.fromkeys((raw, parts[0]))
    return [_instant(known, part) for part in parts]


def _instant(known: Filter, text: str) -> str:
    """`+00:00` in a query string arrives as a space."""
    if known.kind == "datetime" and re.search(r"T[\d:.]+ \d\d:?\d\d$", text):
        return text.replace(" ", "+")
    return text


def _reserved(query: Query, resource: Resource[Any], name: str, value: str) -> None:
    if name == "fields":
        query.names = (query.names or frozenset()) | projection_of(resource, value)
    elif name == "sort":
        query.sort.extend(_sort(resource, value))
    elif name == "cursor":
        if not resource.keyset:
            raise Invalid(_("This list has no cursor: use offset and limit"), code="page.noCursor")
        query.cursor = value
    else:
        query.paged = True
        number = _whole(name, value)
        if name == "offset":
            query.offset = number
        else:
            query.limit = min(number, resource.max_limit)


def projection_of(resource: Resource[Any], value: str) -> frozenset[str]:
    """Top-level attributes of `fields=`; unknown ones are ignored, a dotted one returns its parent, `none` nothing."""
    wanted = {part.strip().split(".")[0] for part in value.split(",")}
    return frozenset(wanted & resource.names - {"id", "href"})


def _sort(resource: Resource[Any], value: str) -> Iterable[str]:
    for part in value.split(","):
        text = part.strip()
        if not text:
            continue
        name = text.lstrip("+-")
        path = resource.sorts.get(name)
        if path is None:
            raise Invalid(
                _("%(name)s is not an attribute to sort by") % {"name": name[:80]},
                code="sort.unknown",
                fields={"sort": name[:80]},
            )
        yield f"-{path}" if text.startswith("-") else path


def _whole(name: str, value: str) -> int:
    text = value.strip().strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Invalid(
            _("%(name)s must be a whole number from 0") % {"name": name},
            code="page.value",
            fields={name: value[:40]},
        )
    return int(text)


def ordered(resource: Resource[Any], rows: QuerySet[Any], query: Query) -> QuerySet[Any]:
    """Sorted as asked or by default, ties broken by the key so that pages are stable."""
    if query.cursor is not None:
        return rows.order_by(f"-{resource.keyset}", f"-{resource.key}")
    order: Sequence[str] = query.sort or resource.order
    keyed = {part.lstrip("-") for part in order} & {resource.key, "pk", "id"}
    return rows.order_by(*order) if keyed else rows.order_by(*order, f"-{resource.key}")


def encode_cursor(value: Any, key: Any) -> str:
    """Opaque text of the last row of a page."""
    shown = value.isoformat() if isinstance(value, datetime) else str(value)
    return base64.urlsafe_b64encode(json.dumps([shown, str(key)]).encode()).decode().rstrip("=")


def after_cursor(resource: Resource[Any], rows: QuerySet[Any], cursor: str) -> QuerySet[Any]:
    """The rows older than the cursor's; raises Invalid for a cursor that is none of ours."""
    if not cursor:
        return rows
    try:
        shown, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        value: Any = parse_datetime(shown) if "T" in shown else shown
        last: Any = UUID(key) if len(key) == 36 else key
        path = resource.keyset
        # The outer bound lets the index be used, the inner one breaks ties.
        return rows.filter(**{f"{path}__lte": value}).filter(
            Q(**{f"{path}__lt": value}) | Q(**{f"{resource.key}__lt": last})
        )
    except (ValueError, TypeError, binascii.Error) as error:
        raise Invalid(_("This cursor is not one of ours"), code="page.cursor") from error
