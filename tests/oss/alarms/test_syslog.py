"""Syslog lines taken apart and understood."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid
from oss.alarms.services import syslog

NOW = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
CASES = Path(__file__).parents[4] / "shared" / "data" / "syslog" / "cases.json"
# What each published event means to us; the rest is kept and raises nothing.
MEANT = {
    "INTERFACE_UP": "link_up", "INTERFACE_DOWN": "link_down", "BGP_PREFIX_THRESH_EXCEEDED": "bgp_prefixes",
    "BGP_CONNECTION_RESET": "bgp_down", "BFD_STATE_CHANGE": "bfd_down", "OSPF_NEIGHBOR_DOWN": "ospf_down",
    "ISIS_NEIGHBOR_UP": "isis_up", "ISIS_NEIGHBOR_DOWN": "isis_down", "NTP_SERVER_UNREACHABLE": "ntp_down",
    "MAJOR_ALARM_CLEARED": "environment_clear", "MINOR_ALARM_SET": "environment_set", "SYSTEM_ALARM": "environment_set",
    "SYSTEM_ALARM_CLEARED": "environment_clear", "PROCESS_RESTART": "process_restart",
    "USER_ENTER_CONFIG_MODE": "configuration_changed", "USER_EXIT_CONFIG_MODE": "configuration_changed",
    "CONFIGURATION_COMMIT_REQUESTED": "configuration_changed", "CONFIGURATION_ROLLBACK": "configuration_rolled_back",
    "USER_LOGIN": "login",
}  # fmt: skip


def read(line: str) -> syslog.Sign:
    return syslog.read(syslog.parse(line.encode(), now=NOW))


def cases() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(CASES.read_text()) if CASES.exists() else []
    return found


@pytest.mark.skipif(not CASES.exists(), reason="the published syslog cases are not beside this checkout")
@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['os']}-{case['error']}")
def test_published_lines_of_ten_systems(case: dict[str, str]) -> None:
    expected: dict[str, object] = case["expected"]  # type: ignore[assignment]
    details: dict[str, str] = expected["message_details"]  # type: ignore[assignment]

    line = syslog.parse(case["syslog"].encode(), now=NOW)
    sign = syslog.read(line)

    assert (line.host, line.severity) == (details["host"], syslog.SEVERITIES[int(str(expected["severity"]))])
    assert line.at is not None
    assert f"{line.at:%H:%M:%S}" == details["time"].split(".")[0].split("+")[0]
    if case["error"] in MEANT:
        assert sign.kind == MEANT[case["error"]]
    if (interfaces := str(expected["yang_message"])).startswith("{'interfaces'") and sign.kind.startswith(
        "link_"
    ):
        assert sign.port in interfaces


@pytest.mark.parametrize(
    ("line", "kind", "port", "subject"),
    [
        ('<28>1 2026-01-15T09:59:59.123Z cr1-pam mib2d 4711 SNMP_TRAP_LINK_DOWN [kestrel@32473 ifIndex="1" '
         'ifName="xe-0/0/0"] ifIndex 1, ifAdminStatus up(1), ifOperStatus down(2), ifName xe-0/0/0',
         "link_down", "xe-0/0/0", ""),
        ("<187>Jan 15 09:59:59 ag2-kvl Ebra: %LINK-3-UPDOWN: Interface Ethernet2/1, changed state to down",
         "link_down", "Ethernet2/1", ""),
        ("<189>Jan 15 09:59:59 ag2-kvl Ebra: %LINK-5-UPDOWN: Interface Ethernet2/1, changed state to up",
         "link_up", "Ethernet2/1", ""),
        ("<189>1: gw: Jan 15 09:59:59.1: %LINK-5-CHANGED: Interface Gi0/1, changed state to administratively down",
         "unknown", "", ""),
        ("<26>1 2026-01-15T09:59:59.123Z olt1 chassisd 1 CHASSISD_POWER_LOSS - Dying gasp: power lost",
         "power_loss", "", ""),
        ("<186>Jan 15 09:59:59 asw1 PowerMgr: %PLATFORM-2-POWERLOSS: Dying gasp from the equipment on Ethernet1/5: "
         "power lost",
         "power_loss", "Ethernet1/5", ""),
        ("<187>Jan 15 09:59:59 asw1 Thermo: %ENVMON-3-ALARM: Fan 2 failed", "environment_set", "", ""),
        ("<189>Jan 15 09:59:59 asw1 Thermo: %ENVMON-5-ALARM: Fan 2 failed cleared", "environment_clear", "", ""),
        ("<28>1 2026-01-15T09:59:59Z cr1 chassisd 1 CHASSISD_ALARM_SET - Intake temperature above threshold",
         "environment_set", "", ""),
        ("<29>1 2026-01-15T09:59:59Z cr1 kernel 1 SYSTEM_BOOT - System restarted, KR-9400", "restart", "", ""),
        ("<189>Jan 15 09:59:59 asw1 Init: %SYS-5-RESTART: System restarted", "restart", "", ""),
        ("<188>Jan 15 09:59:59 asw1 ConfigAgent: %SYS-4-CONFIG_ROLLBACK: rolled back",
         "configuration_rolled_back", "", ""),
        ("<29>1 2026-01-15T09:59:59Z cr1 mgd 1 UI_COMMIT_CONFIRMED - confirmed", "configuration_changed", "", ""),
        ("<190>Jan 15 09:59:59 asw1 Aaa: %AAA-6-LOGIN: admin from 10.0.0.1", "login", "", ""),
        ("<189>Jan 15 09:59:59 r1 rpd[1]: RPD_BGP_NEIGHBOR_STATE_CHANGED: BGP peer 192.0.2.1 (External AS 1) changed "
         "state from OpenConfirm to Established (event RecvKeepAlive)", "bgp_up", "", "192.0.2.1"),
    ],
)  # fmt: skip
def test_what_lines_mean(line: str, kind: str, port: str, subject: str) -> None:
    sign = read(line)

    assert (sign.kind, sign.port, sign.subject) == (kind, port, subject)
    assert sign.at is not None
    assert abs(sign.at - NOW) <= timedelta(seconds=1)


def test_structured_data_and_its_escapes() -> None:
    line = syslog.parse(
        rb'<34>1 2026-01-15T10:00:00Z h a - ID [x@1 a="q\"b\\c\]d" e="f"][y@1 g=""] text', now=NOW
    )

    assert line.data == {"a": 'q"b\\c]d', "e": "f", "g": ""}
    assert (line.text, line.tag, line.host) == ("text", "ID", "h")


@pytest.mark.parametrize(
    ("stamp", "now", "expected"),
    [
        ("Dec 31 23:59:58", datetime(2026, 1, 1, tzinfo=UTC), datetime(2025, 12, 31, 23, 59, 58, tzinfo=UTC)),
        (
            "Jan  1 00:00:05",
            datetime(2025, 12, 31, 23, 59, tzinfo=UTC),
            datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC),
        ),
        ("Feb 29 12:00:00", datetime(2028, 3, 1, tzinfo=UTC), datetime(2028, 2, 29, 12, tzinfo=UTC)),
    ],
)
def test_the_year_that_a_line_leaves_out_is_the_nearest(
    stamp: str, now: datetime, expected: datetime
) -> None:
    assert syslog.parse(f"<13>{stamp} host tag: text".encode(), now=now).at == expected


def test_within_its_second_the_arrival_is_the_better_time() -> None:
    arrived = NOW + timedelta(milliseconds=700)

    assert syslog.parse(b"<13>Jan 15 10:00:00 host tag: text", now=arrived).at == arrived
    assert syslog.parse(b"<13>Jan 15 09:59:58 host tag: text", now=arrived).at == NOW - timedelta(seconds=2)


def test_a_day_that_no_year_has_leaves_the_line_without_time() -> None:
    assert syslog.parse(b"<13>Jun 31 10:00:00 host tag: text", now=NOW).at is None


@pytest.mark.parametrize("data", [b"", b"hello", b"<>x", b"<192>x", b"<1234>x", b"13>x"])
def test_what_is_not_syslog_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        syslog.parse(data, now=NOW)


@given(st.binary(max_size=400))
def test_any_bytes_after_the_priority_are_a_line(data: bytes) -> None:
    sign = syslog.read(syslog.parse(b"<13>" + data, now=NOW))

    assert "\x00" not in sign.text
