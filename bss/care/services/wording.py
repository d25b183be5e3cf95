"""The format of notice texts: plain text in which `{name}` stands for a declared variable, and nothing else.

No expression, attribute, filter or loop exists, so a text can neither run code nor read what it was not given. `{{` and
`}}` are braces. Values are text by the time they get here, in the language and time zone of the reader.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from kernel.errors import Invalid
from kernel.money import Money

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
# Marks of a value that the database fills in for each customer; taken out of every text that comes from outside.
OPEN, CLOSE = "\ue000", "\ue001"
_MARKS = str.maketrans("", "", OPEN + CLOSE + "\x00")


def names_in(text: str) -> set[str]:
    """The variables a text uses. Raises Invalid for anything but `{name}`, `{{` and `}}`."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise Invalid(
            _("A brace is not closed, or stands alone: write {{ for one"), code="notice.format"
        ) from error
    found = set()
    for _literal, name, spec, conversion in parts:
        if name is None:
            continue
        if spec or conversion or not NAME.match(name):
            raise Invalid(
                _("%(name)s is no variable: write its name in braces, nothing else")
                % {"name": "{" + name + "}"},
                code="notice.format",
            )
        found.add(name)
    return found


def render(text: str, words: Mapping[str, str]) -> str:
    """`text` with its variables replaced. Raises Invalid when one has no value."""
    if missing := names_in(text) - set(words):
        raise Invalid(
            _("The notice has no value for %(names)s") % {"names": ", ".join(sorted(missing))},
            code="notice.variable",
        )
    return "".join(
        literal + (words[name] if name is not None else "")
        for literal, name, _s, _c in Formatter().parse(text)
    )


def one_line(text: str) -> str:
    """`text` without line breaks and control characters; no-break spaces stay."""
    return CONTROL.sub(" ", text).strip()


def mark(name: str) -> str:
    """Placeholder that survives `render`, for values that differ from customer to customer."""
    return f"{OPEN}{name}{CLOSE}"


def in_words(value: Any, *, language: str, zone: str) -> str:
    """A value as people of a language read it: times in their zone (named), money, dates, numbers.

    A mapping of languages to values gives the one of the language; lazy translations are resolved; None is empty.
    """
    if isinstance(value, Mapping):
        value = value.get(language, value.get("en", ""))
    if value is None:
        return ""
    if isinstance(value, datetime):
        local = value.astimezone(ZoneInfo(zone))
        return f"{format_datetime(local, 'd MMMM yyyy, HH:mm', locale=language)} ({_offset(local)})"
    if isinstance(value, date):
        return str(format_date(value, "long", locale=language))
    if isinstance(value, Money):
        return value.format(language)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(format_decimal(value, locale=language))
    if isinstance(value, Promise):
        with translation.override(language):
            value = str(value)
    return str(value).translate(_MARKS)


def _offset(local: datetime) -> str:
    """`UTC+1`, `UTC-3:30`: understood in both languages, which the names of zones are not."""
    minutes = int((local.utcoffset() or timedelta(0)).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    text = f"{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")
    return f"UTC{text}" if minutes else "UTC"
