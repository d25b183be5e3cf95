"""The lab as a process and across runs: state file, persistence, control from outside, a clean end."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from lab.__main__ import main
from lab.control.client import ask as ask_control
from lab.grow import grow
from lab.running import Lab, Options
from lab.topology import TopologyError, load, parse
from tests.lab.helpers import (
    OLT,
    SWITCH,
    add_services,
    ask,
    hang_up,
    in_lab,
    state,
    topology_file,
    until,
)


def test_it_starts_answers_and_ends_on_sigterm(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    arguments = [
        sys.executable,
        "-m",
        "lab",
        "--state",
        str(path),
        "--cdr-dir",
        str(tmp_path / "cdr"),
        "--alive",
    ]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "9 elements" in process.stdout.readline()  # printed when everything listens
        content = json.loads(path.read_text())
        assert content["running"] is True
        assert content["pid"] == process.pid
        assert path.stat().st_mode & 0o077 == 0
        assert main(["ctl", "--state", str(path), "cut", "cr1-cr2"]) == 0
        assert main(["ctl", "--state", str(path), "cut", "nowhere"]) == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(8) == 0
    content = json.loads(path.read_text())
    assert (content["running"], content["pid"]) == (False, None)
    assert not Path(content["control"]["path"]).exists()
    assert main(["ctl", "--state", str(path), "status"]) == 1


@in_lab()
async def test_the_state_file_tells_all_a_client_needs(lab: Lab) -> None:
    content = state(lab)
    assert set(content["elements"]) == {element.name for element in lab.topology.elements}
    entry = content["elements"]["bng1-pam"]
    assert entry["radius_secret"] == "armor-radius"
    assert len({entry[key] for key in ("ssh_port", "snmp_port", "echo_port", "coa_port")}) == 4
    assert content["elements"][OLT]["ports"][2] == {
        "name": "ge-0/1/1",
        "index": 3,
        "speed_mbps": 1000,
        "kind": "customer",
    }
    entry = content["elements"][SWITCH]
    async with asyncssh.connect(
        entry["host"], entry["ssh_port"], username=entry["username"], client_keys=[content["client_key"]],
        known_hosts=([asyncssh.import_public_key(entry["host_key"])], [], []), config=None,
    ) as connection:  # fmt: skip
        assert "HS-48" in str((await connection.run("show version")).stdout)


@in_lab()
async def test_a_wrong_password_is_turned_away(lab: Lab) -> None:
    entry = state(lab)["elements"][OLT]
    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect(
            entry["host"], entry["ssh_port"], username="admin", password="guess", known_hosts=None,
            client_keys=None, config=None,
        )  # fmt: skip


def test_services_keys_and_ports_outlive_the_lab(tmp_path: Path) -> None:
    async def run() -> None:
        options = Options(state=tmp_path / "state.json", topology=topology_file(tmp_path))
        async with Lab(options) as first:
            await add_services(first)
            await ask(first, SWITCH, "write memory")
            await ask(first, OLT, "configure", "set system location Unconfirmed", "commit confirmed 600")
            before = state(first)
            await hang_up(first)
        async with Lab(options) as second:
            after = state(second)
            for element in before["elements"]:
                for key in ("ssh_port", "snmp_port", "password", "host_key"):
                    assert after["elements"][element][key] == before["elements"][element][key]
            assert second.network.elements[OLT].services["ge-0/1/5", 110].state == "active"
            assert second.network.elements[SWITCH].services["Ethernet1/5", 120].state == "active"
            assert second.network.elements[OLT].location != "Unconfirmed"
            assert len(second.subscribers.sessions) == 2

    asyncio.run(run())


def test_fixed_ports_and_control_over_tcp(tmp_path: Path, unused_ports: int) -> None:
    async def run() -> None:
        control = f"127.0.0.1:{unused_ports + 900}"
        options = Options(state=tmp_path / "state.json", ports_from=unused_ports, control=control)
        async with Lab(options) as lab:
            elements = list(state(lab)["elements"].values())
            assert [entry["ssh_port"] for entry in elements] == [unused_ports + 10 * n for n in range(9)]
            assert elements[8]["coa_port"] == unused_ports + 83
            reply = await asyncio.to_thread(ask_control, state(lab)["control"], "status", [OLT])
            assert reply["result"]["answers"] is True
            with pytest.raises(OSError, match="in use"):
                await Lab(Options(state=tmp_path / "other.json", ports_from=unused_ports)).start()

    asyncio.run(run())


@pytest.fixture
def unused_ports() -> int:
    """The first of a thousand ports that are very likely free."""
    import socket

    for start in range(21000, 60000, 1000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", start))
            except OSError:
                continue
            return start
    raise AssertionError("no free ports")


def test_a_grown_topology_is_one_network(tmp_path: Path) -> None:
    async def run() -> None:
        path = tmp_path / "grown.json"
        assert main(["grow", "--elements", "40", "--out", str(path)]) == 0
        async with Lab(Options(state=tmp_path / "state.json", topology=path)) as lab:
            assert len(lab.network.elements) == 40
            assert all(element.answers for element in lab.network.elements.values())
            last = next(name for name in reversed(lab.network.elements) if name.startswith("acc"))
            assert (await ask(lab, last, "show version")).strip()
            await hang_up(lab)

    asyncio.run(run())


def broken(**change: Any) -> dict[str, Any]:
    return grow(6) | change


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (broken(noc=["nobody"]), "no element 'nobody'"),
        (broken(elements=grow(6)["elements"] + grow(6)["elements"][:1]), "two elements share a name"),
        (
            broken(links=[{"name": "x", "ends": [["core1", "nowhere"], ["core2", "xe-0/0/1"]]}]),
            "no port core1",
        ),
        (broken(links=[*grow(6)["links"], grow(6)["links"][0] | {"name": "again"}]), "is taken"),
    ],
)
def test_a_bad_topology_says_what_is_wrong(content: dict[str, Any], why: str) -> None:
    with pytest.raises(TopologyError, match=why):
        parse(content)


def test_a_file_that_is_no_topology_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"name": "x"}')
    with pytest.raises(TopologyError, match="noc"):
        load(path)
    assert main(["--topology", str(path), "--state", str(tmp_path / "s.json")]) == 1
    assert "noc" in capsys.readouterr().err


@in_lab()
async def test_a_startup_statement_the_topology_no_longer_allows_is_dropped(lab: Lab) -> None:
    schema = lab.network.elements[OLT].schema
    path = lab.keep.folder / "startup" / "ghost.json"
    path.write_text(json.dumps([["interfaces", "ge-9/9/9", "disable", ""], ["system", "contact", "Ann"]]))
    tree = lab.keep.startup("ghost", schema)
    assert tree is not None
    assert tree.leaves() == [(("system", "contact"), "Ann")]
    await until(lambda: lab.network.elements[OLT].answers)
