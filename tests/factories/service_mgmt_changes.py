"""Made-up changes and freezes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

from kernel import clock
from kernel.models import User
from oss.inventory.models import Link
from service_mgmt.changes import services
from service_mgmt.changes.models import ChangeRequest, Freeze
from tests.factories.oss_inventory import make_link
from tests.factories.rest import sample

_serial = count(1)


def make_author() -> User:
    """Somebody who plans changes."""
    return User.objects.create(username=f"planner-{next(_serial)}")


def make_change(*, link: Link | None = None, window: bool = True, **overrides: Any) -> ChangeRequest:
    """A draft that renews a port of a link, with its checks, and a window of two hours from tomorrow."""
    link = link or make_link()
    port = link.port_a
    look = {"action": "port_state", "element": port.element, "params": {"port": port.name, "state": "up"}}
    values = {
        "title": "Renew the patching",
        "author": overrides.pop("author", None) or make_author(),
        "links": [link],
        "steps": [
            {"phase": "pre", **look},
            {
                "phase": "do",
                "action": "renew_port",
                "element": port.element,
                "params": {"port": port.name},
            },
            {"phase": "post", **look},
        ],
        **overrides,
    }
    change = services.draft(**values)
    if window:
        start = clock.now() + timedelta(days=1)
        services.set_window(change=change, start=start, end=start + timedelta(hours=2))
    return change


def make_waiting(**overrides: Any) -> ChangeRequest:
    """A change that waits for approval."""
    return services.submit(change=make_change(**overrides))


def make_scheduled(**overrides: Any) -> ChangeRequest:
    """A change in the calendar, approved by somebody else than its author."""
    change = make_waiting(**overrides)
    services.approve(change=change, by=make_author())
    return services.schedule(change=change)


def make_freeze(**overrides: Any) -> Freeze:
    """A week without changes, in a month."""
    start = overrides.pop("start", None) or clock.now() + timedelta(days=30)
    return services.freeze(
        **{"name": "End of year", "start": start, "end": start + timedelta(days=7), **overrides}
    )


SAMPLES: dict[str, Callable[[], object]] = {
    "service_mgmt_changes.ChangeRequest": make_scheduled,
    "service_mgmt_changes.Freeze": make_freeze,
}


def _body() -> dict[str, Any]:
    link, start = make_link(), clock.now() + timedelta(days=2)
    return {
        "description": "Renew the patching",
        "priority": "high",
        "requestType": "normal",
        "specification": {"id": "renew-link"},
        "plannedStartTime": start.isoformat(),
        "plannedEndTime": (start + timedelta(hours=2)).isoformat(),
        "targetEntity": [{"id": str(link.pk), "role": "target", "@referredType": "Link"}],
        "step": [
            {
                "phase": "pre",
                "action": "port_state",
                "element": link.port_a.element.name,
                "params": {"port": link.port_a.name, "state": "up"},
            }
        ],
    }


@sample("655/changeRequest", body=_body, patch=lambda row: {"description": "Renew both ends"})
def change_requests(count: int) -> list[ChangeRequest]:
    kinds = [str(kind) for kind in ChangeRequest.Kind]
    return [
        make_change(
            title=f"Change {index}",
            description=f"Number {index}",
            kind=kinds[index % len(kinds)],
            specification=f"model-{index}",
        )
        for index in range(count)
    ]
