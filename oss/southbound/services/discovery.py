"""Planned against found: where the inventory and an element tell different stories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from kernel import jobs
from kernel.errors import Invalid
from kernel.models import JobLine
from oss.inventory.models import Link, NetworkElement, Port
from oss.southbound.drivers import snmp
from oss.southbound.models import ManagementEndpoint
from oss.southbound.services.reading import snmp_read

COMPARE = "oss_southbound.compare"


@dataclass(frozen=True)
class Difference:
    """One disagreement: kind is name, port, speed or neighbour; `port` is empty for the element itself."""

    kind: str
    port: str
    planned: str
    found: str


def compare(*, element: NetworkElement) -> list[Difference]:
    """Read an element over SNMP and list what differs from the inventory: its name, its ports, their speed, who is at
    the other end of each link. Raises Unreachable, Invalid without an endpoint. Never inside a transaction.
    """
    endpoint = ManagementEndpoint.objects.select_related("credential").filter(element=element).first()
    if endpoint is None:
        raise Invalid(
            _("%(element)s has no management endpoint") % {"element": element}, code="element.noEndpoint"
        )
    found = snmp_read(endpoint=endpoint)
    ports = {port.name: port for port in Port.objects.filter(element=element)}
    differences = [Difference("name", "", element.name, found.name)] if found.name != element.name else []
    return [*differences, *_ports(ports, found), *_neighbours(element, found)]


def _ports(planned: dict[str, Port], found: snmp.Facts) -> Iterator[Difference]:
    interfaces = {interface.name: interface for interface in found.interfaces}
    for name in sorted(set(planned) - set(interfaces)):
        yield Difference("port", name, name, "")
    for name in sorted(set(interfaces) - set(planned)):
        yield Difference("port", name, "", name)
    for name in sorted(set(interfaces) & set(planned)):
        if interfaces[name].speed_mbps != planned[name].speed_mbps:
            yield Difference("speed", name, str(planned[name].speed_mbps), str(interfaces[name].speed_mbps))


def _neighbours(element: NetworkElement, found: snmp.Facts) -> Iterator[Difference]:
    planned: dict[str, str] = {}
    links = Link.objects.filter(status=Link.Status.IN_SERVICE).touching([element.pk])
    for link in links.select_related("port_a__element", "port_b__element"):
        here, there = link.port_a, link.port_b
        if here.element_id != element.pk:
            here, there = there, here
        planned[here.name] = f"{there.element.name} {there.name}"
    heard = {row.local_port: f"{row.neighbour} {row.neighbour_port}" for row in found.neighbours}
    for port in sorted(set(planned) | set(heard)):
        if planned.get(port, "") != heard.get(port, ""):
            yield Difference("neighbour", port, planned.get(port, ""), heard.get(port, ""))


@jobs.job(COMPARE, queue="polling")
def compare_job(run: jobs.Run) -> dict[str, Any]:
    """`compare` as a job: each difference is a line of its result."""
    element = NetworkElement.objects.get(pk=run.params["element"])
    found = compare(element=element)
    run.lines(
        run.line(
            JobLine.Outcome.INFO,
            f"{element} {one.port}".strip(),
            code=one.kind,
            message=_("planned: %(planned)s, found: %(found)s")
            % {"planned": one.planned or "–", "found": one.found or "–"},
        )
        for one in found
    )
    return {"element": element.name, "differences": len(found)}
