"""Sites and the other places: list, page, forms."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from oss.inventory import forms, services
from oss.inventory.models import Location, Port

CHANGE = "oss_inventory.change_location"


def _rows(user: Any) -> QuerySet[Location]:
    return Location.objects.visible_to(user).select_related("parent")


def _counts(site: Location, user: Any) -> dict[str, Any]:
    ports = Port.objects.at(site).aggregate(
        customer=Count("pk", filter=Q(kind="customer")),
        free=Count("pk", filter=Q(kind="customer", usage="free", admin_enabled=True)),
        reserved=Count("pk", filter=Q(kind="customer", usage="reserved")),
    )
    return {"ports": ports, "site": site}


SITES = pages.List(
    name="oss_inventory:site-list",
    model=Location,
    title=_("Sites"),
    icon="building",
    section="network",
    order=40,
    rows=_rows,
    columns=[
        pages.Column("name", _("Name"), link=True, sort=True),
        pages.Column("code", _("Code"), kind="code", sort=True),
        pages.Column("kind", _("Kind"), "get_kind_display", sort="kind"),
        pages.Column("parent", _("Part of"), link="parent", sort="parent__code"),
        pages.Column("city", _("Town"), sort=True),
        pages.Column("postcode", _("Postcode"), sort=True, hidden=True),
        pages.Column("latitude", _("Latitude"), kind="number", sort=True, hidden=True),
        pages.Column("longitude", _("Longitude"), kind="number", sort=True, hidden=True),
    ],
    filters=[
        Filter("kind", "kind", "choice", _("Kind"), choices=Location.Kind.choices),
        Filter("parent", "parent__code", "text", _("Part of")),
        Filter("city", "city", "text", _("Town")),
        Filter("postcode", "postcode", "text", _("Postcode")),
        Filter("code", "code", "text", _("Code")),
    ],
    search=("name", "code", "city", "postcode"),
    default_sort="code",
    views=[("sites", _("Sites alone"), "kind=site")],
    create="oss_inventory:site-create",
    empty=pages.Empty(_("Sites are the places where devices stand.")),
)

SITE = pages.Detail(
    name="oss_inventory:site-detail",
    model=Location,
    key="code",
    title="name",
    rows=_rows,
    list=SITES,
    edit="oss_inventory:site-edit",
    identify=("code",),
    find=("name", "city"),
    words=("site", "location"),
    facts=[
        pages.Fact(_("Code"), "code", kind="code"),
        pages.Fact(_("Kind"), "get_kind_display"),
        pages.Fact(_("Part of"), "parent", link=True),
        pages.Fact(_("Address"), "address"),
    ],
    fields=[
        pages.Fact(_("Latitude"), "latitude", kind="number"),
        pages.Fact(_("Longitude"), "longitude", kind="number"),
    ],
    tabs=[
        pages.Tab(
            "devices", _("Devices"), list="oss_inventory:element-list", lock=lambda site: {"site": site.code}
        ),
        pages.Tab(
            "parts", _("Parts"), list="oss_inventory:site-list", lock=lambda site: {"parent": site.code}
        ),
        pages.Tab("ports", _("Ports"), list="oss_inventory:port-list", lock=lambda site: {"site": site.code}),
    ],
    rail=[
        pages.Panel(
            "ports",
            _("Customer ports"),
            "oss/inventory/_site_ports.html",
            context=_counts,
            permission="oss_inventory.view_port",
            lazy=True,
        )
    ],
    restore=lambda call: services.change_location(location=call.object, **call.data),
)

SITE_CREATE = pages.FormPage(
    name="oss_inventory:site-create",
    title=_("New site"),
    form=forms.LocationForm,
    permission="oss_inventory.add_location",
    door=lambda call: services.create_location(**call.data),
)
SITE_EDIT = pages.FormPage(
    name="oss_inventory:site-edit",
    title=_("Edit site"),
    form=forms.LocationEditForm,
    detail=SITE,
    permission=CHANGE,
    door=lambda call: services.change_location(location=call.object, version=call.version, **call.data),
)
