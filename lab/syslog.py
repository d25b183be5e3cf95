"""Syslog: one event in each vendor's words, RFC 5424 for Kestrel and RFC 3164 style for Heron."""

from __future__ import annotations

from lab.device.element import Element
from lab.events import Event

# RFC 5424 6.2.1; local4 for network equipment as Heron's, daemon (3) as Kestrel's
_SEVERITIES = {
    "critical": 2,
    "major": 3,
    "error": 3,
    "minor": 4,
    "warning": 4,
    "notice": 5,
    "informational": 6,
}
_DAEMON, _LOCAL7 = 3, 23

_KESTREL_TAGS = {
    "link-down": ("mib2d", "SNMP_TRAP_LINK_DOWN"),
    "link-up": ("mib2d", "SNMP_TRAP_LINK_UP"),
    "boot": ("kernel", "SYSTEM_BOOT"),
    "power-loss": ("chassisd", "CHASSISD_POWER_LOSS"),
    "commit": ("mgd", "UI_COMMIT"),
    "confirmed": ("mgd", "UI_COMMIT_CONFIRMED"),
    "rollback": ("mgd", "UI_COMMIT_ROLLBACK"),
    "login": ("mgd", "UI_LOGIN"),
    "session-start": ("authd", "AUTHD_SESSION_START"),
    "session-stop": ("authd", "AUTHD_SESSION_STOP"),
    "accounting-lost": ("authd", "AUTHD_ACCOUNTING_LOST"),
}
_HERON_TAGS = {
    "link-down": ("Ebra", "LINK-3-UPDOWN"),
    "link-up": ("Ebra", "LINK-5-UPDOWN"),
    "boot": ("Init", "SYS-5-RESTART"),
    "power-loss": ("PowerMgr", "PLATFORM-2-POWERLOSS"),
    "commit": ("ConfigAgent", "SYS-5-CONFIG_I"),
    "confirmed": ("ConfigAgent", "SYS-5-CONFIG_CONFIRMED"),
    "rollback": ("ConfigAgent", "SYS-4-CONFIG_ROLLBACK"),
    "login": ("Aaa", "AAA-6-LOGIN"),
    "session-start": ("Subscr", "SUBSCR-6-START"),
    "session-stop": ("Subscr", "SUBSCR-6-STOP"),
    "accounting-lost": ("Subscr", "SUBSCR-4-ACCTLOST"),
}


def severity(event: Event) -> int:
    return _SEVERITIES[event.severity]


def tag(event: Event, element: Element) -> tuple[str, str]:
    """The process and the mnemonic that the element's vendor uses for an event."""
    if element.spec.vendor == "kestrel":
        if event.kind == "alarm":
            raised = event.data.get("state") == "raised"
            return "chassisd", f"CHASSISD_ALARM_{'SET' if raised else 'CLEAR'}"
        return _KESTREL_TAGS[event.kind]
    if event.kind == "alarm":
        return "Thermo", f"ENVMON-{severity(event)}-ALARM"
    return _HERON_TAGS[event.kind]


def message(event: Event, element: Element) -> bytes:
    """The datagram for the syslog sink."""
    process, mnemonic = tag(event, element)
    host = element.host_name
    if element.spec.vendor == "kestrel":
        stamp = event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        priority = _DAEMON * 8 + severity(event)
        data, text = _structured(event, element)
        pid = 1000 + len(process)
        return f"<{priority}>1 {stamp} {host} {process} {pid} {mnemonic} {data} {text}".encode()
    # RFC 3164 4.1.2: no year, no zone, the day padded with a space
    stamp = f"{event.at:%b} {event.at.day:2d} {event.at:%H:%M:%S}"
    return f"<{_LOCAL7 * 8 + severity(event)}>{stamp} {host} {process}: %{mnemonic}: {event.text}".encode()


def _structured(event: Event, element: Element) -> tuple[str, str]:
    """STRUCTURED-DATA (RFC 5424 6.3) and the text beside it."""
    if event.port is None:
        return "-", event.text
    port = element.ports[event.port]
    data = f'[kestrel@32473 ifIndex="{port.index}" ifName="{port.name}"]'
    if event.kind not in ("link-down", "link-up"):
        return data, event.text
    admin = "up(1)" if port.admin_up else "down(2)"
    oper = "up(1)" if event.kind == "link-up" else "down(2)"
    return data, (f"ifIndex {port.index}, ifAdminStatus {admin}, ifOperStatus {oper}, ifName {port.name}")
