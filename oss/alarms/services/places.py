"""Who sent it and what it names: from addresses, names and interface numbers to elements and ports."""

from __future__ import annotations

import time
from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from oss.alarms.services.normalise import Place
from oss.alarms.services.signs import Sign
from oss.inventory.models import Link, Port
from oss.southbound.models import ManagementEndpoint

# The listener asks for every datagram; endpoints change a few times a day.
KEPT_SECONDS, ASK_AGAIN_SECONDS = 60.0, 5.0
Peer = tuple[str, int]


class Directory:
    """Management endpoints by address and by name, kept for a while; an unknown sender causes a fresh look."""

    def __init__(self) -> None:
        self._read_at = float("-inf")
        self._by_address: dict[Peer, ManagementEndpoint] = {}
        self._by_host: dict[str, list[ManagementEndpoint]] = {}
        self._by_name: dict[str, ManagementEndpoint] = {}
        self._communities: dict[UUID, str] = {}

    def find(self, sign: Sign, peer: Peer) -> ManagementEndpoint | None:
        """The endpoint behind a message: by address and port, by the name it gives itself, by its address alone."""
        self._refresh(KEPT_SECONDS)
        found = self._look(sign, peer)
        if found is None and self._refresh(ASK_AGAIN_SECONDS):
            found = self._look(sign, peer)
        return found

    def _look(self, sign: Sign, peer: Peer) -> ManagementEndpoint | None:
        if (exact := self._by_address.get(peer)) is not None:
            return exact
        if (named := self._by_name.get(sign.host.lower())) is not None:
            return named
        there = self._by_host.get(peer[0], [])
        return there[0] if len(there) == 1 else None

    def community(self, endpoint: ManagementEndpoint) -> str:
        """The SNMP community agreed with an element; empty when there is none."""
        if endpoint.pk not in self._communities:
            self._communities[endpoint.pk] = endpoint.credential.community
        return self._communities[endpoint.pk]

    def _refresh(self, older_than: float) -> bool:
        now = time.monotonic()
        if now - self._read_at < older_than:
            return False
        rows = list(ManagementEndpoint.objects.select_related("element", "credential"))
        self._by_address = {(row.host, row.snmp_port): row for row in rows}
        self._by_name = {row.element.name.lower(): row for row in rows}
        self._by_host = {}
        for row in rows:
            self._by_host.setdefault(row.host, []).append(row)
        self._communities, self._read_at = {}, now
        return True

    def forget(self) -> None:
        """Look again at the next question."""
        self._read_at = float("-inf")


def places(signs: Iterable[tuple[Sign, ManagementEndpoint | None]]) -> list[Place]:
    """The place of each sign, in two queries for all of them."""
    signs = list(signs)
    elements = {endpoint.element_id for _sign, endpoint in signs if endpoint is not None}
    indexes = {sign.if_index for sign, _endpoint in signs if sign.if_index is not None}
    names = {sign.port for sign, _endpoint in signs if sign.port}
    ports: dict[tuple[UUID, str | int], Port] = {}
    for port in Port.objects.filter(Q(if_index__in=indexes) | Q(name__in=names), element__in=elements):
        ports[port.element_id, port.name.lower()] = port
        if port.if_index is not None:
            ports[port.element_id, port.if_index] = port
    links = link_of_ports([port.pk for port in ports.values()])
    return [_place(sign, endpoint, ports, links) for sign, endpoint in signs]


def place_of_ports(port_ids: Iterable[UUID]) -> dict[UUID, Place]:
    """Places of known ports."""
    rows = list(Port.objects.filter(pk__in=list(port_ids)).select_related("element"))
    links = link_of_ports([row.pk for row in rows])
    return {row.pk: _port_place(row, links) for row in rows}


def link_of_ports(port_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Port → the link in service that ends there."""
    wanted = set(port_ids)
    found: dict[UUID, UUID] = {}
    rows = Link.objects.filter(Q(port_a__in=wanted) | Q(port_b__in=wanted), status=Link.Status.IN_SERVICE)
    for pk, a, b in rows.values_list("pk", "port_a_id", "port_b_id"):
        found |= {end: pk for end in (a, b) if end in wanted}
    return found


def _place(
    sign: Sign,
    endpoint: ManagementEndpoint | None,
    ports: dict[tuple[UUID, str | int], Port],
    links: dict[UUID, UUID],
) -> Place:
    if endpoint is None:
        return Place()
    element = endpoint.element
    # By name first: the number of an interface may change when the element restarts.
    port = ports.get((element.pk, sign.port.lower())) if sign.port else None
    if port is None and sign.if_index is not None:
        port = ports.get((element.pk, sign.if_index))
    if port is None:
        return Place(element_id=element.pk, element=element.name, role=element.role)
    port.element = element
    return _port_place(port, links)


def _port_place(port: Port, links: dict[UUID, UUID]) -> Place:
    link_id = links.get(port.pk)
    serves = "network" if link_id else "customer" if port.usage == Port.Usage.IN_USE else ""
    return Place(
        element_id=port.element_id,
        element=port.element.name,
        role=port.element.role,
        port_id=port.pk,
        port=port.name,
        link_id=link_id,
        serves=serves,
    )
