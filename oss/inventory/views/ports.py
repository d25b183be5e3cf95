"""Ports: list and page."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from oss.inventory import forms, services
from oss.inventory.models import Link, Media, Port, PortKind
from oss.inventory.views.badges import OPER_STATE, PORT_USAGE
from oss.inventory.views.elements import at_site

CHANGE = "oss_inventory.change_port"


def _rows(user: Any) -> QuerySet[Port]:
    return Port.objects.visible_to(user).select_related("element__location")


def _link(port: Port, user: Any) -> dict[str, Any]:
    links = Link.objects.visible_to(user).standing().filter(Q(port_a=port) | Q(port_b=port))
    link = links.select_related("port_a__element", "port_b__element").first()
    there = None if link is None else (link.port_b if link.port_a_id == port.pk else link.port_a)
    return {"link": link, "there": there}


def _exact(text: str) -> Q:
    """`ag1-pam xe-0/0/5` names one port."""
    element, _sep, name = text.strip().rpartition(" ")
    return Q(element__name__iexact=element, name__iexact=name)


PORTS = pages.List(
    name="oss_inventory:port-list",
    model=Port,
    title=_("Ports"),
    icon="plug",
    section="network",
    order=20,
    rows=_rows,
    columns=[
        pages.Column("name", _("Port"), link=True, sort=("element__name", "if_index", "name")),
        pages.Column("element", _("Device"), link="element", sort="element__name"),
        pages.Column("usage", _("Occupancy"), badge=PORT_USAGE, sort=True),
        pages.Column("oper_state", _("Operation"), badge=OPER_STATE, sort=True),
        pages.Column("oper_changed", _("Since"), kind="when", sort=True),
        pages.Column("enabled", _("Switched on"), "admin_enabled", kind="bool", sort=True),
        pages.Column("kind", _("Serves"), "get_kind_display", sort="kind"),
        pages.Column(
            "speed", _("Speed"), lambda port: port.speed_mbps * 1_000_000, kind="bits", sort="speed_mbps"
        ),
        pages.Column("media", _("Media"), "get_media_display", sort="media", hidden=True),
        pages.Column("reserved_until", _("Reserved until"), kind="when", sort=True, hidden=True),
        pages.Column("if_index", _("Interface index"), kind="number", sort=True, hidden=True),
        pages.Column("site", _("Site"), "element.location", sort="element__location__code", hidden=True),
    ],
    filters=[
        Filter("element", "element__name", "text", _("Device")),
        Filter("usage", "usage", "choice", _("Occupancy"), choices=Port.Usage.choices),
        Filter("oper_state", "oper_state", "choice", _("Operation"), choices=Port.OperState.choices),
        Filter("kind", "kind", "choice", _("Serves"), choices=PortKind.choices),
        Filter("media", "media", "choice", _("Media"), choices=Media.choices),
        Filter("speed_mbps", "speed_mbps", "number", _("Speed, Mbit/s")),
        Filter("enabled", "admin_enabled", "bool", _("Switched on")),
        Filter("name", "name", "text", _("Port")),
        Filter(
            "site",
            "element__location__code",
            "text",
            _("Site"),
            operators=("eq", "not"),
            build=at_site("element__location"),
        ),
        Filter("holder", "holder", "uuid", _("Holder"), operators=("eq", "empty")),
        Filter("reserved_until", "reserved_until", "datetime", _("Reserved until")),
    ],
    search=("name", "element__name"),
    default_sort="name",
    views=[
        ("free", _("Free for customers"), "kind=customer&usage=free"),
        ("down", _("Down"), "oper_state=down&enabled=true"),
        ("faulty", _("Faulty"), "usage=faulty"),
    ],
    live=True,
    row_class=lambda port: "danger" if port.usage == "faulty" else "",
    empty=pages.Empty(_("Ports come with the device types; add a device to have some.")),
)

PORT = pages.Detail(
    name="oss_inventory:port-detail",
    model=Port,
    title=str,
    rows=_rows,
    list=PORTS,
    status=("usage", PORT_USAGE),
    identify=(_exact,),
    find=("name",),
    states={"free": {"usage": "free"}, "down": {"oper_state": "down"}, "faulty": {"usage": "faulty"}},
    words=("port",),
    facts=[
        pages.Fact(_("Device"), "element", link=True),
        pages.Fact(_("Operation"), "oper_state", badge=OPER_STATE),
        pages.Fact(_("Since"), "oper_changed", kind="when"),
        pages.Fact(_("Speed"), lambda port: port.speed_mbps * 1_000_000, kind="bits"),
        pages.Fact(_("Serves"), "get_kind_display"),
    ],
    fields=[
        pages.Fact(_("Media"), "get_media_display"),
        pages.Fact(_("Interface index"), "if_index", kind="number"),
        pages.Fact(_("Switched on"), "admin_enabled", kind="bool"),
        pages.Fact(_("Reserved until"), "reserved_until", kind="when"),
        pages.Fact(_("Site"), "element.location", link=True),
    ],
    actions=[
        pages.Action(
            "fault",
            _("Mark faulty"),
            permission=CHANGE,
            form=forms.ReasonForm,
            why_not=lambda port, user: _t("It is marked already") if port.usage == Port.Usage.FAULTY else "",
            run=lambda call: services.mark_faulty(port=call.object, reason=call.data["reason"]),
            icon="alert-triangle",
        ),
        pages.Action(
            "mend",
            _("Mended"),
            permission=CHANGE,
            why_not=lambda port, user: "" if port.usage == Port.Usage.FAULTY else _t("It is not faulty"),
            run=lambda call: services.mend_port(port=call.object),
            icon="check",
        ),
    ],
    rail=[pages.Panel("link", _("Link"), "oss/inventory/_port_link.html", context=_link)],
    live=True,
)
