"""Changes: the list, one change with its plan and its life, and the form that plans one by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bss.customers.models import Customer
from kernel import clock, pages
from kernel.filtering import Filter
from oss.alarms.models import Maintenance
from oss.inventory.models import Link, NetworkElement
from oss.southbound.models import ElementSession
from service_mgmt.changes import forms, services
from service_mgmt.changes.models import ChangeRequest, ChangeStep
from service_mgmt.changes.services.actions import ACTIONS
from service_mgmt.changes.services.execution import problem_slot
from service_mgmt.changes.views.badges import APPROVE, CHANGE, EXECUTE, KIND, PRIORITY, STATUS

Status, Phase = ChangeRequest.Status, ChangeStep.Phase
BEFORE = {Status.ACKNOWLEDGED, Status.WAIT_FOR_APPROVAL, Status.APPROVED, Status.SCHEDULED}
CUSTOMERS_SHOWN = 100


def changes_of(user: Any) -> QuerySet[ChangeRequest]:
    """Changes a user sees."""
    return ChangeRequest.objects.visible_to(user).select_related("author")


def _row_class(change: ChangeRequest) -> str:
    return {"failed": "danger", "fallbackExecution": "warn"}.get(change.status, "")


CHANGES = pages.List(
    name="service_mgmt_changes:change-list", model=ChangeRequest, title=pgettext_lazy("change management", "Changes"),
    icon="git-compare", section="assurance", order=45, rows=changes_of,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("title", _("Title"), sort=True),
        pages.Column("status", _("Status"), badge=STATUS, sort=True),
        pages.Column("kind", _("Type"), badge=KIND, sort=True),
        pages.Column("window_start", _("Window from"), kind="time", sort=True),
        pages.Column("window_end", _("Window until"), kind="time", sort=True),
        pages.Column("risk", _("Risk"), kind="number", sort=True),
        pages.Column("author", _("Author"), sort="author__username"),
        pages.Column("priority", _("Priority"), badge=PRIORITY, sort=True, hidden=True),
        pages.Column("started", _("Started"), kind="time", sort=True, hidden=True),
        pages.Column("finished", _("Finished"), kind="time", sort=True, hidden=True),
        pages.Column("created", _("Drafted"), kind="when", sort=True, hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=ChangeRequest.Status.choices),
        Filter("kind", "kind", "choice", _("Type"), choices=ChangeRequest.Kind.choices),
        Filter("priority", "priority", "choice", _("Priority"), choices=ChangeRequest.Priority.choices),
        Filter("author", "author__username", "text", _("Author")),
        Filter("element", "targets__element__name", "text", _("Device"), many=True),
        Filter("link", "targets__link__name", "text", _("Link"), many=True),
        Filter("window_start", "window_start", "datetime", _("Window from")),
        Filter("window_end", "window_end", "datetime", _("Window until")),
        Filter("risk", "risk", "number", _("Risk")),
        Filter("created", "created", "datetime", _("Drafted")),
    ],
    search=("number", "title"), default_sort="-number",
    views=[
        ("approval", _("Waiting for my approval"),
         lambda user: f"status=waitForApproval&author__not={user.username}&sort=window_start"),
        ("upcoming", _("Upcoming"), "status=approved&status=scheduled&status=inProgress&sort=window_start"),
        ("mine", _("My changes"), lambda user: f"author={user.username}"),
    ],
    create="service_mgmt_changes:change-create", live=True, row_class=_row_class,
    empty=pages.Empty(
        _("A change is planned, judged on the live network, approved by somebody else, carried out in its window and "
          "taken back when a check fails.")
    ),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------ why it cannot be done


def _only(*states: str, why: Any) -> Any:
    return lambda change, user: "" if change.status in states else why


_draft = _only(Status.ACKNOWLEDGED, why=_("Only a draft may be changed"))
_running = _only(Status.IN_PROGRESS, why=_("It does not run"))
_reviewed = _only(Status.REVIEW, why=_("It is not being reviewed"))


def _not_submittable(change: ChangeRequest, user: Any) -> Any:
    if change.status != Status.ACKNOWLEDGED:
        return _("It was submitted")
    if change.window_start is None:
        return _("It has no window yet")
    return "" if change.steps.exists() else _("It has no plan yet")


def _not_decidable(change: ChangeRequest, user: Any) -> Any:
    if change.status != Status.WAIT_FOR_APPROVAL:
        return _("The change does not wait for approval")
    return _("Somebody else decides on what you planned") if change.author_id == user.pk else ""


def _not_startable(change: ChangeRequest, user: Any) -> Any:
    if change.status != Status.SCHEDULED:
        return _("It is not scheduled")
    now = clock.now()
    if change.window_start is None or change.window_end is None or now < change.window_start:
        return _("Its window has not begun")
    return _("Its window is over") if now >= change.window_end else ""


def _not_assessable(change: ChangeRequest, user: Any) -> Any:
    return "" if change.status in BEFORE else _("It is too late to assess it")


def _not_cancellable(change: ChangeRequest, user: Any) -> Any:
    if change.status == Status.IN_PROGRESS:
        return _("It runs: abort it instead")
    return "" if change.status in BEFORE else _("It is over")


# ------------------------------------------------------------------------------------------------------ what it will do


def _will_run(change: ChangeRequest, user: Any) -> list[str]:
    return services.plan_in_words(change)


def _will_undo(change: ChangeRequest, user: Any) -> list[str]:
    done = change.steps.filter(phase=Phase.DO).exclude(status__in=["pending", "undone"])
    return [
        _t("%(step)s is taken back") % {"step": ACTIONS[step.action].label}
        for step in done.order_by("-position")
    ]


def _will_tell(change: ChangeRequest, user: Any) -> list[str]:
    found = services.judged(change)
    return [
        _t("Alarms of what it touches are expected during the window"),
        _t("%(n)d customers are told") % {"n": len(found.customers)},
    ]


# --------------------------------------------------------------------------------------------------------------- parts


def problem_of(change: ChangeRequest) -> Any:
    """The problem that the change is to solve; None without one."""
    return _once(
        change, "_problem", lambda: problem_slot.one(change.problem_id) if change.problem_id else None
    )


def _window_of(change: ChangeRequest) -> Any:
    wanted = change.maintenance_id
    if wanted is None:
        return None
    return _once(change, "_window", lambda: Maintenance.objects.filter(pk=wanted).first())


def _once(change: ChangeRequest, name: str, find: Callable[[], Any]) -> Any:
    """A value and its link are the same object: found once a page."""
    if name not in vars(change):
        setattr(change, name, find())
    return vars(change)[name]


def _plan(change: ChangeRequest, user: Any) -> Mapping[str, Any]:
    steps = list(change.steps.select_related("element").order_by("position"))
    held = ElementSession.objects.visible_to(user).in_bulk([s.session_id for s in steps if s.session_id])
    targets = change.targets.select_related("element", "link")
    return {
        "steps": [
            {
                "step": step,
                "label": ACTIONS[step.action].label if step.action in ACTIONS else step.action,
                "session": held.get(step.session_id) if step.session_id else None,
            }
            for step in steps
        ],
        "targets": [target.element or target.link for target in targets],
        "done": sum(step.status not in {"pending", "running"} for step in steps),
        "total": len(steps),
    }


def _assessment(change: ChangeRequest, user: Any) -> Mapping[str, Any]:
    found = change.assessment
    ids = [UUID(pk) for pk in found.get("customers", [])]
    rows = Customer.objects.visible_to(user).filter(pk__in=ids).select_related("party").order_by("number")
    return {
        "found": found,
        "in_time_from": parse_datetime(found["in_time_from"]) if found.get("late") else None,
        "customers": list(rows[:CUSTOMERS_SHOWN]),
        "more": max(0, len(ids) - CUSTOMERS_SHOWN),
        # Freezes, incidents and other changes come and go: those of now, beside those that were assessed.
        "conflicts": services.conflicts(change=change) if change.status in BEFORE else [],
        "open": change.status in BEFORE,
    }


def _approvals(change: ChangeRequest, user: Any) -> Mapping[str, Any]:
    return {"rows": change.approvals.select_related("approver").order_by("created")}


def _told(change: ChangeRequest, user: Any) -> Mapping[str, Any]:
    return {"rows": services.told(change)}


CHANGE_PAGE = pages.Detail(
    name="service_mgmt_changes:change-detail", model=ChangeRequest, title="title", rows=changes_of, list=CHANGES,
    status=("status", STATUS), identify=("number",), find=("title",), words=("change",), live=True,
    states={
        "open": {"status__in": [*BEFORE, "inProgress", "fallbackExecution", "postImplementationReview"]},
        "closed": {"status__in": ["completed", "failed", "cancelled", "rejected"]},
    },
    edit="service_mgmt_changes:change-edit",
    facts=[
        pages.Fact(_("Type"), "kind", badge=KIND),
        pages.Fact(_("Window from"), "window_start", kind="time"),
        pages.Fact(_("Window until"), "window_end", kind="time"),
        pages.Fact(_("Risk"), "risk", kind="number"),
        pages.Fact(_("Author"), "author"),
        pages.Fact(_("Problem"), problem_of, link=problem_of),
    ],
    fields=[
        pages.Fact(_("Priority"), "priority", badge=PRIORITY),
        pages.Fact(_("What and why"), "description"),
        pages.Fact(_("Maintenance window"), _window_of, link=_window_of),
        pages.Fact(_("Started"), "started", kind="time"),
        pages.Fact(_("Finished"), "finished", kind="time"),
        pages.Fact(_("Review"), "review"),
    ],
    overview="service_mgmt/changes/_change.html", context=_plan,
    actions=[
        pages.Action("start", _("Carry out"), permission=EXECUTE, primary=True, icon="player-play", why_not=_not_startable,
                     effects=_will_run, run=lambda call: services.start(change=call.object),
                     done=_("It has begun; its steps appear by themselves")),
        pages.Action("approve", _("Approve"), permission=APPROVE, secondary=True, icon="check", why_not=_not_decidable,
                     form=forms.OptionalReasonForm,
                     run=lambda call: services.approve(change=call.object, by=call.user, **call.data)),
        pages.Action("reject", _("Reject"), permission=APPROVE, secondary=True, icon="x", why_not=_not_decidable,
                     form=forms.ReasonForm,
                     run=lambda call: services.reject(change=call.object, by=call.user, **call.data)),
        pages.Action("window", _("Set window"), permission=CHANGE, icon="calendar", why_not=_draft,
                     form=forms.WindowForm, initial=lambda change: _window_initial(change),
                     run=lambda call: services.set_window(change=call.object, **call.data)),
        pages.Action("step", _("Add a step"), permission=CHANGE, icon="playlist-add", why_not=_draft,
                     form=forms.StepForm, run=lambda call: services.add_step(change=call.object, **call.data)),
        pages.Action("remove-step", _("Remove a step"), permission=CHANGE, icon="minus", why_not=_draft,
                     form=forms.RemoveStepForm,
                     run=lambda call: services.remove_step(change=call.object, **call.data)),
        pages.Action("assess", _("Assess"), permission=CHANGE, icon="gauge", why_not=_not_assessable,
                     run=lambda call: services.assess(change=call.object)),
        pages.Action("submit", _("Submit for approval"), permission=CHANGE, icon="send", why_not=_not_submittable,
                     run=lambda call: services.submit(change=call.object)),
        pages.Action("withdraw", _("Withdraw"), permission=CHANGE, icon="arrow-back-up", form=forms.OptionalReasonForm,
                     why_not=_only(Status.WAIT_FOR_APPROVAL, why=_("The change does not wait for approval")),
                     run=lambda call: services.withdraw(change=call.object, **call.data)),
        pages.Action("schedule", _("Schedule"), permission=EXECUTE, icon="calendar-event", effects=_will_tell,
                     why_not=_only(Status.APPROVED, why=_("It is not approved, or is scheduled already")),
                     run=lambda call: services.schedule(change=call.object, by=call.user)),
        pages.Action("abort", _("Abort and take back"), permission=EXECUTE, danger=True, icon="player-stop",
                     form=forms.ReasonForm, why_not=_running, effects=_will_undo,
                     run=lambda call: services.abort(change=call.object, **call.data)),
        pages.Action("review", _("Review and close"), permission=EXECUTE, icon="clipboard-check", why_not=_reviewed,
                     form=forms.ReviewForm, run=lambda call: services.review(change=call.object, **call.data)),
        pages.Action("cancel", _("Cancel"), permission=CHANGE, danger=True, icon="ban", form=forms.ReasonForm,
                     why_not=_not_cancellable, run=lambda call: services.cancel(change=call.object, **call.data)),
    ],
    tabs=[
        pages.Tab("assessment", _("Assessment"), template="service_mgmt/changes/_assessment.html", context=_assessment),
        pages.Tab("approvals", _("Approvals"), template="service_mgmt/changes/_approvals.html", context=_approvals,
                  count=lambda change, user: change.approvals.count()),
        pages.Tab("told", _("Customers told"), template="service_mgmt/changes/_told.html", context=_told,
                  permission="bss_care.view_notice"),
    ],
)  # fmt: skip


def _window_initial(change: ChangeRequest) -> dict[str, Any]:
    if change.window_start is not None:
        return {"start": change.window_start, "end": change.window_end}
    start, end = services.next_window(after=clock.now())
    return {"start": start, "end": end}


def _names(rows: Any) -> str:
    return ", ".join(rows.order_by("name").values_list("name", flat=True))


def _initial(change: ChangeRequest) -> dict[str, Any]:
    return {
        **{name: getattr(change, name) for name in ("title", "kind", "priority", "description")},
        "elements": _names(NetworkElement.objects.filter(pk__in=change.targets.values("element"))),
        "links": _names(Link.objects.filter(pk__in=change.targets.values("link"))),
        "steps": services.plan_in_words(change),
    }


CHANGE_CREATE = pages.FormPage(
    name="service_mgmt_changes:change-create",
    title=_("New change"),
    form=forms.ChangeForm,
    permission="service_mgmt_changes.add_changerequest",
    door=lambda call: services.draft(author=call.user, **call.data),
)
CHANGE_EDIT = pages.FormPage(
    name="service_mgmt_changes:change-edit",
    title=_("Edit"),
    form=forms.ChangeForm,
    detail=CHANGE_PAGE,
    permission=CHANGE,
    initial=_initial,
    door=lambda call: services.change_draft(change=call.object, version=call.version, **call.data),
)
