"""The parts of a running lab that its controls and its state file speak of."""

from __future__ import annotations

from dataclasses import dataclass

from lab.network import Network
from lab.notify import Sinks
from lab.radius.sessions import Subscribers
from lab.topology import RadiusSpec, Topology
from lab.voice.gateway import Gateway


@dataclass
class World:
    """Everything but the sockets."""

    topology: Topology
    network: Network
    subscribers: Subscribers
    radius: RadiusSpec
    gateways: list[Gateway]
    sinks: Sinks
