"""Links: list, page, form."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from oss.inventory import forms, services
from oss.inventory.models import Link, NetworkElement, Port
from oss.inventory.services.graph import Graph
from oss.inventory.views.badges import LINK_STATUS, OPER_STATE

CHANGE = "oss_inventory.change_link"


def _rows(user: Any) -> QuerySet[Link]:
    return Link.objects.visible_to(user).select_related("port_a__element", "port_b__element")


def _ends(path: str) -> Any:
    """Condition builder over both ends."""

    def build(operator: str, values: tuple[str, ...]) -> Q:
        match = Q(**{f"port_a__{path}__in": values}) | Q(**{f"port_b__{path}__in": values})
        return ~match if operator == "not" else match

    return build


def oper_state(link: Link) -> str:
    """Down when an end is down, up when both are up, else unknown."""
    states = {link.port_a.oper_state, link.port_b.oper_state}
    if Port.OperState.DOWN in states:
        return str(Port.OperState.DOWN)
    return str(Port.OperState.UP if states == {Port.OperState.UP} else Port.OperState.UNKNOWN)


def _cut_off(link: Link, user: Any) -> list[str]:
    """Who loses the way to the core without this link, for the confirmation."""
    lost = Graph.load().cut_off(links=[link.pk])
    names = NetworkElement.objects.filter(pk__in=lost).order_by("name").values_list("name", flat=True)
    found = [_t("%(n)d elements lose their way to the core") % {"n": len(lost)}] if lost else []
    return [*found, *names[:10]]


def _standing(link: Link, user: Any) -> dict[str, Any]:
    if link.status != Link.Status.IN_SERVICE:
        return {"in_service": False}
    lost = Graph.load().cut_off(links=[link.pk])
    elements = NetworkElement.objects.visible_to(user).filter(pk__in=lost).order_by("name")
    return {"in_service": True, "count": len(lost), "elements": list(elements[:20])}


def _not_in(*statuses: str) -> Any:
    return lambda link, user: (
        ""
        if link.status in statuses
        else _t("It is %(status)s") % {"status": link.get_status_display().lower()}
    )


LINKS = pages.List(
    name="oss_inventory:link-list",
    model=Link,
    title=_("Links"),
    icon="route",
    section="network",
    order=30,
    rows=_rows,
    columns=[
        pages.Column("name", _("Name"), link=True, sort=True),
        pages.Column("status", _("Status"), badge=LINK_STATUS, sort=True),
        pages.Column("oper", _("Operation"), oper_state, badge=OPER_STATE),
        pages.Column(
            "end_a", _("End A"), "port_a", link="port_a", sort=("port_a__element__name", "port_a__name")
        ),
        pages.Column(
            "end_b", _("End B"), "port_b", link="port_b", sort=("port_b__element__name", "port_b__name")
        ),
        pages.Column(
            "capacity",
            _("Capacity"),
            lambda link: link.capacity_mbps * 1_000_000,
            kind="bits",
            sort="capacity_mbps",
        ),
        pages.Column("medium", _("Medium"), "get_medium_display", sort="medium"),
        pages.Column("length_m", _("Length, m"), kind="number", sort=True),
        pages.Column("number", _("Number"), sort=True, hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=Link.Status.choices),
        Filter("medium", "medium", "choice", _("Medium"), choices=Link.Medium.choices),
        Filter(
            "element",
            "port_a__element__name",
            "text",
            _("Device"),
            operators=("eq", "not"),
            build=_ends("element__name"),
        ),
        Filter(
            "oper_state",
            "port_a__oper_state",
            "choice",
            _("An end is"),
            choices=Port.OperState.choices,
            operators=("eq", "not"),
            build=_ends("oper_state"),
        ),
        Filter("capacity_mbps", "capacity_mbps", "number", _("Capacity, Mbit/s")),
        Filter("name", "name", "text", _("Name")),
    ],
    search=("name", "number", "port_a__element__name", "port_b__element__name"),
    default_sort="name",
    views=[("down", _("Down"), "oper_state=down&status=in_service")],
    create="oss_inventory:link-create",
    live=True,
    row_class=lambda link: "danger" if link.status == "in_service" and oper_state(link) == "down" else "",
    empty=pages.Empty(_("Links join two ports of two devices.")),
)

LINK = pages.Detail(
    name="oss_inventory:link-detail",
    model=Link,
    title="name",
    rows=_rows,
    list=LINKS,
    status=("status", LINK_STATUS),
    identify=("number", "name"),
    find=("name",),
    words=("link",),
    facts=[
        pages.Fact(_("End A"), "port_a", link=True),
        pages.Fact(_("End B"), "port_b", link=True),
        pages.Fact(_("Operation"), oper_state, badge=OPER_STATE),
        pages.Fact(_("Capacity"), lambda link: link.capacity_mbps * 1_000_000, kind="bits"),
        pages.Fact(_("Medium"), "get_medium_display"),
        pages.Fact(_("Length, m"), "length_m", kind="number"),
    ],
    actions=[
        pages.Action(
            "in-service",
            _("Put in service"),
            permission=CHANGE,
            why_not=_not_in(Link.Status.PLANNED),
            run=lambda call: services.put_in_service(link=call.object),
            primary=True,
        ),
        pages.Action(
            "retire",
            _("Retire"),
            permission=CHANGE,
            form=forms.ReasonForm,
            why_not=_not_in(Link.Status.PLANNED, Link.Status.IN_SERVICE),
            effects=_cut_off,
            run=lambda call: services.retire_link(link=call.object, reason=call.data["reason"]),
            danger=True,
        ),
    ],
    rail=[
        pages.Panel(
            "standing", _("Without it"), "oss/inventory/_without_link.html", context=_standing, lazy=True
        )
    ],
    live=True,
)

LINK_CREATE = pages.FormPage(
    name="oss_inventory:link-create",
    title=_("New link"),
    form=forms.LinkForm,
    permission="oss_inventory.add_link",
    door=lambda call: services.connect(
        **{name: call.data[name] for name in ("port_a", "port_b", "name", "medium", "length_m", "status")}
    ),
)
