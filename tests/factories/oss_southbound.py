"""Made-up ways to elements, and sessions that were held."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from oss.southbound import services
from oss.southbound.models import ElementSession, ManagementEndpoint, SessionCommand
from tests.factories.oss_inventory import make_element

_serial = count(1)
AT = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)


def make_endpoint(**overrides: Any) -> ManagementEndpoint:
    """An endpoint on a port where nobody listens."""
    values = {"driver": "kestrel", "host": "127.0.0.1", "ssh_port": 9, "snmp_port": 9, **overrides}
    if "element" not in values:
        values["element"] = make_element()
    if "credential" not in values:
        values["credential"] = services.create_credential(
            name=f"credential-{next(_serial)}", username="admin", password="secret", community="public"
        )
    return services.register_endpoint(**values)


def make_session(**overrides: Any) -> ElementSession:
    """A session of two lines, the second of them refused."""
    values = {
        "purpose": "test",
        "started": AT,
        "finished": AT,
        "ok": False,
        "error": "element.refused",
        **overrides,
    }
    if "element" not in values:
        values["element"] = make_element()
    made = ElementSession.objects.create(diff="+ set a\n- set b\n  c", **values)
    SessionCommand.objects.bulk_create(
        SessionCommand(
            session=made, position=position, command=line, reply="error: no", milliseconds=3, ok=position < 2
        )
        for position, line in enumerate(["configure", "set a"], start=1)
    )
    return made


SAMPLES = {
    "oss_southbound.ElementSession": make_session,
    "oss_southbound.ManagementEndpoint": make_endpoint,
}
