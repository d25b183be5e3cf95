"""Doors to ports: who has which, until when, and whether they work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from kernel import clock, lifecycle
from kernel.errors import Exhausted, Invalid, StaleState
from oss.inventory.models import Location, NetworkElement, Port
from oss.inventory.models.elements import PortQuerySet


def free_ports(*, location: Location) -> PortQuerySet:
    """Customer ports at a location, or below it, that could be handed out now."""
    return Port.objects.free().at(location)


@transaction.atomic
def reserve_port(
    *,
    holder: UUID,
    until: datetime,
    location: Location | None = None,
    element: NetworkElement | None = None,
    min_speed_mbps: int = 0,
) -> Port:
    """Reserve the next free customer port of a location or element for `holder` until `until`.

    The slowest port that is fast enough is taken, in order of element and interface. Rivals each get another port. A
    holder who has a port there already gets that one again, so a repeated call takes nothing. Raises Exhausted.
    """
    if (location is None) == (element is None):
        raise Invalid(_("Name either a location or an element"), code="port.where")
    there = Port.objects.filter(speed_mbps__gte=min_speed_mbps, kind="customer")
    there = there.filter(element=element) if element is not None else there.at(location)  # type: ignore[arg-type]
    held: Port | None = (
        there.held_by(holder).filter(usage__in=[Port.Usage.RESERVED, Port.Usage.IN_USE]).first()
    )
    if held is not None:
        return held
    port: Port | None = lifecycle.claim(
        there.free().order_by("speed_mbps", "element__name", "if_index", "name"),
        Port.Usage.RESERVED,
        holder=holder,
        reserved_until=until,
    )
    if port is None:
        raise Exhausted(
            _("No free port of %(speed)d Mbit/s or more is left at %(where)s")
            % {"speed": min_speed_mbps, "where": element or location},
            code="port.exhausted",
        )
    return port


@transaction.atomic
def occupy_port(*, port: Port, holder: UUID) -> Port:
    """Take a port into use that is free or reserved for `holder`; done twice it changes nothing.

    Raises StaleState when the port belongs to somebody else, or is faulty.
    """
    mine = Port.objects.filter(pk=port.pk)
    moved = lifecycle.move_many(
        mine.filter(usage=Port.Usage.FREE) | mine.filter(usage=Port.Usage.RESERVED, holder=holder),
        Port.Usage.IN_USE,
        holder=holder,
        reserved_until=None,
    )
    return _settled(moved, port, lambda now: now.usage == Port.Usage.IN_USE and now.belongs_to(holder))


@transaction.atomic
def release_port(*, port: Port, holder: UUID) -> Port:
    """Give back a port of `holder`; done twice it changes nothing. A faulty port stays faulty, without a holder.

    Raises StaleState when the port belongs to somebody else.
    """
    mine = Port.objects.filter(pk=port.pk, holder=holder)
    moved = lifecycle.move_many(
        mine.filter(usage__in=[Port.Usage.RESERVED, Port.Usage.IN_USE]),
        Port.Usage.FREE,
        holder=None,
        reserved_until=None,
    )
    if not moved and (faulty := mine.filter(usage=Port.Usage.FAULTY).locked().first()):
        moved = [lifecycle.change(faulty, holder=None)]
    return _settled(moved, port, lambda now: now.holder is None)


def _settled(moved: list[Port], port: Port, already: Callable[[Port], bool]) -> Port:
    if moved:
        return moved[0]
    now = Port.objects.get(pk=port.pk)
    if already(now):
        return now
    raise StaleState(
        _("%(port)s is %(usage)s, and not for this holder") % {"port": now, "usage": now.get_usage_display()},
        code="port.notYours",
    )


@transaction.atomic
def expire_reservations(*, at: datetime | None = None) -> int:
    """Free every port whose reservation ended at or before `at`; returns how many. Safe to run twice."""
    moment = at or clock.now()
    return len(
        lifecycle.move_many(
            Port.objects.expired(moment),
            Port.Usage.FREE,
            reason="reservation expired",
            holder=None,
            reserved_until=None,
        )
    )


@transaction.atomic
def mark_faulty(*, port: Port, reason: str) -> Port:
    """Take a port out of what can be handed out. One in use keeps its holder; a reservation on it ends."""
    if port.usage == Port.Usage.RESERVED:
        return lifecycle.move(port, Port.Usage.FAULTY, reason=reason, holder=None, reserved_until=None)
    return lifecycle.move(port, Port.Usage.FAULTY, reason=reason)


@transaction.atomic
def mend_port(*, port: Port, reason: str = "") -> Port:
    """Put a mended port back: to its holder when it has one, else free."""
    to = Port.Usage.FREE if port.holder is None else Port.Usage.IN_USE
    return lifecycle.move(port, to, reason=reason)


def enable_port(*, port: Port, enabled: bool, reason: str = "", version: int | None = None) -> Port:
    """Record whether the port is meant to be switched on. The element itself is told through southbound."""
    return lifecycle.change(port, admin_enabled=enabled, reason=reason, version=version)


def set_oper_state(*, port: Port, state: str, at: datetime) -> bool:
    """Record that a port was seen up, down or unknown at `at`; returns whether that is news.

    Older news never overwrites newer. This is a measurement, not a decision: it leaves no journal entry.
    """
    changed = set_oper_states([(port.pk, state, at)])
    if changed:
        port.oper_state, port.oper_changed = state, at
    return bool(changed)


def set_oper_states(seen: Iterable[tuple[UUID, str, datetime]]) -> list[UUID]:
    """`set_oper_state` for many ports in one statement: (port id, state, seen at); returns the ids that changed."""
    rows = sorted(seen)
    if unknown := {state for _port, state, _at in rows} - set(Port.OperState.values):
        raise Invalid(_("%(state)s is not an operational state") % {"state": unknown}, code="port.operState")
    with connection.cursor() as cursor:
        # Rows are locked in one order first, so that two pollers with the same ports never deadlock.
        cursor.execute(
            """
            WITH seen AS (
                SELECT DISTINCT ON (id) * FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[]) AS s(id, state, at)
                ORDER BY id, at DESC
            ), held AS (
                SELECT port.id, seen.state, seen.at FROM oss_inventory_port port JOIN seen USING (id)
                WHERE port.oper_state <> seen.state AND (port.oper_changed IS NULL OR port.oper_changed <= seen.at)
                ORDER BY port.id FOR UPDATE OF port
            )
            UPDATE oss_inventory_port AS port SET oper_state = held.state, oper_changed = held.at
            FROM held WHERE port.id = held.id RETURNING port.id
            """,
            [[str(row[0]) for row in rows], [row[1] for row in rows], [row[2] for row in rows]],
        )
        return [row[0] for row in cursor.fetchall()]
