"""Form fields that read what people type, and how a refusal of a door finds its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from kernel import money
from kernel.errors import DomainError
from kernel.pages import formats, registry

SPACES = re.compile(r"[\s\u00a0\u202f\u2009']")


def parse_decimal(text: str, *, decimal: str, group: str) -> Decimal:
    """A number as typed in a language: 1 234,56 · 1,234.56 · 1234.56 · −12,5. Raises ValidationError.

    Where both readings are possible ("1.234" in French: one and a bit, or a thousand?) the user is asked.
    """
    bare = SPACES.sub("", text.strip()).replace("−", "-")
    if not re.fullmatch(r"[+-]?[\d.,]*\d[\d.,]*", bare):
        raise ValidationError(_("Enter a number."), code="invalid")
    commas, points = bare.count(","), bare.count(".")
    if commas and points:
        last = max(bare.rfind(","), bare.rfind("."))
        whole, fraction = bare[:last], bare[last + 1 :]
        if bare[last] in whole:
            raise ValidationError(_("Enter a number."), code="invalid")
        bare = re.sub(r"[.,]", "", whole) + "." + fraction
    elif commas + points > 1:
        bare = _grouped(bare)
    elif commas + points == 1:
        bare = _one_mark(bare, decimal=decimal, group=group)
    try:
        return Decimal(bare)
    except InvalidOperation as error:
        raise ValidationError(_("Enter a number."), code="invalid") from error


def _grouped(bare: str) -> str:
    """1,234,567: several equal marks can only be groups of three."""
    if not re.fullmatch(r"[+-]?\d{1,3}([.,]\d{3})+", bare):
        raise ValidationError(_("Enter a number."), code="invalid")
    return re.sub(r"[.,]", "", bare)


def _one_mark(bare: str, *, decimal: str, group: str) -> str:
    mark = "," if "," in bare else "."
    whole, fraction = bare.split(mark)
    could_group = len(fraction) == 3 and 1 <= len(whole.lstrip("+-")) <= 3 and whole.lstrip("+-") != "0"
    if mark == decimal or not could_group:
        return f"{whole or '0'}.{fraction or '0'}"
    if mark == group:
        return whole + fraction
    plain, exact = whole + fraction, f"{whole}{decimal}{fraction}"
    raise ValidationError(
        _("Do you mean %(plain)s or %(exact)s? Write it that way."),
        code="ambiguous",
        params={"plain": plain, "exact": exact},
    )


class DecimalField(forms.DecimalField):
    """A number typed with the comma or the point of the user's language."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.localize = False
        self.widget.attrs.setdefault("inputmode", "decimal")
        self.widget.attrs.setdefault("autocomplete", "off")

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if value in self.empty_values:
            return None
        if isinstance(value, Decimal):
            return value
        decimal, group = formats.separators()
        return parse_decimal(str(value), decimal=decimal, group=group)

    def prepare_value(self, value: Any) -> Any:
        return formats.number(value).replace("−", "-") if isinstance(value, Decimal | int | float) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {}


class MoneyField(DecimalField):
    """An amount in a known currency; more decimals than the currency has are refused."""

    def __init__(self, *, currency: str = "EUR", **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", money.AMOUNT_DIGITS)
        super().__init__(**kwargs)
        self.currency = currency

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None:
            places = money.minor_digits(self.currency)
            exponent = value.normalize().as_tuple().exponent
            if isinstance(exponent, int) and -exponent > places:
                raise ValidationError(
                    _("%(currency)s has %(places)d decimals."),
                    code="decimals",
                    params={"currency": self.currency, "places": places},
                )


class PickWidget(forms.TextInput):
    """A text box with suggestions from the server; typing the whole number works without JavaScript."""

    detail = ""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        options = f"{(attrs or {}).get('id', name)}-options"
        suggest = {
            "list": options,
            "autocomplete": "off",
            "hx-get": registry.url("portal:pick", self.detail),
            "hx-trigger": "input changed delay:250ms",
            "hx-target": f"#{options}",
        }
        box = super().render(name, value, {**(attrs or {}), **suggest}, renderer)
        return format_html('{}<datalist id="{}"></datalist>', box, options)


class PickField(forms.Field):
    """An object by its number or exact name, among those the user may see; gives the instance."""

    widget = PickWidget

    def __init__(self, *, detail: str, narrow: Callable[[Any], Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.detail = detail
        self.narrow = narrow
        self.user: Any = None
        self.widget.detail = detail

    def prepare_value(self, value: Any) -> Any:
        return registry.DETAILS[self.detail].key_of(value) if hasattr(value, "_meta") else value

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        text = str(value).replace("\x00", "").strip()[:200]
        found = list(candidates(self.detail, self.user, self.narrow).filter(exact(self.detail, text))[:2])
        if not found:
            raise ValidationError(_("Nothing visible to you is called %(text)s."), params={"text": text})
        if len(found) > 1:
            raise ValidationError(_("Several are called %(text)s; write the number."), params={"text": text})
        return found[0]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(data or "")


def candidates(detail: str, user: Any, narrow: Callable[[Any], Any] | None = None) -> Any:
    """Rows a pick field offers to a user."""
    page = registry.DETAILS[detail]
    rows = page.source(user)
    return narrow(rows) if narrow else rows


def exact(detail: str, text: str) -> Q:
    """Rows whose key, or one of whose searched names, is exactly this text."""
    page = registry.DETAILS[detail]
    condition = page.key_is(text)
    for path in page.find:
        condition |= Q(**{f"{path}__iexact": text})
    return condition


def bind(form: Any, user: Any, row: Any = None) -> Any:
    """Tell a form and its pick fields who is asking, and for which object."""
    form.user = user
    form.object = row
    for field in form.fields.values():
        if isinstance(field, PickField):
            field.user = user
    dress(form)
    return form


INPUTS: Sequence[tuple[type[forms.Field], str, str]] = (
    (forms.DateTimeField, "datetime-local", "%Y-%m-%dT%H:%M"),
    (forms.DateField, "date", "%Y-%m-%d"),
    (forms.TimeField, "time", "%H:%M"),
)


def dress(form: Any) -> None:
    """Give each widget the class of the kit and native date inputs; nothing a form author must think of."""
    for field in form.fields.values():
        widget = field.widget
        for kind, input_type, pattern in INPUTS:
            # SplitDateTime and hidden inputs have no pattern and stay as they are.
            if isinstance(field, kind) and hasattr(widget, "format"):
                widget.input_type = input_type
                widget.format = pattern
                break
        if isinstance(widget, forms.RadioSelect):
            continue  # several inputs: Django would give the class to the frame around them too
        if isinstance(widget, forms.CheckboxInput):
            widget.attrs.setdefault("class", "form-check-input")
        elif isinstance(widget, forms.Select):
            widget.attrs.setdefault("class", "form-select")
        else:
            widget.attrs.setdefault("class", "form-control")


def refuse(form: Any, error: DomainError) -> None:
    """Put a door's refusal beside the inputs it names, the rest with its code into the summary."""
    placed = False
    for name, message in error.fields.items():
        if name in form.fields:
            form.add_error(name, ValidationError(message, code=error.code))
            placed = True
    if not placed:
        form.add_error(None, ValidationError(f"{error.message} ({error.code})", code=error.code))
