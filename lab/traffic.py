"""Traffic: from what customers offer to the rates of services, customer ports and uplinks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from lab.clock import Clock
from lab.device.counters import PACKET_OCTETS, STILL, Rates
from lab.device.element import Element, ServiceState
from lab.device.link import Link
from lab.device.port import Port

Limits = Callable[[ServiceState], tuple[float, float]]  # kbit/s down and up
Parents = Mapping[str, tuple[Element, Link | None]]

OCTETS_PER_KBIT = 125.0


class Traffic:
    """Keeps the meters' rates true. Down is towards the customer, in kbit/s where not said otherwise."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._totals: dict[str, tuple[float, float]] = {}  # element → octets/s down and up behind it
        self.activity = 1.0  # share of the ordinary load, by time of day

    def settle(
        self, elements: Iterable[Element], links: Collection[Link], parents: Parents, limits: Limits
    ) -> None:
        """After a change on these elements, set the rates there and on the way to the core."""
        for element in elements:
            self._settle_customers(element, limits)
        self._settle_uplinks(links, parents)

    def _settle_customers(self, element: Element, limits: Limits) -> None:
        total_down = total_up = 0.0
        by_port: dict[str, list[ServiceState]] = {}
        for (name, _), state in element.services.items():
            by_port.setdefault(name, []).append(state)
        for port in element.ports.values():
            if port.is_network:
                continue
            down, up = self._settle_port(element, port, by_port.get(port.name, []), limits)
            total_down += down
            total_up += up
        self._totals[element.name] = (total_down, total_up)

    def _settle_port(
        self, element: Element, port: Port, services: list[ServiceState], limits: Limits
    ) -> tuple[float, float]:
        now = self._clock.monotonic()
        active = [state for state in services if state.state == "active"]
        down = up = lost_down = lost_up = 0.0
        for state in services:
            if state.state != "active":
                state.meter.set_rates(STILL, now)
                continue
            wanted_down, wanted_up = self._offered(element, state, len(active))
            limit_down, limit_up = limits(state)
            service_down, service_up = min(wanted_down, limit_down), min(wanted_up, limit_up)
            state.meter.set_rates(Rates(service_up * OCTETS_PER_KBIT, service_down * OCTETS_PER_KBIT), now)
            down, up = down + service_down, up + service_up
            lost_down, lost_up = lost_down + wanted_down - service_down, lost_up + wanted_up - service_up
        noise = port.noise if port.oper_up else 0.0
        if not active and not noise:
            port.meter.set_rates(STILL, now)
            return 0.0, 0.0
        per_packet = OCTETS_PER_KBIT / PACKET_OCTETS
        rates = Rates(
            in_octets=up * OCTETS_PER_KBIT,
            out_octets=down * OCTETS_PER_KBIT,
            in_errors=noise,
            in_discards=lost_up * per_packet,
            out_discards=lost_down * per_packet,
        )
        port.meter.set_rates(rates, now)
        return rates.out_octets, rates.in_octets

    def _offered(self, element: Element, state: ServiceState, sharers: int) -> tuple[float, float]:
        by_hand = element.offered.get(state.service.port)
        if by_hand is not None:
            return by_hand[0] / sharers, by_hand[1] / sharers
        share = element.defaults.load * self.activity
        return state.service.down_kbps * share, state.service.up_kbps * share

    def _settle_uplinks(self, links: Collection[Link], parents: Parents) -> None:
        loads: dict[str, tuple[float, float]] = {}  # link → octets/s down and up
        for name, (down, up) in self._totals.items():
            at = name
            while (down or up) and at in parents:
                above, link = parents[at]
                if link is None:  # at the core
                    break
                so_far = loads.get(link.name, (0.0, 0.0))
                loads[link.name] = (so_far[0] + down, so_far[1] + up)
                at = above.name
        now = self._clock.monotonic()
        for link in links:
            down, up = loads.get(link.name, (0.0, 0.0))
            for element, port in link.ends:
                # the lower end is the one whose way to the core is this very link
                is_lower = parents.get(element.name, (None, None))[1] is link
                inward, outward = (down, up) if is_lower else (up, down)
                port.meter.set_rates(_network_rates(port, inward, outward), now)


def _network_rates(port: Port, inward: float, outward: float) -> Rates:
    if not inward and not outward and not port.noise:
        return STILL
    room = port.spec.speed_mbps * 125_000.0
    return Rates(
        in_octets=min(inward, room),
        out_octets=min(outward, room),
        in_errors=port.noise,
        out_discards=max(0.0, outward - room) / PACKET_OCTETS,
    )
