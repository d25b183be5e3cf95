"""VLAN groups and VLANs: lists, pages, forms."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from oss.addressing import forms, services
from oss.addressing.models import Vlan, VlanGroup
from oss.addressing.views.shared import STATUS, panel, taken

CHANGE = "oss_addressing.change_vlangroup"


def _groups(user: Any) -> QuerySet[VlanGroup]:
    return (
        VlanGroup.objects.visible_to(user)
        .select_related("element", "location")
        .annotate(taken=taken(Vlan, "group"))
    )


def _vlans(user: Any) -> QuerySet[Vlan]:
    return Vlan.objects.visible_to(user).select_related("group__element")


GROUPS = pages.List(
    name="oss_addressing:vlan-group-list",
    model=VlanGroup,
    title=_("VLAN groups"),
    icon="stack-2",
    section="network",
    order=70,
    rows=_groups,
    columns=[
        pages.Column("name", _("Name"), link=True, sort=True),
        pages.Column("element", _("Device"), link="element", sort="element__name"),
        pages.Column("location", _("Serves"), link="location", sort="location__code"),
        pages.Column("first_vid", _("First VLAN"), kind="number", sort=True),
        pages.Column("last_vid", _("Last VLAN"), kind="number", sort=True),
        pages.Column("taken", _("Not free"), kind="number", sort="taken"),
        pages.Column(
            "share",
            _("Utilisation"),
            lambda group: 100 * group.taken / (group.last_vid - group.first_vid + 1),
            kind="percent",
        ),
    ],
    filters=[
        Filter("name", "name", "text", _("Name")),
        Filter("element", "element__name", "text", _("Device")),
        Filter("site", "location__code", "text", _("Serves")),
    ],
    search=("name", "element__name"),
    default_sort="name",
    create="oss_addressing:vlan-group-create",
    empty=pages.Empty(_("A VLAN group holds the VLANs of a device or a place.")),
)
VLANS = pages.List(
    name="oss_addressing:vlan-list",
    model=Vlan,
    title=_("VLANs"),
    icon="stack-2",
    section="network",
    order=71,
    rows=_vlans,
    columns=[
        pages.Column("vid", _("VLAN"), link=True, sort=True),
        pages.Column("group", _("Group"), link="group", sort="group__name"),
        pages.Column("status", _("Status"), badge=STATUS, sort=True),
        pages.Column(
            "element", _("Device"), "group.element", link="group.element", sort="group__element__name"
        ),
        pages.Column("reserved_until", _("Reserved until"), kind="when", sort=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=Vlan.Status.choices),
        Filter("group", "group__name", "text", _("Group")),
        Filter("element", "group__element__name", "text", _("Device")),
        Filter("vid", "vid", "number", _("VLAN")),
    ],
    search=("group__name", "group__element__name"),
    default_sort="group,vid",
    default_view="status__not=free",
    live=True,
    empty=pages.Empty(_("VLANs come with their group.")),
)

GROUP = pages.Detail(
    name="oss_addressing:vlan-group-detail",
    model=VlanGroup,
    title="name",
    rows=_groups,
    list=GROUPS,
    edit="oss_addressing:vlan-group-edit",
    find=("name",),
    facts=[
        pages.Fact(_("Device"), "element", link=True),
        pages.Fact(_("Serves"), "location", link=True),
        pages.Fact(_("First VLAN"), "first_vid", kind="number"),
        pages.Fact(_("Last VLAN"), "last_vid", kind="number"),
    ],
    tabs=[pages.Tab("vlans", _("VLANs"), list=VLANS, lock=lambda group: {"group": group.name})],
    rail=[panel()],
)
VLAN = pages.Detail(
    name="oss_addressing:vlan-detail",
    model=Vlan,
    title=str,
    rows=_vlans,
    list=VLANS,
    status=("status", STATUS),
    facts=[
        pages.Fact(_("Group"), "group", link=True),
        pages.Fact(_("Device"), "group.element", link=True),
        pages.Fact(_("Reserved until"), "reserved_until", kind="when"),
    ],
    live=True,
)
GROUP_CREATE = pages.FormPage(
    name="oss_addressing:vlan-group-create",
    title=_("New VLAN group"),
    form=forms.VlanGroupForm,
    permission="oss_addressing.add_vlangroup",
    door=lambda call: services.create_vlan_group(**call.data),
)
GROUP_EDIT = pages.FormPage(
    name="oss_addressing:vlan-group-edit",
    title=_("Edit VLAN group"),
    form=forms.VlanGroupEditForm,
    detail=GROUP,
    permission=CHANGE,
    door=lambda call: services.change_pool(pool=call.object, version=call.version, **call.data),
)
pages.extend(
    "oss_inventory:element-detail",
    tabs=[pages.Tab("vlans", _("VLANs"), list=VLANS, lock=lambda element: {"element": element.name})],
)
