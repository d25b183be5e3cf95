"""Tariffs and zone plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.catalog import forms, services
from bss.catalog.models import Tariff, Zone, ZonePlan
from bss.catalog.views.badges import SEE, TARIFF_STATUS
from bss.catalog.views.specifications import name
from kernel import pages
from kernel.filtering import Filter
from kernel.pages import Call

CHANGE = "bss_catalog.change_tariff"

TARIFFS = pages.List(
    name="bss_catalog:tariff-list",
    model=Tariff,
    title=_("Tariffs"),
    icon="phone",
    section="catalog",
    order=20,
    permission=SEE,
    rows=lambda user: Tariff.objects.visible_to(user).select_related("zone_plan", "calendar"),
    columns=[
        pages.Column("reference", _("Reference"), link=True, sort=True),
        pages.Column("name", _("Name"), name, link=True, sort="name_en"),
        pages.Column("service", _("Service"), "get_service_display", sort="service"),
        pages.Column("status", _("Status"), badge=TARIFF_STATUS, sort=True),
        pages.Column("zones", _("Zones"), "zone_plan", link="zone_plan", sort="zone_plan__code"),
        pages.Column("bands", _("Bands"), "calendar", sort="calendar__code"),
        pages.Column("currency", _("Currency"), sort=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=Tariff.Status.choices),
        Filter("service", "service", "choice", _("Service"), choices=Tariff.Service.choices),
        Filter("code", "code", "text", _("Code")),
    ],
    search=("code", "name_en", "name_fr"),
    default_sort="reference",
    create="bss_catalog:tariff-create",
    live=True,
    empty=pages.Empty(_("Tariffs price usage: by destination, by hour, in steps.")),
)


def _overview(tariff: Tariff, user: Any) -> Mapping[str, Any]:
    return {
        "rates": tariff.rates.select_related("zone", "band"),
        "hours": tariff.calendar.hours.select_related("band") if tariff.calendar else [],
        "offers": tariff.prices.select_related("offering").order_by("offering__code")[:20],
    }


TARIFF = pages.Detail(
    name="bss_catalog:tariff-detail",
    model=Tariff,
    rows=lambda user: Tariff.objects.visible_to(user).select_related("zone_plan", "calendar"),
    title=name,
    list=TARIFFS,
    key="reference",
    permission=SEE,
    status=("status", TARIFF_STATUS),
    identify=("reference",),
    find=("code", "name_en", "name_fr"),
    words=("tariff", "tarif"),
    facts=[
        pages.Fact(_("Reference"), "reference", kind="code"),
        pages.Fact(_("Service"), "get_service_display"),
        pages.Fact(_("Currency"), "currency"),
        pages.Fact(_("Zones"), "zone_plan", link=True),
        pages.Fact(_("Bands"), "calendar"),
    ],
    fields=[pages.Fact(_("Description"), "description")],
    overview="bss/catalog/_tariff.html",
    context=_overview,
    edit="bss_catalog:tariff-rates",
    actions=[
        pages.Action(
            "revise",
            _("New revision"),
            permission="bss_catalog.add_tariff",
            run=lambda call: services.new_tariff_revision(tariff=call.object),
            goto=pages.url_of,
            secondary=True,
            icon="versions",
        ),
        pages.Action(
            "retire",
            _("Retire"),
            permission=CHANGE,
            run=lambda call: services.retire_tariff(tariff=call.object),
            why_not=lambda tariff, user: "" if tariff.status == "released" else _t("It is not in use"),
            danger=True,
            icon="flag",
        ),
    ],
)
TARIFF_CREATE = pages.FormPage(
    name="bss_catalog:tariff-create",
    title=_("New tariff"),
    form=forms.TariffForm,
    permission="bss_catalog.add_tariff",
    door=lambda call: services.create_tariff(**call.data),
)


def _sheet(tariff: Tariff) -> dict[str, Any]:
    return {"rates": forms.sheet_of(list(tariff.rates.filter(from_unit=0).select_related("zone", "band")))}


def _rates(call: Call) -> Tariff:
    services.set_rates(tariff=call.object, rates=call.data["rates"])
    changed: Tariff = call.object
    return changed


TARIFF_RATES = pages.FormPage(
    name="bss_catalog:tariff-rates",
    title=_("Rates"),
    form=forms.RatesForm,
    detail=TARIFF,
    permission=CHANGE,
    initial=_sheet,
    door=_rates,
)

ZONE_PLANS = pages.List(
    name="bss_catalog:zone-plan-list",
    model=ZonePlan,
    title=_("Zone plans"),
    icon="world",
    section="catalog",
    order=40,
    permission=SEE,
    rows=lambda user: ZonePlan.objects.visible_to(user),
    columns=[
        pages.Column("code", _("Code"), link=True, sort=True),
        pages.Column("name", _("Name"), name, link=True, sort="name_en"),
        pages.Column("changed", _("Changed"), "updated", kind="when", sort=True),
    ],
    filters=[Filter("code", "code", "text", _("Code"))],
    search=("code", "name_en", "name_fr"),
    default_sort="code",
    create="bss_catalog:zone-plan-create",
    empty=pages.Empty(_("A zone plan sorts telephone numbers into destinations by their first digits.")),
)


def _zones(plan: ZonePlan, user: Any) -> Mapping[str, Any]:
    """Zones with the number of their prefixes, and a few of each."""
    zones = plan.zones.annotate(
        count=Count("prefixes"), some=ArrayAgg("prefixes__prefix", order_by="prefixes__prefix", default=[])
    )
    return {"zones": [(zone, zone.some[:12]) for zone in zones.order_by("code")]}


def _set_prefixes(call: Call) -> Zone:
    plan, code = call.object, call.data["zone"]
    prefixes = call.data["prefixes"].replace(",", " ").split()
    zone = plan.zones.filter(code=code).first()
    if zone is None:
        texts = {key: call.data[key] for key in ("name_en", "name_fr")}
        return services.add_zone(
            plan=plan, code=code, prefixes=prefixes, **{**texts, "name_en": texts["name_en"] or code}
        )
    services.set_prefixes(zone=zone, prefixes=prefixes)
    known: Zone = zone
    return known


ZONE_PLAN = pages.Detail(
    name="bss_catalog:zone-plan-detail",
    model=ZonePlan,
    title=name,
    list=ZONE_PLANS,
    key="code",
    permission=SEE,
    find=("code", "name_en", "name_fr"),
    facts=[pages.Fact(_("Code"), "code", kind="code")],
    overview="bss/catalog/_zones.html",
    context=_zones,
    actions=[
        pages.Action(
            "prefixes",
            _("Set prefixes"),
            permission="bss_catalog.change_zone",
            form=forms.PrefixesForm,
            run=_set_prefixes,
            primary=True,
            icon="phone",
        )
    ],
)
ZONE_PLAN_CREATE = pages.FormPage(
    name="bss_catalog:zone-plan-create",
    title=_("New zone plan"),
    form=forms.ZonePlanForm,
    permission="bss_catalog.add_zoneplan",
    door=lambda call: services.create_zone_plan(**call.data),
)
