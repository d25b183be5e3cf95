"""Filter chips and the small form behind "+ filter": the field first, then the operator, then the value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel.filtering import Condition, Filter
from kernel.pages import formats
from kernel.pages.lists.state import State, split_operator

WORDS: dict[str, Any] = {
    "eq": pgettext_lazy("filter", "is"),
    "not": pgettext_lazy("filter", "is not"),
    "contains": pgettext_lazy("filter", "contains"),
    "gt": pgettext_lazy("filter", "more than"),
    "gte": pgettext_lazy("filter", "at least"),
    "lt": pgettext_lazy("filter", "less than"),
    "lte": pgettext_lazy("filter", "at most"),
    "empty": pgettext_lazy("filter", "is empty"),
    "regex": pgettext_lazy("filter", "matches"),
}
TIME_WORDS: dict[str, Any] = {
    **WORDS,
    "eq": pgettext_lazy("filter", "on"),
    "not": pgettext_lazy("filter", "not on"),
    "gt": pgettext_lazy("filter", "after"),
    "gte": pgettext_lazy("filter", "from"),
    "lt": pgettext_lazy("filter", "before"),
    "lte": pgettext_lazy("filter", "until"),
}
OFFERED = {
    "text": ("contains", "eq", "not", "empty"),
    "choice": ("eq", "not", "empty"),
    "bool": ("eq",),
    "uuid": ("eq", "not"),
    "number": ("eq", "not", "gte", "lte", "empty"),
    "money": ("eq", "gte", "lte", "empty"),
    "date": ("gte", "lt", "eq", "empty"),
    "datetime": ("gte", "lt", "eq", "empty"),
}
YES_NO = (("true", _("Yes")), ("false", _("No")))


def words_of(known: Filter) -> dict[str, Any]:
    """Operator → how it reads for this kind of value."""
    return TIME_WORDS if known.kind in {"date", "datetime"} else WORDS


@dataclass(frozen=True)
class Chip:
    """One condition as people read it."""

    label: Any
    word: Any
    text: str
    edit: str = ""
    remove: str = ""
    problem: str = ""
    locked: bool = False


def chips(state: State, labels: dict[str, Any]) -> list[Chip]:
    """Locked chips first, then the conditions, then what was ignored or could not be read."""
    found = [_chip(state, condition, locked=True, labels=labels) for condition in state.locked]
    found += [_chip(state, condition, locked=False, labels=labels) for condition in state.conditions]
    for name, message in state.errors:
        found.append(Chip(name, "", "", remove=state.without(name), problem=message))
    for name in state.unknown:
        bare = name.partition("=")[0]
        found.append(
            Chip(_("ignored"), "", name, remove=state.without(bare), problem=str(_("No such filter here")))
        )
    return found


def _chip(state: State, condition: Condition, *, locked: bool, labels: dict[str, Any]) -> Chip:
    known, operator = condition.filter, condition.operator
    name = known.name if operator == "eq" else f"{known.name}__{operator}"
    words = words_of(known)
    word, text = words[operator], _texts(known, condition.values)
    if operator == "empty":
        word = words["empty"] if condition.values[0].lower() in {"1", "true", "yes"} else _("is not empty")
        text = ""
    if locked:
        return Chip(known.label or known.name, word, str(labels.get(known.name, text)), locked=True)
    asked = name if name in state.merged else f"{known.name}__in"
    return Chip(
        known.label or known.name,
        word,
        text,
        edit=state.url(keep_place=True, _field=known.name, _op=operator),
        remove=state.without(asked),
    )


def _texts(known: Filter, values: Iterable[str]) -> str:
    return ", ".join(_value_text(known, value) for value in values)


def _value_text(known: Filter, raw: str) -> str:
    labels = {str(value): str(label) for value, label in (YES_NO if known.kind == "bool" else known.choices)}
    if raw.lower() in labels or raw in labels:
        return labels.get(raw) or labels[raw.lower()]
    if known.kind == "datetime" and len(raw) > 10:
        return formats.short(known.convert(raw))
    return raw


@dataclass(frozen=True)
class Editor:
    """The form that adds or changes one condition. It works as a plain GET form: `_field`, `_op`, `_v`."""

    filter: Filter
    operator: str
    operators: list[tuple[str, Any]]
    values: list[str]
    choices: list[tuple[str, Any, bool]]
    hidden: list[tuple[str, str]]
    input_type: str

    @property
    def zone(self) -> str:
        """Times are typed in the zone the page is shown in."""
        return timezone.get_current_timezone_name() if self.filter.kind == "datetime" else ""


INPUT_TYPES = {"number": "text", "money": "text", "date": "date", "datetime": "datetime-local"}


def editor(state: State, query: QueryDict) -> Editor | None:
    """The editor asked for by `_field`, None when no field (or an unknown one) is asked for."""
    known = state.filters.get(query.get("_field", ""))
    if known is None:
        return None
    offered = [op for op in OFFERED.get(known.kind, ("eq", "not")) if op in known.operators]
    operator = query.get("_op", "")
    if operator not in offered:
        operator = offered[0]
    present = [
        value
        for condition in state.conditions
        if condition.filter is known and condition.operator == operator
        for value in condition.values
    ]
    options = YES_NO if known.kind == "bool" else known.choices
    words = words_of(known)
    return Editor(
        known,
        operator,
        [(op, words[op]) for op in offered],
        present,
        [(str(value), label, str(value) in present) for value, label in options],
        [(name, value) for name, values in state.asked({}, keep_place=False).items() for value in values],
        INPUT_TYPES.get(known.kind, "text"),
    )


def edited(state: State, query: QueryDict) -> str | None:
    """The canonical address after the editor was sent, None when this request is no such answer."""
    known = state.filters.get(query.get("_field", ""))
    if known is None or "_go" not in query:
        return None
    operator = query.get("_op", "eq")
    values = [value.strip() for value in query.getlist("_v") if value.strip()]
    if operator == "empty":
        values = ["true"]
    # The old condition of this field under any operator that the editor shows gives way to the new one.
    drop: dict[str, Any] = {}
    for name in state.merged:
        bare, present = split_operator(name)
        if bare == known.name and present in {operator, query.get("_was", operator), "in"}:
            drop[name] = [""] if name in state.base else None
    name = known.name if operator == "eq" else f"{known.name}__{operator}"
    if values:
        drop[name] = values
    return state.url(**drop)
