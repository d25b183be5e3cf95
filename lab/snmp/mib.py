"""What an element shows over SNMP, as ordered groups that are computed when asked."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from pysnmp.proto.api import v2c

from lab.cli.facts import health
from lab.device.element import Element
from lab.device.link import Link
from lab.device.port import Port
from lab.network import Network

Oid = tuple[int, ...]
Value = Any  # a value object of pysnmp.proto.api.v2c

# 32473 is the enterprise number kept for documentation (RFC 5612)
ENTERPRISE: Oid = (1, 3, 6, 1, 4, 1, 32473, 1)
MODELS = ("KR-9400", "KR-5200", "KX-48", "KB-300", "HR-720", "HS-48", "HS-24", "HV-10")
SYS_NAME: Oid = (1, 3, 6, 1, 2, 1, 1, 5, 0)
SYS_UPTIME: Oid = (1, 3, 6, 1, 2, 1, 1, 3, 0)
IF_ENTRY: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IF_X_ENTRY: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
LLDP_LOCAL: Oid = (1, 0, 8802, 1, 1, 2, 1, 3, 7, 1)
LLDP_REMOTE: Oid = (1, 0, 8802, 1, 1, 2, 1, 4, 1, 1)

_COUNTER32 = 0xFFFFFFFF
_UP, _DOWN = 1, 2


class Scalars:
    """Single values under one prefix, each at its own OID."""

    def __init__(self, values: dict[Oid, Callable[[], Value]]) -> None:
        self._values = dict(sorted(values.items()))
        self._oids = list(self._values)

    def get(self, oid: Oid) -> Value | None:
        getter = self._values.get(oid)
        return getter() if getter else None

    def after(self, oid: Oid) -> Oid | None:
        at = bisect_right(self._oids, oid)
        return self._oids[at] if at < len(self._oids) else None


class Table:
    """A conceptual table (RFC 2578 7.1.12): columns under an entry, rows by index."""

    def __init__(
        self,
        entry: Oid,
        columns: dict[int, Callable[[Any], Value]],
        rows: Callable[[], Sequence[tuple[Oid, Any]]],
    ) -> None:
        self._entry, self._columns, self._rows = entry, columns, rows
        self._numbers = sorted(columns)

    def get(self, oid: Oid) -> Value | None:
        depth = len(self._entry)
        if oid[:depth] != self._entry or len(oid) < depth + 2 or oid[depth] not in self._columns:
            return None
        rows = self._rows()
        at = bisect_left(rows, oid[depth + 1 :], key=_index)
        if at == len(rows) or rows[at][0] != oid[depth + 1 :]:
            return None
        return self._columns[oid[depth]](rows[at][1])

    def after(self, oid: Oid) -> Oid | None:
        """The next instance: down the column first, then at the top of the next one."""
        depth = len(self._entry)
        rows = self._rows()
        if not rows or oid[:depth] > self._entry:
            return None
        column, index = (oid[depth], oid[depth + 1 :]) if len(oid) > depth and oid > self._entry else (0, ())
        for number in self._numbers:
            if number < column:
                continue
            at = bisect_right(rows, index, key=_index) if number == column and index else 0
            if at < len(rows):
                return (*self._entry, number, *rows[at][0])
        return None


def _index(row: tuple[Oid, Any]) -> Oid:
    return row[0]


class Mib:
    """All groups of an element in the order of their OIDs."""

    def __init__(self, network: Network, element: Element) -> None:
        ports = [((port.index,), port) for port in element.ports.values()]
        self._groups: list[Scalars | Table] = [
            Table(LLDP_LOCAL, _LLDP_LOCAL_COLUMNS, lambda: ports),
            Table(LLDP_REMOTE, _LLDP_REMOTE_COLUMNS, lambda: _neighbors(network, element)),
            _system(element),
            Table(IF_ENTRY, _if_columns(element), lambda: ports),
            Table(IF_X_ENTRY, _if_x_columns(element), lambda: ports),
            _enterprise(element),
        ]

    def get(self, oid: Oid) -> Value:
        """The value at an OID, or the exception noSuchObject (RFC 3416 4.2.1)."""
        for group in self._groups:
            if (value := group.get(oid)) is not None:
                return value
        return v2c.NoSuchObject()

    def after(self, oid: Oid) -> tuple[Oid, Value] | None:
        """The first instance beyond an OID, None at the end of the MIB."""
        for group in self._groups:
            following = group.after(oid)
            if following is not None:
                return following, group.get(following)
        return None


def text(value: str) -> Value:
    return v2c.OctetString(value.encode("utf-8")[:255])


def ticks(seconds: float) -> Value:
    return v2c.TimeTicks(int(seconds * 100) & _COUNTER32)


def model_oid(element: Element) -> Oid:
    known = MODELS.index(element.spec.model) + 1 if element.spec.model in MODELS else 0
    return (*ENTERPRISE, 1, known)


def status(up: bool) -> Value:
    return v2c.Integer32(_UP if up else _DOWN)


def _system(element: Element) -> Scalars:
    system: Oid = (1, 3, 6, 1, 2, 1, 1)
    return Scalars(
        {
            (*system, 1, 0): lambda: text(
                f"{element.spec.vendor.capitalize()} {element.spec.model} version {element.version}"
                f" serial {element.spec.serial}"
            ),
            (*system, 2, 0): lambda: v2c.ObjectIdentifier(model_oid(element)),
            SYS_UPTIME: lambda: ticks(element.uptime),
            (*system, 4, 0): lambda: text(element.contact),
            SYS_NAME: lambda: text(element.host_name),
            (*system, 6, 0): lambda: text(element.location),
            (*system, 7, 0): lambda: v2c.Integer32(6),  # layers 2 and 3
            (1, 3, 6, 1, 2, 1, 2, 1, 0): lambda: v2c.Integer32(len(element.ports)),
        }
    )


def _enterprise(element: Element) -> Scalars:
    def gauge(key: str) -> Callable[[], Value]:
        return lambda: v2c.Gauge32(health(element)[key])

    names = ("cpu_percent", "memory_percent", "temperature_celsius", "sessions")
    return Scalars({(*ENTERPRISE, 2, at, 0): gauge(name) for at, name in enumerate(names, start=1)})


def _if_columns(element: Element) -> dict[int, Callable[[Port], Value]]:
    """ifTable of RFC 2863; its octet counters are 32 bits wide and wrap."""

    def count(name: str) -> Callable[[Port], Value]:
        return lambda port: v2c.Counter32(_read(element, port, name) & _COUNTER32)

    return {
        1: lambda port: v2c.Integer32(port.index),
        2: lambda port: text(port.name),
        3: lambda port: v2c.Integer32(6),  # ethernetCsmacd
        4: lambda port: v2c.Integer32(9000 if port.is_network else 1522),
        5: lambda port: v2c.Gauge32(min(port.spec.speed_mbps * 1_000_000, _COUNTER32)),
        6: lambda port: v2c.OctetString(_mac(element, port)),
        7: lambda port: status(port.admin_up),
        8: lambda port: status(port.oper_up),
        9: lambda port: ticks(max(0.0, port.changed_mono - element.booted_mono)),
        10: count("in_octets"),
        11: count("in_packets"),
        13: count("in_discards"),
        14: count("in_errors"),
        16: count("out_octets"),
        17: count("out_packets"),
        19: count("out_discards"),
        20: count("out_errors"),
    }


def _if_x_columns(element: Element) -> dict[int, Callable[[Port], Value]]:
    def count(name: str) -> Callable[[Port], Value]:
        return lambda port: v2c.Counter64(_read(element, port, name))

    return {
        1: lambda port: text(port.name),
        6: count("in_octets"),
        7: count("in_packets"),
        10: count("out_octets"),
        11: count("out_packets"),
        14: lambda port: v2c.Integer32(1),  # ifLinkUpDownTrapEnable: enabled
        15: lambda port: v2c.Gauge32(port.spec.speed_mbps),
        18: lambda port: text(port.description),
        19: lambda port: v2c.TimeTicks(0),  # no discontinuity since boot
    }


def _read(element: Element, port: Port, name: str) -> int:
    return int(getattr(port.meter.read(element.clock.monotonic()), name))


def _mac(element: Element, port: Port) -> bytes:
    """A locally administered address from the element's own address and the port's index."""
    last = [int(part) for part in element.spec.address.split(".")[-3:]]
    return bytes([0x02, 0, *last, port.index & 0xFF])


_LLDP_LOCAL_COLUMNS: dict[int, Callable[[Port], Value]] = {
    2: lambda port: v2c.Integer32(5),  # interfaceName
    3: lambda port: text(port.name),
    4: lambda port: text(port.description or port.name),
}

_LLDP_REMOTE_COLUMNS: dict[int, Callable[[tuple[Element, Port]], Value]] = {
    4: lambda far: v2c.Integer32(7),  # chassis id is locally assigned: the element's name
    5: lambda far: text(far[0].name),
    6: lambda far: v2c.Integer32(5),  # port id is an interface name
    7: lambda far: text(far[1].name),
    8: lambda far: text(far[1].description or far[1].name),
    9: lambda far: text(far[0].host_name),
    10: lambda far: text(f"{far[0].spec.vendor.capitalize()} {far[0].spec.model} version {far[0].version}"),
}


def _neighbors(network: Network, element: Element) -> list[tuple[Oid, tuple[Element, Port]]]:
    """Rows indexed by time mark 0, local port number, and 1 (one neighbour a port)."""

    def local(link: Link) -> Port:
        return link.far_end(link.far_end(element)[0])[1]

    found = [
        ((0, local(link).index, 1), link.far_end(element))
        for link in network.links_of[element.name]
        if link.up
    ]
    return sorted(found, key=_index)
