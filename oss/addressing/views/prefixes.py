"""Prefixes and addresses: lists, pages, forms."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_network
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from oss.addressing import forms, services
from oss.addressing.models import Address, Prefix
from oss.addressing.views.shared import STATUS, panel, taken
from oss.inventory.views.elements import by_address

CHANGE = "oss_addressing.change_prefix"


def _prefixes(user: Any) -> QuerySet[Prefix]:
    rows = Prefix.objects.visible_to(user).select_related("vrf", "location")
    return rows.annotate(taken=taken(Address, "prefix"))


def _addresses(user: Any) -> QuerySet[Address]:
    return Address.objects.visible_to(user).select_related("prefix__vrf")


def _share(prefix: Prefix) -> float | None:
    return None if prefix.role == Prefix.Role.CONTAINER else 100 * prefix.taken / max(prefix.hosts, 1)  # type: ignore[attr-defined]


def _containing(operator: str, values: tuple[str, ...]) -> Q:
    """Prefixes that contain any of the addresses or networks; what is neither is in none."""
    match = Q(pk__in=[])
    for value in values:
        with suppress(ValueError):
            match |= Q(cidr__contains=str(ip_network(value.strip())))
    return ~match if operator == "not" else match


PREFIXES = pages.List(
    name="oss_addressing:prefix-list",
    model=Prefix,
    title=_("Prefixes"),
    icon="network",
    section="network",
    order=60,
    rows=_prefixes,
    columns=[
        pages.Column("cidr", _("Network"), link=True, sort=True),
        pages.Column("vrf", _("VRF"), sort="vrf__name"),
        pages.Column("role", _("Role"), "get_role_display", sort="role"),
        pages.Column("name", _("Name"), sort=True),
        pages.Column("location", _("Serves"), link="location", sort="location__code"),
        pages.Column("taken", _("Not free"), kind="number", sort="taken"),
        pages.Column("share", _("Utilisation"), _share, kind="percent"),
        pages.Column("gateway", _("Gateway"), sort=True, hidden=True),
    ],
    filters=[
        Filter("role", "role", "choice", _("Role"), choices=Prefix.Role.choices),
        Filter("vrf", "vrf__name", "text", _("VRF")),
        Filter("contains", "cidr", "text", _("Contains"), operators=("eq", "not"), build=_containing),
        Filter("site", "location__code", "text", _("Serves")),
        Filter("name", "name", "text", _("Name")),
    ],
    search=("name", "vrf__name"),
    default_sort="vrf,cidr",
    create="oss_addressing:prefix-create",
    empty=pages.Empty(_("Prefixes are the networks that addresses are handed out from.")),
)

ADDRESSES = pages.List(
    name="oss_addressing:address-list",
    model=Address,
    title=_("Addresses"),
    icon="network",
    rows=_addresses,
    columns=[
        pages.Column("address", _("Address"), link=True, sort=True),
        pages.Column("prefix", _("Prefix"), link="prefix", sort="prefix__cidr"),
        pages.Column("status", _("Status"), badge=STATUS, sort=True),
        pages.Column("reserved_until", _("Reserved until"), kind="when", sort=True),
        pages.Column("vrf", _("VRF"), "prefix.vrf", sort="prefix__vrf__name", hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=Address.Status.choices),
        Filter("prefix", "prefix", "uuid", _("Prefix"), operators=("eq",)),
        Filter(
            "address", "address", "text", _("Address"), operators=("eq", "not"), build=by_address("address")
        ),
        Filter("reserved_until", "reserved_until", "datetime", _("Reserved until")),
    ],
    default_sort="address",
    live=True,
    empty=pages.Empty(_("Addresses are written out in blocks when the first is needed.")),
)

PREFIX = pages.Detail(
    name="oss_addressing:prefix-detail",
    model=Prefix,
    title="cidr",
    rows=_prefixes,
    list=PREFIXES,
    edit="oss_addressing:prefix-edit",
    find=("name",),
    identify=(lambda text: _containing("eq", (text,)) if "/" in text else Q(pk__in=[]),),
    words=("prefix",),
    facts=[
        pages.Fact(_("VRF"), "vrf"),
        pages.Fact(_("Role"), "get_role_display"),
        pages.Fact(_("Name"), "name"),
        pages.Fact(_("Serves"), "location", link=True),
        pages.Fact(_("Gateway"), "gateway", kind="code"),
    ],
    tabs=[
        pages.Tab("addresses", _("Addresses"), list=ADDRESSES, lock=lambda prefix: {"prefix": prefix.pk}),
    ],
    rail=[panel()],
)
ADDRESS = pages.Detail(
    name="oss_addressing:address-detail",
    model=Address,
    title="address",
    rows=_addresses,
    list=ADDRESSES,
    status=("status", STATUS),
    identify=(lambda text: by_address("address")("eq", (text,)),),
    words=("address", "ip"),
    facts=[
        pages.Fact(_("Prefix"), "prefix", link=True),
        pages.Fact(_("VRF"), "prefix.vrf"),
        pages.Fact(_("On an interface"), "interface", kind="code"),
        pages.Fact(_("Reserved until"), "reserved_until", kind="when"),
    ],
    live=True,
)

PREFIX_CREATE = pages.FormPage(
    name="oss_addressing:prefix-create",
    title=_("New prefix"),
    form=forms.PrefixForm,
    permission="oss_addressing.add_prefix",
    door=lambda call: services.create_prefix(**call.data),
)
PREFIX_EDIT = pages.FormPage(
    name="oss_addressing:prefix-edit",
    title=_("Edit prefix"),
    form=forms.PrefixEditForm,
    detail=PREFIX,
    permission=CHANGE,
    door=lambda call: services.change_pool(pool=call.object, version=call.version, **call.data),
)
VRF_CREATE = pages.FormPage(
    name="oss_addressing:vrf-create",
    title=_("New VRF"),
    form=forms.VrfForm,
    permission="oss_addressing.add_vrf",
    door=lambda call: services.create_vrf(**call.data),
    # A VRF has no page of its own: its prefixes.
    goto=lambda vrf: f"{reverse('oss_addressing:prefix-list')}?{urlencode({'vrf': vrf.name})}",
)
