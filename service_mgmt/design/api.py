"""TMF633 Service Catalog: specifications, and the candidates that a service order may name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kernel import tmf
from kernel.tmf.fields.base import Intake, Plan, Reader
from service_mgmt.design import services
from service_mgmt.design.models import ServiceSpecification, SpecificationLink

CATALOGUE = tmf.Api(
    "633", "Service Catalog Management", "/tmf-api/serviceCatalogManagement/v4", document="4.0.0"
)
Status = ServiceSpecification.Status
WORDS = {Status.IN_DESIGN: "In design", Status.ACTIVE: "Active", Status.RETIRED: "Retired"}
KINDS = {"cfs": "CustomerFacingServiceSpecification", "rfs": "ResourceFacingServiceSpecification"}
CHARACTERISTIC = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


class SpecCharacteristics(tmf.Json):
    """`specCharacteristic`: the stored schema {name: rule} as the standard's array, and back."""

    def reader(self, plan: Plan) -> Reader:
        index = plan.column(self.column)
        return lambda row: [_shown(name, rule) for name, rule in sorted((row[index] or {}).items())] or None

    def python(self, value: Any, intake: Intake, path: str) -> dict[str, Any] | None:
        entries = super().python(value, intake, path)
        return None if entries is None else dict(map(_taken, entries))

    def clear(self, out: dict[str, Any], intake: Intake, path: str) -> None:
        out[self.arg] = {}


def _shown(name: str, rule: dict[str, Any]) -> dict[str, Any]:
    values = [{"value": value} for value in rule.get("values", [])]
    if not values and rule.get("default") is not None:
        values = [{"value": rule["default"], "isDefault": True}]
    for value in values:
        if rule.get("unit"):
            value["unitOfMeasure"] = rule["unit"]
    return {
        "name": name,
        "valueType": rule.get("type", "string"),
        "configurable": True,
        "minCardinality": int(bool(rule.get("required"))),
        "maxCardinality": 1,
        **({"characteristicValueSpecification": values} if values else {}),
    }


def _taken(entry: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    rule: dict[str, Any] = {"type": entry.get("valueType") or "string"}
    if entry.get("minCardinality"):
        rule["required"] = True
    values = [one for one in entry.get("characteristicValueSpecification") or () if isinstance(one, dict)]
    for value in values:
        if value.get("isDefault"):
            rule["default"] = value.get("value")
        if value.get("unitOfMeasure"):
            rule["unit"] = value["unitOfMeasure"]
    if len(values) > 1:
        rule["values"] = [value.get("value") for value in values]
    return entry["name"], rule


def _bundles(keys: Iterable[Any], user: Any) -> dict[Any, bool]:
    """Whether each specification rests on others."""
    keys = list(keys)
    having = set(SpecificationLink.objects.filter(parent__in=keys).values_list("parent_id", flat=True))
    return {key: key in having for key in keys}


@CATALOGUE.resource
class SpecificationResource(tmf.Resource[ServiceSpecification]):
    """What a kind of service is. `lifecycleStatus` Active puts it into use, Retired takes it out."""

    path, model, base_type = "serviceSpecification", ServiceSpecification, "ServiceSpecification"
    events = ("Create", "Change", "Delete")
    fields = (
        tmf.Type(
            "kind", words=KINDS, aliases={"ServiceSpecification": "cfs"}, create_only=True, mandatory=True
        ),
        tmf.Text("name", "name_en", required=True, mandatory=True, max_length=120),
        tmf.Text("nameFr", "name_fr", extension=True, max_length=120),
        tmf.Text("code", create_only=True, extension=True, max_length=60, pattern=r"[-a-zA-Z0-9_]+"),
        tmf.Text("description"),
        tmf.Number("version", "revision", integer=True, read_only=True),
        tmf.State("lifecycleStatus", "status", words=WORDS, mandatory=True),
        tmf.Batch("isBundle", _bundles, schema={"type": "boolean"}, mandatory=True),
        tmf.DateTime("lastUpdate", "updated", read_only=True),
        SpecCharacteristics(
            "specCharacteristic", "characteristics", schema={"type": "array", "items": CHARACTERISTIC}
        ),
        tmf.Many(
            "serviceSpecRelationship",
            "supported_by",
            (
                tmf.Text("id", "child_id"),
                tmf.Text("name", "child__name_en"),
                tmf.Const("relationshipType", "dependency", filter=False),
            ),
            read_only=True,
        ),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> ServiceSpecification:
        """Make a specification in design."""
        return services.create_specification(**data)

    def update(self, obj: ServiceSpecification, data: tmf.Data, user: tmf.User) -> None:
        """Change its texts, and, while it is in design, its characteristics."""
        services.change_specification(specification=obj, **data)

    def delete(self, obj: ServiceSpecification, user: tmf.User) -> None:
        """Refused once it was in use."""
        services.remove_specification(specification=obj)

    moves: dict[str, Callable[..., Any]] = {
        str(state): lambda obj, data, user, to=state: services.move_specification(specification=obj, to=to)
        for state in (Status.ACTIVE, Status.RETIRED)
    }


@CATALOGUE.resource
class CandidateResource(tmf.Resource[ServiceSpecification]):
    """A specification in use, as something that can be ordered."""

    path, model = "serviceCandidate", ServiceSpecification
    fields = (
        tmf.Text("name", "name_en", read_only=True, mandatory=True),
        tmf.Text("description", read_only=True),
        tmf.State("lifecycleStatus", "status", words=WORDS, read_only=True, mandatory=True),
        tmf.DateTime("lastUpdate", "updated", read_only=True),
        tmf.Object(
            "serviceSpecification",
            (tmf.Text("id", "pk", read_only=True), tmf.Text("name", "name_en", read_only=True)),
            read_only=True,
            filter=False,
        ),
    )

    def queryset(self, user: tmf.User) -> Any:
        """Those in use."""
        return ServiceSpecification.objects.visible_to(user).filter(status=Status.ACTIVE)
