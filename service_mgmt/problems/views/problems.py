"""Problems: the list, one with its incidents, cause and cost, and the form that opens one by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from kernel.models import User
from oss.incidents.models import Incident
from service_mgmt.problems import forms, services
from service_mgmt.problems.models import Problem, ProblemIncident

Status = Problem.Status
CHANGE = "service_mgmt_problems.change_problem"
STATUS = pages.badges(
    "service_mgmt_problems.problem", Problem.Status, acknowledged="grey inbox", rejected="grey ban end",
    inProgress="blue search", pending="amber calendar", resolved="green eye", closed="green check end",
    cancelled="grey x end",
)  # fmt: skip
INCIDENTS_SHOWN = 100
OPEN_QUERY = "&".join(f"status={state}" for state in Problem.OPEN)


def problems_of(user: Any) -> QuerySet[Problem]:
    """Problems a user sees."""
    return Problem.objects.visible_to(user).select_related("element", "link", "owner", "parent")


def category_of(problem: Problem) -> str:
    """The category in words: ours, or as another system named it."""
    return str(dict(Incident.Category.choices).get(problem.category, problem.category))


PROBLEMS = pages.List(
    name="service_mgmt_problems:problem-list", model=Problem, title=_("Problems"), icon="bug", section="assurance",
    order=25, rows=lambda user: problems_of(user).annotate(times=Count("incidents")),
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("priority", _("Priority"), kind="number", sort=True),
        pages.Column("title", _("Title"), sort=True),
        pages.Column("status", _("Status"), badge=STATUS, sort=True),
        pages.Column("times", _("Incidents"), kind="number", sort=True),
        pages.Column("owner", _("Owner"), sort="owner__username"),
        pages.Column("opened", _("Opened"), kind="when", sort=True),
        pages.Column("category", _("Category"), category_of, sort="category", hidden=True),
        pages.Column("element", _("Device"), link="element", sort="element__name", hidden=True),
        pages.Column("link", _("Link"), link="link", sort="link__name", hidden=True),
        pages.Column("parent", _("Part of problem"), link="parent", sort="parent__number", hidden=True),
        pages.Column("status_changed", _("Status since"), kind="when", sort=True, hidden=True),
        pages.Column("resolved", _("Fixed on"), kind="time", sort=True, hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=Problem.Status.choices),
        Filter("priority", "priority", "number", _("Priority")),
        Filter("category", "category", "choice", _("Category"), choices=Incident.Category.choices),
        Filter("owner", "owner__username", "text", _("Owner")),
        Filter("element", "element__name", "text", _("Device")),
        Filter("link", "link__name", "text", _("Link")),
        Filter("parent", "parent__number", "text", _("Part of problem")),
        Filter("opened", "opened", "datetime", _("Opened")),
    ],
    search=("number", "title", "root_cause"), default_sort="priority,-opened", default_view=OPEN_QUERY,
    views=[
        ("mine", _("My problems"), lambda user: f"{OPEN_QUERY}&owner={user.username}"),
        ("watched", _("Fixed, being watched"), "status=resolved"),
    ],
    create="service_mgmt_problems:problem-create", live=True,
    empty=pages.Empty(
        _("A problem is the cause behind incidents that come back: the second in 30 days opens one by itself."),
        nothing_wrong=_("Nothing comes back."),
    ),
)  # fmt: skip


def _open(problem: Problem, user: Any) -> Any:
    return "" if problem.status in Problem.OPEN else _("The problem is over")


def _not_takable(problem: Problem, user: Any) -> Any:
    if problem.status not in {Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.PENDING}:
        return _("There is nothing to analyse now")
    return (
        _("It is yours already")
        if problem.owner_id == user.pk and problem.status != Status.ACKNOWLEDGED
        else ""
    )


def _not_analysed(problem: Problem, user: Any) -> Any:
    if problem.status != Status.IN_PROGRESS:
        return _("It is not being analysed")
    return "" if problem.root_cause else _("First say what the cause is")


def _not_changeable(problem: Problem, user: Any) -> Any:
    if problem.status == Status.IN_PROGRESS and not (problem.link_id or problem.element_id):
        return _("First say which device or link it concerns")
    return _not_analysed(problem, user)


def _only(*states: str, why: Any) -> Any:
    return lambda problem, user: "" if problem.status in states else why


def _take(call: pages.Call) -> Any:
    return services.take(problem=call.object, owner=User.objects.get(pk=call.user.pk))


def _no_part(problem: Problem, user: Any) -> Any:
    return "" if problem.parent_id else _("It is no part of a larger problem")


def change_of(problem: Problem) -> Any:
    """The change that is to remove the cause; found once a page."""
    if "_change" not in vars(problem):
        vars(problem)["_change"] = services.change_of(problem)
    return vars(problem)["_change"]


def _analysis(problem: Problem, user: Any) -> Mapping[str, Any]:
    return {
        "known": getattr(problem, "known_error", None),
        "change": change_of(problem),
        "parts": problem.children.order_by("number")[:INCIDENTS_SHOWN],
    }


def _incidents(problem: Problem, user: Any) -> Mapping[str, Any]:
    seen = Incident.objects.visible_to(user).filter(pk__in=problem.incidents.values("incident"))
    rows = seen.select_related("element", "link").order_by("-opened")[: INCIDENTS_SHOWN + 1]
    return {"rows": list(rows)[:INCIDENTS_SHOWN], "more": len(rows) > INCIDENTS_SHOWN}


def _cost(problem: Problem, user: Any) -> Mapping[str, Any]:
    return {"cost": services.cost_of(problem)}


PROBLEM = pages.Detail(
    name="service_mgmt_problems:problem-detail", model=Problem, title="title",
    rows=lambda user: problems_of(user).select_related("known_error"), list=PROBLEMS, status=("status", STATUS),
    identify=("number",), find=("title",), words=("problem",), live=True, edit="service_mgmt_problems:problem-edit",
    states={"open": {"status__in": list(Problem.OPEN)}, "closed": {"status__in": ["closed", "rejected", "cancelled"]}},
    facts=[
        pages.Fact(_("Priority"), "priority", kind="number"),
        pages.Fact(_("Owner"), "owner"),
        pages.Fact(_("Device"), "element", link=True),
        pages.Fact(_("Link"), "link", link=True),
        pages.Fact(_("Opened"), "opened", kind="time"),
        pages.Fact(_("Status since"), "status_changed", kind="when"),
    ],
    fields=[
        pages.Fact(_("Category"), category_of),
        pages.Fact(_("Why it was opened"), "occasion"),
        pages.Fact(_("Brought up by"), lambda problem: problem.originator.get("name", "")),
        pages.Fact(_("Description"), "description"),
        pages.Fact(_("Part of problem"), "parent", link="parent"),
        pages.Fact(_("Fixed on"), "resolved", kind="time"),
    ],
    overview="service_mgmt/problems/_problem.html", context=_analysis,
    actions=[
        pages.Action("take", _("Take"), permission=CHANGE, primary=True, icon="user", why_not=_not_takable, run=_take),
        pages.Action("cause", _("Record the cause"), permission=CHANGE, secondary=True, icon="search", why_not=_open,
                     form=forms.CauseForm, initial=lambda problem: _cause(problem),
                     run=lambda call: services.record_cause(problem=call.object, version=call.version, **call.data)),
        pages.Action("change", _("Propose a change"), permission=CHANGE, secondary=True, icon="git-compare",
                     why_not=_not_changeable,
                     run=lambda call: services.propose_change(problem=call.object, author=call.user),
                     done=_("The change is drafted: give it a window and submit it")),
        pages.Action("attach", _("Link an incident"), permission=CHANGE, icon="link", why_not=_open,
                     form=forms.AttachForm,
                     run=lambda call: services.attach_incident(problem=call.object, **call.data)),
        pages.Action("detach", _("Unlink an incident"), permission=CHANGE, icon="unlink", why_not=_open,
                     form=forms.AttachForm,
                     run=lambda call: services.detach_incident(problem=call.object, **call.data)),
        pages.Action("group", _("Make it part of another"), permission=CHANGE, icon="stack-2", why_not=_open,
                     form=forms.GroupForm,
                     run=lambda call: services.group(parent=call.data["parent"], children=[call.object])),
        pages.Action("ungroup", _("Take it out of the larger problem"), permission=CHANGE, icon="stack-2",
                     why_not=_no_part,
                     run=lambda call: services.ungroup(parent=call.object.parent, children=[call.object])),
        pages.Action("resolve", _("Fixed without a change"), permission=CHANGE, icon="check", why_not=_not_analysed,
                     form=forms.ReasonForm, run=lambda call: services.resolve(problem=call.object, **call.data)),
        pages.Action("close", _("Close"), permission=CHANGE, icon="circle-check", form=forms.OptionalReasonForm,
                     why_not=_only(Status.RESOLVED, why=_("Only what is fixed is closed")),
                     run=lambda call: services.close(problem=call.object, **call.data)),
        pages.Action("reject", _("Reject"), permission=CHANGE, danger=True, icon="ban", form=forms.ReasonForm,
                     why_not=_only(Status.ACKNOWLEDGED, why=_("Its analysis has begun")),
                     run=lambda call: services.reject(problem=call.object, **call.data)),
        pages.Action("cancel", _("Give up"), permission=CHANGE, danger=True, icon="x", form=forms.ReasonForm,
                     why_not=_only(Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.PENDING, why=_("It is too late")),
                     run=lambda call: services.cancel(problem=call.object, **call.data)),
    ],
    tabs=[
        pages.Tab("incidents", _("Incidents"), template="service_mgmt/problems/_incidents.html", context=_incidents,
                  permission="oss_incidents.view_incident",
                  count=lambda problem, user: ProblemIncident.objects.filter(problem=problem).count()),
    ],
    rail=[pages.Panel("cost", _("Cost of repetition"), "service_mgmt/problems/_cost.html", context=_cost)],
)  # fmt: skip


def _cause(problem: Problem) -> dict[str, Any]:
    whys = {f"why_{n}": why for n, why in enumerate(problem.whys, start=1)}
    return {**whys, **{name: getattr(problem, name) for name in ("root_cause", "contributing", "workaround")}}


PROBLEM_CREATE = pages.FormPage(
    name="service_mgmt_problems:problem-create",
    title=_("New problem"),
    form=forms.ProblemForm,
    permission="service_mgmt_problems.add_problem",
    door=lambda call: services.open_problem(
        originator=services.party_of(call.user, "originator"), **call.data
    ),
)
PROBLEM_EDIT = pages.FormPage(
    name="service_mgmt_problems:problem-edit",
    title=_("Edit"),
    form=forms.ProblemEditForm,
    detail=PROBLEM,
    permission=CHANGE,
    initial=lambda problem: {
        name: getattr(problem, name)
        for name in ("title", "category", "priority", "description", "occasion", "element", "link")
    },
    door=lambda call: services.change_problem(problem=call.object, version=call.version, **call.data),
)
