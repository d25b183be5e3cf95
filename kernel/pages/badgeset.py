"""The one registry of badges: value → label, colour, icon, order, terminal. Templates cannot invent any.

Status colours say how far a thing is; severity has tokens of its own (colour, letter, shape and word together) that are
never used for a status, because a coloured line or dot alone cannot carry severity for everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel.pages.icons import icon

COLOURS = ("grey", "blue", "green", "amber", "red")
REGISTRY: dict[str, BadgeSet] = {}


@dataclass(frozen=True)
class Badge:
    """How one value is shown. `terminal` values are drawn as an outline: nothing follows them."""

    value: str
    label: Any
    colour: str = "grey"
    icon: str = "circle-dot"
    order: int = 0
    terminal: bool = False

    def html(self) -> SafeString:
        """The badge."""
        return format_html(
            '<span class="bd {}{}">{}{}</span>',
            self.colour,
            " end" if self.terminal else "",
            icon(self.icon),
            self.label,
        )


class BadgeSet:
    """The badges of one enumeration."""

    def __init__(self, name: str, badges: Mapping[str, Badge]) -> None:
        self.name = name
        self._badges = dict(badges)

    def __getitem__(self, value: Any) -> Badge:
        """The badge of a value; a value nobody declared is shown plainly, in grey."""
        return self._badges.get(str(value)) or Badge(str(value), str(value))

    def __iter__(self) -> Iterator[Badge]:
        return iter(self._badges.values())

    def html(self, value: Any) -> SafeString:
        """The badge of a value; nothing for an empty one."""
        return SafeString("") if value in (None, "") else self[value].html()


def badges(
    name: str, choices: type[models.TextChoices], mapping: Mapping[str, str] | None = None, **values: str
) -> BadgeSet:
    """Declare the badges of an enumeration, each as "colour icon [end]".

    Raises ValueError when a choice has no badge or a badge no choice, so that a new state cannot be forgotten.
    """
    given = {**(mapping or {}), **values}
    known = {str(value) for value in choices.values}
    if known != set(given):
        raise ValueError(f"badges {name}: {sorted(known ^ set(given))} stand on one side only")
    labels = dict(choices.choices)
    found = {}
    for order, value in enumerate(map(str, choices.values)):
        colour, symbol, *rest = given[value].split()
        if colour not in COLOURS or rest not in ([], ["end"]):
            raise ValueError(f'badges {name}: "{given[value]}" is not "colour icon [end]"')
        found[value] = Badge(value, labels[value], colour, symbol, order, bool(rest))
    REGISTRY[name] = BadgeSet(name, found)
    return REGISTRY[name]


@dataclass(frozen=True)
class Severity:
    """One perceived severity of X.733 / TMF642: letter, shape and word beside the colour; 1 is the worst."""

    value: str
    label: Any
    letter: str
    order: int


# One letter each in every language: on a wallboard the letter is read, not the word.
SEVERITIES = {
    severity.value: severity
    for severity in (
        Severity("critical", pgettext_lazy("severity", "Critical"), "C", 1),
        Severity("major", pgettext_lazy("severity", "Major"), "M", 2),
        Severity("minor", pgettext_lazy("severity", "Minor"), "m", 3),
        Severity("warning", pgettext_lazy("severity", "Warning"), "W", 4),
        Severity("indeterminate", pgettext_lazy("severity", "Indeterminate"), "?", 5),
        Severity("cleared", pgettext_lazy("severity", "Cleared"), "✓", 6),
    )
}
SHAPES = {
    "critical": "M8 1 15.5 15h-15z",
    "major": "M8 .5 15.5 8 8 15.5.5 8z",
    "minor": "M1.5 1.5h13v13h-13z",
    "warning": "M8 1a7 7 0 1 0 0 14A7 7 0 1 0 8 1z",
    "indeterminate": "M4.2 1h7.6L15.5 8l-3.7 7H4.2L.5 8z",
    "cleared": "M8 1a7 7 0 1 0 0 14A7 7 0 1 0 8 1zm0 3a4 4 0 1 1 0 8 4 4 0 1 1 0-8z",
}


def severity_html(
    value: Any, *, acked: str = "", suppressed: bool = False, maintenance: bool = False
) -> SafeString:
    """Severity as colour, shape, letter and word. `acked` takes the initials of who acknowledged it (hatched)."""
    severity = SEVERITIES.get(str(value).lower())
    if severity is None:
        return SafeString("")
    state = " ack" if acked else ""
    state += " sup" if suppressed or maintenance else ""
    extra = format_html(' <abbr title="{}">{}</abbr>', _("Acknowledged"), acked) if acked else SafeString("")
    if maintenance:
        extra += icon("tool", _("In maintenance"))
    elif suppressed:
        extra += icon("eye-off", _("Suppressed"))
    # Stands in every row of a long list: no byte more than HTML needs.
    return format_html(
        '<span class="sv {}{}"><svg class=i viewBox=0,0,16,16 aria-hidden=true><path d="{}"/></svg>'
        '<b aria-hidden="true">{}</b> {}{}</span>',
        severity.value,
        state,
        SHAPES[severity.value],
        severity.letter,
        severity.label,
        extra,
    )
