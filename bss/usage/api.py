"""TMF635 Usage Management: rated records and what they say, over the doors of this app."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from bss.usage import services
from bss.usage.models import UsageRecord, UsageSpecification, UsageTotal
from kernel import tmf
from kernel.errors import Invalid
from kernel.filtering import Filter
from kernel.money import from_micros

USAGE = tmf.Api("635", "Usage Management", "/tmf-api/usageManagement/v4", document="4.0.0")

CHARACTERISTICS = {
    "voice": ("caller", "called", "duration", "zone", "timeBand", "key"),
    "data": ("user", "duration", "volume", "key"),
}
ARRAY = {"type": "array", "items": {"type": "object"}}


def characteristics(
    kind: str, identifier: str, other: str, seconds: int, units: int, zone: str, bands: str, key: str
) -> list[dict[str, Any]]:
    """What the network reported and where rating put it."""
    values = {
        "caller": identifier, "user": identifier, "called": other, "duration": seconds, "volume": units, "zone": zone,
        "timeBand": bands, "key": key,
    }  # fmt: skip
    return [
        {
            "name": name,
            "value": values[name],
            "valueType": "integer" if isinstance(values[name], int) else "string",
        }
        for name in CHARACTERISTICS[kind]
    ]


def rated(
    started: datetime,
    micros: int,
    currency: str,
    billed: bool,
    product: Any,
    number: str,
    tariff: str | None,
    taken: int,
) -> list[dict[str, Any]]:
    """The price, net, and whether a bill has it."""
    return [
        {
            "ratingDate": started,
            "ratingAmountType": "Total",
            "usageRatingTag": "usage" if tariff else "included usage",
            "offerTariffType": tariff or "flat",
            "isBilled": billed,
            "isTaxExempt": False,
            "taxExcludedRatingAmount": {"unit": currency, "value": float(from_micros(micros))},
            "bucketValueConvertedInAmount": {"unit": currency, "value": 0.0},
            "productRef": {"id": str(product), "name": number, "@referredType": "Product"},
            "takenFromAllowance": taken,
            "@type": "RatedProductUsage",
        }
    ]


@USAGE.resource
class UsageSpecificationResource(tmf.Resource[UsageSpecification]):
    """What a record of one kind says."""

    path, model, key = "usageSpecification", UsageSpecification, "code"
    order = ("code",)
    events = ("AttributeValueChange",)
    fields = (
        tmf.Text("name", mandatory=True),
        tmf.Text("description"),
        tmf.Text("version", "release", read_only=True),
        tmf.Text("lifecycleStatus", "lifecycle_status", read_only=True),
        tmf.DateTime("lastUpdate", "updated", read_only=True),
        tmf.Const("isBundle", value=False),
        tmf.Json("specCharacteristic", "characteristics", schema=ARRAY, read_only=True),
    )

    def update(self, obj: UsageSpecification, data: tmf.Data, user: tmf.User) -> None:
        """Name and description; what is rated does not change by them."""
        services.change_specification(specification=obj, **data)


@USAGE.resource
class UsageResource(tmf.Resource[UsageRecord]):
    """A rated call or data session. POST mediates and rates at once; what cannot be rated is refused with the reason."""

    path, model, key = "usage", UsageRecord, "id"
    order, keyset = ("-started",), "started"
    events = ()
    permissions = {"create": "bss_usage.add_usagerecord"}
    fields = (
        tmf.DateTime("usageDate", "started", create_only=True, mandatory=True, required=True),
        tmf.Text("usageType", "kind", read_only=True),
        tmf.Choice("status", words={"rated": "rated", "rerated": "rerated", "billed": "billed"}, read_only=True, mandatory=True),
        tmf.Ref(
            "usageSpecification", "kind", type="UsageSpecification", to="635/usageSpecification", label="",
            create_only=True, mandatory=True, required=True,
        ),
        tmf.Computed(
            "usageCharacteristic",
            ("kind", "identifier", "other", "seconds", "units", "zone", "bands", "key"),
            characteristics,
            schema=ARRAY,
            where=Filter("usageCharacteristic", "identifier", "text"),
        ),
        tmf.Computed(
            "ratedProductUsage",
            ("started", "micros", "currency", "billed", "product_id", "product__number", "tariff__code", "taken"),
            rated,
            schema=ARRAY,
        ),
        tmf.Refs(
            "relatedParty",
            tmf.Ref(
                "customer", "account__customer", type="Customer", to="629/customer", label="account__customer__party__name",
                role="customer",
            ),
            read_only=True,
        ),
    )  # fmt: skip

    def queryset(self, user: tmf.User) -> QuerySet[UsageRecord]:
        """Records with whether a bill has them: their batch's total of the same product, zone and period is taken."""
        taken = UsageTotal.objects.filter(
            batch=OuterRef("batch"),
            product=OuterRef("product"),
            kind=OuterRef("kind"),
            zone=OuterRef("zone"),
            cycle_start=OuterRef("cycle_start"),
            late=OuterRef("late"),
            line__isnull=False,
        )
        return UsageRecord.objects.visible_to(user).annotate(billed=Exists(taken))

    def create(self, data: tmf.Data, user: tmf.User) -> UsageRecord:
        """Take one report in."""
        return self.create_many([data], user)[0]

    def create_many(self, rows: list[tmf.Data], user: tmf.User) -> list[UsageRecord]:
        """Take reports of one kind in together."""
        kinds = {str(row["kind"]) for row in rows}
        if len(kinds) > 1:
            raise Invalid(_("All reports of one request are of one kind"), code="usage.mixedKinds")
        return services.report_usage(kind=kinds.pop(), reports=[_reported(row) for row in rows])


def _reported(row: tmf.Data) -> services.Reported:
    told = {
        str(item.get("name")): item.get("value")
        for item in row.raw.get("usageCharacteristic") or []
        if isinstance(item, dict)
    }
    try:
        return services.Reported(
            started=row["started"],
            identifier=str(told.get("caller") or told.get("user") or ""),
            other=str(told.get("called") or ""),
            seconds=int(told.get("duration") or 0),
            volume=int(told.get("volume") or 0),
            key=str(told.get("key") or ""),
        )
    except (TypeError, ValueError) as error:
        raise Invalid(
            _("duration and volume are whole numbers"),
            code="attribute.value",
            fields={"usageCharacteristic": str(error)},
        ) from error
