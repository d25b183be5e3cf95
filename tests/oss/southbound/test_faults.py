"""What goes wrong between us and an element, and what is left of it: nothing, or a record."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any
from uuid import UUID

import asyncssh
import pytest

from kernel.errors import Busy, Unreachable
from oss.southbound import services
from oss.southbound.drivers.base import Refused, Timeout
from oss.southbound.drivers.intents import AccessService, SubscriberAccess, VoiceLine
from oss.southbound.models import ElementSession, ManagementEndpoint, SessionCommand
from tests.running_lab import RunningLab

pytestmark = pytest.mark.django_db

ACCESS = [("olt1-pam", "ge-0/1/5"), ("asw1-pam", "Ethernet1/5")]
HOLDER = UUID(int=1)


def wanted(port: str, **overrides: Any) -> AccessService:
    values: dict[str, Any] = {
        "port": port,
        "name": "SRV-1",
        "vlan": 110,
        "description": "Boulangerie Le Goff",
        "down_kbps": 100_000,
        "up_kbps": 20_000,
        "gateway": "100.72.0.2/30",
        "subscriber": "srv-1@cus-1",
    }
    return AccessService(**{**values, **overrides})


def until(condition: Callable[[], bool]) -> None:
    """Wait for something the lab does by itself in a second or two."""
    pause = Event()
    for _ in range(200):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError("it did not happen within 10 s")


def pending(lab: RunningLab, name: str) -> Any:
    return lab.ctl("status", name)["pending"]


@pytest.mark.parametrize(("name", "port"), ACCESS)
def test_a_confirmation_that_is_lost_leaves_the_element_to_its_timer(
    elements: Any, lab: RunningLab, name: str, port: str
) -> None:
    before = lab.ctl("config", name)
    lab.ctl("lose-confirm", name)
    with services.session(element=elements[name], purpose="test") as s:
        s.apply(s.render([wanted(port)]), confirm_s=1)
        with pytest.raises(Unreachable):
            s.confirm()
    until(lambda: pending(lab, name) is None)
    assert lab.ctl("config", name) == before


@pytest.mark.parametrize(("name", "port"), ACCESS)
def test_a_confirmation_that_comes_too_late_is_an_error(
    elements: Any, lab: RunningLab, name: str, port: str
) -> None:
    with services.session(element=elements[name], purpose="test") as s:
        s.apply(s.render([wanted(port)]), confirm_s=1)
        until(lambda: pending(lab, name) is None)
        with pytest.raises(Timeout) as caught:
            s.confirm()
        assert caught.value.code == "element.takenBack"
        s.rollback()
        assert s.verify([wanted(port)], remove=True).ok


@pytest.mark.parametrize(("name", "port"), ACCESS)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_session_lost_in_mid_commit_is_mended_by_the_next(
    elements: Any, lab: RunningLab, name: str, port: str, moment: str
) -> None:
    intent = wanted(port)
    lab.ctl("drop-mid-commit", name, moment)
    with pytest.raises(Unreachable), services.session(element=elements[name], purpose="test") as s:
        s.apply(s.render([intent]), confirm_s=600)
    assert (pending(lab, name) is not None) == (moment == "after")
    with services.session(element=elements[name], purpose="again") as s:
        s.apply(s.render([intent]), confirm_s=600)
        assert s.verify([intent]).ok
        s.confirm()
        assert pending(lab, name) is None
        assert s.diff(s.render([intent])) == ""


@pytest.mark.parametrize(
    ("name", "port", "lines"),
    [
        (
            "olt1-pam",
            "ge-0/1/5",
            ["configure", 'set system location "Elsewhere"', "commit confirmed 600", "exit"],
        ),
        (
            "asw1-pam",
            "Ethernet1/5",
            ["configure session field", "snmp-server location Elsewhere", "commit timer 00:10:00"],
        ),
    ],
)
def test_somebody_elses_waiting_commit_is_neither_confirmed_nor_taken_back(
    elements: Any, lab: RunningLab, name: str, port: str, lines: list[str]
) -> None:
    with services.session(element=elements[name], purpose="field") as field:
        for line in lines:
            field.command(line)
        with services.session(element=elements[name], purpose="test") as s:
            with pytest.raises(Busy) as caught:
                s.apply(s.render([wanted(port)]), confirm_s=60)
            assert caught.value.code == "element.busy"
            s.rollback()
            s.confirm()
        assert services.recover(element=elements[name]) is False
    assert pending(lab, name) is not None


@pytest.mark.parametrize(("name", "port"), ACCESS)
def test_a_change_that_changes_nothing_waits_for_nothing(
    elements: Any, lab: RunningLab, name: str, port: str
) -> None:
    with services.session(element=elements[name], purpose="test") as s:
        candidate = s.render([wanted(port)])
        s.apply(candidate)
        s.apply(candidate, confirm_s=600)
        assert pending(lab, name) is None
        s.confirm()
        assert s.verify([wanted(port)]).ok


@pytest.mark.parametrize(("name", "port"), ACCESS)
def test_what_an_intent_no_longer_says_is_taken_off(elements: Any, name: str, port: str) -> None:
    poorer = wanted(port, description="", gateway="", subscriber="", down_kbps=50_000)
    with services.session(element=elements[name], purpose="test") as s:
        s.apply(s.render([wanted(port, blocked=True)]))
        s.apply(s.render([poorer]))
        assert s.verify([poorer]).ok
        check = s.verify([wanted(port)])
        assert not check.ok
        assert {finding.split(": ")[1].split(" is ")[0] for finding in check.findings} >= {
            "description",
            "address",
        }


@pytest.mark.parametrize(("name", "port"), ACCESS)
def test_drift_is_found(elements: Any, lab: RunningLab, name: str, port: str) -> None:
    with services.session(element=elements[name], purpose="test") as s:
        s.apply(s.render([wanted(port)]))
    line = {
        "olt1-pam": "set interfaces ge-0/1/5 unit 110 rate-limit down 1000",
        "asw1-pam": "interface Ethernet1/5;service SRV-1 vlan 110;rate-limit down 1000",
    }[name]
    lab.ctl("drift", name, line)
    with services.session(element=elements[name], purpose="look") as s:
        check = s.verify([wanted(port)])
        assert not check.ok
        assert "1000" in " ".join(check.findings)
        assert "100000" in s.diff(s.render([wanted(port)]))


def test_a_line_fault_is_found_by_its_test(elements: Any, lab: RunningLab) -> None:
    for name, port in ACCESS:
        lab.ctl("line", name, port, "open")
        with services.session(element=elements[name], purpose="diagnose") as s:
            found = s.test_port(port)
        assert found.result == "fault"
        assert found.detail["fault"] == "open"


def test_the_way_and_the_health_of_an_element(elements: Any, lab: RunningLab) -> None:
    for name in ("ag1-pam", "ag2-kvl"):
        lab.ctl("alarm", name, "fan-failure", "major", "Fan 2 stopped")
        with services.session(element=elements[name], purpose="diagnose") as s:
            reached, hops = s.trace("10.255.3.1")
            health = s.health()
        assert reached
        assert hops[-1].element == "sbc1-pam"
        assert health["cpu_percent"] >= 0
        assert [alarm["text"] for alarm in health["alarms"]] == ["Fan 2 stopped"]


def test_a_session_keeps_what_it_would_change_and_hides_communities(elements: Any) -> None:
    with services.session(element=elements["olt1-pam"], purpose="test", holder=HOLDER) as s:
        s.apply("set snmp community hush")
        s.diff(s.render([wanted("ge-0/1/5")]))
        assert "snmp community hush" in s.snapshot()
    record = ElementSession.objects.get()
    assert "+ set interfaces ge-0/1/5 unit 110 service-name SRV-1" in record.diff
    assert list(ElementSession.objects.of(HOLDER)) == [record]
    shown = SessionCommand.objects.get(command="show configuration").reply
    assert "snmp community" in shown
    assert "hush" not in shown
    assert not SessionCommand.objects.filter(command__contains="hush").exists()
    assert list(record.commands.values_list("position", flat=True)) == list(
        range(1, record.commands.count() + 1)
    )


def test_a_refused_line_is_marked_in_the_transcript(elements: Any) -> None:
    with services.session(element=elements["olt1-pam"], purpose="test") as s, pytest.raises(Refused):
        s.command("show nonsense")
    assert SessionCommand.objects.get(command="show nonsense").ok is False


def test_the_commands_of_a_session_are_kept_in_one_statement(
    elements: Any, django_assert_max_num_queries: Any
) -> None:
    with (
        django_assert_max_num_queries(5),
        services.session(element=elements["olt1-pam"], purpose="test") as s,
    ):
        for _ in range(20):
            s.facts()
    assert SessionCommand.objects.count() == 20


def test_after_a_time_out_the_session_is_of_no_more_use(elements: Any, lab: RunningLab) -> None:
    with services.session(element=elements["asw1-pam"], purpose="hang") as s:
        lab.ctl("hang", "asw1-pam")
        with pytest.raises(Timeout):
            s.command("show version", seconds=0.2)
        lab.ctl("reset", "asw1-pam")
        with pytest.raises(Unreachable, match="broken"):
            s.command("show version")
    with services.session(element=elements["asw1-pam"], purpose="again") as s:
        assert s.facts()["host_name"] == "asw1-pam"


def test_connections_are_kept_between_sessions_and_replaced_after_a_reboot(
    elements: Any, lab: RunningLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    connect = asyncssh.connect

    async def counted(**options: Any) -> Any:
        made.append(1)
        return await connect(**options)

    monkeypatch.setattr("asyncssh.connect", counted)
    for _ in range(3):
        with services.session(element=elements["ag1-pam"], purpose="look") as s:
            s.facts()
    assert len(made) <= 1
    lab.ctl("reboot", "ag1-pam")
    until(lambda: lab.ctl("status", "ag1-pam")["reachable"])
    with services.session(element=elements["ag1-pam"], purpose="look") as s:
        assert s.facts()["uptime_s"] < 60


def test_an_element_with_another_host_key_is_not_talked_to(elements: Any) -> None:
    endpoints = ManagementEndpoint.objects.in_bulk(field_name="element_id")
    theirs = endpoints[elements["ag1-pam"].pk].host_key
    ManagementEndpoint.objects.filter(element=elements["cr1-pam"]).update(host_key=theirs)
    with pytest.raises(Unreachable), services.session(element=elements["cr1-pam"], purpose="look"):
        raise AssertionError("must not get in")


def test_the_first_host_key_is_kept(elements: Any, lab: RunningLab) -> None:
    ManagementEndpoint.objects.filter(element=elements["cr1-pam"]).update(host_key="")
    with services.session(element=elements["cr1-pam"], purpose="look"):
        pass
    kept = ManagementEndpoint.objects.get(element=elements["cr1-pam"]).host_key
    assert kept.split()[:2] == lab.state["elements"]["cr1-pam"]["host_key"].split()[:2]


def test_the_lab_is_registered_again_without_a_change(elements: Any, lab: RunningLab) -> None:
    before = list(ManagementEndpoint.objects.values_list("element", "version", "echo_port"))
    assert len(services.register_lab(lab.state)) == len(before) == 9
    assert list(ManagementEndpoint.objects.values_list("element", "version", "echo_port")) == before
    assert all(echo for _element, _version, echo in before)


def test_voice_lines_and_subscribers_lose_what_is_no_longer_said(elements: Any) -> None:
    line = VoiceLine("+33299000101", channels=4, trunk_name="armor-a")
    with services.session(element=elements["sbc1-pam"], purpose="voice") as s:
        s.apply(s.render([VoiceLine("+33299000101", channels=2, trunk_name="old", blocked=True)]))
        s.apply(s.render([line]))
        assert s.verify([line]).ok
        plain = VoiceLine("+33299000101", channels=4)
        s.apply(s.render([plain]))
        assert s.verify([plain]).ok
        assert not s.verify([line]).ok
    gate = SubscriberAccess("a@b", blocked=True)
    with services.session(element=elements["bng1-pam"], purpose="block") as s:
        s.apply(s.render([gate]))
        assert s.verify([gate]).ok
        s.apply(s.render([SubscriberAccess("a@b")]))
        assert s.verify([SubscriberAccess("a@b")]).state["subscriber a@b"]["blocked"] is False
