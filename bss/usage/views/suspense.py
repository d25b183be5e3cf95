"""The error bin: records that could not be rated, by cause, to be mended, recycled or given up."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Min, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bss.usage import forms, services
from bss.usage.models import SuspendedRecord
from kernel import pages
from kernel.filtering import Filter
from kernel.permissions import require, requires

REASON = pages.badges(
    "bss_usage.reason",
    SuspendedRecord.Reason,
    malformed="red bug",
    bad_number="red phone",
    unknown_subscriber="amber user",
    no_tariff="amber tag",
    unknown_zone="amber map",
    no_rate="amber tag",
    too_old="grey clock",
    future="grey clock",
)
STATE = pages.badges(
    "bss_usage.suspense",
    SuspendedRecord.State,
    open="amber alert-triangle",
    recycled="green rotate end",
    discarded="grey trash end",
)
RECYCLE, DISCARD = "bss_usage.recycle_suspendedrecord", "bss_usage.discard_suspendedrecord"
CAUSES_SHOWN = 50


def _rows(user: Any) -> QuerySet[SuspendedRecord]:
    return SuspendedRecord.objects.visible_to(user).select_related("file__source")


def _closed(row: SuspendedRecord, user: Any) -> str:
    return "" if row.state == SuspendedRecord.State.OPEN else _t("It is closed")


def _recycled(counts: dict[str, int]) -> str:
    return (
        _t(
            "%(rated)d rated, %(duplicates)d duplicates, %(rejected)d not charged, %(suspended)d still in suspense"
        )
        % counts
    )


def _mend(call: pages.Call) -> Any:
    services.recycle(suspended=call.object, mend=call.data["mended"])
    return call.object


def _many(call: pages.Call) -> list[SuspendedRecord]:
    """Recycle a batch; only those that were really rated (or found to be duplicates) count as done."""
    services.recycle(suspended=call.objects)
    closed = set(
        SuspendedRecord.objects.filter(pk__in=[row.pk for row in call.objects])
        .exclude(state="open")
        .values_list("pk", flat=True)
    )
    return [row for row in call.objects if row.pk in closed]


SUSPENSE = pages.List(
    name="bss_usage:suspense-list",
    model=SuspendedRecord,
    title=_("Error bin"),
    icon="alert-triangle",
    section="billing",
    order=62,
    rows=_rows,
    columns=[
        pages.Column("line", _("Line"), link=True, sort=True),
        pages.Column("file", _("File"), "file.number", link="file", sort="file__number"),
        pages.Column("reason", _("Reason"), badge=REASON, sort=True),
        pages.Column("identifier", _("Number or name"), sort=True),
        pages.Column("other", _("Called number"), sort=True),
        pages.Column("started", _("Began"), kind="time", sort=True),
        pages.Column("state", _("State"), badge=STATE, sort=True),
        pages.Column("attempts", _("Attempts"), kind="number", sort=True, hidden=True),
        pages.Column("raw", _("Record"), kind="code", hidden=True),
    ],
    filters=[
        Filter("state", "state", "choice", _("State"), choices=SuspendedRecord.State.choices),
        Filter("reason", "reason", "choice", _("Reason"), choices=SuspendedRecord.Reason.choices),
        Filter("identifier", "identifier", "text", _("Number or name")),
        Filter("file", "file__number", "text", _("File")),
        Filter("source", "file__source__code", "text", _("Source")),
        Filter("started", "started", "datetime", _("Began")),
    ],
    search=("identifier", "other", "raw"),
    default_sort="-started",
    default_view="state=open",
    bulk=[
        pages.Bulk("recycle", _("Recycle"), permission=RECYCLE, run=_many, why_not=_closed),
        pages.Bulk(
            "discard",
            _("Discard"),
            permission=DISCARD,
            form=forms.DiscardForm,
            run=lambda call: services.discard(suspended=call.objects, reason=call.data["reason"]),
            why_not=_closed,
            danger=True,
        ),
    ],
    live=True,
    empty=pages.Empty(
        _("Records that cannot be rated wait here until somebody mends them or their cause."),
        nothing_wrong=_("Every record could be rated."),
    ),
)

SUSPENDED = pages.Detail(
    name="bss_usage:suspense-detail",
    model=SuspendedRecord,
    title=lambda row: _t("Line %(line)d of %(file)s") % {"line": row.line, "file": row.file.number},
    rows=_rows,
    list=SUSPENSE,
    status=("state", STATE),
    facts=[
        pages.Fact(_("Reason"), "reason", badge=REASON),
        pages.Fact(_("File"), "file", link=True),
        pages.Fact(_("Number or name"), "identifier"),
        pages.Fact(_("Called number"), "other"),
        pages.Fact(_("Began"), "started", kind="time"),
        pages.Fact(_("Attempts"), "attempts", kind="number"),
    ],
    fields=[
        pages.Fact(_("Record as it came"), "raw", kind="code"),
        pages.Fact(_("Mended"), "mended", kind="code"),
        pages.Fact(_("Outcome"), "outcome"),
        pages.Fact(_("Closed"), "closed", kind="when"),
    ],
    actions=[
        pages.Action(
            "mend",
            _("Mend and recycle"),
            permission=RECYCLE,
            form=forms.MendForm,
            initial=lambda row: {"mended": row.mended or row.raw},
            why_not=_closed,
            run=_mend,
            icon="tool",
            primary=True,
        ),
        pages.Action(
            "recycle",
            _("Recycle as it is"),
            permission=RECYCLE,
            why_not=_closed,
            run=lambda call: services.recycle(suspended=call.object),
            icon="rotate",
            secondary=True,
            goto=lambda result: None,
        ),
        pages.Action(
            "discard",
            _("Discard"),
            permission=DISCARD,
            form=forms.DiscardForm,
            why_not=_closed,
            run=lambda call: services.discard(suspended=call.object, reason=call.data["reason"]),
            danger=True,
            goto=lambda result: None,
        ),
    ],
    live=True,
)


@requires("bss_usage.view_suspendedrecord")
def causes(request: HttpRequest) -> HttpResponse:
    """The bin by cause: how many, since when, and one button to send all of a cause through again."""
    user: Any = request.user
    if request.method == "POST":
        require(user, RECYCLE)
        counts = services.recycle_cause(
            reason=request.POST.get("reason", ""), identifier=request.POST.get("identifier", "")
        )
        pages.say(request, _recycled(counts))
        return pages.go(request, reverse("bss_usage:suspense-causes"))
    groups = list(
        _rows(user)
        .filter(state=SuspendedRecord.State.OPEN)
        .order_by()
        .values("reason", "identifier")
        .annotate(count=Count("pk"), first=Min("started"), last=Max("started"))
        .order_by("-count", "reason", "identifier")[:CAUSES_SHOWN]
    )
    total = sum(group["count"] for group in groups)
    title = ngettext("%(n)d record by cause", "%(n)d records by cause", total) % {"n": total}
    return pages.render(
        request,
        "bss/usage/causes.html",
        {
            "title": title,
            "groups": groups,
            "may_recycle": user.has_perm(RECYCLE),
            "list_url": reverse("bss_usage:suspense-list"),
        },
        partial="bss/usage/_causes.html",
    )
