"""TMF620 product offerings, and the values they choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Model

from bss.catalog import services
from bss.catalog.api.prices import PriceResource
from bss.catalog.api.shapes import CATALOGUE, CHARACTERISTIC, EVENTS, STATUS, TEXTS, references, row_of
from bss.catalog.models import ProductOffering
from bss.catalog.models.offering import Status
from kernel import tmf
from kernel.filtering import Filter
from kernel.tmf.fields.base import Intake, Plan, Reader, Schema, Scope


class ValueUse(tmf.Characteristics):
    """`prodSpecCharValueUse`: the values an offer fixes."""

    def reader(self, plan: Plan) -> Reader:
        read = super().reader(plan)

        def shown(row: tuple[Any, ...]) -> list[dict[str, Any]] | None:
            return [
                {
                    "name": one["name"],
                    "valueType": one["valueType"],
                    "productSpecCharacteristicValue": [{"value": one["value"]}],
                }
                for one in read(row) or ()
            ] or None

        return shown

    def python(self, value: Any, intake: Intake, path: str) -> dict[str, Any] | None:
        plain = value
        if isinstance(value, list):
            plain = [_first_value(one) for one in value]
        return super().python(plain, intake, path)

    def filters(self, scope: Scope) -> Iterator[Filter]:
        yield next(iter(super().filters(scope)))

    def schema(self, model: type[Model]) -> Schema:
        return {"type": "array", "items": CHARACTERISTIC}


def _first_value(one: Any) -> Any:
    values = one.get("productSpecCharacteristicValue") if isinstance(one, dict) else None
    if not isinstance(values, list) or not values or not isinstance(values[0], dict):
        return one
    return {"name": one.get("name"), "value": values[0].get("value")}


OPTION = (
    tmf.Number("numberRelOfferLowerLimit", "minimum", integer=True, minimum=0, maximum=1000),
    tmf.Number("numberRelOfferDefault", "default", integer=True, minimum=0, maximum=1000),
    tmf.Number("numberRelOfferUpperLimit", "maximum", integer=True, minimum=1, maximum=1000),
)


@CATALOGUE.resource
class OfferingResource(tmf.Resource[ProductOffering]):
    """One revision of an offer. `lifecycleStatus` Launched releases it, Retired takes it off sale."""

    path, model = "productOffering", ProductOffering
    events = EVENTS
    fields = (
        *TEXTS,
        STATUS,
        tmf.Text("code", create_only=True, extension=True, pattern=r"[-a-zA-Z0-9_]+"),
        tmf.Text("version", "revision", read_only=True),
        tmf.Bool("isBundle", create_only=True),
        tmf.Bool("isSellable"),
        tmf.Period("validFor", "valid_from", "valid_to"),
        tmf.Ref(
            "productSpecification",
            "specification",
            type="ProductSpecification",
            to="620/productSpecification",
            label="specification__name_en",
        ),
        tmf.Refs(
            "category", tmf.Ref("category", type="Category", to="620/category", label="category__name_en")
        ),
        ValueUse("prodSpecCharValueUse", "characteristics"),
        tmf.Object("serviceLevelAgreement", (tmf.Text("id", "sla_class"),), flat=True),
        tmf.Many("productOfferingPrice", "prices", references("ProductOfferingPrice"), create_only=True),
        tmf.Many(
            "bundledProductOffering",
            "items",
            (
                tmf.Text("id", "offering_id", required=True, max_length=40),
                tmf.Text("name", "offering__name_en", read_only=True),
                tmf.Object("bundledProductOfferingOption", OPTION, flat=True),
            ),
            order=("position",),
            create_only=True,
        ),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> ProductOffering:
        """Make an offer: in study until it stands on a specification or is a bundle, else in design."""
        prices = [
            row_of(PriceResource, one["pk"], user, "productOfferingPrice") for one in data.pop("prices", [])
        ]
        items = [
            {
                **one,
                "offering": row_of(OfferingResource, one.pop("offering_id"), user, "bundledProductOffering"),
            }
            for one in data.pop("items", [])
        ]
        status = "in_design" if data.get("specification") or data.get("is_bundle") else "in_study"
        offering = services.create_offering(status=status, **data)
        for price in prices:
            services.assign_price(price=price, offering=offering)
        if items:
            services.set_bundle(bundle=offering, items=items)
        return offering

    def update(self, obj: ProductOffering, data: tmf.Data, user: tmf.User) -> None:
        """Change it; once it was on sale only what tells of it and whom it is sold to."""
        services.change_offering(offering=obj, **data)

    def delete(self, obj: ProductOffering, user: tmf.User) -> None:
        """Refused once it was on sale."""
        services.remove_offering(offering=obj)

    moves: dict[str, Callable[..., Any]] = {
        **{
            str(state): lambda obj, data, user, to=state: services.move_offering(offering=obj, to=to)
            for state in Status
        },
        "launched": lambda obj, data, user: _publish(services.release, obj, user),
        "retired": lambda obj, data, user: _publish(services.retire, obj, user),
    }


def _publish(door: Callable[..., Any], offering: ProductOffering, user: tmf.User) -> None:
    from kernel import permissions

    permissions.require(user, "bss_catalog.publish_catalog")
    door(offering=offering)
