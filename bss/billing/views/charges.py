"""Charges of products, and the rates of VAT."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from bss.billing import forms, services
from bss.billing.models import Subscription, TaxRate
from bss.billing.views.badges import CHARGE_KIND
from bss.billing.views.invoices import LINES
from kernel import pages
from kernel.filtering import Filter


def _charges(user: Any) -> QuerySet[Subscription]:
    return Subscription.objects.visible_to(user).select_related(
        "product__offering", "price", "account__customer__party"
    )


CHARGES = pages.List(
    name="bss_billing:charge-list",
    model=Subscription,
    title=_("Charges"),
    icon="tag",
    section="billing",
    order=50,
    rows=_charges,
    columns=[
        pages.Column("name", _("Charge"), "price.name", link=True, sort="price__name_en"),
        pages.Column("product", _("Product"), "product.number", link="product", sort="product__number"),
        pages.Column(
            "customer",
            _("Customer"),
            "account.customer.party.name",
            link="account.customer",
            sort="account__customer__party__name",
        ),
        pages.Column("kind", _("Kind"), badge=CHARGE_KIND, sort=True),
        pages.Column("quantity", _("Quantity"), kind="number", sort=True),
        pages.Column("amount", _("Amount, net"), kind="money", currency="currency", sort=True),
        pages.Column("start", _("From"), kind="date", sort=True),
        pages.Column("end", _("Until"), kind="date", sort=True),
        pages.Column("billed", _("Billed until"), "billed_to", kind="date", sort="billed_to"),
        pages.Column("account", _("Account"), "account.number", link="account", sort="account__number", hidden=True),
        pages.Column("offer", _("Offer"), "product.offering.name", sort="product__offering__name_en", hidden=True),
    ],
    filters=[
        Filter("kind", "kind", "choice", _("Kind"), choices=Subscription.Kind.choices),
        Filter("customer", "account__customer__number", "text", _("Customer")),
        Filter("account", "account__number", "text", _("Account")),
        Filter("product", "product__number", "text", _("Product")),
        Filter("start", "start", "date", _("From")),
        Filter("end", "end", "date", _("Until")),
        Filter("billed", "billed_to", "date", _("Billed until")),
        Filter("amount", "amount", "money", _("Amount, net")),
    ],
    search=("product__number", "price__name_en", "price__name_fr", "account__customer__party__name"),
    default_sort="-start",
    views=[("running", _("Running"), "kind=recurring&end__empty=true")],
    live=True,
    row_class=lambda row: "muted" if row.end is not None else "",
    empty=pages.Empty(_("Charges begin when products work, and end with them; nobody enters them by hand.")),
)  # fmt: skip

CHARGE = pages.Detail(
    name="bss_billing:charge-detail",
    model=Subscription,
    rows=_charges,
    title="price.name",
    list=CHARGES,
    status=("kind", CHARGE_KIND),
    facts=[
        pages.Fact(_("Product"), "product", link=True),
        pages.Fact(_("Account"), "account", link=True),
        pages.Fact(_("Amount, net"), "amount", kind="money", currency="currency"),
        pages.Fact(_("Quantity"), "quantity", kind="number"),
        pages.Fact(_("From"), "start", kind="date"),
        pages.Fact(_("Until"), "end", kind="date"),
    ],
    fields=[
        pages.Fact(_("Price version"), "price", link=True),
        pages.Fact(_("Billed from"), "billed_from", kind="date"),
        pages.Fact(_("Billed until"), "billed_to", kind="date"),
    ],
    tabs=[pages.Tab("lines", _("Lines"), list=LINES, lock=lambda charge: {"subscription": str(charge.pk)})],
    comments=False,
    live=True,
)

RATES = pages.List(
    name="bss_billing:taxrate-list",
    model=TaxRate,
    title=_("VAT rates"),
    icon="report",
    section="billing",
    order=60,
    rows=lambda user: TaxRate.objects.visible_to(user),
    columns=[
        pages.Column("country", _("Country"), sort=True, link=True),
        pages.Column("category", _("VAT category"), sort=True),
        pages.Column("percent", _("Per cent"), kind="percent", sort=True),
        pages.Column("start", _("From"), kind="date", sort=True),
        pages.Column("end", _("Until"), kind="date", sort=True),
    ],
    filters=[
        Filter("country", "country", "text", _("Country")),
        Filter("category", "category", "text", _("VAT category")),
        Filter("start", "start", "date", _("From")),
        Filter("end", "end", "date", _("Until")),
    ],
    search=("country", "category"),
    default_sort="country,category,-start",
    views=[("present", _("In force"), "end__empty=true")],
    create="bss_billing:taxrate-create",
    live=True,
    row_class=lambda row: "muted" if row.end is not None else "",
    empty=pages.Empty(_("Without a rate nothing is billed in a country. Enter the first one.")),
)

RATE = pages.Detail(
    name="bss_billing:taxrate-detail",
    model=TaxRate,
    title=str,
    list=RATES,
    edit="bss_billing:taxrate-edit",
    facts=[
        pages.Fact(_("Country"), "country"),
        pages.Fact(_("VAT category"), "category"),
        pages.Fact(_("Per cent"), "percent", kind="percent"),
        pages.Fact(_("From"), "start", kind="date"),
        pages.Fact(_("Until"), "end", kind="date"),
    ],
    comments=False,
)

RATE_CREATE = pages.FormPage(
    name="bss_billing:taxrate-create",
    title=_("New VAT rate"),
    form=forms.TaxRateForm,
    permission="bss_billing.add_taxrate",
    door=lambda call: services.add_tax_rate(**call.data),
    check=True,
)
RATE_EDIT = pages.FormPage(
    name="bss_billing:taxrate-edit",
    title=_("End a VAT rate"),
    form=forms.TaxRateEndForm,
    detail=RATE,
    permission="bss_billing.change_taxrate",
    door=lambda call: services.end_tax_rate(rate=call.object, version=call.version, **call.data),
)
