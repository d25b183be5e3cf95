"""One value of a row: where it is read, how it is shown, how it is exported."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from kernel.money import Money
from kernel.pages import badgeset, formats, registry
from kernel.pages.icons import icon

Value = str | Callable[[Any], Any]
NUMERIC = frozenset({"number", "money", "bits", "bytes", "percent"})
KINDS = frozenset({"text", "when", "time", "date", "bool", "code", "html", "duration"}) | NUMERIC


def read(row: Any, value: Value) -> Any:
    """The value at an attribute path (methods are called), or of a function; None past a missing relation."""
    if callable(value):
        return value(row)
    present = row
    for part in value.split("."):
        if present is None:
            return None
        present = present.get(part) if isinstance(present, dict) else getattr(present, part)
        if callable(present) and not isinstance(present, models.Manager):
            present = present()
    return present


def _text(value: Any) -> str:
    return conditional_escape(value)


def _bool(value: Any) -> SafeString:
    return icon("check", _("Yes")) if value else icon("minus", _("No"))


_RENDER: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "html": _text,
    "code": lambda value: format_html("<code>{}</code>", value),
    "number": formats.number,
    "bits": formats.bits,
    "bytes": formats.size,
    "percent": formats.percent,
    "when": formats.when,
    "time": formats.seconds,
    "date": formats.day,
    "duration": formats.duration,
    "bool": _bool,
}


class Guarded(str):
    """An address that is a link for who has a permission ("" = everybody), and plain text for everybody else."""

    permission: str

    def __new__(cls, url: str, permission: str) -> Guarded:
        address = super().__new__(cls, url)
        address.permission = permission
        return address


class Shown:
    """What columns and facts have in common."""

    def __init__(
        self,
        label: Any,
        value: Value,
        *,
        kind: str = "text",
        badge: badgeset.BadgeSet | str | None = None,
        currency: str = "",
        link: bool | Value | None = None,
        permission: str = "",
        export: Callable[[Any], Any] | None = None,
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"{label}: kind {kind!r} is none of {sorted(KINDS)}")
        if isinstance(badge, str) and badge != "severity":
            raise ValueError(f"{label}: a badge is a set made by pages.badges() or 'severity'")
        self.label = label
        self.value = value
        self.kind = kind
        self.badge = badge
        self.currency = currency
        self.link = link
        self.permission = permission
        self.export = export

    def raw(self, row: Any) -> Any:
        """The value itself."""
        return read(row, self.value)

    def html(self, row: Any, user: Any) -> SafeString:
        """The value as shown: formatted, as a badge, linked to its page where the user may go there."""
        value = self.raw(row)
        shown = self._shown(row, value)
        if self.link and shown and (target := self._target(row, value, user)):
            return format_html('<a href="{}">{}</a>', target, shown)
        return shown

    def _shown(self, row: Any, value: Any) -> SafeString:
        if value is None or value == "":
            return SafeString("")
        if self.badge == "severity":
            return value if isinstance(value, SafeString) else badgeset.severity_html(value)
        if isinstance(self.badge, badgeset.BadgeSet):
            return self.badge.html(value)
        if self.kind == "money":
            return conditional_escape(formats.money(value, self._currency(row)))
        return conditional_escape(_RENDER[self.kind](value))

    def _currency(self, row: Any) -> str:
        return str(read(row, self.currency) or "") if self.currency else ""

    def _target(self, row: Any, value: Any, user: Any) -> str | None:
        if self.link is True:
            return registry.link_of(value if isinstance(value, models.Model) else row, user)
        if callable(self.link):
            target = self.link(row)
            if isinstance(target, models.Model):
                return registry.link_of(target, user)
            if isinstance(target, Guarded) and target.permission and not user.has_perm(target.permission):
                return None
            return str(target) if target else None
        return registry.link_of(read(row, str(self.link)), user)

    def plain(self, row: Any) -> Any:
        """The value for CSV, XLSX and JSON: a number, a bool, ISO 8601 text or plain text; never HTML."""
        value = self.export(row) if self.export else self.raw(row)
        if self.badge == "severity":
            known = badgeset.SEVERITIES.get(str(value).lower())
            return str(known.label) if known else _untagged(value)
        if isinstance(self.badge, badgeset.BadgeSet):
            return "" if value in (None, "") else str(self.badge[value].label)
        return plain(value)

    def plain_currency(self, row: Any) -> str:
        """The currency beside an exported amount."""
        value = self.raw(row)
        return value.currency if isinstance(value, Money) else self._currency(row)


def plain(value: Any) -> Any:
    """A value as machines read it."""
    if value is None or isinstance(value, bool | int | float | Decimal):
        return value
    if isinstance(value, Money):
        return value.amount
    if isinstance(value, datetime):
        return formats.iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, list | tuple | set):
        return ", ".join(str(plain(item)) for item in value)
    return _untagged(value)


def _untagged(value: Any) -> str:
    text = str(value)
    return re.sub(r"<[^>]*>", "", text).strip() if isinstance(value, SafeString) else text


class Fact(Shown):
    """One labelled value on a detail page."""


class Column(Shown):
    """One column of a list."""

    def __init__(
        self,
        name: str,
        label: Any,
        value: Value = "",
        *,
        sort: bool | str | tuple[str, ...] = False,
        hidden: bool = False,
        kind: str = "text",
        badge: badgeset.BadgeSet | str | None = None,
        currency: str = "",
        link: bool | Value | None = None,
        permission: str = "",
        export: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(
            label,
            value or name,
            kind=kind,
            badge=badge,
            currency=currency,
            link=link,
            permission=permission,
            export=export,
        )
        if sort is True and callable(self.value):
            raise ValueError(f"column {name}: say by which ORM path it sorts, its value is a function")
        self.name = name
        self.sort = sort
        self.hidden = hidden

    @property
    def paths(self) -> tuple[str, ...]:
        """ORM paths this column sorts by; empty = it does not sort."""
        if self.sort is True:
            return (str(self.value).replace(".", "__"),)
        if isinstance(self.sort, str):
            return (self.sort,)
        return self.sort or ()

    @property
    def numeric(self) -> bool:
        """Numbers stand right, in tabular digits."""
        return self.kind in NUMERIC
