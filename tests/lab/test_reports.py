from __future__ import annotations

import re
from typing import Any

from lab.running import Lab
from tests.lab.helpers import OLT, SWITCH, Sink, TrapSink, add_services, ask, in_lab, listening, state, until

TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"
SYS_NAME = "1.3.6.1.2.1.1.5.0"
TRAP_ADDRESS = "1.3.6.1.6.3.18.1.3.0"
STANDARD = "1.3.6.1.6.3.1.1.5."
OURS = "1.3.6.1.4.1.32473.1."
IF_ENTRY = "1.3.6.1.2.1.2.2.1."


def names(traps: list[dict[str, Any]], oid: str) -> set[str]:
    return {trap[SYS_NAME] for trap in traps if trap[TRAP_OID] == oid}


@in_lab()
async def test_both_ends_of_a_cut_report_by_trap(lab: Lab) -> None:
    async with listening(TrapSink()) as sink:
        lab.controls.run("sinks", ["traps", sink.target])
        lab.controls.run("cut", ["cr1-ag1"])
        await until(lambda: len(sink.received) == 2)
        traps = sink.traps()
        assert names(traps, STANDARD + "3") == {"cr1-pam", "ag1-pam"}
        trap = next(trap for trap in traps if trap[SYS_NAME] == "cr1-pam")
        assert trap["from"] == state(lab)["elements"]["cr1-pam"]["snmp_port"]
        assert trap[TRAP_ADDRESS] == "10.255.0.1"
        assert (trap[IF_ENTRY + "1.2"], trap[IF_ENTRY + "2.2"]) == ("2", "xe-0/0/1")
        assert (trap[IF_ENTRY + "7.2"], trap[IF_ENTRY + "8.2"]) == ("1", "2")
        assert list(trap)[:2] == ["1.3.6.1.2.1.1.3.0", TRAP_OID]
        lab.controls.run("mend", ["cr1-ag1"])
        await until(lambda: len(sink.received) == 4)
        assert names(sink.traps()[2:], STANDARD + "4") == {"cr1-pam", "ag1-pam"}


@in_lab()
async def test_what_is_behind_a_cut_cannot_report(lab: Lab) -> None:
    async with listening(TrapSink()) as sink:
        lab.controls.run("sinks", ["traps", sink.target])
        lab.controls.run("cut", ["cr2-ag2"])
        lab.controls.run("alarm", ["asw1-kvl", "fan", "major"])
        lab.controls.run("alarm", ["cr1-pam", "fan", "major", "Fan 2 stopped"])
        await until(lambda: len(sink.received) == 2)
        assert [trap[SYS_NAME] for trap in sink.traps()] == ["cr2-kvl", "cr1-pam"]
        alarm = sink.traps()[1]
        assert [alarm[f"{OURS}3.{number}"] for number in (1, 2, 3, 4)] == [
            "fan", "major", "Fan 2 stopped", "raised",
        ]  # fmt: skip


@in_lab()
async def test_power_loss_gasps_and_boots_cold(lab: Lab) -> None:
    async with listening(TrapSink()) as sink:
        lab.controls.run("sinks", ["traps", sink.target])
        lab.controls.run("power-off", [SWITCH])
        await until(lambda: len(sink.received) == 2)
        traps = sink.traps()
        assert (names(traps, OURS + "0.1"), names(traps, STANDARD + "3")) == ({SWITCH}, {"ag1-pam"})
        lab.controls.run("power-on", [SWITCH])
        await until(lambda: names(sink.traps(), STANDARD + "1"))
        assert names(sink.traps(), STANDARD + "1") == {SWITCH}


@in_lab()
async def test_a_customers_power_loss_names_the_port(lab: Lab) -> None:
    await add_services(lab)
    async with listening(TrapSink()) as sink:
        lab.controls.run("sinks", ["traps", sink.target])
        lab.controls.run("power-off", [SWITCH, "Ethernet1/5"])
        await until(lambda: len(sink.received) >= 2)
        gasp, down = sink.traps()[:2]
        assert (gasp[TRAP_OID], down[TRAP_OID]) == (OURS + "0.1", STANDARD + "3")
        assert gasp[IF_ENTRY + "2.5"] == down[IF_ENTRY + "2.5"] == "Ethernet1/5"
        assert gasp[f"{OURS}3.1"] == "power-loss"


@in_lab()
async def test_commits_are_told(lab: Lab) -> None:
    async with listening(TrapSink()) as sink:
        lab.controls.run("sinks", ["traps", sink.target])
        await ask(lab, OLT, "configure", "set system contact Ann", 'commit comment "order 7"')
        await until(lambda: sink.received)
        trap = sink.traps()[0]
        assert trap[TRAP_OID] == OURS + "0.3"
        assert trap[f"{OURS}3.3"] == "Configuration commit: generation 2 by admin (order 7)"


@in_lab()
async def test_each_vendor_has_its_own_syslog(lab: Lab) -> None:
    async with listening(Sink()) as sink:
        lab.controls.run("sinks", ["syslog", sink.target])
        lab.controls.run("cut", ["ag1-asw1"])
        lab.controls.run("mend", ["ag1-asw1"])
        lab.controls.run("alarm", ["ag2-kvl", "temperature", "critical", "Too hot"])
        await until(lambda: len(sink.received) == 4)
        kestrel, kestrel_up, heron, alarm = (data.decode() for data, _ in sink.received)
        assert re.fullmatch(
            r"<27>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ag1-pam mib2d \d+ SNMP_TRAP_LINK_DOWN"
            r' \[kestrel@32473 ifIndex="5" ifName="xe-0/0/4"\] ifIndex 5, ifAdminStatus up\(1\),'
            r" ifOperStatus down\(2\), ifName xe-0/0/4",
            kestrel,
        )
        assert "SNMP_TRAP_LINK_UP" in kestrel_up
        assert re.fullmatch(
            r"<189>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d asw1-pam Ebra:"
            r" %LINK-5-UPDOWN: Interface Ethernet2/1, changed state to up",
            heron,
        )
        assert alarm.startswith("<186>")
        assert alarm.endswith("ag2-kvl Thermo: %ENVMON-2-ALARM: Too hot")


@in_lab()
async def test_the_elements_own_log_keeps_what_could_not_be_sent(lab: Lab) -> None:
    lab.controls.run("cut", ["ag1-asw1"])
    lab.controls.run("mend", ["ag1-asw1"])
    text = await ask(lab, SWITCH, "show logging")
    assert "LINK-3-UPDOWN" in text
    assert "AAA-6-LOGIN" in text
