"""The network as a whole: links, reachability, port and service states, and the traffic that follows.

Every change ends in `settle`, which works out the consequences in one order: ports, paths, services,
sessions, traffic, and last the events, because what an element can report depends on where its paths lead
afterwards.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from lab.clock import Clock
from lab.device.element import Element, ServiceState
from lab.device.link import Link
from lab.device.port import Port
from lab.device.subscriber import SubscriberSession
from lab.events import Event, EventLog
from lab.topology import LinkSpec
from lab.traffic import Traffic

Hop = tuple[Element, Link | None]  # the next element towards the root, and over which link


class Broker(Protocol):
    """Who keeps the subscriber sessions (lab/radius/sessions.py)."""

    @property
    def sessions(self) -> Mapping[str, SubscriberSession]:
        """Open sessions by user."""

    def sync(self, elements: Iterable[Element]) -> None: ...

    def has_session(self, element: Element, state: ServiceState) -> bool: ...

    def limits(self, state: ServiceState) -> tuple[float, float]: ...

    def paths_changed(self) -> None: ...

    def power_lost(self, element: Element, orderly: bool) -> None: ...

    def booted(self, element: Element) -> None: ...

    def clear(self, bng: Element, user: str) -> bool: ...


class Network:
    """All elements and links of the lab."""

    def __init__(
        self, elements: list[Element], links: tuple[LinkSpec, ...], noc: tuple[str, ...], clock: Clock
    ) -> None:
        self.clock = clock
        self.elements = {element.name: element for element in elements}
        self.noc = [self.elements[name] for name in noc]
        self.links: dict[str, Link] = {}
        self.links_of: dict[str, list[Link]] = {name: [] for name in self.elements}
        self.events = EventLog()
        self.broker: Broker | None = None
        self.traffic = Traffic(clock)
        self.parents: dict[str, Hop] = {}  # towards the nearest core element
        for spec in links:
            self._join(spec)
        for element in elements:
            element.config_changed = lambda changed: self.settle([changed])
            element.noted = self._note_config
        self._settle_quietly()

    def _join(self, spec: LinkSpec) -> None:
        (a, port_a), (b, port_b) = spec.ends
        ends = (
            (self.elements[a], self.elements[a].ports[port_a]),
            (self.elements[b], self.elements[b].ports[port_b]),
        )
        link = self.links[spec.name] = Link(spec, ends)
        for element, port in ends:
            port.link = spec.name
            self.links_of[element.name].append(link)

    # What changes

    def settle(self, touched: Iterable[Element] | None = None) -> None:
        """Work out everything that follows from a change on `touched` elements, or anywhere."""
        everything = list(self.elements.values())
        elements = everything if touched is None else list(touched)
        moved = self._settle_ports(elements)
        if touched is None or any(port.is_network for _, port in moved):
            self._settle_paths()
            elements = everything
        elif any(element.spec.role == "bng" for element in elements):
            elements = everything  # its rules bear on services elsewhere
        self._settle_services(elements)
        if self.broker:
            self.broker.sync(elements)
            self._settle_services(elements)  # a subscriber's service passes only with a session
        self.traffic.settle(elements, self.links.values(), self.parents, self._limits)
        for element, port in moved:
            if element.powered:
                self._note_port(element, port)

    def _settle_quietly(self) -> None:
        """The first time nothing has changed, it is merely so."""
        self._settle_ports(self.elements.values())
        self._settle_paths()

    def _settle_ports(self, elements: Iterable[Element]) -> list[tuple[Element, Port]]:
        """Set every port's state; returns those that changed, both ends of a link included."""
        moved = []
        now, mono = self.clock.now(), self.clock.monotonic()
        for element in elements:
            with_service = {port for port, _ in element.services}
            for port in element.ports.values():
                link = self.links[port.link] if port.link else None
                if link:
                    self._unlatch(link)
                    pair = [(end, other, link.up) for end, other in link.ends]
                else:
                    up = element.powered and port.admin_up and not port.bouncing
                    pair = [(element, port, up and port.has_carrier(port.name in with_service))]
                for end, other, up in pair:
                    if other.oper_up != up:
                        other.oper_up, other.changed_at, other.changed_mono = up, now, mono
                        moved.append((end, other))
        return moved

    @staticmethod
    def _unlatch(link: Link) -> None:
        """An end switched off while the line is whole lets the lasers start again when it is switched on."""
        if link.latched and not link.cut and any(not port.admin_up or port.bouncing for _, port in link.ends):
            link.latched = False

    def _settle_paths(self) -> None:
        reached = self.reach(self.noc)
        cores = [element for element in self.elements.values() if element.spec.role == "core"]
        self.parents = self.reach(cores)
        for element in self.elements.values():
            element.reachable = element.name in reached
            element.upstream = element.name in self.parents
            element.refresh_gate()
        if self.broker:
            self.broker.paths_changed()

    def _settle_services(self, elements: Iterable[Element]) -> None:
        for element in elements:
            for state in element.services.values():
                state.state = self._service_state(element, state)

    def _service_state(self, element: Element, state: ServiceState) -> str:
        if state.service.suspended:
            return "suspended"
        if not element.ports[state.service.port].oper_up:
            return "port-down"
        if not element.upstream:
            return "isolated"
        if state.service.subscriber and self.broker and not self.broker.has_session(element, state):
            return "no-session"
        return "active"

    def _limits(self, state: ServiceState) -> tuple[float, float]:
        if self.broker:
            return self.broker.limits(state)
        return float(state.service.down_kbps), float(state.service.up_kbps)

    # Paths

    def reach(self, roots: Iterable[Element]) -> dict[str, Hop]:
        """Who is joined to the roots, and by which next hop towards them (a root is its own).

        Only transit elements pass others' traffic on; a root always lets its own out.
        """
        found: dict[str, Hop] = {}
        queue: deque[Element] = deque()
        for root in roots:
            if root.powered:
                found[root.name] = (root, None)  # its own, over nothing
                queue.append(root)
        while queue:
            element = queue.popleft()
            if not element.spec.transit and found[element.name][1] is not None:
                continue
            for link in self.links_of[element.name]:
                other, _ = link.far_end(element)
                if link.up and other.name not in found:
                    found[other.name] = (element, link)
                    queue.append(other)
        return found

    def path(self, source: Element, target: Element) -> list[Element] | None:
        """Elements from source to target, both included; None when no way leads there."""
        hops = self.reach([target])
        if source.name not in hops:
            return None
        path = [source]
        while path[-1] is not target:
            path.append(hops[path[-1].name][0])
        return path

    def find_address(self, address: str) -> tuple[Element, ServiceState | None] | None:
        """Whose address this is: an element's own, or a customer's behind a service."""
        for element in self.elements.values():
            if element.spec.address == address:
                return element, None
            if state := element.addresses.get(address):
                return element, state
        return None

    # Things done to the network

    def set_cut(self, name: str, cut: bool, *, latched: bool = False) -> None:
        """Cut or mend a link; cut `latched` it stays down when mended. Raises KeyError for a link that is not there."""
        link = self.links[name]
        link.cut, link.latched = cut, latched if cut else link.latched
        self.settle([self.links[name].ends[0][0]])

    def power_off(self, element: Element, gasp: bool = True) -> None:
        """Take the power away; with a gasp the element says so with its last breath."""
        self._cancel_boot(element)
        if not element.powered:
            return
        if gasp:
            self.note(element, "power-loss", "critical", "Dying gasp: power lost", kind="power-loss")
        if self.broker:
            self.broker.power_lost(element, orderly=not gasp)
        element.lose_power()
        self.settle()

    def power_on(self, element: Element) -> None:
        """Give the power back; the element boots for `boot_seconds`."""
        if not element.powered and element.boot_timer is None:
            element.boot_timer = self.clock.call_later(
                element.defaults.boot_seconds, lambda: self._boot(element)
            )

    def reboot(self, element: Element) -> None:
        self.power_off(element, gasp=False)
        self.power_on(element)

    def _boot(self, element: Element) -> None:
        element.boot()
        self.settle()
        self.note_boot(element)

    def _cancel_boot(self, element: Element) -> None:
        if element.boot_timer:
            element.boot_timer.cancel()
            element.boot_timer = None

    def restore(self, elements: Iterable[Element]) -> None:
        """Clear every fault of these elements and switch them on at once; links are mended by set_cut."""
        booted = []
        for element in elements:
            element.clear_faults()
            if not element.powered:
                self._cancel_boot(element)
                element.boot()
                booted.append(element)
        self.settle()
        for element in booted:
            self.note_boot(element)

    def bounce(self, element: Element, port: Port) -> None:
        """A port down and up again."""
        port.bouncing = True
        self.settle([element])
        port.bouncing = False
        self.settle([element])

    # What is noticed

    def note(
        self, element: Element, what: str, severity: str, text: str, port: Port | None = None, **data: Any
    ) -> None:
        """Record an event of an element; it leaves the element only while the element has a way out."""
        name = port.name if port else None
        self.events.add(
            Event(what, element.name, self.clock.now(), severity, text, name, element.answers, data)
        )

    def note_boot(self, element: Element) -> None:
        """An element has come up and tells everybody."""
        if self.broker:
            self.broker.booted(element)
        text = f"System restarted, {element.spec.model} version {element.version}"
        self.note(element, "boot", "notice", text)

    def _note_port(self, element: Element, port: Port) -> None:
        state = "up" if port.oper_up else "down"
        severity = "notice" if port.oper_up else "error"
        self.note(
            element, f"link-{state}", severity, f"Interface {port.name}, changed state to {state}", port
        )

    def _note_config(self, element: Element, kind: str, text: str) -> None:
        self.note(
            element, kind, "warning" if kind == "rollback" else "notice", f"Configuration {kind}: {text}"
        )
