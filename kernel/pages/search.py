"""One search over everything with a page: exact identifiers open at once, the rest is grouped and permission-checked.

Suggestions of all kinds of objects come from one UNION query, so the palette costs the same whatever is installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Cast
from django.urls import reverse

from kernel.pages import registry

if TYPE_CHECKING:
    from kernel.pages.details import Detail

SUGGESTED = 5
LISTED = 20
QUERY_MAX = 120


@dataclass(frozen=True)
class Query:
    """What was typed: words to find, `in:` kinds and `is:` states."""

    text: str
    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hit:
    """One object found."""

    name: str
    text: str
    url: str
    exact: bool


@dataclass
class Group:
    """Hits of one kind; `more` leads to its list, searched for the same words."""

    label: Any
    icon: str
    hits: list[Hit] = field(default_factory=list)
    more: str = ""


def parse(text: str) -> Query:
    """`olt paris in:alarm is:open` → words, kinds and states."""
    words, kinds, states = [], [], []
    for part in text.replace("\x00", "")[:QUERY_MAX].split():
        operator, _colon, value = part.partition(":")
        if operator.lower() == "in" and value:
            kinds.append(value.lower())
        elif operator.lower() == "is" and value:
            states.append(value.lower())
        else:
            words.append(part)
    return Query(" ".join(words), tuple(kinds), tuple(states))


def pages_for(query: Query, user: Any) -> list[Detail]:
    """Pages the user may open that the operators leave in."""
    found = []
    for page in registry.DETAILS.values():
        if page.permission and not user.has_perm(page.permission):
            continue
        if query.kinds and not any(_called(page, kind) for kind in query.kinds):
            continue
        if not all(state in page.states for state in query.states):
            continue
        found.append(page)
    return found


def _called(page: Detail, word: str) -> bool:
    meta = page.model._meta
    names = {
        str(meta.verbose_name).lower(),
        str(meta.verbose_name_plural).lower(),
        meta.model_name or "",
        *page.words,
    }
    return any(word == name or word in name.split() or name.startswith(word) for name in names if name)


def suggest(query: Query, user: Any, *, limit: int = SUGGESTED) -> list[Group]:
    """Hits by kind, the exact ones first, then the newest. One query."""
    pages = pages_for(query, user)
    parts = [
        part
        for index, page in enumerate(pages)
        if (part := _rows(page, index, query, user, limit)) is not None
    ]
    groups: dict[int, Group] = {}
    for index, key, text, rank in _union(parts):
        page = pages[index]
        group = groups.setdefault(index, Group(page.model._meta.verbose_name_plural, page.icon))
        url = reverse(page.name, args=[key])
        # Nobody is shown a primary key: what has no number goes by its name.
        name, more = (text, "") if page.key == "pk" else (key, text if text != key else "")
        group.hits.append(Hit(name, more, url, rank == 0))
    for index, group in groups.items():
        if len(group.hits) >= limit and (listed := pages[index].list) is not None:
            group.more = (
                f"{reverse(listed.name)}?{urlencode({'view': 'all', 'q': query.text})}"
                if listed.search
                else ""
            )
    return sorted(groups.values(), key=lambda group: not any(hit.exact for hit in group.hits))


def resolve(text: str, user: Any) -> list[str]:
    """Addresses of visible objects whose identifier is exactly this text (at most two). One query."""
    query = Query(text.replace("\x00", "").strip()[:QUERY_MAX])
    pages = pages_for(query, user)
    parts = []
    for index, page in enumerate(pages):
        condition = identified(page, query.text)
        if condition:
            parts.append(_values(page, index, page.source(user).filter(condition), Value(0))[:2])
    return [reverse(pages[index].name, args=[key]) for index, key, _text, _rank in _union(parts)][:2]


def _union(parts: Sequence[Any]) -> Iterable[tuple[int, str, str, int]]:
    if not parts:
        return []
    rows = parts[0] if len(parts) == 1 else parts[0].union(*parts[1:], all=True)
    return sorted(rows, key=lambda row: row[3])


def _rows(page: Detail, index: int, query: Query, user: Any, limit: int) -> Any:
    rows = page.source(user)
    for state in query.states:
        rows = rows.filter(**page.states[state])
    if not query.text:
        # Operators alone: the newest of that kind and state.
        return _values(page, index, rows, Value(2))[:limit] if query.kinds or query.states else None
    exact = identified(page, query.text)
    condition, starts = exact | containing(page, query.text), Q(pk__in=[])
    for path in page.find:
        starts |= Q(**{f"{path}__istartswith": query.text})
    if not condition:
        return None
    rank = (
        Case(When(exact, then=Value(0)), When(starts, then=Value(1)), default=Value(2)) if exact else Value(2)
    )
    return _values(page, index, rows.filter(condition), rank)[:limit]


def containing(page: Detail, text: str) -> Q:
    """Condition for rows whose searched texts hold every word, or whose key begins with the text."""
    condition = Q()
    for path in page.find:
        every = Q()
        for word in text.split()[:6]:
            every &= Q(**{f"{path}__icontains": word})
        condition |= every
    if page.key != "pk" and len(text) >= 3:
        condition |= Q(**{f"{page.key}__istartswith": text})
    return condition


def _values(page: Detail, index: int, rows: Any, rank: Any) -> Any:
    text = page.find[0] if page.find else page.key
    return (
        rows.prefetch_related(None)
        .select_related(None)
        .annotate(
            hit_page=Value(index),
            hit_key=Cast(F(page.key), models.CharField()),
            hit_text=Cast(F(text), models.CharField()),
            hit_rank=rank,
        )
        .order_by("hit_rank", "-pk")
        .values_list("hit_page", "hit_key", "hit_text", "hit_rank")
    )


def identified(page: Detail, text: str) -> Q:
    """Condition for rows of a page one of whose identifiers is exactly `text`; empty when none can be."""
    condition = Q()
    if not text:
        return condition
    for one in page.identify or ((page.key,) if page.key != "pk" else ()):
        condition |= one(text) if callable(one) else exactly(page.model, one, text)
    return condition


def exactly(model: type[models.Model], path: str, text: str) -> Q:
    """`path` equals `text`, in the cases people type it in; empty when the column cannot hold such a text."""
    column = _column(model, path)
    if column is None or isinstance(column, models.CharField | models.TextField):
        return Q(**{f"{path}__in": sorted({text, text.upper(), text.lower()})})
    try:
        return Q(**{path: column.to_python(text)})
    except ValidationError:
        return Q()


def _column(model: type[models.Model], path: str) -> models.Field[Any, Any] | None:
    present: Any = model
    column: Any = None
    for part in path.split("__"):
        if present is None:
            return None
        try:
            column = present._meta.get_field(part)
        except FieldDoesNotExist:
            return None
        present = column.related_model
    return column if isinstance(column, models.Field) else None
