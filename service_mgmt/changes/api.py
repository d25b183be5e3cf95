"""TMF655 change requests, over the doors of this app."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from kernel import tmf
from kernel.errors import Invalid, NotAllowed
from oss.inventory.models import Link, NetworkElement
from service_mgmt.changes import services
from service_mgmt.changes.models import ChangeRequest
from service_mgmt.changes.services.execution import problem_slot

CHANGES = tmf.Api("655", "Change Management", "/tmf-api/ChangeManagement/v4", document="4.0.0")
OTHER_PRIORITIES = {
    "1": "critical",
    "2": "high",
    "3": "medium",
    "4": "low",
    "Critical": "critical",
    "High": "high",
    "Medium": "medium",
    "Low": "low",
    "Normal": "medium",
}
APPROVE, EXECUTE = (f"service_mgmt_changes.{verb}_changerequest" for verb in ("approve", "execute"))
OTHER_KINDS = {"Standard": "standard", "Normal": "normal", "Emergency": "emergency"}


def name_of(element: str | None, link: str | None) -> str:
    """Name of a target."""
    return element or link or ""


def impact_in_words(found: Mapping[str, Any]) -> str | None:
    """What the assessment found; nothing before it was made."""
    if not found:
        return None
    return f"{found['lost']} services lost, {found['degraded']} degraded, {found['at_risk']} at risk"


def problems(problem_ids: Iterable[Any], user: Any) -> dict[Any, list[dict[str, str]]]:
    """`problemTicket`: the problem that a change is to solve."""
    if not user.has_perm("service_mgmt_problems.view_problem"):
        return {}
    found = {}
    for pk in {pk for pk in problem_ids if pk is not None}:
        problem = problem_slot.one(pk)
        if problem is not None:
            found[pk] = [
                {
                    "id": str(pk),
                    "href": f"/tmf-api/serviceProblemManagement/v4/serviceProblem/{pk}",
                    "name": problem.number,
                    "@referredType": "ServiceProblem",
                }
            ]
    return found


def _targets(rows: Iterable[Mapping[str, Any]], user: Any) -> dict[str, Any]:
    """Elements and links of `targetEntity`, by id. Raises Invalid for one that is not there for this user."""
    wanted = [str(row["thing"]) for row in rows]
    ids = [UUID(text) for text in wanted if _is_id(text)]
    found = {
        "elements": list(NetworkElement.objects.visible_to(user).filter(pk__in=ids)),
        "links": list(
            Link.objects.visible_to(user)
            .filter(pk__in=ids)
            .select_related("port_a__element", "port_b__element")
        ),
    }
    known = {str(row.pk) for kind in found.values() for row in kind}
    if missing := sorted(set(wanted) - known):
        raise Invalid(
            _("There is no network element or link %(id)s") % {"id": missing[0][:80]},
            code="reference.unknown",
            fields={"targetEntity": ", ".join(missing)[:200]},
        )
    return found


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _plan(steps: Iterable[Mapping[str, Any]], user: Any) -> list[dict[str, Any]]:
    """The steps with their elements, by name."""
    rows = list(steps)
    elements = {
        element.name: element
        for element in NetworkElement.objects.visible_to(user).filter(
            name__in=[row["element"] for row in rows]
        )
    }
    if missing := [row["element"] for row in rows if row["element"] not in elements]:
        raise Invalid(
            _("There is no device %(name)s") % {"name": missing[0][:80]},
            code="reference.unknown",
            fields={"step": missing[0][:80]},
        )
    return [
        {
            "phase": row["phase"],
            "action": row["action"],
            "element": elements[row["element"]],
            "params": dict(row.get("params") or {}),
        }
        for row in rows
    ]


def _submit(change: ChangeRequest, data: tmf.Data, user: tmf.User) -> Any:
    return services.submit(change=change)


@CHANGES.resource
class ChangeRequestResource(tmf.Resource[ChangeRequest]):
    """A change of the network. `approved` and `rejected` are decisions, never on one's own; `step` is the plan."""

    path, model = "changeRequest", ChangeRequest
    events = ("Create", "AttributeValueChange", "StatusChange", "Delete")
    fields = (
        tmf.Text("number", read_only=True, extension=True),
        tmf.Text("name", "title", max_length=200, extension=True),
        tmf.Text("description", max_length=10_000),
        tmf.Choice(
            "priority", words=ChangeRequest.Priority, aliases=OTHER_PRIORITIES, required=True, mandatory=True
        ),
        tmf.Choice(
            "requestType",
            "kind",
            words=ChangeRequest.Kind,
            aliases=OTHER_KINDS,
            required=True,
            mandatory=True,
        ),
        tmf.Object(
            "specification", (tmf.Text("id", "specification", required=True, max_length=80),), required=True
        ),
        tmf.Many(
            "targetEntity",
            "targets",
            (
                tmf.Text("id", "thing", required=True, max_length=36),
                tmf.Text("@referredType", "thing_type", read_only=True),
                tmf.Const("role", "target"),
                tmf.Computed("name", ("element__name", "link__name"), name_of, schema={"type": "string"}),
            ),
            order=("thing",),
            required=True,
            mandatory=True,
            create_only=True,
        ),
        tmf.State("status", words=ChangeRequest.Status, mandatory=True),
        tmf.DateTime("plannedStartTime", "window_start", required=True),
        tmf.DateTime("plannedEndTime", "window_end", required=True),
        tmf.DateTime("actualStartTime", "started", read_only=True),
        tmf.DateTime("actualEndTime", "finished", read_only=True),
        tmf.DateTime("requestDate", "created", read_only=True),
        tmf.DateTime("lastUpdateDate", "updated", read_only=True),
        tmf.Number("riskScore", "risk", integer=True, read_only=True, extension=True),
        tmf.Computed("risk", ("risk",), str, schema={"type": "string"}),
        tmf.Computed("impact", ("assessment",), impact_in_words, schema={"type": "string"}),
        tmf.Object("resolution", (tmf.Text("description", "review", read_only=True),), read_only=True),
        tmf.Refs(
            "relatedParty",
            tmf.Ref("author", "author", type="User", label="author__username", role="author"),
            read_only=True,
        ),
        tmf.Batch(
            "problemTicket",
            problems,
            columns=("problem_id",),
            schema={"type": "array", "items": {"type": "object"}},
        ),
        tmf.Many(
            "step",
            "steps",
            (
                tmf.Number("position", integer=True, read_only=True),
                tmf.Text("phase", required=True, max_length=4),
                tmf.Text("action", required=True, max_length=30),
                tmf.Text("element", "element__name", arg="element", required=True, max_length=120),
                tmf.Json("params", schema={"type": "object"}),
                tmf.Text("status", read_only=True),
                tmf.Text("output", read_only=True),
                tmf.DateTime("finished", read_only=True),
            ),
            order=("position",),
            create_only=True,
            extension=True,
        ),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> ChangeRequest:
        """Draft a change with its window; its name defaults to the beginning of the description."""
        return services.draft(
            title=data.get("title") or (data.get("description") or data["specification"]).split("\n")[0],
            author=user,
            kind=data["kind"],
            priority=data["priority"],
            description=data.get("description") or "",
            specification=data["specification"],
            steps=_plan(data.get("steps") or [], user),
            window=(data["window_start"], data["window_end"]),
            **_targets(data["targets"], user),
        )

    def update(self, obj: ChangeRequest, data: tmf.Data, user: tmf.User) -> None:
        """Correct a draft, or move its window."""
        window = {name: data[name] for name in ("window_start", "window_end") if name in data}
        words = {name: value for name, value in data.items() if name not in window}
        if words:
            services.change_draft(change=obj, **words)
        if window:
            start, end = (window.get(name, getattr(obj, name)) for name in ("window_start", "window_end"))
            services.set_window(change=obj, start=start, end=end)

    moves: dict[str, Callable[..., Any]] = {
        "waitForApproval": _submit,
        "acknowledged": lambda change, data, user: services.withdraw(change=change),
        "approved": lambda change, data, user: services.approve(change=change, by=_allowed(user, APPROVE)),
        "rejected": lambda change, data, user: services.reject(
            change=change, by=_allowed(user, APPROVE), reason=_("by interface")
        ),
        "scheduled": lambda change, data, user: services.schedule(change=change, by=_allowed(user, EXECUTE)),
        "cancelled": lambda change, data, user: services.cancel(change=change, reason=_("by interface")),
    }


def _allowed(user: Any, permission: str) -> Any:
    """Deciding and carrying out are permissions of their own, beside that of changing. Raises NotAllowed."""
    if not user.has_perm(permission):
        raise NotAllowed(_("You need the permission %(name)s for this") % {"name": permission})
    return user
