"""From a topology to elements with their first configuration, joined to a network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from lab.cli.dialects import DIALECTS
from lab.clock import Clock
from lab.config.args import ConfigError
from lab.config.schema import PortLimits, Schema
from lab.config.tree import Tree
from lab.device.element import Element
from lab.network import Network
from lab.topology import ElementSpec, Topology, TopologyError

Startup = Callable[[str, Schema], Tree | None]
Saved = Callable[[str, Tree], object]


def schema_of(spec: ElementSpec) -> Schema:
    limits = {port.name: PortLimits(port.speed_mbps, port.kind == "network") for port in spec.ports}
    return Schema(spec.role, limits)


def factory_config(spec: ElementSpec, topology: Topology) -> Tree:
    """What an element runs before anybody touched it: the topology's lines, and descriptions of its links."""
    tree = Tree()
    for link in topology.links:
        for near, far in (link.ends, link.ends[::-1]):
            if near[0] == spec.name:
                tree.set(("interfaces", near[1], "description"), f"to {far[0]} {far[1]}")
    tree.set(("system", "host-name"), spec.name)
    dialect = DIALECTS[spec.vendor]
    try:
        described = dialect.parse(spec.config, schema_of(spec))
    except ConfigError as error:
        raise TopologyError(f"{spec.name}: config: {dialect.explain(error)}") from error
    for path, value in described.items():
        tree.set(path, value)
    return tree


def build(
    topology: Topology,
    clock: Clock,
    startup: Startup = lambda name, schema: None,
    saved: Saved = lambda name, tree: None,
) -> Network:
    """The network of a topology, each element with its saved startup configuration or its first one."""
    elements = []
    for spec in topology.elements:
        schema = schema_of(spec)
        initial = startup(spec.name, schema)
        if initial is None:
            initial = factory_config(spec, topology)
        save = partial(saved, spec.name)
        elements.append(Element(spec, topology.defaults, clock, schema, initial, save))
    return Network(elements, topology.links, topology.noc, clock)
