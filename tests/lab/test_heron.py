from __future__ import annotations

from lab.running import Lab
from tests.lab.helpers import GATEWAY, HERON_SERVICE, SWITCH, ask, ask_json, ask_status, in_lab, login, until


@in_lab()
async def test_a_service_is_configured_in_modes_and_committed(lab: Lab) -> None:
    async with login(lab, SWITCH) as session:
        assert session.prompt == f"{SWITCH}# "
        await session.run("configure session order-7")
        assert session.prompt == f"{SWITCH}(config-s-order-7)# "
        assert await session.run(*HERON_SERVICE) == ""
        assert session.prompt == f"{SWITCH}(config-s-order-7-if-Ethernet1/5-svc-SVC-2)# "
        diff = await session.run("show session-config diffs")
        assert diff.splitlines() == [
            "+interface Ethernet1/5",
            "+   service SVC-2 vlan 120",
            "+      ip address 100.72.4.2/30",
            "+      rate-limit down 50000",
            "+      rate-limit up 10000",
            "+      subscriber ann@armor.example",
        ]
        assert await session.run("validate") == "Configuration valid."
        assert await session.run("commit") == "Commit complete, generation 2."
        assert session.prompt == f"{SWITCH}# "
    service = (await ask_json(lab, SWITCH, "show services SVC-2"))["services"]["SVC-2"]
    assert (service["port"], service["vlan"], service["state"]) == ("Ethernet1/5", 120, "active")
    generations = await ask_json(lab, SWITCH, "show configuration generations")
    assert generations["commits"][0]["comment"] == "order-7"
    assert generations["startupSaved"] is False
    assert await ask(lab, SWITCH, "copy running-config startup-config") == "Copy completed successfully.\n"
    assert (await ask_json(lab, SWITCH, "show configuration generations"))["startupSaved"] is True


@in_lab()
async def test_the_session_goes_on_after_a_bad_line(lab: Lab) -> None:
    text, status = await ask_status(
        lab, SWITCH, "configure session x", "interface Ethernet1/5", "service A vlan 5", "rate-limit sideways 5",
        "rate-limit down 1000", "interface Ethernet7/7", "commit",
    )  # fmt: skip
    assert status == 1
    assert text.splitlines() == [
        "% Invalid input detected: 'rate-limit sideways 5'",
        "% Interface Ethernet7/7 does not exist",
        "% interface Ethernet1/5 / service A vlan 5: missing mandatory statement 'rate-limit up'",
        "% Commit failed",
    ]


@in_lab()
async def test_errors_and_abbreviations(lab: Lab) -> None:
    async with login(lab, SWITCH) as session:
        assert await session.run("show nonsense") == "% Invalid input detected: 'show nonsense'"
        assert await session.run("show") == "% Incomplete command"
        assert await session.run("show interfaces Ethernet9/9") == "% Interface Ethernet9/9 does not exist"
        assert await session.run("terminal length 0") == ""
        assert await session.run("sh ver") == await session.run("show version")
        assert await session.run("conf t") == ""
        assert session.prompt == f"{SWITCH}(config)# "
        assert (await session.run("interface Ethernet1/5", "service A vlan 9999")).startswith(
            "% Invalid value"
        )
        await session.run("shutdown")
        assert await session.run("end") == "! uncommitted changes discarded"


@in_lab()
async def test_a_timer_rolls_back_by_itself(lab: Lab) -> None:
    store = lab.network.elements[SWITCH].store
    lines = ("configure session x", "snmp-server location Nowhere", "commit timer 00:00:01")
    assert "waiting for confirmation until" in await ask(lab, SWITCH, *lines)
    await until(lambda: store.pending is None)
    assert "Nowhere" not in await ask(lab, SWITCH, "show running-config")
    late = await ask(lab, SWITCH, "configure session x commit")
    assert late == "% Session x is aborted\n"


@in_lab()
async def test_only_the_waiting_session_confirms_and_others_are_refused(lab: Lab) -> None:
    await ask(lab, SWITCH, "configure session x", "snmp-server location Here", "commit timer 00:10:00")
    other = await ask(lab, SWITCH, "configure session y", "snmp-server contact Ann", "commit")
    assert other == "% Commit refused: session x waits for confirmation\n"
    sessions = (await ask_json(lab, SWITCH, "show configuration sessions"))["sessions"]
    assert (sessions["x"]["state"], sessions["y"]["state"]) == ("pending", "open")
    assert await ask(lab, SWITCH, "configure session x commit") == "Commit complete, generation 2.\n"
    assert await ask(lab, SWITCH, "configure session y commit") == "Commit complete, generation 3.\n"


@in_lab()
async def test_abort_takes_a_waiting_commit_back_now(lab: Lab) -> None:
    await ask(lab, SWITCH, "configure session x", "snmp-server location Here", "commit timer 00:10:00")
    assert await ask(lab, SWITCH, "configure session x abort") == ""
    assert "Here" not in await ask(lab, SWITCH, "show running-config")


@in_lab()
async def test_a_named_session_waits_for_its_owner(lab: Lab) -> None:
    await ask(lab, SWITCH, "configure session mine", "snmp-server location Here", "end")
    text = await ask(lab, SWITCH, "configure session mine", "show session-config diffs", "commit")
    assert text == "+snmp-server location Here\nCommit complete, generation 2.\n"


@in_lab()
async def test_rollback_and_a_clean_configuration(lab: Lab) -> None:
    await ask(lab, SWITCH, "configure session a", "snmp-server location One", "commit")
    await ask(lab, SWITCH, "configure session b", "rollback clean-config", "commit")
    assert "location" not in await ask(lab, SWITCH, "show running-config")
    await ask(lab, SWITCH, "configure session c", "rollback 1", "commit")
    assert "snmp-server location One" in await ask(lab, SWITCH, "show running-config")
    assert await ask(lab, SWITCH, "configure session d", "rollback 50") == "% No generation 50\n"


@in_lab()
async def test_voice_lines_are_the_gateways(lab: Lab) -> None:
    line = ("voice line +33261910101", "channels 2", "trunk armor-a", "name Joe & Ann")
    await ask(lab, GATEWAY, "configure session a", *line, "commit")
    shown = (await ask_json(lab, GATEWAY, "show voice lines"))["lines"]["+33261910101"]
    assert (shown["state"], shown["channels"], shown["name"]) == ("enabled", 2, "Joe & Ann")
    await ask(lab, GATEWAY, "configure session b", "voice line +33261910101", "blocked", "commit")
    shown = (await ask_json(lab, GATEWAY, "show voice lines +33261910101"))["lines"]["+33261910101"]
    assert shown["state"] == "blocked"
    assert (await ask(lab, SWITCH, "configure session a", line[0])).startswith("% Invalid input")


@in_lab()
async def test_everything_shown_is_also_json(lab: Lab) -> None:
    for line in (
        "show version", "show interfaces", "show interfaces Ethernet2/1", "show interfaces status",
        "show interfaces counters", "show interfaces Ethernet2/1 counters", "show services", "show subscribers",
        "show voice lines", "show lldp neighbors", "show ip route", "show environment", "show logging 5",
        "show users", "show running-config", "show startup-config", "show configuration generations",
        "show configuration sessions", "ping 10.255.0.1", "traceroute 10.255.2.1", "test port Ethernet1/5",
    ):  # fmt: skip
        assert isinstance(await ask_json(lab, SWITCH, line), dict)
        assert not (await ask(lab, SWITCH, line)).startswith("%")
