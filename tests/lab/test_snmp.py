from __future__ import annotations

import asyncio
from typing import Any

import pytest
from gufo.snmp.aio import SnmpSession
from pyasn1.codec.ber import encoder  # type: ignore[import-untyped]
from pysnmp.proto.api import v2c  # type: ignore[import-untyped]

from lab.running import Lab
from lab.snmp.agent import answer
from lab.snmp.mib import ENTERPRISE
from tests.lab.helpers import OLT, SWITCH, Sink, ask, ask_json, in_lab, listening, state, until

IF_TABLE = "1.3.6.1.2.1.2.2.1"
IF_X_TABLE = "1.3.6.1.2.1.31.1.1.1"
LLDP_REMOTE = "1.0.8802.1.1.2.1.4.1.1"
SYS_NAME = "1.3.6.1.2.1.1.5.0"


def session(lab: Lab, name: str, community: str = "public", timeout: float = 8.0) -> SnmpSession:
    port = state(lab)["elements"][name]["snmp_port"]
    return SnmpSession("127.0.0.1", port=port, community=community, timeout=timeout)


async def walk(lab: Lab, name: str, oid: str) -> dict[str, Any]:
    async with session(lab, name) as snmp:
        return {oid: value async for oid, value in snmp.getbulk(oid)}


@in_lab()
@pytest.mark.parametrize(("name", "prefix"), [(OLT, "input"), (SWITCH, "in")])
async def test_the_walk_agrees_with_the_command_line(lab: Lab, name: str, prefix: str) -> None:
    lab.controls.run("plug", [name, "ge-0/1/5" if name == OLT else "Ethernet1/5"])
    lab.controls.run("cut", ["ag1-olt1-a"])
    element = lab.network.elements[name]
    for port in element.ports.values():
        port.meter.add(0.0, in_octets=(1 << 33) + port.index, out_octets=port.index)
    table = {**await walk(lab, name, IF_TABLE), **await walk(lab, name, IF_X_TABLE)}
    shown = await ask_json(lab, name, "show interfaces extensive" if name == OLT else "show interfaces")
    rows = shown["interfaces"] if name == OLT else shown["interfaces"].values()
    for row in rows:
        index = row["index"]
        assert table[f"{IF_TABLE}.2.{index}"] == table[f"{IF_X_TABLE}.1.{index}"] == row["name"].encode()
        assert table[f"{IF_TABLE}.7.{index}"] == (1 if row["admin"] == "up" else 2)
        assert table[f"{IF_TABLE}.8.{index}"] == (1 if row["oper"] == "up" else 2)
        assert table[f"{IF_X_TABLE}.18.{index}"] == row["description"].encode()
        octets = row["input-bytes" if name == OLT else "inOctets"]
        assert table[f"{IF_X_TABLE}.6.{index}"] == octets == (1 << 33) + index
        assert table[f"{IF_TABLE}.10.{index}"] == octets % 2**32
    assert len([oid for oid in table if oid.startswith(f"{IF_TABLE}.1.")]) == len(element.ports)
    assert {row["oper"] for row in rows} == {"up", "down"}


@in_lab()
async def test_single_reads_and_the_end_of_the_mib(lab: Lab) -> None:
    async with session(lab, OLT) as snmp:
        assert await snmp.get(SYS_NAME) == OLT.encode()
        found = await snmp.get_many([SYS_NAME, "1.3.6.1.2.1.2.1.0", f"{IF_X_TABLE}.15.1"])
        assert found == {SYS_NAME: OLT.encode(), "1.3.6.1.2.1.2.1.0": 50, f"{IF_X_TABLE}.15.1": 10_000}
        assert "1.3.6.1.2.1.99.0" not in await snmp.get_many([SYS_NAME, "1.3.6.1.2.1.99.0"])
    everything = await walk(lab, OLT, "1.0") | await walk(lab, OLT, "1.3")
    by_next = {}
    async with session(lab, OLT) as snmp:
        async for oid, _ in snmp.getnext(LLDP_REMOTE):
            by_next[oid] = True
    assert list(by_next) == [oid for oid in everything if oid.startswith(LLDP_REMOTE)]
    oids = [tuple(map(int, oid.split("."))) for oid in everything]
    assert oids == sorted(set(oids))
    assert oids[-1] == (*ENTERPRISE, 2, 4, 0)


@in_lab()
async def test_neighbours_come_and_go_with_the_links(lab: Lab) -> None:
    async def neighbours() -> set[tuple[bytes, bytes]]:
        table = await walk(lab, OLT, LLDP_REMOTE)
        names = {oid.split(".", 12)[-1]: v for oid, v in table.items() if oid.startswith(f"{LLDP_REMOTE}.9.")}
        ports = {oid.split(".", 12)[-1]: v for oid, v in table.items() if oid.startswith(f"{LLDP_REMOTE}.7.")}
        return {(names[key], ports[key]) for key in names}

    assert await neighbours() == {(b"ag1-pam", b"xe-0/0/2"), (b"ag1-pam", b"xe-0/0/3")}
    lab.controls.run("cut", ["ag1-olt1-b"])
    assert await neighbours() == {(b"ag1-pam", b"xe-0/0/2")}


@in_lab()
async def test_the_community_is_configuration(lab: Lab) -> None:
    await ask(lab, OLT, "configure", "set snmp community s3cret", "commit")
    async with session(lab, OLT, "s3cret") as snmp:
        assert await snmp.get(SYS_NAME) == OLT.encode()
    agent = lab.doors[OLT].agent
    assert answer(get_request(SYS_NAME, "public"), "s3cret", agent._mib) is None


@in_lab()
async def test_an_isolated_agent_swallows_requests(lab: Lab) -> None:
    async with listening(Sink()) as sink:
        target = ("127.0.0.1", state(lab)["elements"][SWITCH]["snmp_port"])
        lab.controls.run("cut", ["ag1-asw1"])
        sink.transport.sendto(get_request(SYS_NAME, "public"), target)
        await asyncio.sleep(0)
        async with session(lab, OLT) as snmp:
            await snmp.get(SYS_NAME)
        assert not sink.received
        lab.controls.run("mend", ["ag1-asw1"])
        sink.transport.sendto(get_request(SYS_NAME, "public"), target)
        await until(lambda: len(sink.received) == 1)


@in_lab()
async def test_rubbish_gets_no_answer(lab: Lab) -> None:
    mib = lab.doors[OLT].agent._mib
    for datagram in (
        b"",
        b"\x30\x03\x02\x01\x01",
        bytes(range(60)),
        get_request(SYS_NAME, "public", version=0),
    ):
        assert answer(datagram, "public", mib) is None


def get_request(oid: str, community: str, version: int = 1) -> bytes:
    pdu = v2c.GetRequestPDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_varbinds(pdu, [(v2c.ObjectIdentifier(oid), v2c.null)])
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_version(message, version)
    v2c.apiMessage.set_community(message, community)
    v2c.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))
