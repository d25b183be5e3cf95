"""Made-up problems and known errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kernel.models import User
from kernel.tmf import registry
from service_mgmt.problems import services
from service_mgmt.problems.models import KnownError, Problem
from tests.factories.oss_alarms import _loaded
from tests.factories.oss_incidents import make_incident
from tests.factories.oss_inventory import make_link
from tests.factories.rest import sample


def make_problem(**overrides: Any) -> Problem:
    """The problem of a link, with one incident of it."""
    link = overrides.pop("link", None) or make_link()
    if "incidents" not in overrides:
        overrides["incidents"] = [make_incident(title="Link down", link=link, category="transport")]
    values = {
        "title": "Link fails again",
        "category": "transport",
        "priority": 3,
        "link": link,
        "occasion": "twice",
    }
    return services.open_problem(**{**values, **overrides})


def make_analysed(**overrides: Any) -> Problem:
    """A problem whose cause and workaround are known."""
    return services.record_cause(
        problem=make_problem(**overrides),
        root_cause="A worn connector",
        contributing="No spare",
        workaround="Bounce the port",
        whys=["The link lost its light", "The connector is worn"],
    )


def make_known_error(**overrides: Any) -> KnownError:
    """A known error in use."""
    return KnownError.objects.get(problem=make_analysed(**overrides))


SAMPLES: dict[str, Callable[[], object]] = {
    "service_mgmt_problems.Problem": make_analysed,
    "service_mgmt_problems.KnownError": make_known_error,
}


@sample(
    "656/serviceProblem",
    body=lambda: {
        "category": "serviceprovider.originated",
        "priority": 2,
        "description": "Calls drop in the evening",
        "reason": "Complaints",
        "originatorParty": {
            "id": "42",
            "name": "Help desk",
            "role": "originator",
            "@referredType": "Individual",
        },
    },
    patch=lambda row: {"reason": "More complaints"},
)
def service_problems(count: int) -> list[Problem]:
    return [
        make_problem(
            title=f"Problem {index}",
            description=f"Number {index}",
            category=f"kind-{index}",
            occasion=f"reason {index}",
            priority=1 + index % 10,
        )
        for index in range(count)
    ]


def _grouping() -> dict[str, Any]:
    parent, child = make_problem(incidents=[]), make_problem(incidents=[])
    return {"parentProblem": {"id": str(parent.pk)}, "childProblem": [{"id": str(child.pk)}]}


def _ungrouping() -> dict[str, Any]:
    parent, child = make_problem(incidents=[]), make_problem(incidents=[])
    services.group(parent=parent, children=[child])
    return {"parentProblem": {"id": str(parent.pk)}, "childProblem": [{"id": str(child.pk)}]}


def _task(name: str, body: Callable[[], dict[str, Any]]) -> None:
    """The sample of a task: kept like those that clients send."""

    @sample(f"656/{name}", body=body)
    def tasks(count: int) -> list[Any]:
        resource = registry.find(f"656/{name}")
        user = User.objects.filter(groups__name="admin").first()
        return [resource.create(_loaded(resource, body()), user) for _index in range(count)]  # type: ignore[union-attr]


_task("problemGroup", _grouping)
_task("problemUngroup", _ungrouping)
