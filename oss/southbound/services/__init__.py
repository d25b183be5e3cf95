"""Doors to the elements: sessions whose every command is kept, SNMP reading, RADIUS disconnection."""

from kernel.slots import slot
from oss.southbound.services.discovery import COMPARE, Difference, compare
from oss.southbound.services.endpoints import create_credential, register_endpoint, register_lab
from oss.southbound.services.reading import (
    agent_of,
    disconnect_session,
    snmp_read,
    snmp_walk,
    snmp_walk_many,
)
from oss.southbound.services.sessions import Session, recover, session

# What a session was held for, as its page shows it: (session) -> an object, or None where it was for nothing of theirs.
purpose_slot = slot("oss_southbound.purpose")

__all__ = [
    "COMPARE",
    "Difference",
    "Session",
    "agent_of",
    "compare",
    "create_credential",
    "disconnect_session",
    "purpose_slot",
    "recover",
    "register_endpoint",
    "register_lab",
    "session",
    "snmp_read",
    "snmp_walk",
    "snmp_walk_many",
]
