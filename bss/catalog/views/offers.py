"""Offers and their prices: list, page, forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bss.catalog import forms, services
from bss.catalog.models import OfferingPrice, ProductOffering
from bss.catalog.views.badges import SEE, STATUS
from bss.catalog.views.specifications import name, why_not
from kernel import clock, pages
from kernel.filtering import Filter
from kernel.pages import Call

CHANGE = "bss_catalog.change_productoffering"
PUBLISH = "bss_catalog.publish_catalog"
S = ProductOffering.Status


def _offers(user: Any) -> QuerySet[ProductOffering]:
    return ProductOffering.objects.visible_to(user).select_related("specification", "category")


OFFERS = pages.List(
    name="bss_catalog:offer-list",
    model=ProductOffering,
    title=_("Offers"),
    icon="tag",
    section="catalog",
    order=10,
    key="p",
    permission=SEE,
    rows=_offers,
    columns=[
        pages.Column("reference", _("Reference"), link=True, sort=True),
        pages.Column("name", _("Name"), name, link=True, sort="name_en"),
        pages.Column("status", _("Status"), badge=STATUS, sort=True),
        pages.Column("category", _("Category"), sort="category__name_en"),
        pages.Column("specification", _("Specification"), link="specification", sort="specification__code"),
        pages.Column("bundle", _("Bundle"), "is_bundle", kind="bool", sort="is_bundle"),
        pages.Column("from", _("On sale from"), "valid_from", kind="date", sort="valid_from"),
        pages.Column("until", _("On sale until"), "valid_to", kind="date", sort="valid_to"),
        pages.Column("sla", _("Service level class"), "sla_class", sort="sla_class", hidden=True),
        pages.Column(
            "term", _("Term in months"), "term_months", kind="number", sort="term_months", hidden=True
        ),
        pages.Column("french", _("Name (French)"), "name_fr", sort="name_fr", hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=S.choices),
        Filter("code", "code", "text", _("Code")),
        Filter("category", "category__code", "text", _("Category")),
        Filter("specification", "specification__code", "text", _("Specification")),
        Filter("bundle", "is_bundle", "bool", _("Bundle")),
        Filter("from", "valid_from", "date", _("On sale from")),
    ],
    search=("code", "name_en", "name_fr"),
    default_sort="reference",
    views=[
        ("on-sale", _("On sale"), "status=launched"),
        ("work", _("In work"), "status=in_study&status=in_design&status=in_test&status=active"),
    ],
    create="bss_catalog:offer-create",
    live=True,
    row_class=lambda row: "muted" if row.status in {S.RETIRED, S.OBSOLETE, S.REJECTED} else "",
    empty=pages.Empty(_("Offers are what customers can buy: a specification or a bundle at a price.")),
)


def _overview(offering: ProductOffering, user: Any) -> Mapping[str, Any]:
    """Prices with their history, content and rules."""
    prices = list(offering.prices.select_related("tariff").prefetch_related("tiers"))
    return {
        "prices": prices,
        "today": clock.today(),
        "members": offering.items.select_related("offering") if offering.is_bundle else [],
        "allowances": offering.allowances.all(),
        "rules": offering.relations.all(),
    }


def _release_why_not(offering: ProductOffering, user: Any) -> str:
    """Open points are said by the door: they are too dear to count for a button."""
    return (
        "" if offering.is_open else _t("It is %(status)s") % {"status": offering.get_status_display().lower()}
    )


def _open_only(offering: ProductOffering, user: Any) -> str:
    return "" if offering.is_open else _t("It was on sale: make a new revision")


def _bundle_only(offering: ProductOffering, user: Any) -> str:
    return _open_only(offering, user) if offering.is_bundle else _t("It is no bundle")


def _bundle_lines(offering: ProductOffering) -> dict[str, Any]:
    rows = offering.items.select_related("offering")
    return {"members": "\n".join(f"{i.offering.code} {i.minimum} {i.default} {i.maximum}" for i in rows)}


def _effects(offering: ProductOffering, user: Any) -> list[str]:
    found = [_t("Prices and content can no longer be edited")]
    earlier = ProductOffering.objects.filter(code=offering.code, status=S.LAUNCHED).first()
    if earlier is not None:
        found.append(_t("%(offer)s goes off sale; who has it keeps it") % {"offer": earlier})
    return found


def _move(to: str, label: Any, icon: str) -> pages.Action:
    return pages.Action(
        to.replace("_", "-"),
        label,
        permission=CHANGE,
        run=lambda call: services.move_offering(offering=call.object, to=to),
        why_not=why_not(to),
        icon=icon,
    )


OFFER = pages.Detail(
    name="bss_catalog:offer-detail",
    model=ProductOffering,
    rows=_offers,
    title=name,
    list=OFFERS,
    key="reference",
    permission=SEE,
    status=("status", STATUS),
    edit="bss_catalog:offer-edit",
    identify=("reference",),
    find=("code", "name_en", "name_fr"),
    states={"open": {"status": S.LAUNCHED}},
    words=("offer", "offre"),
    facts=[
        pages.Fact(_("Reference"), "reference", kind="code"),
        pages.Fact(_("Specification"), "specification", link=True),
        pages.Fact(_("On sale from"), "valid_from", kind="date"),
        pages.Fact(_("On sale until"), "valid_to", kind="date"),
        pages.Fact(_("Service level class"), "sla_class"),
        pages.Fact(_("Term in months"), "term_months", kind="number"),
    ],
    fields=[
        pages.Fact(_("Name (English)"), "name_en"),
        pages.Fact(_("Name (French)"), "name_fr"),
        pages.Fact(_("Description"), "description"),
        pages.Fact(_("Category"), "category"),
        pages.Fact(_("Launched"), "launched", kind="time"),
        pages.Fact(_("Retired"), "retired", kind="time"),
    ],
    overview="bss/catalog/_offer.html",
    context=_overview,
    live=True,
    tabs=[
        pages.Tab(
            "check",
            _("Release check"),
            template="bss/catalog/_problems.html",
            context=lambda offering, user: {
                "problems": services.problems(offering, at=clock.now()) if offering.is_open else []
            },
        )
    ],
    actions=[
        pages.Action(
            "release",
            _("Put on sale"),
            permission=PUBLISH,
            run=lambda call: services.release(offering=call.object),
            why_not=_release_why_not,
            effects=_effects,
            primary=True,
            icon="shopping-cart",
        ),
        pages.Action(
            "revise",
            _("New revision"),
            permission="bss_catalog.add_productoffering",
            run=lambda call: services.new_version(offering=call.object),
            goto=pages.url_of,
            secondary=True,
            icon="versions",
        ),
        pages.Action(
            "price",
            _("Add a price"),
            permission="bss_catalog.add_offeringprice",
            form=forms.PriceForm,
            run=lambda call: services.add_price(offering=call.object, **call.data),
            why_not=_open_only,
            icon="cash",
        ),
        pages.Action(
            "allowance",
            _("Include usage"),
            permission="bss_catalog.add_allowance",
            form=forms.AllowanceForm,
            run=lambda call: services.add_allowance(offering=call.object, **call.data),
            why_not=_open_only,
            icon="gauge",
        ),
        pages.Action(
            "members",
            _("Fill the bundle"),
            permission=CHANGE,
            form=forms.BundleForm,
            initial=_bundle_lines,
            run=lambda call: services.set_bundle(bundle=call.object, items=call.data["members"]),
            why_not=_bundle_only,
            icon="packages",
        ),
        _move("in_design", _("Back to design"), "edit"),
        _move("in_test", _("Start the test"), "flask"),
        _move("active", _("Activate"), "check"),
        _move("rejected", _("Reject"), "x"),
        pages.Action(
            "retire",
            _("Take off sale"),
            permission=PUBLISH,
            form=forms.ReasonForm,
            run=lambda call: services.retire(offering=call.object, reason=call.data["reason"]),
            why_not=why_not(S.RETIRED),
            danger=True,
            icon="flag",
        ),
        _move("obsolete", _("Make obsolete"), "ban"),
    ],
)


def _create(call: Call) -> ProductOffering:
    return services.create_offering(**call.data)


def _edit(call: Call) -> ProductOffering:
    """Once it was on sale the form still shows its terms; only what differs is asked of the door."""
    row: ProductOffering = call.object
    data = {key: value for key, value in call.data.items() if row.is_open or value != getattr(row, key)}
    if not row.is_open and "characteristics" in data:
        same = {key: str(value) for key, value in row.characteristics.items()} == data["characteristics"]
        data = {key: value for key, value in data.items() if key != "characteristics" or not same}
    return services.change_offering(offering=row, version=call.version, **data)


OFFER_CREATE = pages.FormPage(
    name="bss_catalog:offer-create",
    title=_("New offer"),
    form=forms.OfferForm,
    permission="bss_catalog.add_productoffering",
    door=_create,
)
OFFER_EDIT = pages.FormPage(
    name="bss_catalog:offer-edit",
    title=_("Edit offer"),
    form=forms.OfferEditForm,
    detail=OFFER,
    permission=CHANGE,
    door=_edit,
)

PRICE_CHANGE = "bss_catalog.change_offeringprice"


def _unreleased(price: OfferingPrice, user: Any) -> str:
    return _t("It is released: supersede it") if price.released else ""


def _released(price: OfferingPrice, user: Any) -> str:
    return "" if price.released else _t("It was never released: edit it")


PRICE = pages.Detail(
    name="bss_catalog:price-detail",
    model=OfferingPrice,
    rows=lambda user: OfferingPrice.objects.visible_to(user).select_related(
        "offering", "tariff", "supersedes"
    ),
    title=name,
    icon="cash",
    permission=SEE,
    edit="bss_catalog:price-edit",
    comments=False,
    facts=[
        pages.Fact(_("Offer"), "offering", link=True),
        pages.Fact(_("Kind"), "get_kind_display"),
        pages.Fact(_("Amount"), "amount", kind="money", currency="currency"),
        pages.Fact(_("In force from"), "valid_from", kind="date"),
        pages.Fact(_("In force until"), "valid_to", kind="date"),
        pages.Fact(_("Released"), "released", kind="when"),
    ],
    fields=[
        pages.Fact(_("Code"), "code", kind="code"),
        pages.Fact(_("Model"), "get_model_display"),
        pages.Fact(_("Period in months"), "period_months", kind="number"),
        pages.Fact(_("Charged"), "get_timing_display"),
        pages.Fact(pgettext_lazy("price", "Due"), "get_occasion_display"),
        pages.Fact(_("Part periods"), "get_proration_display"),
        pages.Fact(_("Tax category"), "get_tax_category_display"),
        pages.Fact(_("Tariff"), "tariff", link=True),
        pages.Fact(_("Takes the place of"), "supersedes", link=True),
    ],
    overview="bss/catalog/_price.html",
    context=lambda row, user: {"tiers": row.tiers.all()},
    actions=[
        pages.Action(
            "supersede",
            _("Supersede"),
            permission=PUBLISH,
            form=forms.SupersedeForm,
            run=lambda call: services.supersede_price(price=call.object, **call.data),
            why_not=_released,
            effects=lambda price, user: [_t("Products sold at the old price keep it")],
            goto=pages.url_of,
            primary=True,
            icon="versions",
        ),
        pages.Action(
            "end",
            _("Let it end"),
            permission=PUBLISH,
            form=forms.DayForm,
            run=lambda call: services.end_price(price=call.object, **call.data),
            why_not=_released,
            danger=True,
            icon="flag",
        ),
        pages.Action(
            "remove",
            _("Remove"),
            permission="bss_catalog.delete_offeringprice",
            run=lambda call: services.remove_price(price=call.object),
            why_not=_unreleased,
            danger=True,
            goto=lambda _gone: "/catalog/offers/",
            icon="trash",
        ),
    ],
)


def _edit_price(call: Call) -> OfferingPrice:
    return services.change_price(price=call.object, version=call.version, **call.data)


PRICE_EDIT = pages.FormPage(
    name="bss_catalog:price-edit",
    title=_("Edit price"),
    form=forms.PriceEditForm,
    detail=PRICE,
    permission=PRICE_CHANGE,
    door=_edit_price,
)
