from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from lab.device.element import Element
from lab.running import Lab
from tests.lab.helpers import (
    BNG,
    FAR_SWITCH,
    KESTREL_SERVICE,
    OLT,
    SWITCH,
    Sink,
    add_services,
    ask,
    ask_json,
    connect,
    hang_up,
    in_lab,
    listening,
    login,
    silent,
    state,
    until,
)


async def port_states(lab: Lab, name: str, *ports: str) -> list[str]:
    shown = await ask_json(lab, name, "show interfaces terse")
    return [row["oper"] for row in shown["interfaces"] if row["name"] in ports]


@in_lab()
async def test_a_cut_takes_both_ends_down_and_silences_what_is_behind(lab: Lab) -> None:
    lab.controls.run("cut", ["cr2-ag2"])
    assert await port_states(lab, "cr2-kvl", "xe-0/0/2") == ["down"]
    assert not lab.network.elements["ag2-kvl"].ports["Ethernet2/1"].oper_up
    for name in ("ag2-kvl", FAR_SWITCH):
        assert not lab.network.elements[name].answers
        assert await silent(connect(lab, name), lab)
    assert "No route" not in await ask(lab, "cr1-pam", "ping 10.255.0.12")
    assert (await ask_json(lab, "cr1-pam", "ping 10.255.0.12"))["ping"]["received"] == 0
    lab.controls.run("mend", ["cr2-ag2"])
    assert (await ask_json(lab, "cr1-pam", "ping 10.255.0.12"))["ping"]["received"] == 5
    assert await port_states(lab, "cr2-kvl", "xe-0/0/2") == ["up"]


@in_lab()
async def test_one_cut_of_a_redundant_path_silences_nobody(lab: Lab) -> None:
    for link in ("cr1-cr2", "cr1-ag1", "cr2-ag1", "ag1-olt1-a", "cr1-bng1"):
        lab.controls.run("cut", [link])
        assert all(element.answers for element in lab.network.elements.values()), link
        lab.controls.run("mend", [link])
    lab.controls.run("cut", ["cr1-cr2"])
    lab.controls.run("cut", ["cr1-ag1"])
    answering = {name for name, element in lab.network.elements.items() if element.answers}
    assert answering == {"cr1-pam", "sbc1-pam", BNG}  # the BNG passes nothing on from one core to the other


@in_lab()
async def test_an_open_session_stalls_and_goes_on(lab: Lab) -> None:
    async with login(lab, FAR_SWITCH) as session:
        lab.controls.run("cut", ["ag2-asw1k"])
        session.write("show version")
        reading = asyncio.ensure_future(session.read())
        await ask(lab, "cr1-pam", "show version")
        assert not reading.done()
        lab.controls.run("mend", ["ag2-asw1k"])
        assert "Heron" in (await reading) or "heron" in reading.result()


@in_lab()
async def test_a_confirmed_commit_survives_sawing_off_its_own_branch(lab: Lab) -> None:
    element = lab.network.elements[SWITCH]
    async with login(lab, SWITCH) as session:
        await session.run("configure session oops", "interface Ethernet2/1", "shutdown")
        session.write("commit timer 00:00:01")
        await until(lambda: not element.answers)
        assert "waiting for confirmation" in await session.read()  # heard once the way is back
    assert element.answers
    assert element.ports["Ethernet2/1"].oper_up


@in_lab()
async def test_ping_needs_service_port_and_path(lab: Lab) -> None:
    async def received() -> int:
        return int((await ask_json(lab, "cr1-pam", "ping 100.72.4.2"))["ping"]["received"])

    assert await received() == 0
    await add_services(lab)
    assert await received() == 5
    for spoil, mend in (
        (("cut", "ag1-asw1"), ("mend", "ag1-asw1")),
        (("unplug", SWITCH, "Ethernet1/5"), ("plug", SWITCH, "Ethernet1/5")),
        (("line", SWITCH, "Ethernet1/5", "open"), ("line", SWITCH, "Ethernet1/5", "ok")),
        (("power-off", SWITCH, "Ethernet1/5"), ("power-on", SWITCH, "Ethernet1/5")),
    ):
        lab.controls.run(spoil[0], list(spoil[1:]))
        assert await received() == 0, spoil
        lab.controls.run(mend[0], list(mend[1:]))
        assert await received() == 5, mend


@in_lab()
async def test_a_suspended_service_passes_nothing(lab: Lab) -> None:
    await add_services(lab)
    lab.controls.run("traffic", [OLT, "ge-0/1/5", "80000"])
    element = lab.network.elements[OLT]
    serving = element.services["ge-0/1/5", 110]
    assert serving.meter.rates.out_octets == 80_000 * 125
    await ask(lab, OLT, "configure", "set interfaces ge-0/1/5 unit 110 suspend", "commit")
    assert serving.state == "suspended"
    assert serving.meter.rates.out_octets == element.ports["ge-0/1/5"].meter.rates.out_octets == 0
    assert (await ask_json(lab, "cr1-pam", "ping 100.72.0.2"))["ping"]["received"] == 0
    await ask(lab, OLT, "configure", "delete interfaces ge-0/1/5 unit 110 suspend", "commit")
    assert serving.meter.rates.out_octets == 80_000 * 125


@in_lab()
async def test_traffic_is_limited_and_adds_up_on_the_uplinks(lab: Lab) -> None:
    await add_services(lab)
    lab.controls.run("traffic", [SWITCH, "Ethernet1/5", "70000", "5000"])
    lab.controls.run("traffic", [OLT, "ge-0/1/5", "30000", "1000"])
    port = lab.network.elements[SWITCH].ports["Ethernet1/5"].meter.rates
    assert (port.out_octets, port.in_octets) == (50_000 * 125, 5_000 * 125)
    assert port.out_discards == 20_000 * 125 / 800
    uplink = lab.network.elements["ag1-pam"].ports["xe-0/0/0"].meter.rates  # towards cr1-pam
    assert (uplink.in_octets, uplink.out_octets) == (80_000 * 125, 6_000 * 125)
    lab.controls.run("cut", ["cr1-ag1"])
    other = lab.network.elements["ag1-pam"].ports["xe-0/0/1"].meter.rates
    assert other.in_octets == 80_000 * 125


@in_lab()
async def test_line_tests_find_what_is_wrong(lab: Lab) -> None:
    async def test() -> Any:
        return (await ask_json(lab, OLT, "test port ge-0/1/9"))["test"]

    good = await test()
    assert (good["result"], good["fault"]) == ("ok", None)
    lab.controls.run("line", [OLT, "ge-0/1/9", "attenuation"])
    worse = await test()
    assert worse["result"] == "degraded"
    assert worse["attenuation-db"] > good["attenuation-db"]
    lab.controls.run("line", [OLT, "ge-0/1/9", "open"])
    broken = await test()
    assert (broken["result"], broken["fault"]) == ("fault", "open")
    assert 0 < broken["fault-distance-m"] < good["length-m"] == broken["length-m"]


def rebooted(element: Element, boots: int) -> bool:
    return element.boots > boots


@in_lab()
async def test_a_reboot_forgets_what_was_not_saved(lab: Lab) -> None:
    await add_services(lab)
    for name in (OLT, SWITCH):
        element = lab.network.elements[name]
        boots = element.boots
        async with login(lab, name) as session:
            session.write("request system reboot" if name == OLT else "reload")
            await until(partial(rebooted, element, boots))
    assert lab.network.elements[OLT].services  # Kestrel saves by itself
    assert not lab.network.elements[SWITCH].services


@in_lab()
async def test_software_changes_with_the_reboot(lab: Lab) -> None:
    element = lab.network.elements[OLT]
    boots = element.boots
    await ask(lab, OLT, "request system software add 25.1R1")
    # In a session of its own, which the reboot cuts: what is asked afterwards comes over a new connection.
    async with login(lab, OLT) as session:
        session.write("request system reboot")
        await until(partial(rebooted, element, boots))
    await hang_up(lab)
    assert (await ask_json(lab, OLT, "show version"))["version"] == "25.1R1"


@in_lab()
async def test_echo_answers_like_ping(lab: Lab) -> None:
    async with listening(Sink()) as sink:
        target = ("127.0.0.1", state(lab)["elements"][SWITCH]["echo_port"])
        sink.transport.sendto(b"hello", target)
        await until(lambda: sink.received)
        lab.controls.run("cut", ["ag1-asw1"])
        sink.transport.sendto(b"anybody?", target)
        await ask(lab, "cr1-pam", "show version")
        assert [data for data, _ in sink.received] == [b"hello"]


@in_lab()
async def test_traceroute_ends_at_the_customer(lab: Lab) -> None:
    await ask(lab, OLT, "configure", *KESTREL_SERVICE, "commit")
    trace = (await ask_json(lab, "cr1-pam", "traceroute 100.72.0.2"))["traceroute"]
    assert trace["reached"] is True
    assert [hop["element"] for hop in trace["hops"]] == ["ag1-pam", OLT, "SVC-1"]


@in_lab()
async def test_a_latched_link_comes_back_when_one_end_is_bounced(lab: Lab) -> None:
    lab.controls.run("cut", ["cr1-cr2", "--latched"])
    await ask(lab, "cr1-pam", "restart port xe-0/0/0")
    assert not lab.network.links["cr1-cr2"].up
    lab.controls.run("mend", ["cr1-cr2"])
    assert await port_states(lab, "cr1-pam", "xe-0/0/0") == ["down"]
    await ask(lab, "cr2-kvl", "restart port xe-0/0/0")
    assert await port_states(lab, "cr1-pam", "xe-0/0/0") == ["up"]
    assert lab.controls.run("status", [])["links"]["cr1-cr2"] == "up"


@in_lab()
async def test_a_cut_is_seen_at_its_distance_from_both_ends(lab: Lab) -> None:
    async def test(name: str) -> dict[str, Any]:
        reply: dict[str, Any] = (await ask_json(lab, name, "test port xe-0/0/0"))["test"]
        return reply

    assert (await test("cr1-pam"))["result"] == "ok"
    lab.controls.run("cut", ["cr1-cr2"])
    a, b = await test("cr1-pam"), await test("cr2-kvl")
    assert (a["fault"], b["fault"]) == ("open", "open")
    assert a["fault-distance-m"] + b["fault-distance-m"] == a["length-m"] == b["length-m"]
