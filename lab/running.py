"""A lab that runs: the network, its sockets, and everything that ticks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from lab.alive import Alive
from lab.build import build
from lab.cli.ssh import Credentials
from lab.clock import Clock
from lab.control.commands import Controls
from lab.control.server import ControlServer
from lab.device.element import Element
from lab.doors import Doors, Ports, open_udp
from lab.events import Event
from lab.keep import Keep
from lab.notify import Notifier, Sinks
from lab.radius.accounting import AccountingClient, Attributes
from lab.radius.coa import DynamicAuthorization
from lab.radius.sessions import Subscribers
from lab.statefile import Whereabouts, describe, previous_elements, write_state
from lab.topology import BUILT_IN, load
from lab.voice.gateway import Gateway
from lab.world import World

USERNAME = "admin"


@dataclass
class Options:
    """How to run; see docs/lab.md, "Run it"."""

    state: Path
    topology: Path = BUILT_IN
    sinks: Sinks = field(default_factory=Sinks)
    radius_secret: str | None = None
    ports_from: int | None = None
    control: str | None = None  # HOST:PORT instead of a Unix socket
    seed: int = 1
    alive: bool = False


class Lab:
    """Use as `async with Lab(options) as lab`, or start and stop."""

    def __init__(self, options: Options, clock: Clock | None = None) -> None:
        self.options, self.clock = options, clock or Clock()
        self.sinks = options.sinks
        self.topology = load(options.topology)
        self.keep = Keep(options.state.with_name(options.state.name + ".d"))
        self.network = build(self.topology, self.clock, self.keep.startup, self.keep.save_startup)
        radius = self.topology.radius
        self.radius = replace(radius, secret=options.radius_secret or radius.secret)
        self.subscribers = Subscribers(self.network, self.radius, self.clock)
        self.network.broker = self.subscribers
        self.gateways = [
            Gateway(element, self.clock, self.sinks)
            for element in self.network.elements.values()
            if element.spec.role == "voice-gateway"
        ]
        self.alive = Alive(self.network, self.gateways, options.seed)
        self.doors: dict[str, Doors] = {}
        self.world = World(
            self.topology, self.network, self.subscribers, self.radius, self.gateways, self.sinks
        )
        self.controls = Controls(self.world)
        self.control = ControlServer(self.controls)
        self._udp: list[asyncio.DatagramTransport] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.started_at = self.clock.now()
        self._stopped = False

    async def __aenter__(self) -> Lab:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open every door, begin to report, and write the state file."""
        try:
            await self._open_doors()
            await self._open_radius()
            await self._open_notifier()
            await self.control.open(self.options.control, self.keep.folder)
        except OSError:
            await self._close_sockets()
            raise
        for element in self.network.elements.values():
            self.network.note_boot(element)
        self.subscribers.paths_changed()
        self.network.settle()
        self._tasks.append(asyncio.ensure_future(self._interims()))
        if self.options.alive:
            self._tasks.append(asyncio.ensure_future(self.alive.run(self.clock)))
        self.write_state(running=True)

    async def stop(self) -> None:
        """Account for what was used, write the last call records, close. A second time does nothing."""
        if self._stopped:
            return
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for gateway in self.gateways:
            gateway.close()
        self.subscribers.close()
        await asyncio.sleep(0)  # what was just sent leaves with the loop's next turn
        await self._close_sockets()
        self.write_state(running=False)

    def write_state(self, running: bool) -> None:
        where = Whereabouts(
            self.options.topology,
            self.control.address,
            self.keep.client_key_path,
            self.doors,
            self.started_at,
        )
        write_state(self.options.state, describe(self.world, where, running))

    async def _open_doors(self) -> None:
        ports = Ports(self.options.ports_from, previous_elements(self.options.state))
        client_keys = self.keep.client_keys()
        for number, element in enumerate(self.network.elements.values()):
            credentials = Credentials(
                USERNAME, self.keep.password(element.name), self.keep.host_key(element.name), client_keys
            )
            doors = self.doors[element.name] = Doors(self.network, element, credentials, self._logged_in)
            wish = partial(ports.wish, number, element.name)
            await doors.open(wish)
            if element.spec.role == "bng":
                listener = DynamicAuthorization(element, self.subscribers, self.radius.secret)
                await doors.add_udp("coa_port", listener, wish("coa_port"))

    async def _open_radius(self) -> None:
        for element in self.network.elements.values():
            if element.spec.role == "bng":
                client = AccountingClient(
                    element, self.radius, self.clock, lambda: self.sinks.radius, self._accounting_lost
                )
                self._udp.append(await open_udp(client, [0]))
                self.subscribers.clients[element.name] = client

    async def _open_notifier(self) -> None:
        agents = {name: doors.agent for name, doors in self.doors.items()}
        notifier = Notifier(self.network.elements, agents, self.sinks)
        self._udp.append(await open_udp(notifier, [0]))
        self.network.events.listeners += [notifier.take, self._after_boot]

    async def _close_sockets(self) -> None:
        await self.control.close()
        for doors in self.doors.values():
            await doors.close()
        for transport in self._udp:
            transport.close()

    async def _interims(self) -> None:
        while True:
            await asyncio.sleep(self.radius.interim_seconds)
            self.subscribers.interim()

    def _logged_in(self, element: Element, user: str) -> None:
        self.network.note(element, "login", "informational", f"User '{user}' logged in")

    def _after_boot(self, event: Event) -> None:
        if event.kind == "boot" and event.element in self.doors:
            self.doors[event.element].ssh.drop_connections()

    def _accounting_lost(self, attributes: Attributes) -> None:
        element = self.network.elements[attributes["NAS-Identifier"]]
        text = (
            f"No answer to {attributes['Acct-Status-Type']} of {attributes.get('User-Name', 'this server')}"
        )
        self.network.note(element, "accounting-lost", "warning", text)
