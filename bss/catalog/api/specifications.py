"""TMF620 product specifications and what they ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bss.catalog import services
from bss.catalog.api.shapes import CATALOGUE, CHARACTERISTIC, EVENTS, STATUS, TEXTS
from bss.catalog.models import ProductSpecification
from bss.catalog.models.offering import Status
from kernel import tmf
from kernel.tmf.fields.base import Intake, Plan, Reader


class SpecCharacteristics(tmf.Json):
    """`productSpecCharacteristic`: the schema of what can vary."""

    def reader(self, plan: Plan) -> Reader:
        index = plan.column(self.column)
        return lambda row: [_shown(entry) for entry in row[index] or ()] or None

    def python(self, value: Any, intake: Intake, path: str) -> list[dict[str, Any]] | None:
        entries = super().python(value, intake, path)
        return None if entries is None else [_taken(entry) for entry in entries]


def _shown(entry: dict[str, Any]) -> dict[str, Any]:
    values: list[dict[str, Any]] = [
        {"value": choice, "isDefault": choice == entry.get("default")}
        for choice in entry.get("choices") or ()
    ]
    bounds = {"valueFrom": entry.get("minimum"), "valueTo": entry.get("maximum")}
    limits = {name: bound for name, bound in bounds.items() if bound is not None}
    if not values and ("default" in entry or limits):
        values = [{"value": entry.get("default"), "isDefault": "default" in entry, **limits}]
    for value in values:
        if entry.get("unit"):
            value["unitOfMeasure"] = entry["unit"]
    return {
        "name": entry["name"],
        "description": entry.get("label_en", ""),
        "valueType": entry["type"],
        "configurable": bool(entry.get("configurable", False)),
        "minCardinality": int(bool(entry.get("required", False))),
        "maxCardinality": 1,
        "productSpecCharacteristicValue": values,
    }


def _taken(given: dict[str, Any]) -> dict[str, Any]:
    """One characteristic of the standard as an entry of our schema; several values are choices."""
    values = [value for value in given.get("productSpecCharacteristicValue") or () if isinstance(value, dict)]
    entry: dict[str, Any] = {"name": given["name"], "type": given.get("valueType") or "string"}
    if given.get("description"):
        entry["label_en"] = given["description"]
    entry["configurable"] = bool(given.get("configurable", False))
    entry["required"] = bool(given.get("minCardinality", 0))
    for value in values:
        if value.get("isDefault") and value.get("value") is not None:
            entry["default"] = value["value"]
        for name, bound in (("minimum", "valueFrom"), ("maximum", "valueTo"), ("unit", "unitOfMeasure")):
            if value.get(bound) is not None:
                entry[name] = value[bound]
    if len(values) > 1:
        entry["choices"] = [value.get("value") for value in values]
    return entry


@CATALOGUE.resource
class SpecificationResource(tmf.Resource[ProductSpecification]):
    """What a product technically is, and what of it can vary."""

    path, model = "productSpecification", ProductSpecification
    events = EVENTS
    fields = (
        *TEXTS,
        STATUS,
        tmf.Text("productNumber", "code", create_only=True, pattern=r"[-a-zA-Z0-9_]+"),
        tmf.Const("isBundle", value=False),
        SpecCharacteristics(
            "productSpecCharacteristic", "characteristics", schema={"type": "array", "items": CHARACTERISTIC}
        ),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> ProductSpecification:
        """Make a specification in design."""
        return services.create_specification(**data)

    def update(self, obj: ProductSpecification, data: tmf.Data, user: tmf.User) -> None:
        """Change it; its characteristics only while nothing was sold."""
        services.change_specification(specification=obj, **data)

    def delete(self, obj: ProductSpecification, user: tmf.User) -> None:
        """Refused while an offer stands on it."""
        services.remove_specification(specification=obj)

    moves: dict[str, Callable[..., Any]] = {
        str(state): lambda obj, data, user, to=state: services.move_specification(specification=obj, to=to)
        for state in Status
    }
