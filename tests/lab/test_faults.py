from __future__ import annotations

import asyncio
import json

import asyncssh
import pytest

from lab.control.client import ask as ask_control
from lab.control.server import ControlError
from lab.running import Lab
from tests.lab.helpers import (
    KESTREL_SERVICE,
    OLT,
    SWITCH,
    ask,
    ask_status,
    connect,
    in_lab,
    login,
    silent,
    state,
    until,
)

LOCATION = "set system location Elsewhere"


@in_lab()
async def test_a_line_is_refused_as_often_as_told(lab: Lab) -> None:
    lab.controls.run("refuse", [OLT, "unit 110 rate-limit", "2"])
    async with login(lab, OLT) as session:
        await session.run("configure")
        answers = [await session.run(line) for line in (*KESTREL_SERVICE[:3], KESTREL_SERVICE[1])]
    assert [bool(answer) for answer in answers] == [False, True, True, False]
    assert answers[1] == f"error: statement refused by element: {KESTREL_SERVICE[1]}"


@in_lab()
async def test_a_commit_can_be_refused_too(lab: Lab) -> None:
    lab.controls.run("refuse", [SWITCH, "^commit"])
    lines = ("configure session x", "snmp-server location Here", "commit")
    assert await ask(lab, SWITCH, *lines) == "% Statement refused by element: commit\n"
    assert (await ask(lab, SWITCH, "configure session x commit")).startswith("Commit complete")


@in_lab()
async def test_a_hung_element_says_nothing_until_it_wakes(lab: Lab) -> None:
    lab.controls.run("hang", [OLT])
    assert await silent(connect(lab, OLT), lab)
    lab.controls.run("reset", [OLT])
    assert "KX-48" in await ask(lab, OLT, "show version")
    lab.controls.run("hang", [OLT, "0.05"])
    assert "KX-48" in await ask(lab, OLT, "show version")


@in_lab()
async def test_a_command_whose_sender_has_gone_is_not_executed(lab: Lab) -> None:
    element = lab.network.elements[OLT]
    async with login(lab, OLT) as session:
        await session.run("configure", LOCATION)
        lab.controls.run("hang", [OLT])
        session.write("commit")
    await until(lambda: not element.sessions)
    lab.controls.run("reset", [OLT])
    assert element.location != "Elsewhere"


@in_lab()
async def test_the_session_table_fills_up(lab: Lab) -> None:
    lab.controls.run("fill-sessions", [SWITCH])
    assert await ask_status(lab, SWITCH, "show version") == ("% Session table full\n", 1)
    lab.controls.run("free-sessions", [SWITCH])
    assert (await ask_status(lab, SWITCH, "show version"))[1] == 0


@in_lab(defaults={"sessions": 2})
async def test_the_session_limit_counts_real_sessions(lab: Lab) -> None:
    async with login(lab, OLT), login(lab, OLT):
        assert await ask_status(lab, OLT, "show version") == ("error: session table full\n", 1)
    await until(lambda: not lab.network.elements[OLT].sessions)
    assert (await ask_status(lab, OLT, "show version"))[1] == 0


@in_lab()
async def test_a_lost_confirmation_lets_the_timer_run_out(lab: Lab) -> None:
    element = lab.network.elements[OLT]
    lab.controls.run("lose-confirm", [OLT])
    await ask(lab, OLT, "configure", LOCATION, "commit confirmed 1")
    async with login(lab, OLT) as session:
        with pytest.raises((ConnectionError, asyncssh.Error)):
            await session.run("configure", "commit")
    assert element.store.pending is not None
    await until(lambda: element.store.pending is None)
    assert element.location != "Elsewhere"


@in_lab()
@pytest.mark.parametrize(("when", "taken"), [("before", False), ("after", True)])
async def test_a_session_dropped_in_mid_commit(lab: Lab, when: str, taken: bool) -> None:
    lab.controls.run("drop-mid-commit", [SWITCH, when])
    async with login(lab, SWITCH) as session:
        await session.run("configure session x", "snmp-server location Here")
        with pytest.raises((ConnectionError, asyncssh.Error)):
            await session.run("commit")
    assert (lab.network.elements[SWITCH].location == "Here") is taken
    assert (await ask_status(lab, SWITCH, "show version"))[1] == 0


@in_lab()
async def test_drift_comes_from_elsewhere(lab: Lab) -> None:
    lab.controls.run("drift", [SWITCH, "interface Ethernet1/3; description cowboy"])
    assert "description cowboy" in await ask(lab, SWITCH, "show running-config")
    assert lab.network.elements[SWITCH].store.history[0].user == "field"
    with pytest.raises(ControlError, match="expecting"):
        lab.controls.run("drift", [OLT, "set nonsense"])


@in_lab()
async def test_reset_makes_everything_whole(lab: Lab) -> None:
    for command in (
        ["cut", "cr1-ag1"], ["hang", OLT], ["fill-sessions", SWITCH], ["power-off", "ag2-kvl"],
        ["alarm", "cr1-pam", "fan", "major"], ["drift", SWITCH, "hostname gone"], ["delay", SWITCH, "5"],
    ):  # fmt: skip
        lab.controls.run(command[0], command[1:])
    lab.controls.run("reset", [])
    assert all(element.answers for element in lab.network.elements.values())
    assert lab.network.elements[SWITCH].host_name == "gone"
    lab.controls.run("reset", ["config"])
    assert lab.network.elements[SWITCH].host_name == SWITCH
    faults = lab.controls.run("status", [])["elements"][SWITCH]["faults"]
    assert not any(faults.values())


@in_lab()
async def test_the_control_socket_speaks_json_lines(lab: Lab) -> None:
    control = state(lab)["control"]
    reply = await asyncio.to_thread(ask_control, control, "cut", ["cr1-cr2"])
    assert reply == {"id": 1, "ok": True, "result": {"link": "cr1-cr2", "state": "cut"}}
    reply = await asyncio.to_thread(ask_control, control, "cut", ["nowhere"])
    assert reply == {"id": 1, "ok": False, "error": "no link 'nowhere'"}
    reader, writer = await asyncio.open_unix_connection(control["path"])
    for line, expected in (
        (b"nonsense\n", "not a request"),
        (b'{"id": 7, "do": "fly"}\n', "no command 'fly'"),
        (b'{"id": 8, "do": "hang"}\n', "usage: hang ELEMENT [SECONDS]"),
        (b'{"id": 9, "do": "delay", "args": ["olt1-pam", "soon"]}\n', "'soon' is not a number"),
    ):
        writer.write(line)
        answer = json.loads(await reader.readline())
        assert answer["ok"] is False
        assert expected in answer["error"]
    writer.close()
    await writer.wait_closed()


@in_lab()
async def test_events_can_be_read_from_a_number_on(lab: Lab) -> None:
    start = lab.controls.run("events", [])["next"]
    lab.controls.run("cut", ["cr2-ag2"])
    events = lab.controls.run("events", [str(start)])["events"]
    told = {(event["element"], event["kind"]): event["sent"] for event in events}
    assert told == {("cr2-kvl", "link-down"): True, ("ag2-kvl", "link-down"): False}
