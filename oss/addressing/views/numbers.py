"""Number ranges and telephone numbers: lists, pages, forms."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from oss.addressing import forms, services
from oss.addressing.models import NumberRange, TelephoneNumber
from oss.addressing.views.shared import NUMBER_STATUS, panel, taken

CHANGE = "oss_addressing.change_numberrange"


def _ranges(user: Any) -> QuerySet[NumberRange]:
    rows = NumberRange.objects.visible_to(user).select_related("location")
    return rows.annotate(taken=taken(TelephoneNumber, "range"))


def _numbers(user: Any) -> QuerySet[TelephoneNumber]:
    return TelephoneNumber.objects.visible_to(user).select_related("range__location")


RANGES = pages.List(
    name="oss_addressing:range-list",
    model=NumberRange,
    title=_("Number ranges"),
    icon="phone",
    section="network",
    order=80,
    rows=_ranges,
    columns=[
        pages.Column("name", _("Name"), link=True, sort=True),
        pages.Column("first", _("First number"), sort=True),
        pages.Column("last", _("Last number"), sort=True),
        pages.Column("kind", _("Kind"), "get_kind_display", sort="kind"),
        pages.Column("location", _("Serves"), link="location", sort="location__code"),
        pages.Column("taken", _("Not free"), kind="number", sort="taken"),
        pages.Column("share", _("Utilisation"), lambda row: 100 * row.taken / row.size, kind="percent"),
        pages.Column("quarantine_days", _("Quarantine, days"), kind="number", sort=True, hidden=True),
    ],
    filters=[
        Filter("kind", "kind", "choice", _("Kind"), choices=NumberRange.Kind.choices),
        Filter("site", "location__code", "text", _("Serves")),
        Filter("name", "name", "text", _("Name")),
    ],
    search=("name", "first"),
    default_sort="first",
    create="oss_addressing:range-create",
    empty=pages.Empty(_("Number ranges are the blocks that the numbering authority gave to the operator.")),
)
NUMBERS = pages.List(
    name="oss_addressing:number-list",
    model=TelephoneNumber,
    title=_("Numbers"),
    icon="phone",
    section="network",
    order=81,
    rows=_numbers,
    columns=[
        pages.Column("e164", _("Number"), link=True, sort=True),
        pages.Column("range", _("Range"), "range.name", link="range", sort="range__name"),
        pages.Column("status", _("Status"), badge=NUMBER_STATUS, sort=True),
        pages.Column("reserved_until", _("Reserved until"), kind="when", sort=True),
        pages.Column("quarantine_until", _("In quarantine until"), kind="when", sort=True),
        pages.Column("kind", _("Kind"), "range.get_kind_display", sort="range__kind", hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=TelephoneNumber.Status.choices),
        Filter("range", "range__name", "text", _("Range")),
        Filter("kind", "range__kind", "choice", _("Kind"), choices=NumberRange.Kind.choices),
        Filter("e164", "e164", "text", _("Number")),
        Filter("quarantine_until", "quarantine_until", "datetime", _("In quarantine until")),
    ],
    search=("e164",),
    default_sort="e164",
    views=[("free", _("Free"), "status=free"), ("quarantine", _("In quarantine"), "status=quarantined")],
    live=True,
    empty=pages.Empty(_("Numbers come with their range.")),
)
RANGE = pages.Detail(
    name="oss_addressing:range-detail",
    model=NumberRange,
    title="name",
    rows=_ranges,
    list=RANGES,
    edit="oss_addressing:range-edit",
    find=("name",),
    facts=[
        pages.Fact(_("First number"), "first", kind="code"),
        pages.Fact(_("Last number"), "last", kind="code"),
        pages.Fact(_("Kind"), "get_kind_display"),
        pages.Fact(_("Serves"), "location", link=True),
        pages.Fact(_("Quarantine, days"), "quarantine_days", kind="number"),
    ],
    tabs=[pages.Tab("numbers", _("Numbers"), list=NUMBERS, lock=lambda row: {"range": row.name})],
    rail=[panel()],
)
NUMBER = pages.Detail(
    name="oss_addressing:number-detail",
    model=TelephoneNumber,
    key="e164",
    title="e164",
    rows=_numbers,
    list=NUMBERS,
    status=("status", NUMBER_STATUS),
    identify=("e164",),
    words=("number",),
    facts=[
        pages.Fact(_("Range"), "range.name", link="range"),
        pages.Fact(_("Kind"), "range.get_kind_display"),
        pages.Fact(_("Reserved until"), "reserved_until", kind="when"),
        pages.Fact(_("In quarantine until"), "quarantine_until", kind="when"),
    ],
    live=True,
)
RANGE_CREATE = pages.FormPage(
    name="oss_addressing:range-create",
    title=_("New number range"),
    form=forms.NumberRangeForm,
    permission="oss_addressing.add_numberrange",
    door=lambda call: services.create_number_range(**call.data),
)
RANGE_EDIT = pages.FormPage(
    name="oss_addressing:range-edit",
    title=_("Edit number range"),
    form=forms.NumberRangeEditForm,
    detail=RANGE,
    permission=CHANGE,
    door=lambda call: services.change_pool(pool=call.object, version=call.version, **call.data),
)
