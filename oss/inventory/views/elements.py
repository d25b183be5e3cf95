"""Network elements: list, page, forms."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from oss.inventory import forms, services
from oss.inventory.models import Link, NetworkElement, Port
from oss.inventory.services.graph import Graph
from oss.inventory.views.badges import ELEMENT_STATUS

CHANGE = "oss_inventory.change_networkelement"
S = NetworkElement.Status


def at_site(path: str) -> Any:
    """Condition builder: at a place of that code or up to three levels below it."""

    def build(operator: str, values: tuple[str, ...]) -> Q:
        match = Q()
        for level in ("", "__parent", "__parent__parent", "__parent__parent__parent"):
            match |= Q(**{f"{path}{level}__code__in": values})
        return ~match if operator == "not" else match

    return build


def by_address(path: str) -> Any:
    """Condition builder over an address column: what is no address equals none."""

    def build(operator: str, values: tuple[str, ...]) -> Q:
        known = []
        for value in values:
            with suppress(ValueError):
                known.append(str(ip_address(value.strip())))
        match = Q(**{f"{path}__in": known})
        return ~match if operator == "not" else match

    return build


def _by_address(text: str) -> Q:
    return Q(management_address__in=[]) if not text else by_address("management_address")("eq", (text,))


def _elements(user: Any) -> QuerySet[NetworkElement]:
    return NetworkElement.objects.visible_to(user).select_related("device_type__manufacturer", "location")


def _move(to: str) -> Any:
    return lambda call: services.set_status(
        element=call.object, to=to, reason=call.data.get("reason", ""), version=call.version
    )


def _why_not(to: str) -> Any:
    def reason(element: NetworkElement, user: Any) -> str:
        if element.lifecycle.allows(element.status, to):
            return ""
        return _t("It is %(status)s") % {"status": element.get_status_display().lower()}

    return reason


def _cut_off(element: NetworkElement, user: Any) -> list[str]:
    """What the network loses with this element, for the confirmation."""
    lost = Graph.load().cut_off(elements=[element.pk]) - {element.pk}
    names = NetworkElement.objects.filter(pk__in=lost).order_by("name").values_list("name", flat=True)
    found = [_t("%(n)d further elements lose their way to the core") % {"n": len(lost)}] if lost else []
    return [*found, *names[:10]]


ELEMENTS = pages.List(
    name="oss_inventory:element-list",
    model=NetworkElement,
    title=_("Devices"),
    icon="router",
    section="network",
    order=10,
    key="d",
    rows=_elements,
    columns=[
        pages.Column("name", _("Name"), link=True, sort=True),
        pages.Column("role", _("Role"), "get_role_display", sort="role"),
        pages.Column("status", _("Status"), badge=ELEMENT_STATUS, sort=True),
        pages.Column("type", _("Type"), "device_type", sort="device_type__model"),
        pages.Column("location", _("Location"), link="location", sort="location__code"),
        pages.Column("version", _("Software"), "software_version", sort=True),
        pages.Column("criticality", _("Criticality"), kind="number", sort=True),
        pages.Column("address", _("Management address"), "management_address", sort=True, hidden=True),
        pages.Column("serial", _("Serial number"), sort=True, hidden=True),
        pages.Column("number", _("Number"), sort=True, hidden=True),
        pages.Column("created", _("Added"), kind="when", sort=True, hidden=True),
    ],
    filters=[
        Filter("role", "role", "choice", _("Role"), choices=NetworkElement.Role.choices),
        Filter("status", "status", "choice", _("Status"), choices=S.choices),
        Filter(
            "site", "location__code", "text", _("Site"), operators=("eq", "not"), build=at_site("location")
        ),
        Filter("model", "device_type__model", "text", _("Model")),
        Filter("version", "software_version", "text", _("Software")),
        Filter("criticality", "criticality", "number", _("Criticality")),
        Filter("name", "name", "text", _("Name")),
        Filter(
            "address",
            "management_address",
            "text",
            _("Management address"),
            operators=("eq", "not"),
            build=by_address("management_address"),
        ),
    ],
    search=("name", "number", "serial", "device_type__model"),
    default_sort="name",
    views=[("retired-not", _("In operation"), "status=in_service&status=maintenance")],
    create="oss_inventory:element-create",
    live=True,
    row_class=lambda row: {"maintenance": "warn", "retired": "muted"}.get(row.status, ""),
    empty=pages.Empty(
        _("Devices are the routers, switches and gateways of the network. Import a sheet or add one.")
    ),
    bulk=[
        pages.Bulk(
            "maintenance",
            _("Start maintenance"),
            permission=CHANGE,
            form=forms.ReasonForm,
            each=_move(S.MAINTENANCE),
            why_not=_why_not(S.MAINTENANCE),
        ),
        pages.Bulk(
            "in-service",
            _("Put in service"),
            permission=CHANGE,
            each=_move(S.IN_SERVICE),
            why_not=_why_not(S.IN_SERVICE),
        ),
    ],
)


def _neighbours(element: NetworkElement, user: Any) -> dict[str, Any]:
    links = (
        Link.objects.visible_to(user)
        .standing()
        .touching([element.pk])
        .select_related("port_a__element", "port_b__element")
        .order_by("name")
    )
    rows = []
    for link in links:
        here, there = (
            (link.port_a, link.port_b) if link.port_a.element_id == element.pk else (link.port_b, link.port_a)
        )
        rows.append({"link": link, "here": here, "there": there})
    return {"rows": rows}


def _ports(element: NetworkElement, user: Any) -> dict[str, Any]:
    counts = Port.objects.filter(element=element).aggregate(
        total=Count("pk"),
        customer=Count("pk", filter=Q(kind="customer")),
        free=Count("pk", filter=Q(kind="customer", usage="free")),
        reserved=Count("pk", filter=Q(usage="reserved")),
        faulty=Count("pk", filter=Q(usage="faulty")),
        down=Count("pk", filter=Q(oper_state="down", admin_enabled=True)),
    )
    return {"ports": counts}


ELEMENT = pages.Detail(
    name="oss_inventory:element-detail",
    model=NetworkElement,
    title="name",
    rows=_elements,
    list=ELEMENTS,
    status=("status", ELEMENT_STATUS),
    edit="oss_inventory:element-edit",
    identify=("number", "name", "serial", _by_address),
    find=("name",),
    states={"live": {"status__in": list(NetworkElement.LIVE)}, "planned": {"status": S.PLANNED}},
    words=("device", "element"),
    facts=[
        pages.Fact(_("Role"), "get_role_display"),
        pages.Fact(_("Location"), "location", link=True),
        pages.Fact(_("Type"), "device_type"),
        pages.Fact(_("Software"), "software_version"),
        pages.Fact(_("Criticality"), "criticality", kind="number"),
    ],
    fields=[
        pages.Fact(_("Serial number"), "serial"),
        pages.Fact(_("Management address"), "management_address", kind="code"),
        pages.Fact(_("Address"), "location.address"),
        pages.Fact(_("Added"), "created", kind="when"),
    ],
    actions=[
        pages.Action(
            "maintenance",
            _("Start maintenance"),
            permission=CHANGE,
            form=forms.ReasonForm,
            why_not=_why_not(S.MAINTENANCE),
            effects=_cut_off,
            run=_move(S.MAINTENANCE),
            secondary=True,
            icon="tool",
        ),
        pages.Action(
            "in-service",
            _("Put in service"),
            permission=CHANGE,
            why_not=_why_not(S.IN_SERVICE),
            run=_move(S.IN_SERVICE),
            secondary=True,
            icon="check",
        ),
        pages.Action("stage", _("Stage"), permission=CHANGE, why_not=_why_not(S.STAGED), run=_move(S.STAGED)),
        pages.Action(
            "retire",
            _("Retire"),
            permission=CHANGE,
            form=forms.ReasonForm,
            why_not=_why_not(S.RETIRED),
            effects=_cut_off,
            run=_move(S.RETIRED),
            danger=True,
        ),
    ],
    tabs=[
        pages.Tab(
            "ports",
            _("Ports"),
            list="oss_inventory:port-list",
            lock=lambda element: {"element": element.name},
        ),
        pages.Tab(
            "neighbours", _("Neighbours"), template="oss/inventory/_neighbours.html", context=_neighbours
        ),
        pages.Tab(
            "links",
            _("Links"),
            list="oss_inventory:link-list",
            lock=lambda element: {"element": element.name},
        ),
    ],
    rail=[
        pages.Panel("ports", _("Ports"), "oss/inventory/_port_counts.html", context=_ports),
        pages.Panel("around", _("Around it"), "oss/inventory/_around.html"),
    ],
    restore=lambda call: services.change_element(element=call.object, **call.data),
    live=True,
)

ELEMENT_CREATE = pages.FormPage(
    name="oss_inventory:element-create",
    title=_("New device"),
    form=forms.ElementForm,
    permission="oss_inventory.add_networkelement",
    door=lambda call: services.create_element(**call.data),
)
ELEMENT_EDIT = pages.FormPage(
    name="oss_inventory:element-edit",
    title=_("Edit device"),
    form=forms.ElementEditForm,
    detail=ELEMENT,
    permission=CHANGE,
    door=lambda call: services.change_element(element=call.object, version=call.version, **call.data),
)
