"""Values of what can vary in a product, checked against the schema its specification declares."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from bss.catalog.models import ProductOffering, ProductSpecification
from kernel.errors import Invalid

TYPES = ("string", "integer", "number", "boolean")
KEYS = frozenset(
    {
        "name", "type", "label_en", "label_fr", "unit", "required", "default", "minimum", "maximum", "choices",
        "configurable",
    }
)  # fmt: skip


def check_schema(schema: Any) -> list[dict[str, Any]]:
    """The schema. Raises Invalid for entries without name or type, unknown keys, repeated names or bad defaults."""
    if not isinstance(schema, list) or not all(isinstance(entry, dict) for entry in schema):
        raise _bad_schema(_("Characteristics are a list of objects"))
    seen = set()
    for entry in schema:
        name = entry.get("name")
        if not name or entry.get("type") not in TYPES:
            raise _bad_schema(
                _("A characteristic has a name and a type: %(types)s") % {"types": ", ".join(TYPES)}
            )
        if unknown := set(entry) - KEYS:
            raise _bad_schema(_("Unknown: %(keys)s") % {"keys": ", ".join(sorted(unknown))})
        if name in seen:
            raise _bad_schema(_("%(name)s is there twice") % {"name": name})
        seen.add(name)
        if entry.get("default") is not None:
            _value(entry, entry["default"])
    return list(schema)


def effective(
    offering: ProductOffering, given: Mapping[str, Any] | None = None, *, complete: bool = True
) -> dict[str, Any]:
    """All values in force: the specification's defaults, then the offering's, then the customer's choice.

    Raises Invalid at `characteristics.<name>` for unknown names, values outside the schema, changes of what the offer
    fixes, and (unless `complete` is False) required values that nobody gave.
    """
    specification = offering.specification
    schema = {entry["name"]: entry for entry in specification.characteristics} if specification else {}
    values = {name: entry["default"] for name, entry in schema.items() if entry.get("default") is not None}
    values.update(offering.characteristics)
    fields: dict[str, str] = {}
    for name, raw in (given or {}).items():
        try:
            values[name] = _chosen(offering, schema, name, raw)
        except Invalid as error:
            fields[name] = error.message
    required = [name for name, entry in schema.items() if complete and entry.get("required")]
    for name in required:
        if values.get(name) in (None, ""):
            fields.setdefault(name, _("This is needed"))
    if fields:
        raise Invalid(
            "; ".join(f"{name}: {message}" for name, message in fields.items()),
            code="catalog.characteristic",
            fields={f"characteristics.{name}": message for name, message in fields.items()},
        )
    return values


def fixed(specification: ProductSpecification | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that an offering fixes, checked; raises Invalid at `characteristics`."""
    schema = {entry["name"]: entry for entry in specification.characteristics} if specification else {}
    checked = {}
    for name, raw in values.items():
        if name not in schema:
            raise _bad_schema(_("The specification has no characteristic %(name)s") % {"name": name})
        checked[name] = _value(schema[name], raw)
    return checked


def _chosen(offering: ProductOffering, schema: Mapping[str, Any], name: str, raw: Any) -> Any:
    """A customer's choice for one characteristic; it cannot overrule what the offer fixes."""
    if name not in schema:
        raise Invalid(_("This offer has no such characteristic"), code="catalog.unknown")
    value = _value(schema[name], raw)
    if offering.characteristics.get(name, value) != value:
        raise Invalid(_("The offer fixes this value"), code="catalog.fixed")
    return value


def _value(entry: Mapping[str, Any], raw: Any) -> Any:
    """`raw` in the type of the entry, within its bounds and choices."""
    value = _typed(str(entry["type"]), raw)
    if entry.get("choices") and value not in entry["choices"]:
        choices = ", ".join(map(str, entry["choices"]))
        raise Invalid(_("One of: %(choices)s") % {"choices": choices}, code="catalog.choice")
    if not isinstance(value, bool) and isinstance(value, int | float):
        low, high = entry.get("minimum"), entry.get("maximum")
        if (low is not None and value < low) or (high is not None and value > high):
            raise Invalid(
                _("From %(low)s to %(high)s")
                % {"low": "−∞" if low is None else low, "high": "∞" if high is None else high},
                code="catalog.bounds",
            )
    return value


def _typed(kind: str, raw: Any) -> Any:
    if kind == "string":
        if isinstance(raw, str):
            return raw
        raise Invalid(_("A text"), code="catalog.type")
    if kind == "boolean":
        if isinstance(raw, bool):
            return raw
        if str(raw).lower() in {"true", "false", "on", "off"}:
            return str(raw).lower() in {"true", "on"}
        raise Invalid(_("Yes or no"), code="catalog.type")
    try:
        number = Decimal(str(raw)) if not isinstance(raw, bool) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or (kind == "integer" and number != number.to_integral_value()):
        raise Invalid(_("A whole number") if kind == "integer" else _("A number"), code="catalog.type")
    return int(number) if kind == "integer" else float(number)


def _bad_schema(message: str) -> Invalid:
    return Invalid(message, code="catalog.schema", fields={"characteristics": message})
