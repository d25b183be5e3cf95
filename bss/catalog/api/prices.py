"""TMF620 prices of offerings."""

from __future__ import annotations

from typing import Any

from bss.catalog import services
from bss.catalog.api.shapes import CATALOGUE, EVENTS, TEXTS
from bss.catalog.models import OfferingPrice
from kernel import tmf

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
