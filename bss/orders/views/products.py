"""Products and qualifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from bss.catalog.services.simulation import line_of
from bss.orders.models import Product, Qualification
from bss.orders.views.badges import PRODUCT_STATUS, RESULT
from kernel import pages
from kernel.filtering import Filter


def _products(user: Any) -> QuerySet[Product]:
    return Product.objects.visible_to(user).select_related(
        "customer__party", "account", "offering", "site", "parent__offering", "agreement"
    )


PRODUCTS = pages.List(
    name="bss_orders:product-list",
    model=Product,
    title=_("Products"),
    icon="package",
    section="orders",
    order=30,
    rows=_products,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("offer", _("Offer"), "offering.name", sort="offering__name_en"),
        pages.Column(
            "customer", _("Customer"), "customer.party.name", link="customer", sort="customer__party__name"
        ),
        pages.Column("site", _("Site"), link="site", sort="site__name"),
        pages.Column("quantity", _("Quantity"), kind="number", sort=True),
        pages.Column("status", _("Status"), badge=PRODUCT_STATUS, sort=True),
        pages.Column("active", _("Active from"), "active_from", kind="date", sort="active_from"),
        pages.Column("bundle", _("Part of"), "parent", link="parent", sort="parent__number", hidden=True),
        pages.Column("account", _("Billing account"), link="account", sort="account__number", hidden=True),
        pages.Column(
            "terminated", _("Terminated"), "terminated_at", kind="date", sort="terminated_at", hidden=True
        ),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=Product.Status.choices),
        Filter("customer", "customer__number", "text", _("Customer")),
        Filter("account", "account__number", "text", _("Billing account")),
        Filter("offer", "offering__code", "text", _("Offer")),
        Filter("location", "site__location_code", "text", _("Serving location")),
        Filter("active", "active_from", "datetime", _("Active from")),
    ],
    search=("number", "offering__name_en", "offering__name_fr", "customer__party__name"),
    default_sort="-number",
    views=[("live", _("Live"), "status=active&status=suspended&status=pending_terminate")],
    live=True,
    row_class=lambda row: {"suspended": "warn", "terminated": "muted"}.get(row.status, ""),
    empty=pages.Empty(_("Products are what customers have. They come of orders.")),
)


def _overview(product: Product, user: Any) -> Mapping[str, Any]:
    prices = product.prices.select_related("price__offering", "price__tariff").prefetch_related(
        "price__tiers"
    )
    return {
        "lines": [line_of(agreed.price, product.quantity) for agreed in prices],
        "members": product.members.select_related("offering"),
        "items": product.order_items.select_related("order").order_by("-id"),
    }


PRODUCT = pages.Detail(
    name="bss_orders:product-detail",
    model=Product,
    rows=_products,
    title="offering.name",
    list=PRODUCTS,
    status=("status", PRODUCT_STATUS),
    identify=("number",),
    find=("number",),
    states={"open": {"status__in": ["active", "suspended"]}},
    words=("product", "produit"),
    facts=[
        pages.Fact(_("Customer"), "customer", link=True),
        pages.Fact(_("Billing account"), "account", link=True),
        pages.Fact(_("Site"), "site", link=True),
        pages.Fact(_("Active from"), "active_from", kind="time"),
        pages.Fact(_("Quantity"), "quantity", kind="number"),
    ],
    fields=[
        pages.Fact(_("Part of"), "parent", link=True),
        pages.Fact(_("Agreement"), "agreement"),
        pages.Fact(_("Ordered"), "ordered", kind="time"),
        pages.Fact(_("Suspended since"), "suspended_at", kind="time"),
        pages.Fact(_("Reason of suspension"), "suspension_reason"),
        pages.Fact(_("Terminated"), "terminated_at", kind="time"),
    ],
    overview="bss/orders/_product.html",
    context=_overview,
    live=True,
)

QUALIFICATIONS = pages.List(
    name="bss_orders:qualification-list",
    model=Qualification,
    title=_("Qualifications"),
    icon="map-pin",
    section="orders",
    order=40,
    rows=lambda user: Qualification.objects.visible_to(user).select_related(
        "customer__party", "site", "offering"
    ),
    columns=[
        pages.Column("number", _("Number"), sort=True),
        pages.Column("site", _("Site"), link="site", sort="site__name"),
        pages.Column(
            "customer", _("Customer"), "customer.party.name", link="customer", sort="customer__party__name"
        ),
        pages.Column("offer", _("Offer"), "offering.name", sort="offering__name_en"),
        pages.Column("result", _("Result"), badge=RESULT, sort=True),
        pages.Column("technology", _("Technology"), sort=True),
        pages.Column("lead", _("Lead time in days"), "lead_days", kind="number", sort="lead_days"),
        pages.Column("why", _("Explanation"), "explanation"),
        pages.Column("at", _("Asked"), kind="when", sort=True),
        pages.Column("until", _("Holds until"), "valid_until", kind="date", sort="valid_until", hidden=True),
    ],
    filters=[
        Filter("result", "result", "choice", _("Result"), choices=Qualification.Result.choices),
        Filter("customer", "customer__number", "text", _("Customer")),
        Filter("offer", "offering__code", "text", _("Offer")),
        Filter("at", "at", "datetime", _("Asked")),
    ],
    search=("number", "site__name", "customer__party__name"),
    default_sort="-at",
    live=True,
    empty=pages.Empty(_("What the network said about offers at sites stands here.")),
)
pages.extend(
    "bss_customers:customer-detail",
    tabs=[
        pages.Tab(
            "products",
            _("Products"),
            list="bss_orders:product-list",
            lock=lambda customer: {"customer": customer.number},
        )
    ],
)
pages.extend(
    "bss_customers:account-detail",
    tabs=[
        pages.Tab(
            "products",
            _("Products"),
            list="bss_orders:product-list",
            lock=lambda account: {"account": account.number},
        )
    ],
)
