from __future__ import annotations

from lab.running import Lab
from tests.lab.helpers import KESTREL_SERVICE, OLT, ask, ask_json, ask_status, in_lab, login, until

LOCATION = 'set system location "Rue du Môle, n° 4"'


@in_lab()
async def test_a_service_is_configured_compared_checked_and_committed(lab: Lab) -> None:
    async with login(lab, OLT) as session:
        assert session.prompt == f"admin@{OLT}> "
        assert await session.run("configure") == "Entering configuration mode"
        assert session.prompt == f"admin@{OLT}# "
        assert await session.run(*KESTREL_SERVICE) == ""
        assert await session.run("show | compare") == "\n".join(
            f"+ {line}" for line in sorted(KESTREL_SERVICE)
        )
        assert await session.run("commit check") == "configuration check succeeds"
        assert await session.run('commit comment "order 7"') == "commit complete"
        assert await session.run("show | compare") == ""
        assert await session.run("exit") == ""
    shown = await ask_json(lab, OLT, "show services SVC-1")
    assert shown["services"][0] | {"port": "ge-0/1/5", "vlan": 110, "state": "active"} == shown["services"][0]
    commits = await ask_json(lab, OLT, "show system commit")
    assert commits["commits"][0]["comment"] == "order 7"
    assert commits["startup-saved"] is True


@in_lab()
async def test_errors_name_the_line_and_the_session_goes_on(lab: Lab) -> None:
    async with login(lab, OLT) as session:
        assert await session.run("show nonsense") == "error: unknown command: show nonsense"
        assert (await session.run("show interfaces extensive ge-9/9/9")).startswith(
            "error: interface ge-9/9/9"
        )
        await session.run("configure")
        assert await session.run("set interfaces ge-9/9/9 disable") == "error: interface ge-9/9/9 not found"
        assert (await session.run("set system speed 3")).startswith("error: syntax error: expecting")
        assert (await session.run("set interfaces ge-0/1/5 unit 0 suspend")).startswith(
            "error: invalid value '0'"
        )
        await session.run("set interfaces ge-0/1/5 unit 110 service-name SVC-1")
        refused = await session.run("commit")
        assert (
            "error: set interfaces ge-0/1/5 unit 110: missing mandatory statement 'rate-limit down'"
            in refused
        )
        assert refused.endswith("error: configuration check-out failed")
        assert await session.run("delete interfaces ge-0/1/7") == "warning: statement not found"
        assert await session.run("exit") == "warning: uncommitted changes discarded"


@in_lab()
async def test_exec_stops_at_the_first_error(lab: Lab) -> None:
    text, status = await ask_status(lab, OLT, "configure", "set nonsense", LOCATION, "commit")
    assert status == 1
    assert text.splitlines()[-1].startswith("error: syntax error")
    assert lab.network.elements[OLT].location != "Rue du Môle, n° 4"


@in_lab()
async def test_a_confirmed_commit_rolls_back_by_itself(lab: Lab) -> None:
    element = lab.network.elements[OLT]
    text = await ask(lab, OLT, "configure", LOCATION, "commit confirmed 1")
    assert "automatically rolled back in 1 seconds" in text
    assert element.location == "Rue du Môle, n° 4"
    commits = await ask_json(lab, OLT, "show system commit")
    assert commits["pending"]["generation"] == 2
    await until(lambda: element.store.pending is None)
    assert element.location == element.spec.location
    assert (await ask_json(lab, OLT, "show system commit"))["commits"][0][
        "comment"
    ] == "not confirmed in time"


@in_lab()
async def test_any_session_may_confirm(lab: Lab) -> None:
    await ask(lab, OLT, "configure", LOCATION, "commit confirmed 600")
    assert "commit complete" in await ask(lab, OLT, "configure", "commit")
    store = lab.network.elements[OLT].store
    assert store.pending is None
    assert store.startup_saved


@in_lab()
async def test_rollback_brings_generations_back(lab: Lab) -> None:
    await ask(lab, OLT, "configure", LOCATION, "commit", "set system location Elsewhere", "commit")
    assert 'location "Rue du Môle, n° 4"' in await ask(lab, OLT, "show system rollback 1")
    text = await ask(lab, OLT, "configure", "rollback 1", "commit", "run show configuration")
    assert 'set system location "Rue du Môle, n° 4"' in text
    assert (await ask(lab, OLT, "configure", "rollback 77")).endswith("error: no rollback generation 77\n")


@in_lab()
async def test_exclusive_configuration_keeps_others_out(lab: Lab) -> None:
    async with login(lab, OLT) as first, login(lab, OLT) as second:
        await first.run("configure exclusive")
        assert await second.run("configure") == "error: configuration database locked by admin"
        await first.run("exit")
        assert await second.run("configure") == "Entering configuration mode"


@in_lab()
async def test_everything_shown_is_also_json(lab: Lab) -> None:
    for line in (
        "show version", "show interfaces terse", "show interfaces extensive xe-0/0/0", "show services",
        "show subscribers", "show voice lines", "show lldp neighbors", "show route", "show chassis alarms",
        "show chassis health", "show log 5", "show system users", "show system commit", "show configuration",
        "ping 10.255.0.1 count 2", "traceroute 10.255.2.1", "test port ge-0/1/5",
    ):  # fmt: skip
        assert isinstance(await ask_json(lab, OLT, line), dict)
        assert not (await ask(lab, OLT, line)).startswith("error")
    neighbors = (await ask_json(lab, OLT, "show lldp neighbors"))["neighbors"]
    assert {(row["local-port"], row["neighbor"], row["neighbor-port"]) for row in neighbors} == {
        ("xe-0/0/0", "ag1-pam", "xe-0/0/2"),
        ("xe-0/0/1", "ag1-pam", "xe-0/0/3"),
    }
