"""Reading without a session: SNMP, and the proof that a subscriber is really gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from oss.southbound.drivers import dynamic_authorization, snmp
from oss.southbound.models import ManagementEndpoint
from oss.southbound.services.sessions import session


def agent_of(endpoint: ManagementEndpoint) -> snmp.Agent:
    """The SNMP agent of an endpoint."""
    return snmp.Agent(endpoint.host, endpoint.snmp_port, endpoint.credential.community)


def snmp_walk(*, endpoint: ManagementEndpoint, oids: Sequence[str]) -> dict[str, Any]:
    """Values below the OIDs, by full OID. Raises Unreachable when the agent does not answer."""
    return snmp.walk(agent_of(endpoint), oids)


def snmp_walk_many(
    *, endpoints: Iterable[ManagementEndpoint], oids: Sequence[str], concurrency: int = 20
) -> dict[UUID, dict[str, Any] | None]:
    """`snmp_walk` over many endpoints at once, by element id; None for an element that does not answer."""
    listed = list(endpoints)
    found = snmp.walk_many([agent_of(endpoint) for endpoint in listed], oids, concurrency=concurrency)
    return {endpoint.element_id: values for endpoint, values in zip(listed, found, strict=True)}


def snmp_read(*, endpoint: ManagementEndpoint) -> snmp.Facts:
    """What an agent says of itself, its ports and its LLDP neighbours. Raises Unreachable."""
    return snmp.facts(snmp_walk(endpoint=endpoint, oids=snmp.FACTS))


def disconnect_session(*, subscriber: str) -> bool:
    """End a subscriber's sessions on every broadband gateway; True when none of them has one any more.

    An acknowledged request is not believed: the gateway's own list decides. Raises Unreachable.
    """
    gateways = ManagementEndpoint.objects.gateways().select_related("credential", "element")
    gone = True
    for endpoint in gateways:
        dynamic_authorization.disconnect(
            host=endpoint.host,
            port=endpoint.coa_port or dynamic_authorization.PORT,
            secret=endpoint.credential.radius_secret,
            user_name=subscriber,
        )
        with session(element=endpoint.element, purpose="disconnect") as gateway:
            gone = gone and not gateway.subscriber_sessions(subscriber)
    return gone
