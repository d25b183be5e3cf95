"""What is wanted of an element, in the words of no vendor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AccessService:
    """A customer's data service on a VLAN of an access port; limits in kbit/s, gateway as address/length."""

    port: str
    name: str
    vlan: int
    description: str
    down_kbps: int
    up_kbps: int
    gateway: str = ""
    subscriber: str = ""
    blocked: bool = False


@dataclass(frozen=True)
class SubscriberAccess:
    """Whether a subscriber may have a session on the broadband gateway."""

    name: str
    blocked: bool = False


@dataclass(frozen=True)
class VoiceLine:
    """A telephone line (E.164 with +) on a voice gateway, with so many simultaneous calls."""

    number: str
    channels: int
    trunk_name: str = ""
    blocked: bool = False


@dataclass(frozen=True)
class PortAdmin:
    """A port switched on or off."""

    port: str
    enabled: bool = True


Intent = AccessService | SubscriberAccess | VoiceLine | PortAdmin
KINDS: dict[str, type[Intent]] = {
    cls.__name__: cls for cls in (AccessService, SubscriberAccess, VoiceLine, PortAdmin)
}


def load_intent(values: dict[str, Any]) -> Intent:
    """The intent of a stored dict (`{"kind": "AccessService", …}`); raises KeyError for an unknown kind."""
    fields = dict(values)
    return KINDS[fields.pop("kind")](**fields)
