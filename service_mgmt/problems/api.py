"""TMF656 service problems, and the tasks that join them into larger ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from kernel import tmf
from kernel.errors import Invalid
from service_mgmt.problems import services
from service_mgmt.problems.models import Problem, ProblemIncident

PROBLEMS = tmf.Api(
    "656", "Service Problem Management", "/tmf-api/serviceProblemManagement/v4", document="4.0.0"
)
REF = {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}
PARTY = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "maxLength": 120},
        "href": {"type": "string", "maxLength": 500},
        "name": {"type": "string", "maxLength": 120},
        "role": {"type": "string", "maxLength": 60},
        "@referredType": {"type": "string", "maxLength": 60},
    },
}


def responsible(owner_id: Any, username: str | None) -> dict[str, Any]:
    """Whoever has the problem; the operator as long as nobody took it."""
    if owner_id is None:
        return services.party_of(None, "responsible")
    return {
        "id": str(owner_id),
        "name": username,
        "role": "responsible",
        "@referredType": "Individual",
    }


def alarms(problem_ids: Iterable[Any], user: Any) -> dict[Any, list[dict[str, str]]]:
    """`underlyingAlarm`: the root alarms of a problem's incidents, in one query."""
    rows = ProblemIncident.objects.filter(
        problem__in=list(problem_ids), incident__root_alarm__isnull=False
    ).order_by("incident__opened")
    found: dict[Any, list[dict[str, str]]] = defaultdict(list)
    for problem, pk, number in rows.values_list(
        "problem", "incident__root_alarm", "incident__root_alarm__number"
    ):
        found[problem].append(
            {
                "id": str(pk),
                "href": f"/tmf-api/alarmManagement/v4/alarm/{pk}",
                "name": number,
                "@referredType": "Alarm",
            }
        )
    return found


def _reason(door: Callable[..., Any]) -> Callable[[Problem, tmf.Data, tmf.User], Any]:
    return lambda problem, data, user: door(problem=problem, reason=_("by interface"))


def _propose(problem: Problem, data: tmf.Data, user: tmf.User) -> Any:
    return services.propose_change(problem=problem, author=user)


@PROBLEMS.resource
class ServiceProblemResource(tmf.Resource[Problem]):
    """The cause behind incidents that come back. `pending` proposes the change that removes it."""

    path, model, type_name = "serviceProblem", Problem, "ServiceProblem"
    events = ("Create", "AttributeValueChange", "StateChange")
    fields = (
        tmf.Text("number", read_only=True, extension=True),
        tmf.Text("name", "title", max_length=200),
        tmf.Text("category", required=True, mandatory=True, max_length=60),
        tmf.Number("priority", integer=True, minimum=1, maximum=10, required=True, mandatory=True),
        tmf.Text("description", required=True, mandatory=True, max_length=10_000),
        tmf.Text("reason", "occasion", required=True, mandatory=True, max_length=300),
        tmf.Json(
            "originatorParty", "originator", schema=PARTY, required=True, mandatory=True, create_only=True
        ),
        tmf.Computed(
            "responsibleParty", ("owner_id", "owner__username"), responsible, schema=PARTY, mandatory=True
        ),
        tmf.State("status", words=Problem.Status, mandatory=True),
        tmf.DateTime("statusChangeDate", "status_changed", read_only=True, mandatory=True),
        tmf.DateTime("creationDate", "opened", read_only=True),
        tmf.DateTime("timeRaised", "opened", read_only=True, mandatory=True, extension=True),
        tmf.DateTime("lastUpdate", "updated", read_only=True),
        tmf.DateTime("timeChanged", "updated", read_only=True, mandatory=True, extension=True),
        tmf.DateTime("resolutionDate", "resolved", read_only=True),
        tmf.Batch(
            "affectedNumberOfServices",
            services.affected_services,
            schema={"type": "integer"},
            mandatory=True,
        ),
        tmf.Refs(
            "affectedResource",
            tmf.Ref("link", "link", type="Link", label="link__name", role="link"),
            tmf.Ref("element", "element", type="NetworkElement", label="element__name", role="element"),
            read_only=True,
        ),
        tmf.Refs(
            "parentProblem",
            tmf.Ref(
                "parent", "parent", type="ServiceProblem", to="656/serviceProblem", label="parent__number"
            ),
            read_only=True,
        ),
        tmf.Batch("underlyingAlarm", alarms, schema={"type": "array", "items": REF}),
        tmf.Many(
            "relatedEntity",
            "incidents",
            (
                tmf.Text("id", "incident_id", read_only=True),
                tmf.Text("name", "incident__number", read_only=True),
                tmf.Const("role", "incident"),
                tmf.Const("@referredType", "Incident"),
            ),
            order=("incident__opened",),
            read_only=True,
        ),
        tmf.Text("rootCause", "root_cause", max_length=10_000, extension=True),
        tmf.Text("workaround", max_length=10_000, extension=True),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> Problem:
        """Open a problem; its name defaults to the beginning of the description."""
        problem = services.open_problem(
            title=data.get("title") or data["description"].strip().split("\n")[0][:200] or "-",
            **{
                name: data[name] for name in ("category", "priority", "description", "occasion", "originator")
            },
        )
        return self._cause(problem, data)

    def update(self, obj: Problem, data: tmf.Data, user: tmf.User) -> None:
        """Correct what it says, or what was found out."""
        words = {name: value for name, value in data.items() if name not in {"root_cause", "workaround"}}
        if words:
            services.change_problem(problem=obj, **words)
        self._cause(obj, data)

    @staticmethod
    def _cause(problem: Problem, data: tmf.Data) -> Problem:
        if not {"root_cause", "workaround"} & set(data):
            return problem
        return services.record_cause(
            problem=problem,
            root_cause=data.get("root_cause", problem.root_cause) or "",
            contributing=problem.contributing,
            workaround=data.get("workaround", problem.workaround) or "",
        )

    moves: dict[str, Callable[..., Any]] = {
        "inProgress": lambda problem, data, user: services.take(problem=problem, owner=user),
        "pending": _propose,
        "resolved": _reason(services.resolve),
        "closed": _reason(services.close),
        "rejected": _reason(services.reject),
        "cancelled": _reason(services.cancel),
    }


GROUPING = (
    tmf.Ref("parentProblem", type="ServiceProblem", to="656/serviceProblem", required=True, mandatory=True),
    tmf.List("childProblem", (tmf.Text("id", "problem", required=True),), required=True, mandatory=True),
)


def _children(data: tmf.Data, user: tmf.User) -> list[Problem]:
    """The problems of `childProblem`. Raises Invalid when one is not there for this user."""
    wanted = {each["problem"] for each in data["child_problem"]}
    ids = [UUID(text) for text in wanted if _is_id(text)]
    found = {str(row.pk): row for row in Problem.objects.visible_to(user).filter(pk__in=ids)}
    if missing := sorted(wanted - set(found)):
        raise Invalid(
            _("There is no problem %(id)s") % {"id": missing[0][:80]},
            code="reference.unknown",
            fields={"childProblem": ", ".join(missing)[:200]},
        )
    return list(found.values())


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@PROBLEMS.task
class ProblemGroup(tmf.Task):
    """Make problems parts of a larger one."""

    path, permission_name = "problemGroup", "service_mgmt_problems.change_problem"
    events, state_is_extension = (), True
    fields = GROUPING

    def run(self, data: tmf.Data, user: tmf.User) -> dict[str, Any]:
        """Group them."""
        services.group(parent=data["parent_problem"], children=_children(data, user))
        return {}


@PROBLEMS.task
class ProblemUngroup(tmf.Task):
    """Take problems out of a larger one."""

    path, permission_name = "problemUngroup", "service_mgmt_problems.change_problem"
    events, state_is_extension = (), True
    fields = GROUPING

    def run(self, data: tmf.Data, user: tmf.User) -> dict[str, Any]:
        """Ungroup them."""
        services.ungroup(parent=data["parent_problem"], children=_children(data, user))
        return {}
