"""One sample of every model that has a page or a resource, by its label: `SAMPLES["bss_care.TroubleTicket"] = make_ticket`.

Each app's line stands in `_gather` as the module that holds its factories; a factory module may define `SAMPLES` of its own.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from kernel import lifecycle
from kernel.models import BusinessCalendar, HubDelivery, HubSubscription, Job, JournalEntry, User
from tests import factories


def make_job(**overrides: Any) -> Job:
    """A job that failed."""
    return lifecycle.create(
        Job(**{"kind": "kernel.export", "title": "Export", "status": "failed", **overrides})
    )


def make_person(**overrides: Any) -> User:
    """Somebody without a role."""
    return User.objects.create(**{"username": "somebody", **overrides})


def make_hook(**overrides: Any) -> HubSubscription:
    """A webhook subscription."""
    owner = overrides.pop("owner", None) or make_person(username="hook-owner")
    values = {"api": "622", "owner": owner, "callback": "https://example.test/hook", "secret": "sealed"}
    return lifecycle.create(HubSubscription(**{**values, **overrides}))


def make_delivery(**overrides: Any) -> HubDelivery:
    """One delivery of a webhook."""
    from kernel.ids import uuid7

    hook = overrides.pop("subscription", None) or make_hook()
    values = {
        "subscription": hook,
        "event_id": uuid7(),
        "event_type": "XEvent",
        "sequence": 1,
        "payload": {"a": 1},
    }
    return HubDelivery.objects.create(**{**values, **overrides})


def make_entry(**_overrides: Any) -> JournalEntry:
    """A journal entry."""
    lifecycle.create(BusinessCalendar(name="journalled"))
    return JournalEntry.objects.latest("seq")


SAMPLES: dict[str, Callable[[], object]] = {
    "kernel.Job": make_job,
    "kernel.User": make_person,
    "kernel.HubSubscription": make_hook,
    "kernel.HubDelivery": make_delivery,
    "kernel.JournalEntry": make_entry,
}


def samples() -> dict[str, Callable[[], object]]:
    """The samples above and those every factory module declares as `SAMPLES`."""
    found = dict(SAMPLES)
    for module in pkgutil.iter_modules(factories.__path__):
        # `rest` keeps samples of another kind under the same name.
        if module.name not in {"registry", "rest"}:
            found |= getattr(importlib.import_module(f"tests.factories.{module.name}"), "SAMPLES", {})
    return found
