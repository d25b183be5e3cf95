"""Counters that move by themselves: a rate and the moment it was set, computed when read."""

from __future__ import annotations

from dataclasses import dataclass

PACKET_OCTETS = 800  # mean packet size, to derive packets from octets


@dataclass(frozen=True)
class Rates:
    """What passes a port or a service, per second; "in" enters the element."""

    in_octets: float = 0.0
    out_octets: float = 0.0
    in_errors: float = 0.0
    out_errors: float = 0.0
    in_discards: float = 0.0
    out_discards: float = 0.0


STILL = Rates()


@dataclass(frozen=True)
class Reading:
    """Counter values at one moment, 64-bit."""

    in_octets: int
    out_octets: int
    in_packets: int
    out_packets: int
    in_errors: int
    out_errors: int
    in_discards: int
    out_discards: int


class Meter:
    """Counters of a port or service; `now` is always the clock's monotonic seconds."""

    __slots__ = ("_base", "_carry", "_mark", "rates")

    def __init__(self, now: float) -> None:
        self.rates = STILL
        self._mark = now
        self._base = [0] * 6
        self._carry = [0.0] * 6  # fractions, kept apart so that large counts lose no octet to floating point

    def set_rates(self, rates: Rates, now: float) -> None:
        """From now on count at these rates."""
        if rates != self.rates:
            self._accrue(now)
            self.rates = rates

    def add(self, now: float, in_octets: int = 0, out_octets: int = 0) -> None:
        """Count a volume that passed at once."""
        self._accrue(now)
        self._base[0] += in_octets
        self._base[1] += out_octets

    def clear(self, now: float) -> None:
        """Back to zero, as after a boot; the rates stay."""
        self._base, self._carry, self._mark = [0] * 6, [0.0] * 6, now

    def read(self, now: float) -> Reading:
        self._accrue(now)
        octets_in, octets_out, errors_in, errors_out, discards_in, discards_out = (
            count & 0xFFFFFFFFFFFFFFFF for count in self._base
        )
        return Reading(
            octets_in,
            octets_out,
            octets_in // PACKET_OCTETS,
            octets_out // PACKET_OCTETS,
            errors_in,
            errors_out,
            discards_in,
            discards_out,
        )

    def _accrue(self, now: float) -> None:
        elapsed, self._mark = max(0.0, now - self._mark), now
        if self.rates is STILL or elapsed == 0.0:
            return
        rates = self.rates
        per_second = (
            rates.in_octets,
            rates.out_octets,
            rates.in_errors,
            rates.out_errors,
            rates.in_discards,
            rates.out_discards,
        )
        for which, rate in enumerate(per_second):
            exact = self._carry[which] + rate * elapsed
            whole = int(exact)
            self._base[which] += whole
            self._carry[which] = exact - whole
