"""Workflow runs: the steps that ran, what each saw and did, and what people may do about a failed one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import clock, pages
from kernel.filtering import Filter
from kernel.permissions import requires
from oss.southbound.models import ElementSession
from oss.southbound.services import purpose_slot
from service_mgmt.provisioning import forms, services
from service_mgmt.provisioning.models import Fallout, WorkflowRun, WorkflowStep
from service_mgmt.provisioning.services.runs import in_words
from service_mgmt.provisioning.services.workflow import WORKFLOWS
from service_mgmt.provisioning.views.badges import RUN_STATUS
from service_mgmt.provisioning.views.orders import OVERRIDE

VIEW = "service_mgmt_provisioning.view_workflowrun"
Run, Step = WorkflowRun.Status, WorkflowStep.Status


def _runs(user: Any) -> QuerySet[WorkflowRun]:
    return WorkflowRun.objects.visible_to(user).select_related(
        "item__order__customer__party", "item__service"
    )


def named(run: WorkflowRun) -> Any:
    """What the run carries out, in words; its code where that workflow is no longer there."""
    known = WORKFLOWS.get(run.workflow)
    return known.title if known is not None else run.workflow


def _with_steps(user: Any) -> QuerySet[WorkflowRun]:
    fallouts = Fallout.objects.filter(status="open").select_related("owner")
    steps = WorkflowStep.objects.order_by("position").prefetch_related(
        Prefetch("fallouts", fallouts, to_attr="open_fallouts")
    )
    return _runs(user).prefetch_related(Prefetch("steps", steps))


RUNS = pages.List(
    name="service_mgmt_provisioning:run-list",
    model=WorkflowRun,
    title=_("Workflow runs"),
    icon="route",
    section="orders",
    order=50,
    rows=_runs,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("workflow", _("Workflow"), named, sort="workflow", export=lambda run: run.workflow),
        pages.Column("status", _("Status"), badge=RUN_STATUS, sort=True),
        pages.Column("service", _("Service"), "item.service", link=True, sort="item__service__number"),
        pages.Column("order", _("Service order"), "item.order", link=True, sort="item__order__number"),
        pages.Column("customer", _("Customer"), "item.order.customer", link=True, hidden=True),
        pages.Column("started", _("Started"), kind="when", sort=True),
        pages.Column("finished", _("Finished"), kind="when", sort=True),
        pages.Column("actor", _("Started by"), sort=True, hidden=True),
        pages.Column("created", _("Planned"), kind="when", sort=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=WorkflowRun.Status.choices),
        Filter("workflow", "workflow", "text", _("Workflow")),
        Filter("order", "item__order__number", "text", _("Service order")),
        Filter("service", "item__service__number", "text", _("Service")),
        Filter("started", "started", "datetime", _("Started")),
    ],
    search=("number", "workflow", "item__service__number", "item__order__number"),
    default_sort="-created",
    views=[
        ("failed", _("Failed"), "status=failed"),
        ("open", _("Open"), "status=running&status=pending&status=compensating"),
    ],
    live=True,
    row_class=lambda row: {"failed": "danger", "compensating": "warn"}.get(row.status, ""),
    empty=pages.Empty(_("A run is one execution of a workflow on one service.")),
)


def steps_of(run: WorkflowRun) -> list[dict[str, Any]]:
    """Rows of the step table."""
    now = clock.now()
    rows = []
    for step in run.steps.all():
        spent: timedelta | None = None
        if step.started is not None:
            spent = max((step.finished or now) - step.started, timedelta(0))
        fallout = next(iter(step.open_fallouts), None)
        rows.append(
            {
                "step": step,
                "title": in_words(step.title),
                "spent": spent,
                "owner": (fallout and fallout.owner) or run.actor or _t("automation"),
                "fallout": fallout,
                "details": bool(step.inputs or step.outputs or step.diff or step.error or step.session_id),
            }
        )
    return rows


def failed(run: WorkflowRun) -> list[WorkflowStep]:
    """Steps of a run that wait for a person."""
    if run.status != Run.FAILED:
        return []
    return [step for step in run.steps.all() if step.status == Step.FAILED]


def _nothing_failed(run: WorkflowRun, user: Any) -> str:
    return "" if failed(run) else _t("No step of it has failed")


def _cannot_cancel(run: WorkflowRun, user: Any) -> str:
    if run.status in {Run.COMPLETED, Run.CANCELLED}:
        return _t("The run is over")
    if run.status == Run.COMPENSATING:
        return _t("It is being undone already")
    return services.point_of_no_return(item=run.item) or ""


def _undone(run: WorkflowRun, user: Any) -> list[str]:
    """What cancelling undoes, last step first."""
    done = [step for step in run.steps.all() if step.status in {Step.DONE, Step.FAILED, Step.SKIPPED}]
    return [_t("%(step)s is undone") % {"step": in_words(step.title)} for step in reversed(done)]


def _retry(call: pages.Call) -> None:
    for step in failed(call.object):
        services.retry_step(step=step, by=call.user)


def _skip(call: pages.Call) -> None:
    for step in failed(call.object)[:1]:
        services.skip_step(step=step, by=call.user, reason=call.data["reason"])


def _skipped(run: WorkflowRun, user: Any) -> list[str]:
    return [
        _t("“%(step)s” is left out; the run goes on after it") % {"step": in_words(step.title)}
        for step in failed(run)[:1]
    ]


def _sessions(run: WorkflowRun, user: Any) -> dict[str, Any]:
    """What was said to the elements, command by command, in the sessions of this run's steps."""
    wanted = {step.session_id: step for step in run.steps.all() if step.session_id}
    held = ElementSession.objects.visible_to(user).filter(pk__in=wanted).select_related("element")
    return {
        "rows": [
            {"session": one, "step": wanted[one.pk], "title": in_words(wanted[one.pk].title)}
            for one in held.order_by("started").prefetch_related("commands")
        ]
    }


RUN = pages.Detail(
    name="service_mgmt_provisioning:run-detail",
    model=WorkflowRun,
    title=lambda run: f"{named(run)} · {run.item.service.name}",
    rows=_with_steps,
    list=RUNS,
    status=("status", RUN_STATUS),
    overview="service_mgmt/provisioning/_run.html",
    context=lambda run, user: {"steps": steps_of(run)},
    identify=("number",),
    words=("run", "workflow"),
    facts=[
        pages.Fact(_("Service"), "item.service", link=True),
        pages.Fact(_("Service order"), "item.order", link=True),
        pages.Fact(_("Customer"), "item.order.customer", link=True),
        pages.Fact(_("Started"), "started", kind="time"),
        pages.Fact(_("Finished"), "finished", kind="time"),
        pages.Fact(_("Version of the plan"), "revision", kind="number"),
    ],
    fields=[
        pages.Fact(_("Started by"), "actor"),
        pages.Fact(_("Correlation"), "correlation_id", kind="code"),
    ],
    actions=[
        pages.Action(
            "retry",
            _("Retry"),
            permission=OVERRIDE,
            why_not=_nothing_failed,
            run=_retry,
            primary=True,
            icon="refresh",
            shortcut="R",
        ),
        pages.Action(
            "skip",
            _("Skip with reason"),
            permission=OVERRIDE,
            form=forms.ReasonForm,
            why_not=_nothing_failed,
            effects=_skipped,
            run=_skip,
            secondary=True,
            icon="arrow-right",
        ),
        pages.Action(
            "cancel",
            _("Cancel and undo"),
            permission=OVERRIDE,
            form=forms.ReasonForm,
            why_not=_cannot_cancel,
            effects=_undone,
            run=lambda call: services.cancel_item(item=call.object.item, reason=call.data["reason"]),
            danger=True,
            icon="arrow-back-up",
        ),
    ],
    tabs=[
        pages.Tab(
            "transcript",
            _("Transcript"),
            template="service_mgmt/provisioning/_transcript.html",
            context=_sessions,
            permission="oss_southbound.view_elementsession",
        )
    ],
    live=True,
)

pages.extend(
    "service_mgmt_services:service-detail",
    tabs=[pages.Tab("runs", _("Workflow runs"), list=RUNS, lock=lambda service: {"service": service.number})],
)


def run_of(session: ElementSession) -> WorkflowRun | None:
    """The run in whose step the session was held. Steps are found by the service, which has few, not by the session."""
    return WorkflowRun.objects.filter(item__service=session.holder, steps__session_id=session.pk).first()


purpose_slot.fill(run_of)


@requires(VIEW)
def steps_fragment(request: HttpRequest, number: str) -> HttpResponse:
    """The step table alone, for the page that keeps it fresh."""
    run = _with_steps(request.user).filter(number=number).first()
    if run is None:
        raise Http404
    return pages.render(
        request, "service_mgmt/provisioning/_steps.html", {"object": run, "steps": steps_of(run)}
    )
