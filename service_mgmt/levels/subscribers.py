"""The joint of the two halves: what service levels do when something happens to the network, a service or a product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bss.orders.events import ProductTerminated
from kernel.events import Event
from oss.alarms.events import AlarmCleared, RootFound
from oss.incidents.events import (
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentScopeChanged,
    IncidentUpdated,
)
from service_mgmt.levels import services
from service_mgmt.provisioning.events import ServiceActivated, ServiceBlocked, ServiceRestored


def incident_opened(event: IncidentOpened) -> None:
    """Find who is hit, start their clocks, tell them, open their tickets."""
    services.apply_incident(incident_id=event.incident_id, at=event.at)


def incident_scope_changed(event: IncidentScopeChanged) -> None:
    """More or less is hit than was thought."""
    services.apply_incident(incident_id=event.incident_id, at=event.at)


def incident_updated(event: IncidentUpdated) -> None:
    """Pass on what the incident's people want customers to know."""
    services.publish_update(
        incident_id=event.incident_id, entry_id=event.entry_id, eta=event.eta, at=event.at
    )


def incident_resolved(event: IncidentResolved) -> None:
    """Stop the clocks, tell the end, resolve the tickets."""
    services.end_incident(incident_id=event.incident_id, at=event.at)


def incident_reopened(event: IncidentReopened) -> None:
    """It came back."""
    services.reopen_incident(incident_id=event.incident_id, at=event.at)


def root_found(event: RootFound) -> None:
    """In planned work no incident is opened; the clock needs to know all the same."""
    services.planned_outage(alarm_id=event.root_id, at=event.at)


def alarm_cleared(event: AlarmCleared) -> None:
    """The end of a planned outage, if it was one."""
    services.planned_over(alarm_id=event.alarm_id, at=event.at)


def service_activated(event: ServiceActivated) -> None:
    """A new service: what was promised for it holds from now on."""
    services.agree_by_class(service_id=event.service_id, at=event.at)


def service_blocked(event: ServiceBlocked) -> None:
    """Out on purpose: nothing is owed meanwhile."""
    services.pause_clock(service_ids=[event.service_id], at=event.at, label="suspension")


def service_restored(event: ServiceRestored) -> None:
    """Back on purpose."""
    services.resume_clock(service_ids=[event.service_id], at=event.at, label="suspension")


def product_terminated(event: ProductTerminated) -> None:
    """Nothing is promised any more."""
    services.end_agreements(product_id=event.product_id, at=event.at)


SUBSCRIBERS: dict[type[Event], list[Callable[[Any], None]]] = {
    IncidentOpened: [incident_opened],
    IncidentScopeChanged: [incident_scope_changed],
    IncidentUpdated: [incident_updated],
    IncidentResolved: [incident_resolved],
    IncidentReopened: [incident_reopened],
    RootFound: [root_found],
    AlarmCleared: [alarm_cleared],
    ServiceActivated: [service_activated],
    ServiceBlocked: [service_blocked],
    ServiceRestored: [service_restored],
    ProductTerminated: [product_terminated],
}
