"""Made-up problems and known errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from service_mgmt.problems import services
from service_mgmt.problems.models import KnownError, Problem
from tests.factories.oss_incidents import make_incident
from tests.factories.oss_inventory import make_link


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
        "reason": "twice",
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
