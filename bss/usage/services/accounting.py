"""RADIUS accounting (RFC 2866): a report is answered once it is stored, and not before."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from pyrad.dictionary import Dictionary
from pyrad.packet import AcctPacket, PacketError

from bss.usage.models import AccountingPacket, UsageFile, UsageSource
from bss.usage.services.files import ingest_file
from kernel import clock
from kernel.errors import NotFound

GIGAWORD = 2**32
# Acct-Status-Type (RFC 2866 §5.1)
STATUSES = {1: "start", 2: "stop", 3: "interim", 7: "reset", 8: "reset"}
TAKEN_AT_ONCE = 200_000

ATTRIBUTES = """
ATTRIBUTE User-Name 1 string
ATTRIBUTE NAS-IP-Address 4 ipaddr
ATTRIBUTE NAS-Identifier 32 string
ATTRIBUTE Acct-Status-Type 40 integer
ATTRIBUTE Acct-Delay-Time 41 integer
ATTRIBUTE Acct-Input-Octets 42 integer
ATTRIBUTE Acct-Output-Octets 43 integer
ATTRIBUTE Acct-Session-Id 44 string
ATTRIBUTE Acct-Session-Time 46 integer
ATTRIBUTE Acct-Terminate-Cause 49 integer
ATTRIBUTE Acct-Input-Gigawords 52 integer
ATTRIBUTE Acct-Output-Gigawords 53 integer
ATTRIBUTE Event-Timestamp 55 date
"""


@cache
def dictionary() -> Any:
    """The attributes that accounting needs; others are kept out of the way."""
    return Dictionary(io.StringIO(ATTRIBUTES))


def ingest_radius(
    packet: bytes, *, secret: bytes, source: UsageSource | str = "radius", at: datetime | None = None
) -> bytes | None:
    """Take an Accounting-Request in and return the reply to send; None = no answer (not authentic, or not readable).

    Repeats are harmless: what a report adds is worked out against what its session had reported before. Raises
    NotFound for an unknown source.
    """
    try:
        request = AcctPacket(packet=packet, secret=secret, dict=dictionary())
        if not request.VerifyAcctRequest():
            return None
        report = _report(request)
    except (PacketError, ValueError, KeyError, IndexError, UnicodeDecodeError):
        return None
    if report is not None:
        take_report(report=report, source=source, at=at)
    reply: bytes = request.CreateReply().ReplyPacket()
    return reply


def take_report(
    *, report: Mapping[str, Any], source: UsageSource | str = "radius", at: datetime | None = None
) -> AccountingPacket:
    """Store one accounting report (keys as in `formats.radius`); without `at` it tells of this moment."""
    at = at or clock.now()
    origin = source if isinstance(source, UsageSource) else UsageSource.objects.filter(code=source).first()
    if origin is None:
        raise NotFound(_("There is no usage source %(code)s") % {"code": source}, code="usage.source")
    told = {"at": _text(at), **report}
    return AccountingPacket.objects.create(source=origin, received=at, report=told)


def drain_accounting(*, at: datetime | None = None) -> list[UsageFile]:
    """Make a usage file of the reports that wait, one a source: from here on they go the way of all usage."""
    at = at or clock.now()
    files = []
    for source in UsageSource.objects.filter(packets__isnull=False).distinct():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "WITH taken AS (SELECT id FROM bss_usage_accountingpacket WHERE source_id = %s ORDER BY id LIMIT %s "
                "FOR UPDATE SKIP LOCKED), gone AS (DELETE FROM bss_usage_accountingpacket p USING taken "
                "WHERE p.id = taken.id RETURNING p.id, p.report) SELECT id, report::text FROM gone ORDER BY id",
                [source.pk, TAKEN_AT_ONCE],
            )
            # The number of the packet makes two files with the same reports two files.
            lines = [json.dumps({"n": number, **json.loads(report)}) for number, report in cursor.fetchall()]
            if lines:
                name = f"{source.code}-{at:%Y%m%dT%H%M%S}.jsonl"
                files.append(ingest_file(("\n".join(lines) + "\n").encode(), source=source, name=name, at=at))
    return files


def _report(request: Any) -> dict[str, Any] | None:
    """The report of an Accounting-Request; None for a status we do not count (RFC 2866 §5.1 has tunnels too)."""
    values = {name: request[name][0] for name in request.keys() if isinstance(name, str)}  # noqa: SIM118 - no dict
    status = STATUSES.get(values["Acct-Status-Type"])
    if status is None:
        return None
    element = values.get("NAS-Identifier") or values["NAS-IP-Address"]

    def octets(way: str) -> int:
        return int(values.get(f"Acct-{way}-Octets", 0)) + GIGAWORD * int(
            values.get(f"Acct-{way}-Gigawords", 0)
        )

    stamped = values.get("Event-Timestamp")
    happened = (
        datetime.fromtimestamp(int(stamped), UTC)
        if stamped
        else clock.system_now() - timedelta(seconds=int(values.get("Acct-Delay-Time", 0)))
    )
    return {
        "status": status,
        "element": str(element),
        "session": str(values.get("Acct-Session-Id", "")),
        "user": str(values.get("User-Name", "")),
        "seconds": int(values.get("Acct-Session-Time", 0)),
        "up": octets("Input"),
        "down": octets("Output"),
        # Elements run on the clock of the machine.
        "at": _text(clock.from_system(happened)),
    }


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
