"""Two people changed the same thing: yours, theirs, and what both started from, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.core import signing
from django.http import QueryDict
from django.utils.translation import gettext as _

SALT = "pages.merge"
Raw = dict[str, list[str]]


def raw_of(form: forms.BaseForm) -> Raw:
    """The values a browser would send for a form as it stands, name by name."""
    return {name: _raw(form[name]) for name in form.fields}


def _raw(field: forms.BoundField) -> list[str]:
    value = field.value()
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return ["on"] if value and value != "False" else []
    if value is None or isinstance(widget, forms.FileInput):
        return []
    if isinstance(value, list | tuple | set):
        return [str(getattr(item, "pk", item)) for item in value]
    shown = widget.format_value(value)
    if isinstance(shown, list | tuple):
        return [str(item) for item in shown]
    return [] if shown is None or shown == "" else [str(shown)]


def seal(raw: Mapping[str, list[str]]) -> str:
    """Sign what the form started from, so that it can come back with the answer."""
    return signing.dumps(raw, salt=SALT, compress=True)


def unseal(text: str) -> Raw:
    """What the form started from; nothing when the text was tampered with or is missing."""
    try:
        found: Raw = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return {}
    return found


@dataclass(frozen=True)
class Line:
    """One field in which somebody differs from the start."""

    name: str
    label: Any
    base: str
    theirs: str
    yours: str
    take: str
    conflict: bool


def compare(form: forms.BaseForm, base: Raw, theirs: Raw, yours: Raw) -> list[Line]:
    """Fields that differ. Who alone changed one wins it by default; where both did, it is yours until you choose."""
    lines = []
    for name in form.fields:
        started, other, mine = base.get(name, []), theirs.get(name, []), yours.get(name, [])
        if other == mine and other == started:
            continue
        both = other not in (started, mine) and mine != started
        take = "theirs" if mine == started else "yours"
        lines.append(
            Line(
                name,
                form[name].label,
                words(form[name], started),
                words(form[name], other),
                words(form[name], mine),
                take,
                both,
            )
        )
    return lines


def words(field: forms.BoundField, values: list[str]) -> str:
    """Sent values as people read them."""
    if isinstance(field.field.widget, forms.CheckboxInput):
        return _("Yes") if values else _("No")
    choices: dict[str, str] = {}
    if isinstance(field.field, forms.ChoiceField):
        for value, label in cast(Any, field.field.choices):
            group = label if isinstance(label, list | tuple) else [(value, label)]
            choices |= {str(getattr(v, "value", v)): str(text) for v, text in group}
    return ", ".join(choices.get(value, value) for value in values) or "–"


def settled(post: QueryDict, form: forms.BaseForm) -> QueryDict:
    """The answer of the merge page: your values, except the fields where theirs were taken."""
    theirs = unseal(post.get("_base", ""))
    data = post.copy()
    for name in form.fields:
        if post.get(f"_take_{name}") == "theirs":
            data.setlist(name, theirs.get(name, []))
            if not theirs.get(name):
                data.pop(name, None)
    return data
