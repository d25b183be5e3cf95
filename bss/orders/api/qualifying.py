"""TMF679: whether offers can be delivered at a site."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from bss.catalog.models import ProductOffering
from bss.customers.models import CustomerSite
from bss.orders import services
from bss.orders.api.shapes import refused
from kernel import clock, tmf

QUALIFYING = tmf.Api(
    "679", "Product Offering Qualification", "/tmf-api/productOfferingQualification/v4", document="4.0.0"
)


ASKED = (
    tmf.Text("id", max_length=20, required=True),
    tmf.Ref("productOffering", "product_offering", type="ProductOffering", to="620/productOffering"),
)


@QUALIFYING.task
class ProductOfferingQualification(tmf.Task):
    """Whether offers can be delivered at a site: each item names an offer, `place` the site."""

    path, permission_name = "productOfferingQualification", "bss_orders.add_qualification"
    own_fields = (
        tmf.DateTime("productOfferingQualificationDate", "created", read_only=True, mandatory=True),
    )
    fields = (
        tmf.Text("description", max_length=400),
        tmf.List(
            "relatedParty",
            (tmf.Text("id", max_length=40, required=True), tmf.Text("role", max_length=40)),
            mandatory=True,
        ),
        tmf.List("place", (tmf.Text("id", max_length=40, required=True), tmf.Text("role", max_length=40))),
        tmf.List("productOfferingQualificationItem", ASKED, required=True, mandatory=True),
    )

    def run(self, data: tmf.Data, user: tmf.User) -> Mapping[str, Any]:
        """Ask the network about every item; the answers are kept as qualifications and hold for orders."""
        at = clock.now()
        site = _site(data, user)
        items = []
        for asked in data["product_offering_qualification_item"]:
            answer = services.qualify(customer=site.customer, site=site, offering=_offering(asked), at=at)
            shown: dict[str, Any] = {
                "id": asked["id"],
                "state": "done",
                "qualificationItemResult": answer.result,
                "productOffering": {"id": str(answer.offering_id), "name": answer.offering.name_en},
            }
            if answer.result == answer.Result.QUALIFIED:
                shown["expectedActivationDate"] = at + timedelta(days=answer.lead_days)
            else:
                shown["eligibilityUnavailabilityReason"] = [{"code": "network", "label": answer.explanation}]
            items.append(shown)
        return {
            "productOfferingQualificationItem": items,
            "relatedParty": [
                {"id": str(site.customer_id), "role": "customer", "name": str(site.customer.party)}
            ],
        }


def _site(data: Mapping[str, Any], user: tmf.User) -> CustomerSite:
    keys = [one["id"] for one in data.get("place") or ()]
    address = tmf.Resource.address(_Sites(QUALIFYING), keys[0]) if len(keys) == 1 else None
    row = CustomerSite.objects.visible_to(user).filter(address).first() if address is not None else None
    if row is None:
        raise refused("place", _("Name one site that exists"))
    return row


class _Sites(tmf.Resource[CustomerSite]):
    """Sites by id; served by nobody here."""

    path, model = "site", CustomerSite


def _offering(asked: Mapping[str, Any]) -> ProductOffering:
    offering: ProductOffering | None = asked.get("product_offering")
    if offering is None:
        raise refused("productOfferingQualificationItem.productOffering", _("Name the offer of each item"))
    return offering
