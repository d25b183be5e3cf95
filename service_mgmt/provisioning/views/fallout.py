"""The fallout queue: what failed, grouped by cause, mended once and retried together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from kernel import clock, pages
from kernel.errors import DomainError
from kernel.filtering import Filter
from kernel.pages.fields import bind
from kernel.permissions import require, requires
from service_mgmt.provisioning import forms, services
from service_mgmt.provisioning.models import Fallout, WorkflowRun, WorkflowStep
from service_mgmt.provisioning.services.runs import in_words
from service_mgmt.provisioning.views.badges import FALLOUT_STATUS
from service_mgmt.provisioning.views.orders import OVERRIDE

VIEW = "service_mgmt_provisioning.view_fallout"
CHANGE = "service_mgmt_provisioning.change_fallout"
# So many rows of one cause are named on the queue; the list has them all.
NAMED = 8
QUEUE_MAX = 500
CHART_DAYS = 14


def _fallouts(user: Any) -> QuerySet[Fallout]:
    return Fallout.objects.visible_to(user).select_related(
        "owner", "step__run__item__service", "step__run__item__order__customer__party"
    )


def _why_not_retry(fallout: Fallout, user: Any) -> str:
    return "" if fallout.status == Fallout.Status.OPEN else _t("It is resolved")


FALLOUTS = pages.List(
    name="service_mgmt_provisioning:fallout-list",
    model=Fallout,
    title=_("Fallouts"),
    icon="alert-triangle",
    rows=_fallouts,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("status", _("Status"), badge=FALLOUT_STATUS, sort=True),
        pages.Column("cause", _("Cause"), sort=True),
        pages.Column("service", _("Service"), "step.run.item.service", link=True),
        pages.Column("customer", _("Customer"), "step.run.item.order.customer", link=True),
        pages.Column("run", _("Run"), "step.run", link=True, sort="step__run__number"),
        pages.Column(
            "promised",
            _("Promised"),
            "step.run.item.order.promised",
            kind="when",
            sort="step__run__item__order__promised",
        ),
        pages.Column("owner", _("Owner"), sort="owner__username"),
        pages.Column("opened", _("Opened"), kind="when", sort=True),
        pages.Column("resolved", _("Resolved"), kind="when", sort=True, hidden=True),
        pages.Column("resolution", _("Resolution"), hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=Fallout.Status.choices),
        Filter("cause", "cause", "text", _("Cause")),
        Filter("owner", "owner__username", "text", _("Owner")),
        Filter("customer", "step__run__item__order__customer__number", "text", _("Customer")),
        Filter("opened", "opened", "datetime", _("Opened")),
    ],
    search=("number", "cause", "detail", "step__run__number"),
    default_sort="-opened",
    default_view="status=open",
    views=[("mine", _("Mine"), lambda user: f"status=open&owner={user.username}")],
    live=True,
    empty=pages.Empty(
        _("A step that fails for good lands here, for a person to look at."),
        nothing_wrong=_("Nothing has fallen out."),
    ),
    bulk=[
        pages.Bulk(
            "retry",
            _("Retry"),
            permission=OVERRIDE,
            why_not=_why_not_retry,
            each=lambda call: services.retry_step(step=call.object.step, by=call.user),
            icon="refresh",
        ),
        pages.Bulk(
            "assign",
            _("Assign"),
            permission=CHANGE,
            form=forms.AssignForm,
            each=lambda call: services.assign_fallout(fallout=call.object, owner=call.data["owner"]),
            icon="user",
        ),
    ],
)

FALLOUT = pages.Detail(
    name="service_mgmt_provisioning:fallout-detail",
    model=Fallout,
    title="cause",
    rows=_fallouts,
    list=FALLOUTS,
    status=("status", FALLOUT_STATUS),
    identify=("number",),
    find=("cause",),
    states={"open": {"status": "open"}},
    words=("fallout",),
    facts=[
        pages.Fact(_("Run"), "step.run", link=True),
        pages.Fact(_("Step"), lambda row: in_words(row.step.title)),
        pages.Fact(_("Service"), "step.run.item.service", link=True),
        pages.Fact(_("Customer"), "step.run.item.order.customer", link=True),
        pages.Fact(_("Owner"), "owner"),
        pages.Fact(_("Promised"), "step.run.item.order.promised", kind="when"),
    ],
    fields=[
        pages.Fact(_("What the element said"), "detail"),
        pages.Fact(_("Opened"), "opened", kind="time"),
        pages.Fact(_("Resolved"), "resolved", kind="time"),
        pages.Fact(_("Resolution"), "resolution"),
    ],
    actions=[
        pages.Action(
            "retry",
            _("Retry"),
            permission=OVERRIDE,
            why_not=_why_not_retry,
            run=lambda call: services.retry_step(step=call.object.step, by=call.user),
            primary=True,
            icon="refresh",
            shortcut="R",
        ),
        pages.Action(
            "skip",
            _("Skip with reason"),
            permission=OVERRIDE,
            form=forms.ReasonForm,
            why_not=_why_not_retry,
            run=lambda call: services.skip_step(
                step=call.object.step, by=call.user, reason=call.data["reason"]
            ),
            secondary=True,
            icon="arrow-right",
        ),
        pages.Action(
            "assign",
            _("Assign"),
            permission=CHANGE,
            form=forms.AssignForm,
            run=lambda call: services.assign_fallout(fallout=call.object, owner=call.data["owner"]),
            secondary=True,
            icon="user",
        ),
    ],
    live=True,
)


def groups(rows: Iterable[Fallout]) -> list[dict[str, Any]]:
    """Open fallouts by the signature of their cause, the largest group first."""
    by_cause = sorted(rows, key=lambda row: (row.cause, row.opened))
    found = []
    for cause, same in groupby(by_cause, key=lambda row: row.cause):
        members = list(same)
        due = [row.step.run.item.order.promised for row in members if row.step.run.item.order.promised]
        found.append(
            {
                "cause": cause,
                "count": len(members),
                "oldest": members[0].opened,
                "due": min(due, default=None),
                "customers": len({row.step.run.item.order.customer_id for row in members}),
                "owners": sorted({str(row.owner) for row in members if row.owner is not None}),
                "rows": members[:NAMED],
                "more": len(members) - NAMED if len(members) > NAMED else 0,
                "detail": members[-1].detail,
            }
        )
    return sorted(found, key=lambda group: (-group["count"], group["oldest"]))


@requires(VIEW)
def queue(request: HttpRequest) -> HttpResponse:
    """GET: the queue. POST: retry or assign everything of one cause."""
    user: Any = request.user
    if request.method == "POST":
        try:
            _act(request, user)
        except DomainError as error:
            pages.complain(request, error)
        return pages.go(request, reverse("service_mgmt_provisioning:fallout"))
    rows = list(_fallouts(user).filter(status="open").order_by("opened")[:QUEUE_MAX])
    context = {
        "title": _t("Fallout"),
        "groups": groups(rows),
        "total": len(rows),
        "capped": len(rows) == QUEUE_MAX,
        "form": bind(forms.AssignForm(), user),
        "may_retry": user.has_perm(OVERRIDE),
        "may_assign": user.has_perm(CHANGE),
        "per_day": _per_day(user),
        "today": _today(),
        "url": reverse("service_mgmt_provisioning:fallout"),
    }
    return pages.render(
        request,
        "service_mgmt/provisioning/fallout.html",
        context,
        partial="service_mgmt/provisioning/_fallout.html",
    )


def _act(request: HttpRequest, user: Any) -> None:
    cause = request.POST.get("cause", "")
    if "retry" in request.POST:
        require(user, OVERRIDE)
        count = services.bulk_retry(cause=cause, by=user)
        pages.say(
            request,
            ngettext("%(n)d step is tried again", "%(n)d steps are tried again", count) % {"n": count},
        )
        return
    require(user, CHANGE)
    form = forms.AssignForm(request.POST)
    if not form.is_valid():
        raise DomainError(_t("Choose who looks after it"), code="fallout.owner")
    owner = form.cleaned_data["owner"]
    rows = list(_fallouts(user).filter(status="open", cause=cause))
    for row in rows:
        services.assign_fallout(fallout=row, owner=owner)
    pages.say(request, _t("%(n)d given to %(owner)s") % {"n": len(rows), "owner": owner})


def _per_day(user: Any) -> list[tuple[str, int]]:
    """Fallouts opened per day of the last two weeks, for the bars beside the queue."""
    since = clock.now() - timedelta(days=CHART_DAYS)
    counted = (
        Fallout.objects.visible_to(user)
        .filter(opened__gte=since)
        .annotate(day=TruncDate("opened"))
        .values("day")
        .annotate(n=Count("pk"))
        .order_by("-day")
    )
    return [(row["day"].isoformat(), row["n"]) for row in counted]


def _today() -> dict[str, int]:
    """How today's runs ended: what an empty queue is worth."""
    since = clock.now() - timedelta(days=1)
    runs = WorkflowRun.objects.filter(finished__gte=since, status=WorkflowRun.Status.COMPLETED).count()
    failed = WorkflowStep.objects.filter(fallouts__opened__gte=since).distinct().count()
    return {"completed": runs, "failed": failed}
