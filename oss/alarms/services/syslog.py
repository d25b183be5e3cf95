"""Syslog: RFC 5424, the older RFC 3164 and the ways vendors bend it; then what the message says.

Two steps, both pure: `parse` finds time, host, process, tag and text in a line; `read` matches the text against the
patterns of vendors. A line nobody has a pattern for is a sign of kind `unknown`: it is kept, and raises nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from kernel.errors import Invalid
from oss.alarms.services.signs import Sign

MAX_BYTES = 8192  # RFC 5424 §6.1 asks for 480, recommends 2048; longer ones are cut here
SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
MONTHS = {
    name: index
    for index, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}


@dataclass(frozen=True)
class Line:
    """A syslog line taken apart. `at` is None where the line has no readable time."""

    facility: int
    severity: str
    host: str
    tag: str
    text: str
    at: datetime | None = None
    process: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


_PRI = re.compile(r"<(\d{1,3})>")
_RFC5424 = re.compile(r"1 (\S+) (\S+) (\S+) (\S+) (\S+) ?")
_SD_ELEMENT = re.compile(r'\[([^ \]]+)((?: [^ =\]]+="(?:[^"\\]|\\.)*")*)\]')
_SD_PARAM = re.compile(r' ([^ =\]]+)="((?:[^"\\]|\\.)*)"')
_CLOCK = r"(?P<clock>\d\d:\d\d:\d\d)(?:[.:](?P<fraction>\d{1,6})(?:\.\d+)?)?"
_ZONE = r"(?: (?P<zone>[A-Z]{3,4})(?= ?:))?"
_STAMPS = (
    re.compile(r"(?P<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?)"),
    re.compile(
        r"[*.]?(?:(?P<year>\d{4}) )?(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2}) (?:(?P<year2>\d{4}) )?"
        + _CLOCK
        + _ZONE
    ),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2}|[A-Z][a-z]{2})-(?P<day> ?\d{1,2}) " + _CLOCK + _ZONE),
    re.compile(r"date=(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d) time=" + _CLOCK),
)
# What may stand before the time: a message number, and the host, perhaps with the card that speaks.
_BEFORE = re.compile(r"(?:\d+: )?(?:(?P<host>[\w.-]+):? ?)?(?P<card>[\w/]+:|\w+ )?$")
_ENGINE = re.compile(r"^re[01][-.](?=\w)")  # which of its two routing engines speaks is not who speaks
_PERCENT_TAG = re.compile(r"%{1,2}(?P<tag>[A-Z0-9_]+(?:[-/][A-Z0-9_]+)*)\s?(?:\(\w\))?(?:\[\d+\])?\s?: ?")
_PROCESS = re.compile(r"/?(?P<process>[\w./-]+)(?:\[(?P<pid>\d+)\])?: +")
_WORD_TAG = re.compile(r"(?P<tag>[A-Z][A-Z0-9_]{3,}): ")


def parse(data: bytes, *, now: datetime) -> Line:
    """Take a datagram apart; `now` (system time) supplies the year that RFC 3164 leaves out.

    Raises Invalid for a datagram without the priority that every syslog message starts with.
    """
    text = data[:MAX_BYTES].decode("utf-8", "replace").replace("\x00", "").strip()
    match = _PRI.match(text)
    if match is None or int(match[1]) > 191:
        raise Invalid("a syslog message starts with <0> to <191>", code="syslog.priority")
    priority, rest = int(match[1]), text[match.end() :].lstrip()
    facility, severity = priority // 8, SEVERITIES[priority % 8]
    if modern := _RFC5424.match(rest):
        return _modern(modern, rest, facility, severity)
    return _legacy(rest, facility, severity, now)


def _modern(match: re.Match[str], rest: str, facility: int, severity: str) -> Line:
    stamp, host, app, _pid, msgid = ("" if word == "-" else word for word in match.groups())
    position = match.end()
    data: dict[str, str] = {}
    if rest[position : position + 1] == "-":
        position += 1
    while element := _SD_ELEMENT.match(rest, position):
        data |= {name: re.sub(r'\\(["\\\]])', r"\1", value) for name, value in _SD_PARAM.findall(element[2])}
        position = element.end()
    text = rest[position:].strip().removeprefix("\ufeff")
    if named := _PERCENT_TAG.match(text):
        msgid, text = msgid or named["tag"], text[named.end() :].strip()
    return Line(
        facility=facility,
        severity=severity,
        host=host,
        tag=msgid or app,
        text=text,
        at=_iso(stamp),
        process=app,
        data=data,
    )


def _legacy(rest: str, facility: int, severity: str, now: datetime) -> Line:
    at, host, body = None, "", rest
    for pattern in _STAMPS:
        match = pattern.search(rest, 0, 120)
        before = _BEFORE.match(rest[: match.start()]) if match else None
        if match and before:
            at, host = _stamp(match, now), before["host"] or ""
            body = rest[match.end() :].lstrip(" :")
            break
    if at is not None and host.isdigit():
        host = ""
    if at is not None and not host and not body.startswith("%"):
        host, _space, body = body.partition(" ")
    host = _ENGINE.sub("", host.removeprefix("devname="))
    process, tag, text = _head(body.lstrip(" :"))
    return Line(facility=facility, severity=severity, host=host, tag=tag, text=text, at=at, process=process)


def _head(body: str) -> tuple[str, str, str]:
    """(process, tag, text) of what follows time and host."""
    process = ""
    if (match := _PROCESS.match(body)) and not body.startswith("%"):
        process, body = match["process"], body[match.end() :]
    if match := _PERCENT_TAG.match(body):
        return process, match["tag"], body[match.end() :].strip()
    if match := _WORD_TAG.match(body):
        return process, match["tag"], body[match.end() :].strip()
    if _WORD_TAG.match(process + ": "):
        return "", process, body.strip()
    return process, process, body.strip()


def _iso(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _stamp(match: re.Match[str], now: datetime) -> datetime | None:
    parts = match.groupdict()
    if parts.get("iso"):
        return _iso(parts["iso"])
    month = parts["month"]
    number = int(month) if month.isdigit() else MONTHS.get(month.lower(), 0)
    hour, minute, second = map(int, parts["clock"].split(":"))
    micro = int((parts.get("fraction") or "0").ljust(6, "0"))
    year = parts.get("year") or parts.get("year2")
    # No year in the line: the one that puts it nearest to now, so that December read in January is last year's.
    # Other zones than UTC cannot be told from three letters; elements are kept on UTC.
    years = [int(year)] if year else [now.year - 1, now.year, now.year + 1]
    found = []
    for candidate in years:
        try:
            found.append(
                datetime(candidate, number, int(parts["day"]), hour, minute, second, micro, tzinfo=UTC)
            )
        except ValueError:  # 29 February, 31 June
            continue
    at = min(found, key=lambda value: abs(value - now), default=None)
    if at is not None and not parts.get("fraction") and timedelta(0) <= now - at < timedelta(seconds=1):
        # To the second only: within its second the arrival says more.
        return now
    return at


# What lines mean: (pattern over "TAG text", kind). Groups name the port, the subject and a state; `{state}` in the
# kind becomes up or down (set or clear for alarms). Order matters: the first match wins.
_UP = {"up", "established", "full", "cleared", "clear"}
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        # Ports
        ("link_{state}", r"SNMP_TRAP_LINK_(?P<state>UP|DOWN)\b.*?ifName (?P<port>[^\s,]+)"),
        ("link_{state}", r"SNMP_TRAP_LINK_(?P<state>UP|DOWN)\b"),
        (
            "link_{state}",
            r"(?:LINK|LINEPROTO)-\d-UPDOWN\b.*?Interface (?P<port>[^\s,]+)(?: \([^)]*\))?, changed state to"
            r" (?:administratively )?(?P<state>up|down)",
        ),
        ("link_{state}", r"IF_STATE\b.*?Interface (?P<port>\S+) has turned into (?P<state>UP|DOWN) state"),
        ("link_{state}", r"ETHPORT-\d-IF_(?:UP|DOWN)\w*\b.*?Interface (?P<port>\S+) is (?P<state>up|down)"),
        ("link_{state}", r"Interface (?P<port>ethernet ?[\d/]+), state (?P<state>up|down)"),
        ("link_{state}", r"operation status (?P<state>UP|DOWN) to host interface (?P<port>\S+)"),
        # Routing neighbours
        (
            "bgp_{state}",
            r"(?:BGP-\d-ADJCHANGE|RPD_BGP_NEIGHBOR_STATE_CHANGED)\b.*?peer (?P<subject>[0-9a-f.:]+) .*?"
            r"(?:New state|to) (?P<state>\w+)",
        ),
        ("bgp_{state}", r"BGP-\d-ADJCHANGE\b.*?neighbor (?P<subject>[0-9a-f.:]+) (?P<state>Up|Down)"),
        ("bgp_{state}", r"^ADJCHANGE\b.*?neighbor (?P<subject>[0-9a-f.:]+)\S* in vrf \S+ (?P<state>Up|Down)"),
        ("bgp_{state}", r"^BGP\b.*?Peer (?:\(VRF: [^)]*\) )?(?P<subject>[0-9a-f.:]+) (?P<state>UP|DOWN)\b"),
        (
            "ospf_{state}",
            r"RPD_OSPF_NBR(?P<state>UP|DOWN)\b.*?neighbor (?P<subject>\S+) \(realm \S+ (?P<port>\S+)",
        ),
        (
            "ospf_{state}",
            r"OSPF-\d-ADJCHG\b.*?Nbr (?P<subject>\S+) on (?P<port>\S+) from \w+ to (?P<state>\w+)",
        ),
        (
            "isis_{state}",
            r"RPD_ISIS_ADJ(?P<state>UP|DOWN)\b.*?adjacency to (?P<subject>\S+) on (?P<port>[^\s,]+)",
        ),
        ("isis_{state}", r"ISIS_ADJCHG\b.*?SystemID (?P<subject>\S+) on (?P<port>\S+) to (?P<state>UP|DOWN)"),
        (
            "bfd_{state}",
            r"BFD-\d-STATE_CHANGE\b.*?ip:(?P<subject>[^,]+), intf:(?P<port>[^,]+).*? to (?P<state>Up|Down)",
        ),
        ("bgp_down", r"bgp_recv: read from peer (?P<subject>[0-9a-f.:]+) .*failed"),
        ("bgp_prefixes", r"BGP-\d-MAXPFX\b.*?received from (?P<subject>\S+) "),
        ("ntp_down", r"NTP-\d-SYNC_LOSS\b.*?lost : (?P<subject>\S+)"),
        # Power, environment, hardware
        ("power_loss", r"(?:CHASSISD_POWER_LOSS|PLATFORM-\d-POWERLOSS)\b(?:.*? on (?P<port>[^\s,:]+))?"),
        ("environment_{alarm}", r"CHASSISD_ALARM_(?P<alarm>SET|CLEAR)\b"),
        ("environment_set", r"ENVMON-[0-4]-ALARM\b"),
        ("environment_clear", r"ENVMON-[5-7]-ALARM\b"),
        ("environment_{alarm}", r"(?P<severity>Major|Minor) alarm (?P<alarm>set|cleared), (?P<subject>.+)"),
        (
            "environment_{alarm}",
            r"Alarm (?P<alarm>set|cleared): .*?color=(?P<severity>\w+), class=\w+, reason=(?P<subject>.+)",
        ),
        # The element itself
        ("restart", r"SYSTEM_BOOT\b|SYS-\d-RESTART\b"),
        ("process_restart", r"PROCMGR-\d-PROCESS_RESTART\b.*?Restarting '(?P<subject>\w+)'"),
        (
            "configuration_rolled_back",
            r"UI_COMMIT_ROLLBACK\b|SYS-\d-CONFIG_ROLLBACK\b|UI_LOAD_EVENT\b.*rollback",
        ),
        ("configuration_changed", r"UI_COMMIT\w*\b|SYS-\d-CONFIG_\w+\b"),
        ("session", r"AUTHD_\w+|SUBSCR-\d-\w+"),
        ("login", r"UI_LOGIN\b|AAA-\d-LOGIN\b|session opened for user"),
    )
)
# Neighbour states that mean the session runs; anything on the way there is still down.
_RUNNING = {
    "bgp": {"up", "established"},
    "ospf": {"up", "full"},
    "isis": {"up"},
    "bfd": {"up"},
    "link": {"up"},
}
_COLOURS = {"red": "major", "yellow": "minor"}


def read(line: Line) -> Sign:
    """What a line says; kind `unknown` when no pattern fits."""
    subject = f"{line.tag} {line.text}" if line.tag else line.text
    for kind, pattern in PATTERNS:
        if match := pattern.search(subject):
            return _sign(kind, {name: value for name, value in match.groupdict().items() if value}, line)
    return Sign(kind="unknown", text=line.text, at=line.at, host=line.host, fields=_fields(line))


def _sign(kind: str, found: dict[str, str], line: Line) -> Sign:
    if "{state}" in kind:
        running = found.get("state", "").lower() in _RUNNING[kind.partition("_")[0]]
        kind = kind.format(state="up" if running else "down")
    if "{alarm}" in kind:
        kind = kind.format(alarm="clear" if found["alarm"].lower() in {"clear", "cleared"} else "set")
    severity = found.get("severity", line.data.get("severity", "")).lower()
    index = line.data.get("ifIndex", "")
    return Sign(
        kind=kind,
        text=line.text or line.tag,
        at=line.at,
        host=line.host,
        if_index=int(index) if index.isdigit() else None,
        port=(line.data.get("ifName") or found.get("port", "")).replace("ethernet ", "ethernet"),
        subject=line.data.get("kind") or found.get("subject", ""),
        severity=_COLOURS.get(severity, severity),
        fields=_fields(line),
    )


def _fields(line: Line) -> dict[str, str]:
    fields = {"tag": line.tag, "level": line.severity, **line.data}
    if (admin := re.search(r"ifAdminStatus (\w+)|(administratively) down", line.text)) is not None:
        fields["admin"] = "down" if admin[2] else admin[1]
    return fields
