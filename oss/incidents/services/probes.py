"""Tests on live elements around an incident: each element that matters is asked once, over one session."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q

from kernel import clock
from kernel.errors import Busy, DomainError, Unreachable
from oss.incidents.models import DiagnosisTest, Incident
from oss.inventory.models import Link, NetworkElement, Port
from oss.monitoring.services.polling import UPTIME
from oss.southbound.models import ManagementEndpoint
from oss.southbound.services import Session, session, snmp_walk_many

Result = DiagnosisTest.Result
LINKS_TESTED = 6  # a core router has hundreds of links; those of the fault come first


@dataclass
class Probe:
    """What one test brought. `facts` are plain values: port states, distances in metres, neighbours."""

    test: str
    element: NetworkElement
    result: str
    port: Port | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    milliseconds: int = 0
    session: UUID | None = None


@dataclass(frozen=True)
class Plan:
    """From which elements to look at which of their ports, and the addresses to ping from there."""

    element: NetworkElement
    ports: tuple[Port, ...] = ()
    targets: tuple[NetworkElement, ...] = ()


def plan(incident: Incident) -> list[Plan]:
    """Both ends of the link; or the element and the ends that lead to it; or the element and the port concerned."""
    link, element = incident.link, incident.element
    if link is not None:
        a, b = link.port_a, link.port_b
        return [Plan(a.element, (a,), (b.element,)), Plan(b.element, (b,), (a.element,))]
    if element is None:
        return []
    alarm = incident.root_alarm
    if alarm is not None and alarm.port is not None:
        return [Plan(element, (alarm.port,))]
    found = [Plan(element)]
    links = Link.objects.filter(
        Q(port_a__element=element) | Q(port_b__element=element), status=Link.Status.IN_SERVICE
    )
    for row in links.select_related("port_a__element", "port_b__element").order_by("name")[:LINKS_TESTED]:
        far = row.port_b if row.port_a.element_id == element.pk else row.port_a
        found.append(Plan(far.element, (far,), (element,)))
    return found


def probe(plans: Iterable[Plan], *, holder: UUID) -> list[Probe]:
    """Run the tests. Elements that do not answer give a test `silent`; nothing that goes wrong stops the others.

    All are asked over SNMP at once first, so that each silent one does not cost its own time-out. Talks to the
    network: never inside a transaction.
    """
    plans = list(plans)
    silent = _silent(plans)
    found: list[Probe] = []
    for item in plans:
        if item.element.pk in silent:
            found.append(Probe("answer", item.element, Result.SILENT, facts={"error": "no answer over SNMP"}))
        else:
            found += _look(item, holder=holder)
    return found


def _silent(plans: Iterable[Plan]) -> set[UUID]:
    """Elements whose agents do not answer; one without an endpoint is left to its session, which says so."""
    endpoints = ManagementEndpoint.objects.filter(element__in=[item.element for item in plans])
    answers = snmp_walk_many(endpoints=endpoints.select_related("credential"), oids=[UPTIME])
    return {element for element, values in answers.items() if not values}


def _look(item: Plan, *, holder: UUID) -> list[Probe]:
    started = time.monotonic()
    try:
        with session(element=item.element, purpose="diagnosis", holder=holder) as opened:
            facts = opened.facts()
            met = Probe("answer", item.element, Result.OK, facts=_plain(facts), session=opened.id)
            met.milliseconds = _since(started)
            return [met, *_ask(opened, item)]
    except Unreachable as error:
        silent = Probe("answer", item.element, Result.SILENT, facts={"error": error.message})
    except (Busy, DomainError) as error:
        silent = Probe("answer", item.element, Result.FAILED, facts={"error": error.message})
    silent.milliseconds = _since(started)
    return [silent]


def _ask(opened: Session, item: Plan) -> list[Probe]:
    found = []
    for port in item.ports:
        found.append(_one("port", item, port, opened, lambda: _port_state(opened, port)))  # noqa: B023 - called at once
        found.append(_one("line", item, port, opened, lambda: _line(opened, port)))  # noqa: B023
        found.append(_one("neighbour", item, port, opened, lambda: _neighbour(opened, port)))  # noqa: B023
    for target in item.targets:
        if target.management_address:
            address = str(target.management_address)
            found.append(_one("ping", item, None, opened, lambda: _ping(opened, target, address)))  # noqa: B023
    if not item.ports:
        found.append(_one("health", item, None, opened, lambda: _health(opened)))
    return found


def _one(
    test: str, item: Plan, port: Port | None, opened: Session, ask: Callable[[], tuple[str, dict[str, Any]]]
) -> Probe:
    started = time.monotonic()
    try:
        result, facts = ask()
    except Unreachable as error:
        result, facts = Result.SILENT, {"error": error.message}
    except DomainError as error:
        result, facts = Result.FAILED, {"error": error.message}
    return Probe(test, item.element, result, port, _plain(facts), _since(started), opened.id)


def _port_state(opened: Session, port: Port) -> tuple[str, dict[str, Any]]:
    state = opened.ports().get(port.name)
    if state is None:
        return Result.FAILED, {"error": "the element has no such port"}
    return Result.OK if state["oper"] == "up" else Result.FAULT, {
        "admin": state["admin"],
        "oper": state["oper"],
    }


def _line(opened: Session, port: Port) -> tuple[str, dict[str, Any]]:
    told = opened.test_port(port.name)
    result = {"ok": Result.OK, "degraded": Result.DEGRADED}.get(told.result, Result.FAULT)
    detail = {name.replace("-", "_"): value for name, value in _snake(told.detail).items()}
    return result, {
        name: detail.get(name) for name in ("fault", "fault_distance_m", "length_m", "attenuation_db")
    }


def _neighbour(opened: Session, port: Port) -> tuple[str, dict[str, Any]]:
    seen = next((row for row in opened.neighbours() if row["local_port"] == port.name), None)
    return (Result.OK, dict(seen)) if seen else (Result.FAULT, {"neighbour": None})


def _ping(opened: Session, target: NetworkElement, address: str) -> tuple[str, dict[str, Any]]:
    told = opened.ping(address)
    result = Result.OK if told.received == told.sent else Result.DEGRADED if told.received else Result.FAULT
    return result, {"target": target.name, "sent": told.sent, "received": told.received}


def _health(opened: Session) -> tuple[str, dict[str, Any]]:
    told = opened.health()
    alarms = [str(row.get("text", row)) for row in told.get("alarms", [])]
    return (Result.FAULT if alarms else Result.OK), {**told, "alarms": alarms}


def _snake(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "".join(f"_{c.lower()}" if c.isupper() else c for c in name): value for name, value in values.items()
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {str(name): value if isinstance(value, str | int | float | bool | list | None) else str(value)
            for name, value in values.items()}  # fmt: skip


def _since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)


def rows(found: Iterable[Probe], diagnosis_id: UUID) -> list[DiagnosisTest]:
    """The tests as they are kept."""
    now = clock.now()
    return [
        DiagnosisTest(
            diagnosis_id=diagnosis_id, position=position, test=item.test, element=item.element, port=item.port,
            result=item.result, facts=item.facts, at=now, milliseconds=item.milliseconds, session=item.session,
        )
        for position, item in enumerate(found, 1)
    ]  # fmt: skip
