"""TMF637: the products of customers."""

from __future__ import annotations

from bss.orders.api.shapes import CUSTOMER, PRODUCT_WORDS, prices
from bss.orders.models import Product
from kernel import tmf

INVENTORY = tmf.Api("637", "Product Inventory", "/tmf-api/productInventory/v4", document="4.0.0")


@INVENTORY.resource
class ProductResource(tmf.Resource[Product]):
    """What a customer has. Products come, change and go by orders alone."""

    path, model = "product", Product
    events = ("Create", "AttributeValueChange", "StateChange", "Delete")
    fields = (
        tmf.Text("name", "offering__name_en", read_only=True),
        tmf.Text("number", read_only=True, extension=True),
        tmf.State("status", words=PRODUCT_WORDS, mandatory=True, read_only=True),
        tmf.Bool("isBundle", "offering__is_bundle", read_only=True),
        tmf.DateTime("orderDate", "ordered", read_only=True),
        tmf.DateTime("startDate", "active_from", read_only=True),
        tmf.DateTime("terminationDate", "terminated_at", read_only=True),
        tmf.Number("quantity", integer=True, read_only=True, extension=True),
        tmf.Ref(
            "billingAccount",
            "account",
            type="BillingAccount",
            to="666/billingAccount",
            read_only=True,
            mandatory=True,
        ),
        tmf.Ref(
            "productOffering",
            "offering",
            type="ProductOffering",
            to="620/productOffering",
            label="offering__name_en",
            read_only=True,
            mandatory=True,
        ),
        tmf.Ref(
            "productSpecification",
            "offering__specification",
            type="ProductSpecification",
            to="620/productSpecification",
            label="offering__specification__name_en",
            read_only=True,
        ),
        tmf.Characteristics("productCharacteristic", "characteristics", read_only=True, mandatory=True),
        tmf.Refs(
            "place",
            tmf.Ref("site", type="GeographicSite", label="site__name", role="installation"),
            read_only=True,
            filter=False,
        ),
        tmf.Refs("relatedParty", CUSTOMER, read_only=True, mandatory=True),
        tmf.Many("productPrice", "prices", prices("price"), read_only=True, mandatory=True),
        tmf.Many(
            "product",
            "members",
            (tmf.Text("id", "pk"), tmf.Text("name", "offering__name_en")),
            read_only=True,
        ),
    )
