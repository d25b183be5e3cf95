"""From what a message says to what X.733 calls it: one table of conditions, one of what each kind of sign does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from oss.alarms.models import AlarmType, ProbableCause, Severity
from oss.alarms.services.notices import Notice
from oss.alarms.services.signs import Sign


@dataclass(frozen=True)
class Condition:
    """One thing that can be wrong. `{port}`, `{element}` and `{subject}` in `problem` are filled in."""

    alarm_type: str
    probable_cause: str
    severity: str
    problem: str
    service_affecting: bool = False
    repair: str = ""
    lasts: timedelta | None = None  # ends by itself after this long: nobody ever says that it is over


@dataclass(frozen=True)
class Effect:
    """What a kind of sign does to a condition; `of` says whose: the port's, the element's or the subject's."""

    condition: str
    clears: bool = False
    of: str = "element"
    secondary: bool = False


@dataclass(frozen=True)
class Place:
    """Where a sign was found to belong. `serves` is `network` (a link ends there), `customer` or nothing."""

    element_id: UUID | None = None
    element: str = ""
    role: str = ""
    port_id: UUID | None = None
    port: str = ""
    link_id: UUID | None = None
    serves: str = ""


COMM, EQUIPMENT, ENVIRONMENT = AlarmType.COMMUNICATIONS, AlarmType.EQUIPMENT, AlarmType.ENVIRONMENTAL
PROCESSING, QUALITY = AlarmType.PROCESSING, AlarmType.QUALITY
SHORTLY = timedelta(minutes=15)

CONDITIONS: Mapping[str, Condition] = {
    "link": Condition(
        COMM, ProbableCause.LOSS_OF_SIGNAL, Severity.MAJOR, "{port} down", True, "Test the port and the line behind it"
    ),
    "power": Condition(
        EQUIPMENT, ProbableCause.POWER, Severity.CRITICAL, "Power lost at {port}{element}", True, "Restore the power"
    ),
    "reachability": Condition(
        COMM, ProbableCause.UNREACHABLE, Severity.MAJOR, "{element} does not answer", True,
        "Check power and the way to it",
    ),
    "environment": Condition(
        ENVIRONMENT, ProbableCause.EQUIPMENT, Severity.MINOR, "{subject}", False, "Inspect the equipment on site"
    ),
    "bgp": Condition(COMM, ProbableCause.PROTOCOL, Severity.MAJOR, "BGP session with {subject} down", True),
    "bgp_prefixes": Condition(
        QUALITY, ProbableCause.THRESHOLD, Severity.WARNING, "Many prefixes received from {subject}", lasts=SHORTLY
    ),
    "ospf": Condition(COMM, ProbableCause.PROTOCOL, Severity.MINOR, "OSPF neighbour {subject} down"),
    "isis": Condition(COMM, ProbableCause.PROTOCOL, Severity.MINOR, "IS-IS neighbour {subject} down"),
    "bfd": Condition(COMM, ProbableCause.PROTOCOL, Severity.MINOR, "BFD session with {subject} down"),
    "ntp": Condition(
        PROCESSING, ProbableCause.TIMING, Severity.WARNING, "Time server {subject} lost", lasts=timedelta(hours=6)
    ),
    "restart": Condition(
        PROCESSING, ProbableCause.RESTART, Severity.WARNING, "{element} restarted", True,
        "Look for the reason in its log", SHORTLY,
    ),
    "process": Condition(
        PROCESSING, ProbableCause.RESTART, Severity.WARNING, "Process {subject} restarted on {element}", lasts=SHORTLY
    ),
    "authentication": Condition(
        AlarmType.SECURITY, ProbableCause.ACCESS, Severity.WARNING, "Wrong credentials offered to {element}",
        lasts=SHORTLY,
    ),
}  # fmt: skip

EFFECTS: Mapping[str, tuple[Effect, ...]] = {
    "link_down": (Effect("link", of="port"),),
    # A port that is up has light and its equipment has power.
    "link_up": (Effect("link", True, "port"), Effect("power", True, "port", secondary=True)),
    "power_loss": (Effect("power", of="port or element"),),
    # Who boots has power and talks; whether it can be polled the next poll says.
    "restart": (Effect("restart"), Effect("power", True, secondary=True)),
    "reachable": (Effect("reachability", True), Effect("power", True, secondary=True)),
    "unreachable": (Effect("reachability"),),
    "environment_set": (Effect("environment", of="subject"),),
    "environment_clear": (Effect("environment", True, "subject"),),
    "bgp_down": (Effect("bgp", of="subject"),),
    "bgp_up": (Effect("bgp", True, "subject"),),
    "bgp_prefixes": (Effect("bgp_prefixes", of="subject"),),
    "ospf_down": (Effect("ospf", of="subject"),),
    "ospf_up": (Effect("ospf", True, "subject"),),
    "isis_down": (Effect("isis", of="subject"),),
    "isis_up": (Effect("isis", True, "subject"),),
    "bfd_down": (Effect("bfd", of="subject"),),
    "bfd_up": (Effect("bfd", True, "subject"),),
    "ntp_down": (Effect("ntp", of="subject"),),
    "process_restart": (Effect("process", of="subject"),),
    "authentication_failure": (Effect("authentication"),),
}

# Words that name a sensor, so that a trap with its kind and a syslog line with its text speak of one alarm.
SENSORS: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE), cause)
    for name, pattern, cause in (
        ("temperature", r"\btemperature|\boverheat|\btoo hot", ProbableCause.TEMPERATURE),
        ("fan", r"\bfans?\b|\bcooling", ProbableCause.FAN),
        ("power", r"\bpower supply|\bPEM\b|\bPSU\b|\bvoltage", ProbableCause.POWER),
        ("storage", r"\bpartition|\bdisk|\bstorage|\bflash", ProbableCause.STORAGE),
    )
)
_CLEARED = re.compile(r"\s*(?:is |was )?cleared$", re.IGNORECASE)
# A syslog line has a level (RFC 5424 §6.2.1), which is not a severity but better than nothing.
LEVELS: Mapping[str, str] = {
    "emergency": Severity.CRITICAL, "alert": Severity.CRITICAL, "critical": Severity.CRITICAL, "error": Severity.MAJOR,
    "warning": Severity.MINOR, "notice": Severity.WARNING, "informational": Severity.WARNING, "debug": Severity.WARNING,
}  # fmt: skip
UNUSED_LASTS = timedelta(minutes=10)


def sensor(sign: Sign) -> str:
    """The name under which an environment alarm is kept: its kind if the message has it, else read from the text."""
    wording = sign.subject or bare_text(sign)
    for name, pattern, _cause in SENSORS:
        if pattern.search(wording) or wording == name:
            return name
    return wording


def bare_text(sign: Sign) -> str:
    """The text of an alarm without the word that says it is over."""
    return _CLEARED.sub("", sign.text).strip()


def notices(sign: Sign, place: Place, *, at: datetime, source: str, peer: str = "") -> list[Notice]:
    """What a sign at a place does, as notices; one that is only kept when the kind raises and clears nothing.

    `at` is the event's time in business time. Unknown senders get alarms too, keyed by `peer`.
    """
    found = [
        notice
        for effect in EFFECTS.get(sign.kind, ())
        if (notice := _notice(effect, sign, place, at=at, source=source, peer=peer)) is not None
    ]
    if found:
        return found
    base: dict[str, Any] = {"at": at, "source": source, "peer": peer, "kind": sign.kind, "text": sign.text}
    return [Notice(key="", element_id=place.element_id, details=dict(sign.fields), **base)]


def _notice(
    effect: Effect, sign: Sign, place: Place, *, at: datetime, source: str, peer: str
) -> Notice | None:
    key = _key(effect, sign, place, peer)
    if not key:
        return None
    condition = CONDITIONS[effect.condition]
    return Notice(
        key=key,
        at=at,
        source=source,
        severity=Severity.CLEARED if effect.clears else _severity(effect.condition, condition, sign, place),
        guessed=effect.condition == "environment" and sign.severity not in set(Severity.values),
        alarm_type=condition.alarm_type,
        probable_cause=_cause(effect.condition, condition, sign),
        specific_problem=_problem(effect, condition, sign, place),
        element_id=place.element_id,
        port_id=place.port_id,
        link_id=place.link_id if effect.condition == "link" else None,
        service_affecting=condition.service_affecting and (effect.condition != "link" or bool(place.serves)),
        expires=_expires(effect.condition, condition, place, at),
        proposed_repair=condition.repair,
        details={**sign.fields, "text": sign.text[:500]},
        kind=sign.kind,
        text=sign.text,
        peer=peer,
        secondary=effect.secondary,
    )


def key(condition: str, *, port: UUID | None = None, element: UUID | None = None, subject: str = "") -> str:
    """The key under which a condition of a port or an element is open at most once."""
    about = f"port:{port}" if port is not None else f"element:{element}"
    return f"{about}:{condition}{':' + subject if subject else ''}"[:200]


def _key(effect: Effect, sign: Sign, place: Place, peer: str) -> str:
    named = place.port or sign.port or (str(sign.if_index) if sign.if_index is not None else "")
    if effect.of == "port" and not named:
        return ""
    if place.element_id is None:
        where = f":{named}" if named and effect.of != "element" else ""
        return f"peer:{sign.host or peer}{where}:{effect.condition}{_about(effect, sign)}"[:200]
    if effect.of.startswith("port") and named:
        if place.port_id is not None:
            return key(effect.condition, port=place.port_id)
        return f"element:{place.element_id}:{named}:{effect.condition}"[:200]
    return key(effect.condition, element=place.element_id, subject=_about(effect, sign)[1:])


def _about(effect: Effect, sign: Sign) -> str:
    if effect.of != "subject":
        return ""
    return f":{sensor(sign) if effect.condition == 'environment' else sign.subject}"


def _severity(name: str, condition: Condition, sign: Sign, place: Place) -> str:
    if name == "environment" and sign.severity in set(Severity.values) - {Severity.CLEARED}:
        return sign.severity
    if name == "environment":
        return LEVELS.get(sign.fields.get("level", ""), condition.severity)
    if name == "link":
        return {"network": Severity.MAJOR, "customer": Severity.MINOR}.get(place.serves, Severity.WARNING)
    if name == "power" and (place.port or sign.port):
        return Severity.MINOR
    if name == "reachability" and place.role in {"core", "aggregation", "bng", "voice_gateway"}:
        return Severity.CRITICAL
    return condition.severity


def _cause(name: str, condition: Condition, sign: Sign) -> str:
    if name != "environment":
        return condition.probable_cause
    named = sensor(sign)
    return next((cause for word, _pattern, cause in SENSORS if word == named), condition.probable_cause)


def _problem(effect: Effect, condition: Condition, sign: Sign, place: Place) -> str:
    port = place.port or sign.port
    if effect.condition == "power" and port:
        return f"Power lost at the equipment on {port}"
    subject = bare_text(sign) if effect.condition == "environment" else sign.subject
    element = place.element or sign.host or "the element"
    filled = condition.problem.format(
        port=port if effect.condition == "link" else "", element=element, subject=subject or sign.text
    )
    return filled[:300]


def _expires(name: str, condition: Condition, place: Place, at: datetime) -> datetime | None:
    if name == "link" and place.element_id is not None and not place.serves:
        # Nobody uses the port: worth a line, not a standing alarm.
        return at + UNUSED_LASTS
    return at + condition.lasts if condition.lasts else None
