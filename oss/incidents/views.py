"""Incidents and the room in which people work on one; runs of runbooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from kernel.models import User
from oss.incidents import forms, services
from oss.incidents.models import (
    CauseCode,
    Diagnosis,
    DiagnosisTest,
    Incident,
    Priority,
    RunbookRun,
    RunbookStep,
)
from oss.southbound.models import ElementSession
from oss.southbound.services import purpose_slot

COMMAND, APPROVE = "oss_incidents.command_incident", "oss_incidents.approve_runbook"
ENTRIES_SHOWN = 200

STATUS = pages.badges(
    "oss_incidents.incident", Incident.Status, open="red alert-triangle", diagnosed="amber search",
    mitigated="blue tool", resolved="green check", closed="grey check end",
)  # fmt: skip
PRIORITY = pages.badges(
    "oss_incidents.priority", Priority, critical="red arrow-up", high="amber arrow-up", medium="blue minus",
    low="grey arrow-down",
)  # fmt: skip
RUN = pages.badges(
    "oss_incidents.run", RunbookRun.Status, proposed="amber hourglass", pending="grey clock", running="blue refresh",
    succeeded="green check end", failed="red x end", rejected="grey ban end",
)  # fmt: skip
STEP = pages.badges(
    "oss_incidents.step", RunbookStep.Status, pending="grey clock", running="blue refresh", done="green check",
    failed="red x",
)  # fmt: skip
ROUND = pages.badges(
    "oss_incidents.diagnosis", Diagnosis.Status, pending="grey clock", running="blue refresh", done="green check end",
    failed="red x end",
)  # fmt: skip
TEST = pages.badges(
    "oss_incidents.test", DiagnosisTest.Result, ok="green check", degraded="amber alert-triangle", fault="red x",
    silent="grey minus", failed="grey ban",
)  # fmt: skip


def _incidents(user: Any) -> QuerySet[Incident]:
    return Incident.objects.visible_to(user).select_related(
        "element", "link", "commander", "root_alarm", "merged_into"
    )


def _open(incident: Incident, user: Any) -> str:
    return "" if incident.is_open else _t("The incident is over")


def _resolved(incident: Incident, user: Any) -> str:
    return "" if incident.status == Incident.Status.RESOLVED else _t("Only a resolved incident")


def _take(call: pages.Call) -> Any:
    return services.assign(incident=call.object, commander=User.objects.get(pk=call.user.pk), by=call.user)


INCIDENTS = pages.List(
    name="oss_incidents:incident-list",
    model=Incident,
    title=_("Incidents"),
    icon="alert-triangle",
    section="assurance",
    order=20,
    key="i",
    rows=_incidents,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("priority", _("Priority"), badge=PRIORITY, sort=True),
        pages.Column("title", _("Title"), sort=True),
        pages.Column("status", _("Status"), badge=STATUS, sort=True),
        pages.Column("opened", _("Opened"), kind="when", sort=True),
        pages.Column("services", _("Services"), "affected_services", kind="number", sort="affected_services"),
        pages.Column("customers", _("Customers"), "affected_customers", kind="number", sort="affected_customers"),
        pages.Column("commander", _("Commander"), sort="commander__username"),
        pages.Column("eta", _("Expected end"), kind="when", sort=True),
        pages.Column("category", _("Category"), "get_category_display", sort="category", hidden=True),
        pages.Column("impact", _("Impact"), "get_impact_display", sort="impact", hidden=True),
        pages.Column("urgency", _("Urgency"), "get_urgency_display", sort="urgency", hidden=True),
        pages.Column("element", _("Device"), link="element", sort="element__name", hidden=True),
        pages.Column("link", _("Link"), link="link", sort="link__name", hidden=True),
        pages.Column("resolved", _("Resolved"), kind="time", sort=True, hidden=True),
        pages.Column("cause", _("Cause"), "get_cause_code_display", sort="cause_code", hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=Incident.Status.choices),
        Filter("priority", "priority", "choice", _("Priority"), choices=Priority.choices),
        Filter("category", "category", "choice", _("Category"), choices=Incident.Category.choices),
        Filter("cause", "cause_code", "choice", _("Cause"), choices=CauseCode.choices),
        Filter("element", "element__name", "text", _("Device")),
        Filter("link", "link__name", "text", _("Link")),
        Filter("commander", "commander__username", "text", _("Commander")),
        Filter("opened", "opened", "datetime", _("Opened")),
    ],
    search=("number", "title", "element__name", "link__name"),
    default_sort="-opened",
    default_view="status=open&status=diagnosed&status=mitigated",
    views=[
        ("mine", _("Mine"), lambda user: f"status=open&status=diagnosed&status=mitigated&commander={user.username}"),
        ("resolved", _("Resolved"), "status=resolved"),
    ],
    create="oss_incidents:incident-create",
    live=True,
    empty=pages.Empty(
        _("An incident is opened for the cause of alarms, or by hand, and led from here to its end."),
        nothing_wrong=_("No open incident."),
    ),
)  # fmt: skip


def _room(incident: Incident, user: Any) -> Mapping[str, Any]:
    rows = incident.entries.select_related("author").order_by("-pinned", "-at", "-created")[
        : ENTRIES_SHOWN + 1
    ]
    entries = [
        {"row": row, "text": row.text or services.entry(row.code, row.params), "kind": row.get_kind_display()}
        for row in rows
    ]
    last = incident.diagnoses.filter(status=Diagnosis.Status.DONE).first()
    return {
        "entries": entries[:ENTRIES_SHOWN],
        "more": len(entries) > ENTRIES_SHOWN,
        "found": services.finding(last.because) if last else "",
        "last": last,
    }


def _diagnoses(incident: Incident, user: Any) -> Mapping[str, Any]:
    rounds = incident.diagnoses.select_related(
        "element", "link", "port__element", "requested_by"
    ).prefetch_related("tests__element", "tests__port")[:10]
    return {"rounds": [{"row": row, "found": services.finding(row.because)} for row in rounds]}


def _runs(incident: Incident, user: Any) -> Mapping[str, Any]:
    runs = incident.runs.select_related("runbook", "element", "port__element", "requested_by", "approved_by")
    return {"runs": runs.prefetch_related("steps")[:20]}


def _slot(place: Any) -> Any:
    """What upper layers say of an incident: finished HTML of each filler."""
    return lambda incident, user: {"parts": place.call(incident)}


def _timeline(incident: Incident) -> Iterable[pages.Entry]:
    for row in incident.entries.order_by("-at")[:30]:
        text = row.text or services.entry(row.code, row.params)
        yield pages.Entry(row.at, row.get_kind_display(), "event", text, row.author_label, pinned=row.pinned)


INCIDENT = pages.Detail(
    name="oss_incidents:incident-detail",
    model=Incident,
    title="title",
    rows=_incidents,
    list=INCIDENTS,
    status=("status", STATUS),
    identify=("number",),
    find=("title",),
    states={"open": {"status__in": list(Incident.OPEN)}, "closed": {"status__in": ["resolved", "closed"]}},
    words=("incident",),
    facts=[
        pages.Fact(_("Priority"), "priority", badge=PRIORITY),
        pages.Fact(_("Commander"), "commander"),
        pages.Fact(_("Opened"), "opened", kind="time"),
        pages.Fact(_("Expected end"), "eta", kind="when"),
        pages.Fact(_("Services"), "affected_services", kind="number"),
        pages.Fact(_("Customers"), "affected_customers", kind="number"),
    ],
    fields=[
        pages.Fact(_("Impact"), "get_impact_display"),
        pages.Fact(_("Urgency"), "get_urgency_display"),
        pages.Fact(_("Root alarm"), "root_alarm.number", link="root_alarm"),
        pages.Fact(_("Device"), "element", link=True),
        pages.Fact(_("Link"), "link", link=True),
        pages.Fact(_("Resolved"), "resolved", kind="time"),
        pages.Fact(_("Cause"), "get_cause_code_display"),
        pages.Fact(_("What it was"), "cause_note"),
        pages.Fact(_("Part of incident"), "merged_into.number", link="merged_into"),
    ],
    overview="oss/incidents/_room.html",
    context=_room,
    actions=[
        pages.Action("take", _("Take command"), permission=COMMAND, run=_take, why_not=_open, primary=True, icon="user"),
        pages.Action(
            "diagnose", _("Diagnose"), permission=COMMAND, why_not=_open, secondary=True, icon="search",
            run=lambda call: services.diagnose(incident=call.object, by=call.user),
            done=_("Tests were asked for; their results appear by themselves"),
        ),
        pages.Action(
            "rectify", _("Rectify"), permission=COMMAND, form=forms.RectifyForm, why_not=_open, secondary=True,
            icon="tool", run=lambda call: services.rectify(incident=call.object, by=call.user, **call.data),
        ),
        pages.Action(
            "note", _("Note"), permission=COMMAND, form=forms.NoteForm,
            run=lambda call: services.note(incident=call.object, by=call.user, **call.data),
        ),
        pages.Action(
            "update", _("Publish update"), permission=COMMAND, form=forms.UpdateForm, why_not=_open, shortcut="p",
            run=lambda call: services.publish_update(incident=call.object, by=call.user, **call.data),
        ),
        pages.Action(
            "assign", _("Assign"), permission=COMMAND, form=forms.AssignForm, why_not=_open,
            run=lambda call: services.assign(incident=call.object, by=call.user, **call.data),
        ),
        pages.Action(
            "priority", _("Change priority"), permission=COMMAND, form=forms.PriorityForm, why_not=_open,
            initial=lambda incident: {"impact": incident.impact, "urgency": incident.urgency},
            run=lambda call: services.set_impact(incident=call.object, by=call.user, **call.data),
        ),
        pages.Action(
            "merge", _("Merge into another"), permission=COMMAND, form=forms.MergeForm, why_not=_open,
            run=lambda call: services.merge(incident=call.object, by=call.user, **call.data),
        ),
        pages.Action(
            "resolve", _("Resolve"), permission=COMMAND, form=forms.ResolveForm, why_not=_open,
            run=lambda call: services.resolve(incident=call.object, by=call.user, **call.data),
        ),
        pages.Action(
            "reopen", _("Reopen"), permission=COMMAND, form=forms.ReasonForm, why_not=_resolved,
            run=lambda call: services.reopen(incident=call.object, by=call.user, **call.data),
        ),
        pages.Action(
            "close", _("Close"), permission=COMMAND, why_not=_resolved,
            run=lambda call: services.close(incident=call.object, by=call.user),
        ),
    ],
    tabs=[
        pages.Tab(
            "alarms", _("Alarms"), list="oss_alarms:alarm-list",
            lock=lambda incident: {"root": incident.root_alarm.number if incident.root_alarm else "-"},
        ),
        pages.Tab("impact", _("Impact"), template="oss/incidents/_parts.html", context=_slot(services.impact_slot)),
        pages.Tab("diagnosis", _("Diagnosis"), template="oss/incidents/_diagnosis.html", context=_diagnoses),
        pages.Tab("runbooks", _("Runbooks"), template="oss/incidents/_runs.html", context=_runs),
        pages.Tab(
            "communications", _("Communications"), template="oss/incidents/_parts.html",
            context=_slot(services.communications_slot),
        ),
        pages.Tab(
            "related", _("Related changes"), template="oss/incidents/_parts.html", context=_slot(services.changes_slot)
        ),
    ],
    timeline=_timeline,
    comments=False,
    live=True,
)  # fmt: skip

INCIDENT_CREATE = pages.FormPage(
    name="oss_incidents:incident-create",
    title=_("New incident"),
    form=forms.IncidentForm,
    permission="oss_incidents.add_incident",
    door=lambda call: services.open_incident(by=call.user, **call.data),
)


def _waits(run: RunbookRun, user: Any) -> str:
    if run.status != RunbookRun.Status.PROPOSED:
        return _t("It does not wait for approval")
    return ""


def _not_own(run: RunbookRun, user: Any) -> str:
    if run.requested_by_id == user.pk:
        return _t("The person who asked for it may not approve it")
    return _waits(run, user)


RUNS = pages.List(
    name="oss_incidents:run-list",
    model=RunbookRun,
    title=_("Runbook runs"),
    icon="tool",
    section="assurance",
    order=30,
    rows=lambda user: RunbookRun.objects.visible_to(user).select_related(
        "runbook", "incident", "element", "port__element", "requested_by"
    ),
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("runbook", _("Runbook"), "runbook.label", sort="runbook__name"),
        pages.Column("incident", _("Incident"), "incident.number", link="incident", sort="incident__number"),
        pages.Column("target", _("Target"), services.target),
        pages.Column("status", _("Status"), badge=RUN, sort=True),
        pages.Column("requested", _("Asked"), kind="when", sort=True),
        pages.Column("requested_by", _("Asked by"), sort="requested_by__username"),
        pages.Column("outcome", _("Outcome"), sort=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=RunbookRun.Status.choices),
        Filter("incident", "incident__number", "text", _("Incident")),
        Filter("runbook", "runbook__code", "text", _("Runbook")),
        Filter("element", "element__name", "text", _("Device")),
    ],
    search=("number", "incident__number", "element__name"),
    default_sort="-requested",
    views=[("proposed", _("Waiting for approval"), "status=proposed")],
    live=True,
    empty=pages.Empty(_("Every remedy that the portal carried out is kept here, step by step.")),
)

RUN_PAGE = pages.Detail(
    name="oss_incidents:run-detail",
    model=RunbookRun,
    title="runbook.label",
    rows=RUNS.source,
    list=RUNS,
    status=("status", RUN),
    identify=("number",),
    words=("run",),
    facts=[
        pages.Fact(_("Incident"), "incident.number", link="incident"),
        pages.Fact(_("Target"), services.target),
        pages.Fact(_("Risk"), "runbook.get_risk_display"),
        pages.Fact(_("Asked by"), "requested_by"),
        pages.Fact(_("Decided by"), "approved_by"),
        pages.Fact(_("Finished"), "finished", kind="time"),
    ],
    overview="oss/incidents/_run.html",
    context=lambda run, user: {"steps": run.steps.order_by("position")},
    actions=[
        pages.Action(
            "approve", _("Approve"), permission=APPROVE, why_not=_not_own, primary=True, icon="check",
            run=lambda call: services.approve_runbook(run=call.object, by=call.user),
        ),
        pages.Action(
            "reject", _("Reject"), permission=APPROVE, form=forms.ReasonForm, why_not=_waits, secondary=True, icon="x",
            run=lambda call: services.reject_runbook(run=call.object, by=call.user, reason=call.data["reason"]),
        ),
    ],
    live=True,
)  # fmt: skip


def _by_priority(user: Any) -> Mapping[str, Any]:
    rows = Incident.objects.visible_to(user).open().values("priority").annotate(n=Count("pk"))
    found = {row["priority"]: row["n"] for row in rows}
    return {"rows": [(priority, found[priority]) for priority in Priority.values if priority in found]}


CARDS = [
    pages.Card(
        "incidents", _("Open incidents"), template="oss/incidents/_card.html", context=_by_priority,
        roles=("noc", "engineer", "care", "manager", "admin"), permission="oss_incidents.view_incident",
        link="oss_incidents:incident-list", topics=("oss_incidents",),
    )
]  # fmt: skip

pages.extend(
    "oss_alarms:alarm-detail",
    tabs=[
        pages.Tab(
            "incidents", _("Incidents"), template="oss/incidents/_of_alarm.html",
            context=lambda alarm, user: {
                "rows": Incident.objects.visible_to(user).filter(root_alarm=alarm.root_id or alarm.pk).order_by("-opened")
            },
            permission="oss_incidents.view_incident",
        )
    ],
)  # fmt: skip


def examined(session: ElementSession) -> Incident | None:
    """The incident for which an element was tested."""
    return Incident.objects.filter(pk=session.holder).first() if session.holder else None


def remedied(session: ElementSession) -> RunbookRun | None:
    """The run of a runbook that spoke to the element."""
    return RunbookRun.objects.filter(pk=session.holder).first() if session.holder else None


purpose_slot.fill(examined)
purpose_slot.fill(remedied)
