"""Maintenance windows: planned, seen, ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from oss.alarms import forms, services
from oss.alarms.models import (
    Maintenance,
)
from oss.alarms.views.badges import SUPPRESS, WINDOW


def _windows(user: Any) -> QuerySet[Maintenance]:
    return Maintenance.objects.visible_to(user).select_related("planned_by").annotate(covers=Count("targets"))


def _targets(window: Maintenance, user: Any) -> Mapping[str, Any]:
    rows = window.targets.select_related("element", "link").order_by("behind", "element__name", "link__name")
    return {"rows": [(row.element or row.link, row.behind) for row in rows]}


def _not_over(window: Maintenance, user: Any) -> str:
    standing = window.status in {Maintenance.Status.SCHEDULED, Maintenance.Status.ACTIVE}
    return "" if standing else _t("It is over")


def _hidden_by(call: pages.Call) -> list[str]:
    """What a window would hide, for the page that asks to confirm."""
    seen = services.preview_maintenance(elements=call.data["elements"], links=call.data["links"])
    found = [
        _t("%(n)d open alarms are marked as expected") % {"n": len(seen.alarms)},
        _t("%(n)d further devices lie behind") % {"n": len(seen.behind)},
    ]
    if seen.too_broad:
        found.append(_t("This reaches much of the network: tick the box that says it may"))
    return [*found, *(str(alarm) for alarm in seen.alarms[:10])]


MAINTENANCE = pages.List(
    name="oss_alarms:maintenance-list",
    model=Maintenance,
    title=_("Maintenance"),
    icon="tool",
    section="assurance",
    order=40,
    rows=_windows,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("reason", _("Reason"), sort=True),
        pages.Column("status", _("Status"), badge=WINDOW, sort=True),
        pages.Column("start", _("Starts"), kind="time", sort=True),
        pages.Column("end", _("Ends"), kind="time", sort=True),
        pages.Column("covers", _("Covers"), kind="number", sort=True),
        pages.Column("planned_by", _("Planned by"), sort="planned_by__username"),
        pages.Column("change_ref", _("Change"), sort=True, hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=Maintenance.Status.choices),
        Filter("element", "targets__element__name", "text", _("Device"), many=True),
        Filter("link", "targets__link__name", "text", _("Link"), many=True),
        Filter("start", "start", "datetime", _("Starts")),
        Filter("change", "change_ref", "text", _("Change")),
    ],
    search=("number", "reason", "change_ref"),
    default_sort="-start",
    default_view="status=scheduled&status=active",
    create="oss_alarms:maintenance-create",
    live=True,
    empty=pages.Empty(
        _("A window says that alarms are expected: they are kept, marked, and lead to no incident.")
    ),
)

WINDOW_PAGE = pages.Detail(
    name="oss_alarms:maintenance-detail",
    model=Maintenance,
    title="reason",
    rows=_windows,
    list=MAINTENANCE,
    status=("status", WINDOW),
    identify=("number",),
    words=("maintenance",),
    facts=[
        pages.Fact(_("Starts"), "start", kind="time"),
        pages.Fact(_("Ends"), "end", kind="time"),
        pages.Fact(_("Planned by"), "planned_by"),
        pages.Fact(
            _("Change"),
            "change_ref",
            link=lambda window: f"/go/{window.change_ref}" if window.change_ref else None,
        ),
    ],
    overview="oss/alarms/_window.html",
    context=_targets,
    actions=[
        pages.Action(
            "end", _("End now"), permission=SUPPRESS, form=forms.ReasonForm, why_not=_not_over, danger=True,
            secondary=True, icon="x",
            run=lambda call: services.end_maintenance(maintenance=call.object, reason=call.data["reason"]),
        ),
    ],
    live=True,
)  # fmt: skip

MAINTENANCE_CREATE = pages.FormPage(
    name="oss_alarms:maintenance-create",
    title=_("Plan maintenance"),
    form=forms.MaintenanceForm,
    permission=SUPPRESS,
    door=lambda call: services.plan_maintenance(by=call.user, **call.data),
    effects=_hidden_by,
    submit=_("Plan the window"),
)
