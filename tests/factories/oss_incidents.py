"""Made-up incidents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oss.alarms import services as alarms
from oss.alarms.models import Alarm, ProbableCause, Severity, Source
from oss.incidents import services
from oss.incidents.models import Incident, Runbook, RunbookRun
from oss.inventory.models import Link
from tests.factories.oss_alarms import AT, make_alarm, make_network, port_down


def make_root(**overrides: Any) -> Alarm:
    """An open alarm that correlation found to be a root."""
    alarm = make_alarm(**overrides)
    Alarm.objects.filter(pk=alarm.pk).update(correlated=AT, root_found=AT)
    alarm.refresh_from_db()
    return alarm


def make_link_root(link: Link | None = None, **overrides: Any) -> Alarm:
    """The root of a link that is down, with both its ends as symptoms."""
    link = link or make_network().backbone
    ends = [port_down(port, link) for port in (link.port_a, link.port_b)]
    alarms.raise_many(ends)
    root = make_root(
        **{"key": f"link:{link.pk}:down", "source": Source.CORRELATION, "link_id": link.pk,
           "element_id": link.port_a.element_id, "probable_cause": ProbableCause.LOSS_OF_SIGNAL,
           "specific_problem": f"Link {link.name} down", "severity": Severity.MAJOR, **overrides}
    )  # fmt: skip
    keys = [end.key for end in ends]
    Alarm.objects.filter(key__in=keys).update(root=root, correlated=AT)
    Alarm.objects.filter(pk=root.pk).update(because={"rule": "link_down", "params": {}, "signs": keys})
    root.refresh_from_db()
    return root


def make_incident(**overrides: Any) -> Incident:
    """An open incident of a link that is down, unless told otherwise."""
    if "root_alarm" not in overrides and "title" not in overrides:
        overrides["root_alarm"] = make_link_root()
    return services.open_incident(**overrides)


def make_run(**overrides: Any) -> RunbookRun:
    """A port to be bounced."""
    values = {"runbook": Runbook.objects.get(code="bounce-port"), **overrides}
    if "incident" not in values:
        values["incident"] = make_incident()
    return services.rectify(**values)


SAMPLES: dict[str, Callable[[], Any]] = {
    "oss_incidents.Incident": make_incident,
    "oss_incidents.RunbookRun": make_run,
}
