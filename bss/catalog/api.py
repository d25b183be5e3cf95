"""TMF620 product catalogue over the doors of this app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from bss.catalog import services
from bss.catalog.models import (
    Catalog,
    Category,
    OfferingPrice,
    ProductOffering,
    ProductSpecification,
)
from bss.catalog.models.offering import Status
from kernel import tmf
from kernel.errors import Invalid
from kernel.filtering import Filter
from kernel.tmf.fields.base import Intake, Plan, Reader, Schema, Scope

CATALOGUE = tmf.Api(
    "620", "Product Catalog Management", "/tmf-api/productCatalogManagement/v4", document="4.1.0"
)

WORDS = {state: str(state.value).replace("_", " ").capitalize() for state in Status}
EVENTS = ("Create", "AttributeValueChange", "StateChange", "Delete")
TEXTS = (
    tmf.Text("name", "name_en", required=True, mandatory=True),
    tmf.Text("description", "description_en"),
    tmf.Text("nameFr", "name_fr", extension=True),
    tmf.Text("descriptionFr", "description_fr", extension=True),
    tmf.DateTime("lastUpdate", "updated", read_only=True, mandatory=True),
)
STATUS = tmf.State("lifecycleStatus", "status", words=WORDS, mandatory=True)
LISTED = tmf.Const("lifecycleStatus", "Active", mandatory=True)


def _references(word: str, path: str = "") -> tuple[tmf.Field, ...]:
    head = f"{path}__" if path else ""
    return (
        tmf.Text("id", f"{path}_id" if path else "pk", max_length=40),
        tmf.Text("name", f"{head}name_en", read_only=True),
        tmf.Const("@referredType", word, filter=False),
    )


@CATALOGUE.resource
class CatalogResource(tmf.Resource[Catalog]):
    """A set of categories shown together."""

    path, model = "catalog", Catalog
    events = EVENTS
    fields = (*TEXTS, LISTED, tmf.Many("category", "categories", _references("Category"), read_only=True))

    def create(self, data: tmf.Data, user: tmf.User) -> Catalog:
        """Make an empty catalogue."""
        return services.create_catalog(**data)

    def update(self, obj: Catalog, data: tmf.Data, user: tmf.User) -> None:
        """Change its texts."""
        services.change_catalog(catalog=obj, **data)

    def delete(self, obj: Catalog, user: tmf.User) -> None:
        """Refused while it holds categories."""
        services.remove_shelf(shelf=obj)


@CATALOGUE.resource
class CategoryResource(tmf.Resource[Category]):
    """A shelf of the catalogue; `parentId` makes a tree."""

    path, model = "category", Category
    events = EVENTS
    fields = (
        *TEXTS,
        LISTED,
        tmf.Computed("isRoot", ("parent_id",), lambda parent: parent is None, schema={"type": "boolean"}),
        tmf.Text("parentId", "parent_id", max_length=40),
        tmf.Many("subCategory", "children", _references("Category"), read_only=True),
        tmf.Many("productOffering", "offerings", _references("ProductOffering"), read_only=True),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> Category:
        """Make a shelf."""
        return services.create_category(**_with_parent(data, user))

    def update(self, obj: Category, data: tmf.Data, user: tmf.User) -> None:
        """Change its texts or its place."""
        services.change_category(category=obj, **_with_parent(data, user))

    def delete(self, obj: Category, user: tmf.User) -> None:
        """Refused while it holds anything."""
        services.remove_shelf(shelf=obj)


def _with_parent(data: tmf.Data, user: tmf.User) -> dict[str, Any]:
    values = dict(data)
    if "parent_id" in values:
        wanted = values.pop("parent_id")
        values["parent"] = _row(Category, wanted, user, "parentId") if wanted else None
    return values


def _row(model: Any, key: str, user: tmf.User, attribute: str) -> Any:
    """The row a body names by id; raises Invalid at the attribute when there is none."""
    resource: Any = {
        Category: CategoryResource,
        OfferingPrice: PriceResource,
        ProductOffering: OfferingResource,
    }[model]
    found = resource(CATALOGUE).address(key)
    row = model.objects.visible_to(user).filter(found).first() if found is not None else None
    if row is None:
        raise Invalid(
            _("%(id)s does not exist") % {"id": key[:80]},
            code="reference.unknown",
            fields={attribute: _("Unknown")},
        )
    return row


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


CHARACTERISTIC = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


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
        tmf.Many("productOfferingPrice", "prices", _references("ProductOfferingPrice"), create_only=True),
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
            _row(OfferingPrice, one["pk"], user, "productOfferingPrice") for one in data.pop("prices", [])
        ]
        items = [
            {**one, "offering": _row(ProductOffering, one.pop("offering_id"), user, "bundledProductOffering")}
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


KINDS = {
    OfferingPrice.Kind.ONE_OFF: "oneTime",
    OfferingPrice.Kind.RECURRING: "recurring",
    OfferingPrice.Kind.USAGE: "usage",
}


@CATALOGUE.resource
class PriceResource(tmf.Resource[OfferingPrice]):
    """A price. Without an offering it waits in a drawer; once released it changes no more, but may end or be superseded."""

    path, model = "productOfferingPrice", OfferingPrice
    events = EVENTS
    fields = (
        *TEXTS,
        tmf.Computed(
            "lifecycleStatus",
            ("released",),
            lambda released: "In design" if released is None else "Launched",
            mandatory=True,
        ),
        tmf.Choice(
            "priceType",
            "kind",
            words=KINDS,
            aliases={"one-time": "one_off"},
            mandatory=True,
            create_only=True,
        ),
        tmf.Money("price", "amount"),
        tmf.Number("recurringChargePeriodLength", "period_months", integer=True, minimum=0, maximum=120),
        tmf.Computed(
            "recurringChargePeriodType", ("period_months",), lambda months: "month" if months else None
        ),
        tmf.Period("validFor", "valid_from", "valid_to"),
        tmf.Array("tax", (tmf.Text("taxCategory", "tax_category"),)),
        tmf.Array(
            "pricingLogicAlgorithm", (tmf.Text("id", "tariff_id"), tmf.Text("name", "tariff__name_en"))
        ),
        tmf.Ref(
            "productOffering",
            "offering",
            type="ProductOffering",
            to="620/productOffering",
            label="offering__name_en",
            extension=True,
        ),
        tmf.Choice(
            "chargeTiming", "timing", words={"advance": "advance", "arrears": "arrears"}, extension=True
        ),
        tmf.Choice("proration", words=OfferingPrice.Proration, extension=True),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> OfferingPrice:
        """Note a price, for an offer that is open or for one to come."""
        values = _priced(data)
        offering = values.pop("offering", None)
        price = services.draft_price(**values)
        return price if offering is None else services.assign_price(price=price, offering=offering)

    def update(self, obj: OfferingPrice, data: tmf.Data, user: tmf.User) -> None:
        """Edit an open price, move it to an offer, or let a released one end."""
        values = _priced(data)
        offering = values.pop("offering", None)
        if obj.released is not None and set(values) == {"valid_to"} and values["valid_to"] is not None:
            services.end_price(price=obj, day=values["valid_to"])
        elif values:
            services.change_price(price=obj, **values)
        if offering is not None:
            services.assign_price(price=obj, offering=offering)

    def delete(self, obj: OfferingPrice, user: tmf.User) -> None:
        """Refused once it was released."""
        services.remove_price(price=obj)


def _priced(data: tmf.Data) -> dict[str, Any]:
    values = dict(data)
    money = values.pop("amount", None)
    if money is not None:
        values |= {"amount": money.amount, "currency": money.currency}
    return values
