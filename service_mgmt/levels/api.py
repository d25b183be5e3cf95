"""TMF657 service level specifications and objectives, and the agreements and violations that come of them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from kernel import tmf
from service_mgmt.levels.models import SlaAgreement, SlaDefinition, SlaResult

QUALITY = tmf.Api(
    "657", "Service Quality Management", "/tmf-api/serviceQualityManagement/v4", document="4.0.0"
)
# TM Forum has no v4 document for service level agreements (TMF623): these two follow its words.
AGREEMENTS = tmf.Api("sla", "SLA Management", "/tmf-api/slaManagement/v4", document="4.0.0", extension=True)


def consequences(definition_ids: Iterable[Any], user: Any) -> dict[Any, list[dict[str, Any]]]:
    """`serviceLevelObjectiveConsequence`: what each credit band prescribes, in two queries."""
    rows = SlaDefinition.objects.visible_to(user).filter(pk__in=set(definition_ids)).prefetch_related("bands")
    return {
        row.pk: [
            {
                "name": f"below {band.below.normalize():f} %",
                "prescribedAction": f"credit {band.credit_percent.normalize():f} % of the monthly fee",
                "repeatAction": True,
            }
            for band in row.bands.all()
        ]
        for row in rows
    }


def plain(value: Decimal) -> str:
    """A percentage as text, without superfluous zeros."""
    return f"{value.normalize():f}"


@QUALITY.resource
class ServiceLevelSpecificationResource(tmf.Resource[SlaDefinition]):
    """A class of service level, as offerings and contracts name it."""

    path, model = "serviceLevelSpecification", SlaDefinition
    events = ("Create", "AttributeValueChange", "Delete")
    fields = (
        tmf.Text("code", read_only=True, extension=True),
        tmf.Text("name", "name_en", read_only=True, mandatory=True),
        tmf.Text("nameFr", "name_fr", read_only=True, extension=True),
        tmf.Text("description", "description_en", read_only=True),
        tmf.Refs(
            "relatedServiceLevelObjective",
            tmf.Ref("objective", "id", type="ServiceLevelObjective", to="657/serviceLevelObjective"),
            read_only=True,
            mandatory=True,
        ),
    )


@QUALITY.resource
class ServiceLevelObjectiveResource(tmf.Resource[SlaDefinition]):
    """The availability that a class promises: violated below the target. It has the id of its class."""

    path, model, type_name = "serviceLevelObjective", SlaDefinition, "ServiceLevelObjective"
    events = ("Create", "AttributeValueChange", "Delete")
    fields = (
        tmf.Text("name", "code", read_only=True),
        tmf.Const("conformanceComparator", "<"),
        tmf.Computed(
            "conformanceTarget",
            ("availability_target",),
            plain,
            schema={"type": "string"},
            mandatory=True,
            where="availability_target",
        ),
        tmf.Const(
            "serviceLevelObjectiveParameter",
            {"name": "availability", "parameterType": "percent"},
            mandatory=True,
        ),
        tmf.Batch(
            "serviceLevelObjectiveConsequence",
            consequences,
            schema={"type": "array", "items": {"type": "object"}},
        ),
    )


PARTIES = tmf.Refs(
    "relatedParty",
    tmf.Ref(
        "customer",
        "customer",
        type="Customer",
        to="629/customer",
        label="customer__party__name",
        role="customer",
    ),
    read_only=True,
)


@AGREEMENTS.resource
class SlaResource(tmf.Resource[SlaAgreement]):
    """A service level promised for one service of a customer."""

    path, model, type_name = "sla", SlaAgreement, "ServiceLevelAgreement"
    events = ("Create", "AttributeValueChange")
    fields = (
        tmf.Text("name", "number", read_only=True),
        tmf.Period("validityPeriod", "starts", "ends", read_only=True),
        tmf.Ref(
            "template",
            "definition",
            type="ServiceLevelSpecification",
            to="657/serviceLevelSpecification",
            label="definition__code",
            read_only=True,
        ),
        tmf.Ref(
            "service", "service", type="Service", to="638/service", label="service__number", read_only=True
        ),
        tmf.Ref(
            "product", "product", type="Product", to="637/product", label="product__number", read_only=True
        ),
        PARTIES,
    )


@AGREEMENTS.resource
class SlaViolationResource(tmf.Resource[SlaResult]):
    """A month that fell short of its promise, with the outages that counted."""

    path, model, type_name = "slaViolation", SlaResult, "ServiceLevelViolation"
    events = ("Create",)
    order = ("-month", "-pk")
    fields = (
        tmf.Date("month", read_only=True),
        tmf.DateTime("date", "measured", read_only=True),
        tmf.Ref("sla", "agreement", type="ServiceLevelAgreement", to="sla/sla", label="agreement__number"),
        tmf.Object(
            "violation",
            (
                tmf.Const("unit", "percent"),
                tmf.Const("operator", "<"),
                tmf.Number("referenceValue", "target"),
                tmf.Number("actualValue", "availability"),
                tmf.Number("lateRepairs", "late_repairs", integer=True),
            ),
            read_only=True,
        ),
        tmf.Json("outage", "outages", schema={"type": "array", "items": {"type": "object"}}, read_only=True),
    )

    def queryset(self, user: tmf.User) -> QuerySet[SlaResult]:
        """Only months that broke their promise."""
        return SlaResult.objects.visible_to(user).filter(breached=True)
