from __future__ import annotations

from typing import Any

import pytest
from pyrad.packet import (
    CoAACK,
    CoANAK,
    CoAPacket,
    CoARequest,
    DisconnectACK,
    DisconnectNAK,
    DisconnectRequest,
)

from lab.build import build
from lab.radius.accounting import WINDOW, AccountingClient, Attributes, dictionary, split_octets
from lab.running import Lab
from lab.topology import BUILT_IN, RadiusSpec, load
from tests.lab.helpers import (
    BNG,
    OLT,
    SWITCH,
    AccountingServer,
    FakeClock,
    Sink,
    add_services,
    ask,
    ask_json,
    in_lab,
    listening,
    state,
    until,
)

USER = "joe@armor.example"
GIGAWORD = 1 << 32


async def account_to(lab: Lab, server: AccountingServer) -> None:
    lab.controls.run("sinks", ["radius", server.target])


@in_lab()
async def test_a_session_is_accounted_from_start_to_stop(lab: Lab) -> None:
    async with listening(AccountingServer()) as server:
        await account_to(lab, server)
        await add_services(lab)
        await until(lambda: len(server.of("Start")) == 2)
        start = next(packet for packet in server.of("Start") if packet["User-Name"] == [USER])
        assert start["Class"] == ["SVC-1"]
        assert start["NAS-Identifier"] == [BNG]
        assert start["NAS-Port-Id"] == ["olt1-pam ge-0/1/5.110"]
        assert start["Framed-IP-Address"] == ["100.72.0.2"]
        lab.controls.run("usage", [USER, str(3 * GIGAWORD + 5), str(GIGAWORD + 9)])
        lab.controls.run("interim", [])
        await until(lambda: len(server.of("Interim-Update")) == 2)
        await ask(lab, OLT, "configure", "set interfaces ge-0/1/5 unit 110 suspend", "commit")
        stop = (await until(lambda: server.of("Stop")))[0]
        assert stop["Acct-Session-Id"] == start["Acct-Session-Id"]
        assert stop["Acct-Terminate-Cause"] == ["Admin-Reset"]
        # the customer's upload is the NAS's input; a little ordinary traffic comes on top
        assert (stop["Acct-Output-Gigawords"], stop["Acct-Input-Gigawords"]) == ([3], [1])
        assert stop["Acct-Output-Octets"][0] >= 5
        assert stop["Acct-Input-Octets"][0] >= 9
        await until(lambda: lab.subscribers.clients[BNG].outstanding == 0)


@in_lab()
@pytest.mark.parametrize(
    ("ending", "cause"),
    [
        (("cut", "ag1-asw1"), "Lost-Carrier"),
        (("unplug", SWITCH, "Ethernet1/5"), "Lost-Carrier"),
        (("drift", BNG, "set subscribers ann@armor.example block"), "Admin-Reset"),
        (("drift", SWITCH, "interface Ethernet1/5; no service SVC-2"), "NAS-Request"),
        (("reboot", BNG), "NAS-Reboot"),
    ],
)
async def test_a_stop_says_why(lab: Lab, ending: tuple[str, ...], cause: str) -> None:
    async with listening(AccountingServer()) as server:
        await account_to(lab, server)
        await add_services(lab)
        lab.controls.run(ending[0], list(ending[1:]))
        stops = await until(lambda: [p for p in server.of("Stop") if p["User-Name"] == ["ann@armor.example"]])
        assert stops[0]["Acct-Terminate-Cause"] == [cause]


@in_lab()
async def test_an_unanswered_request_is_sent_again(lab: Lab) -> None:
    async with listening(AccountingServer()) as server:
        server.deaf = 2
        await account_to(lab, server)
        await add_services(lab)
        await until(lambda: lab.subscribers.clients[BNG].outstanding == 0)
        starts = server.of("Start")
        assert len(starts) == 4
        assert len({packet.id for packet in starts}) == 4
        assert len({packet["Acct-Session-Id"][0] for packet in starts}) == 2


@in_lab(radius={"tries": 2})
async def test_a_response_with_another_secret_counts_for_nothing(lab: Lab) -> None:
    async with listening(AccountingServer(secret=b"guess")) as server:
        await account_to(lab, server)
        await add_services(lab)
        await until(lambda: lab.subscribers.clients[BNG].outstanding == 0)
        assert len(server.of("Start")) == 4
        log = await ask(lab, BNG, "show log")
        assert "No answer to Start of joe@armor.example" in log


@in_lab()
async def test_the_bng_reports_its_own_boot(lab: Lab) -> None:
    async with listening(AccountingServer()) as server:
        await account_to(lab, server)
        lab.controls.run("reboot", [BNG])
        await until(lambda: server.of("Accounting-On"))
        assert [p["Acct-Status-Type"][0] for p in server.requests] == ["Accounting-Off", "Accounting-On"]


@in_lab()
async def test_the_end_of_the_lab_stops_the_sessions(lab: Lab) -> None:
    async with listening(AccountingServer()) as server:
        await account_to(lab, server)
        await add_services(lab)
        await lab.stop()
        await until(lambda: server.of("Accounting-Off"))
        assert len(server.of("Stop")) == 2


async def request(lab: Lab, code: int, secret: bytes = b"armor-radius", **attributes: Any) -> bytes:
    packet = CoAPacket(code, 7, secret, dict=dictionary())
    for name, value in attributes.items():
        packet[name.replace("_", "-")] = value
    async with listening(Sink()) as sink:
        sink.transport.sendto(packet.RequestPacket(), ("127.0.0.1", state(lab)["elements"][BNG]["coa_port"]))
        await until(lambda: sink.received)
        reply = packet.CreateReply(packet=sink.received[0][0])
        assert packet.VerifyReply(reply, sink.received[0][0])
        return bytes([reply.code]) + bytes(str(reply.get("Error-Cause", [""])[0]), "ascii")


@in_lab()
async def test_a_disconnect_ends_the_session_and_the_router_dials_again(lab: Lab) -> None:
    async with listening(AccountingServer()) as server:
        await account_to(lab, server)
        await add_services(lab)
        before = lab.subscribers.sessions[USER].session_id
        assert await request(lab, DisconnectRequest, User_Name=USER) == bytes([DisconnectACK])
        assert lab.network.elements[OLT].services["ge-0/1/5", 110].state == "no-session"
        await until(lambda: len(server.of("Start")) == 3)
        assert lab.subscribers.sessions[USER].session_id != before
        assert server.of("Stop")[0]["Acct-Session-Id"] == [before]
        answer = await request(lab, DisconnectRequest, Acct_Session_Id=before)
        assert answer == bytes([DisconnectNAK]) + b"Session-Context-Not-Found"


@in_lab()
async def test_a_change_of_authorization_changes_the_limits(lab: Lab) -> None:
    await add_services(lab)
    lab.controls.run("traffic", [OLT, "ge-0/1/5", "90000", "9000"])
    assert await request(lab, CoARequest, User_Name=USER, Lab_Down_Kbps=2000) == bytes([CoAACK])
    assert lab.network.elements[OLT].services["ge-0/1/5", 110].meter.rates.out_octets == 2000 * 125
    shown = (await ask_json(lab, BNG, f"show subscribers {USER}"))["subscribers"][0]
    assert (shown["down-kbps"], shown["up-kbps"]) == (2000, 20000)
    answer = await request(lab, CoARequest, User_Name=USER)
    assert answer == bytes([CoANAK]) + b"Missing-Attribute"


@in_lab()
async def test_a_request_with_another_secret_gets_no_answer(lab: Lab) -> None:
    await add_services(lab)
    packet = CoAPacket(DisconnectRequest, 7, b"guess", dict=dictionary())
    packet["User-Name"] = USER
    async with listening(Sink()) as sink:
        sink.transport.sendto(packet.RequestPacket(), ("127.0.0.1", state(lab)["elements"][BNG]["coa_port"]))
        await request(lab, DisconnectRequest, User_Name="nobody")
        assert not sink.received
    assert USER in lab.subscribers.sessions


@in_lab()
async def test_a_blocked_subscriber_stays_out(lab: Lab) -> None:
    await ask(lab, BNG, "configure", f"set subscribers {USER} block", "commit")
    await add_services(lab)
    assert set(lab.subscribers.sessions) == {"ann@armor.example"}
    await ask(lab, BNG, "configure", f"delete subscribers {USER} block", "commit")
    assert USER in lab.subscribers.sessions


@in_lab()
async def test_clearing_a_session_lets_it_come_back(lab: Lab) -> None:
    await add_services(lab)
    before = lab.subscribers.sessions[USER].session_id
    await ask(lab, BNG, f"clear session {USER}")
    assert lab.subscribers.sessions[USER].session_id != before
    assert await ask(lab, BNG, "clear session nobody") == "error: no session of 'nobody'\n"


def test_the_window_bounds_what_is_under_way_and_a_good_end_sends_the_rest() -> None:
    class Wire:
        sent = 0

        def sendto(self, data: bytes, address: tuple[str, int]) -> None:
            self.sent += 1

    network = build(load(BUILT_IN), FakeClock())
    wire = Wire()
    lost: list[Attributes] = []
    client = AccountingClient(
        network.elements[BNG], RadiusSpec(), network.clock, lambda: ("127.0.0.1", 1), lost.append
    )
    client.connection_made(wire)  # type: ignore[arg-type]
    for number in range(WINDOW + 50):
        client.send({"Acct-Status-Type": "Stop", "Acct-Session-Id": str(number)})
    assert (wire.sent, client.outstanding) == (WINDOW, WINDOW + 50)
    client.last_words()
    assert (wire.sent, client.outstanding, lost) == (WINDOW + 50, 0, [])


def test_octets_are_split_into_gigawords() -> None:
    assert split_octets(5 * GIGAWORD + 7) == (7, 5)
