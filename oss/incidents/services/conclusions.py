"""From tests to a place and a reason. Pure: what was seen in, one conclusion out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from oss.alarms.models import ProbableCause
from oss.incidents.models import CauseCode, Diagnosis, Incident, Runbook
from oss.incidents.services.probes import Probe, Result
from oss.inventory.models import Link, NetworkElement, Port

Confidence = Diagnosis.Confidence


@dataclass(frozen=True)
class Conclusion:
    """Where the fault is and why there; `remedy` is the action of a runbook that fits, `port` what it would act on."""

    rule: str
    params: dict[str, Any] = field(default_factory=dict)
    confidence: str = Confidence.OPEN
    element: NetworkElement | None = None
    link: Link | None = None
    port: Port | None = None
    cause_code: str = ""
    remedy: str = ""

    @property
    def place(self) -> str:
        """What the fault is located at, in the network's own names."""
        if self.rule == "switched_off" and self.port is not None:
            return str(self.port)
        return str(self.link or self.port or self.element or "")


def conclude(incident: Incident, probes: Sequence[Probe]) -> Conclusion:
    """The first rule that fits what the tests saw."""
    if not any(item.test == "answer" and item.result == Result.OK for item in probes):
        return _without_answers(incident)
    if incident.link is not None:
        return _link(incident.link, probes)
    if incident.root_alarm is not None and incident.root_alarm.port is not None:
        return _port(incident.root_alarm.port, probes)
    if incident.element is not None:
        return _element(incident, incident.element, probes)
    return Conclusion("nothing_found")


def _without_answers(incident: Incident) -> Conclusion:
    if incident.element is not None and _power_told(incident):
        return _power(incident.element)
    return Conclusion("nothing_answers")


def _power_told(incident: Incident) -> bool:
    return incident.root_alarm is not None and incident.root_alarm.probable_cause == ProbableCause.POWER


def _power(element: NetworkElement) -> Conclusion:
    return Conclusion(
        "power_lost",
        {"element": element.name},
        Confidence.CERTAIN,
        element=element,
        cause_code=CauseCode.POWER,
    )


def _of(probes: Sequence[Probe], test: str, *, port: Port | None = None, element: Any = None) -> Probe | None:
    for item in probes:
        if (
            item.test == test
            and (port is None or item.port == port)
            and (element is None or item.element == element)
        ):
            return item
    return None


def _switched_off(probes: Sequence[Probe]) -> Conclusion | None:
    for item in probes:
        if item.test == "port" and item.facts.get("admin") == "down":
            return Conclusion(
                "switched_off", {"port": str(item.port)}, Confidence.CERTAIN, element=item.element, port=item.port,
                cause_code=CauseCode.CONFIGURATION, remedy=Runbook.Action.PUSH_CONFIGURATION,
            )  # fmt: skip
    return None


def _link(link: Link, probes: Sequence[Probe]) -> Conclusion:
    if (off := _switched_off(probes)) is not None:
        return off
    ends = [link.port_a, link.port_b]
    states = [_of(probes, "port", port=port) for port in ends]
    lines = [_of(probes, "line", port=port) for port in ends]
    broken = [
        (port, line) for port, line in zip(ends, lines, strict=True) if line and line.result == Result.FAULT
    ]
    if broken:
        return _broken_line(link, broken)
    if all(state is not None and state.result == Result.OK for state in states):
        return Conclusion("recovered", confidence=Confidence.CERTAIN)
    silent = [port for port, state in zip(ends, states, strict=True) if state is None]
    good = [port for port, line in zip(ends, lines, strict=True) if line and line.result != Result.FAULT]
    if len(good) == 2:
        # Light passes and both ports are on: it is the ports that do not start again.
        return Conclusion(
            "line_good_ports_down", {}, Confidence.LIKELY, link=link, port=_nearer(good), cause_code=CauseCode.TRANSMISSION,
            remedy=Runbook.Action.BOUNCE_PORT,
        )  # fmt: skip
    if good and silent:
        far = silent[0].element
        return Conclusion(
            "far_end_silent", {"a": good[0].element.name, "b": far.name}, Confidence.LIKELY, element=far,
            cause_code=CauseCode.HARDWARE,
        )  # fmt: skip
    return Conclusion("nothing_found")


def _nearer(ports: Sequence[Port]) -> Port:
    """The end that we lose least by bouncing: of the two, the one on the element that matters more answers anyway."""
    return max(ports, key=lambda port: port.element.criticality)


def _broken_line(link: Link, broken: Sequence[tuple[Port, Probe]]) -> Conclusion:
    (a, line_a), rest = broken[0], broken[1:]
    params: dict[str, Any] = {"a": a.element.name, "from_a": line_a.facts.get("fault_distance_m")}
    if not rest:
        return Conclusion("line_open_one", params, Confidence.LIKELY, link=link, cause_code=CauseCode.CABLE)
    b, line_b = rest[0]
    params |= {"b": b.element.name, "from_b": line_b.facts.get("fault_distance_m")}
    return Conclusion("line_open_both", params, Confidence.CERTAIN, link=link, cause_code=CauseCode.CABLE)


def _element(incident: Incident, element: NetworkElement, probes: Sequence[Probe]) -> Conclusion:
    answer = _of(probes, "answer", element=element)
    if answer is not None and answer.result == Result.OK:
        return _alarmed(element, probes)
    if _power_told(incident):
        return _power(element)
    lines = [item for item in probes if item.test == "line" and item.element != element]
    broken = [item for item in lines if item.result == Result.FAULT]
    if lines and len(broken) == len(lines):
        first = broken[0]
        params = {
            "element": element.name,
            "a": first.element.name,
            "from_a": first.facts.get("fault_distance_m"),
        }
        return Conclusion(
            "lines_broken",
            params,
            Confidence.LIKELY,
            element=element,
            port=first.port,
            cause_code=CauseCode.CABLE,
        )
    seen = [item for item in probes if item.test == "port" and item.element != element]
    if any(item.result == Result.OK for item in seen):
        return Conclusion(
            "element_silent_ports_up", {"element": element.name}, Confidence.LIKELY, element=element,
            cause_code=CauseCode.SOFTWARE,
        )  # fmt: skip
    if lines:
        return Conclusion(
            "element_silent_lines_good", {"element": element.name}, Confidence.LIKELY, element=element,
            cause_code=CauseCode.HARDWARE,
        )  # fmt: skip
    return Conclusion("nothing_answers")


def _alarmed(element: NetworkElement, probes: Sequence[Probe]) -> Conclusion:
    health = _of(probes, "health", element=element)
    if health is not None and health.facts.get("alarms"):
        told = "; ".join(health.facts["alarms"])
        return Conclusion(
            "element_alarms", {"element": element.name, "alarms": told}, Confidence.CERTAIN, element=element,
            cause_code=CauseCode.HARDWARE,
        )  # fmt: skip
    return Conclusion("recovered", confidence=Confidence.CERTAIN)


def _port(port: Port, probes: Sequence[Probe]) -> Conclusion:
    if (off := _switched_off(probes)) is not None:
        return off
    state, line = _of(probes, "port", port=port), _of(probes, "line", port=port)
    if state is not None and state.result == Result.OK:
        return Conclusion("recovered", confidence=Confidence.CERTAIN)
    here: dict[str, Any] = {"element": port.element, "port": port}
    if line is not None and line.result in {Result.FAULT, Result.DEGRADED}:
        found = {"port": str(port), "fault": str(line.facts.get("fault"))}
        return Conclusion("line_fault", found, Confidence.CERTAIN, cause_code=CauseCode.CABLE, **here)
    if line is not None and line.result == Result.OK:
        if port.kind == "customer":
            return Conclusion(
                "customer_side", {"port": str(port)}, Confidence.LIKELY, cause_code=CauseCode.CUSTOMER, **here
            )
        return Conclusion(
            "line_good_port_down", {"port": str(port)}, Confidence.LIKELY, cause_code=CauseCode.TRANSMISSION,
            remedy=Runbook.Action.BOUNCE_PORT, **here,
        )  # fmt: skip
    return Conclusion("nothing_found")
