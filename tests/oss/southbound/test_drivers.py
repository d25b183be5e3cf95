"""Both vendors' elements through the one contract, with every fault the lab can do."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from kernel.errors import Unreachable
from oss.inventory.models import NetworkElement
from oss.inventory.services import import_topology
from oss.southbound import services
from oss.southbound.drivers import snmp
from oss.southbound.drivers.base import Refused, Timeout
from oss.southbound.drivers.intents import AccessService, PortAdmin, SubscriberAccess, VoiceLine
from oss.southbound.models import ElementSession, ManagementEndpoint, SessionCommand
from tests.running_lab import RunningLab

pytestmark = pytest.mark.django_db

# One access element of each vendor with the name of a customer port.
ACCESS = [("olt1-pam", "ge-0/1/5"), ("asw1-pam", "Ethernet1/5")]


def wanted(port: str, **overrides: Any) -> AccessService:
    values: dict[str, Any] = {
        "port": port,
        "name": "SRV-1",
        "vlan": 110,
        "description": 'Café "du Port" \\ 1',
        "down_kbps": 100_000,
        "up_kbps": 20_000,
        "gateway": "100.72.0.2/30",
        "subscriber": "srv-1@cus-1",
    }
    return AccessService(**{**values, **overrides})


@pytest.mark.parametrize(("name", "port"), ACCESS)
def test_a_service_is_applied_confirmed_and_proven(elements: Any, name: str, port: str) -> None:
    intent = wanted(port)
    with services.session(element=elements[name], purpose="test", write=True) as s:
        candidate = s.render([intent])
        s.validate(candidate)
        assert "SRV-1" in s.diff(candidate)
        assert not s.verify([intent]).ok
        s.apply(candidate, confirm_s=60)
        check = s.verify([intent])
        assert check.ok, check.findings
        s.confirm()
        assert not s.settle()
        assert s.diff(candidate) == ""
        assert s.ping("100.72.0.2").received == 3
        assert s.test_port(port).result == "ok"
        assert set(s.counters(port)) >= {"in_octets", "out_octets", "in_errors"}
    with services.session(element=elements[name], purpose="test", write=True) as s:
        blocked = wanted(port, blocked=True)
        s.apply(s.render([blocked]))
        assert s.verify([blocked]).ok
        assert s.ping("100.72.0.2").received == 0
        s.apply(s.render([intent], remove=True))
        assert s.verify([intent], remove=True).ok
        assert s.diff(s.render([intent], remove=True)) == ""


@pytest.mark.parametrize(("name", "port"), ACCESS)
def test_rollback_takes_an_unconfirmed_commit_back(elements: Any, name: str, port: str) -> None:
    intent = wanted(port)
    with services.session(element=elements[name], purpose="test", write=True) as s:
        before = s.snapshot()
        s.apply(s.render([intent]), confirm_s=60)
        s.rollback()
        assert s.snapshot() == before
        assert not s.settle()


@pytest.mark.parametrize(("name", "port"), ACCESS)
def test_a_dead_writers_commit_is_settled_by_the_next(elements: Any, name: str, port: str) -> None:
    intent = wanted(port)
    with services.session(element=elements[name], purpose="test", write=True) as s:
        s.apply(s.render([intent]), confirm_s=600)
    assert services.recover(element=elements[name])
    assert not services.recover(element=elements[name])
    with services.session(element=elements[name], purpose="test") as s:
        assert s.verify([intent], remove=True).ok


@pytest.mark.parametrize(("name", "port"), ACCESS)
def test_a_refused_line_leaves_nothing_behind_and_is_recorded(
    elements: Any, lab: RunningLab, name: str, port: str
) -> None:
    lab.ctl("refuse", name, "rate-limit down", "1")
    with (
        pytest.raises(Refused) as caught,
        services.session(element=elements[name], purpose="try", write=True) as s,
    ):
        s.apply(s.render([wanted(port)]), confirm_s=60)
    session = ElementSession.objects.get(pk=caught.value.details["session_id"])
    assert "rate-limit down" in caught.value.line
    assert session.ok is False
    assert "element.refused" in session.error
    assert session.commands.filter(command__contains="rate-limit down").exists()
    with services.session(element=elements[name], purpose="look") as s:
        assert s.verify([wanted(port)], remove=True).ok
    assert ManagementEndpoint.objects.get(element=elements[name]).lease_holder is None


@pytest.mark.parametrize(("name", "port"), ACCESS)
def test_what_is_wrong_is_named_by_validation(elements: Any, name: str, port: str) -> None:
    too_fast = wanted(port, down_kbps=5_000_000)
    with services.session(element=elements[name], purpose="test", write=True) as s, pytest.raises(Refused):
        s.validate(s.render([too_fast]))


def test_voice_lines_and_subscribers(elements: Any) -> None:
    line = VoiceLine("+33299000101", channels=2)
    with services.session(element=elements["sbc1-pam"], purpose="voice", write=True) as s:
        s.apply(s.render([line]))
        assert s.verify([line]).ok
        blocked = VoiceLine("+33299000101", channels=2, blocked=True)
        s.apply(s.render([blocked]))
        assert s.verify([blocked]).ok
        s.apply(s.render([line], remove=True))
        assert s.verify([line], remove=True).ok
    stop = SubscriberAccess("srv-1@cus-1", blocked=True)
    with services.session(element=elements["bng1-pam"], purpose="block", write=True) as s:
        s.apply(s.render([stop]))
        assert s.verify([stop]).ok


def test_a_blocked_subscriber_is_gone_from_the_gateway(elements: Any) -> None:
    with services.session(element=elements["olt1-pam"], purpose="test", write=True) as s:
        s.apply(s.render([wanted("ge-0/1/7")]))
    with services.session(element=elements["bng1-pam"], purpose="look", write=True) as s:
        assert [row["user"] for row in s.subscriber_sessions("srv-1@cus-1")] == ["srv-1@cus-1"]
        s.apply(s.render([SubscriberAccess("srv-1@cus-1", blocked=True)]))
    assert services.disconnect_session(subscriber="srv-1@cus-1")


def test_ports_neighbours_facts_and_bounce(elements: Any) -> None:
    for name in ("cr1-pam", "ag2-kvl"):
        with services.session(element=elements[name], purpose="look", write=True) as s:
            assert s.facts()["host_name"] == name
            assert {row["neighbour"] for row in s.neighbours()} & {"cr2-kvl"}
            port = s.neighbours()[0]["local_port"]
            assert s.ports()[port]["oper"] == "up"
            off = PortAdmin("xe-0/0/7" if name == "cr1-pam" else "Ethernet2/9", enabled=False)
            s.apply(s.render([off]))
            assert s.verify([off]).ok
            s.bounce(off.port)


def test_an_element_that_hangs_times_out(
    elements: Any, lab: RunningLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    with services.session(element=elements["asw1-pam"], purpose="hang") as s:
        lab.ctl("hang", "asw1-pam")
        with pytest.raises(Timeout):
            s.command("show version", seconds=0.3)
    assert SessionCommand.objects.get(command="show version").ok is False


def test_an_element_without_room_or_way_is_unreachable(
    elements: Any, lab: RunningLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oss.southbound.drivers.ssh.CONNECT_SECONDS", 1.0)
    lab.ctl("fill-sessions", "olt1-pam")
    with pytest.raises(Unreachable), services.session(element=elements["olt1-pam"], purpose="full"):
        raise AssertionError("must not get in")
    lab.ctl("cut", "cr2-ag2")
    with pytest.raises(Unreachable), services.session(element=elements["asw1-kvl"], purpose="cut"):
        raise AssertionError("must not get in")


def test_secrets_are_neither_stored_in_clear_nor_kept_in_transcripts(elements: Any, lab: RunningLab) -> None:
    endpoint = ManagementEndpoint.objects.select_related("credential").get(element=elements["cr1-pam"])
    password = lab.state["elements"]["cr1-pam"]["password"]
    assert endpoint.credential.password == password
    assert password not in endpoint.credential.password_sealed
    with services.session(element=elements["cr1-pam"], purpose="mask") as s:
        s.shell.send(f"show {password}", seconds=5)
    stored = SessionCommand.objects.get(command__startswith="show ")
    assert password not in stored.command + stored.reply


@pytest.mark.django_db(transaction=True)
def test_elements_are_never_talked_to_inside_a_transaction(lab: RunningLab) -> None:
    import_topology(lab.topology)
    services.register_lab(lab.state)
    element = NetworkElement.objects.get(name="cr1-pam")
    with transaction.atomic(), pytest.raises(RuntimeError), services.session(element=element, purpose="no"):
        raise AssertionError("must not get in")


def test_snmp_and_the_command_line_tell_the_same(elements: Any, lab: RunningLab) -> None:
    endpoints = ManagementEndpoint.objects.select_related("credential", "element")
    lab.ctl("cut", "cr2-ag2")
    found = services.snmp_walk_many(endpoints=endpoints, oids=[snmp.IF_TABLE + ".2", snmp.IF_TABLE + ".8"])
    dark = {element.name for element in elements.values() if found[element.pk] is None}
    assert dark == {"ag2-kvl", "asw1-kvl"}
    values = found[elements["cr2-kvl"].pk]
    assert values is not None
    names = {
        oid.rsplit(".", 1)[1]: str(v) for oid, v in values.items() if oid.startswith(snmp.IF_TABLE + ".2.")
    }
    states = {
        names[oid.rsplit(".", 1)[1]]: v for oid, v in values.items() if oid.startswith(snmp.IF_TABLE + ".8.")
    }
    with services.session(element=elements["cr2-kvl"], purpose="look") as s:
        shown = {name: {"up": 1, "down": 2}[row["oper"]] for name, row in s.ports().items()}
    assert {k.strip("b'"): v for k, v in states.items()} == shown
    assert shown["xe-0/0/2"] == 2
