"""What a holder has: assigned, given back, expired; and how full a pool is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, QuerySet

from kernel import clock, lifecycle
from oss.addressing.models import Address, NumberRange, Prefix, TelephoneNumber, Vlan, VlanGroup

GIVEN_BACK: dict[str, Any] = {"holder": None, "reserved_until": None}


@dataclass(frozen=True)
class Holding:
    """Everything one holder has, reserved or assigned, each kind in order."""

    addresses: list[Address]
    vlans: list[Vlan]
    numbers: list[TelephoneNumber]

    def __bool__(self) -> bool:
        return bool(self.addresses or self.vlans or self.numbers)


@dataclass(frozen=True)
class Utilisation:
    """How full a pool is, in things that can be handed out. Numbers in quarantine are neither used nor free."""

    installed: int
    used: int
    reserved: int
    quarantined: int = 0

    @property
    def free(self) -> int:
        """What is left."""
        return self.installed - self.used - self.reserved - self.quarantined

    @property
    def share(self) -> float:
        """What is not free, from 0 to 1; 1 for an empty pool."""
        return 1 - self.free / self.installed if self.installed else 1.0


def held_by(*, holder: UUID) -> Holding:
    """What a holder has."""
    return Holding(
        addresses=list(Address.objects.held_by(holder).select_related("prefix__vrf").order_by("address")),
        vlans=list(Vlan.objects.held_by(holder).select_related("group").order_by("group__name", "vid")),
        numbers=list(TelephoneNumber.objects.held_by(holder).select_related("range").order_by("e164")),
    )


@transaction.atomic
def assign(*, holder: UUID) -> Holding:
    """Turn everything the holder has reserved into assigned; returns all it has. Done twice it changes nothing."""
    for model in (Address, Vlan, TelephoneNumber):
        lifecycle.move_many(
            model.objects.filter(holder=holder, status="reserved"), "assigned", reserved_until=None
        )
    return held_by(holder=holder)


@transaction.atomic
def release(*, holder: UUID, at: datetime | None = None) -> Holding:
    """Take back everything the holder has; returns what that was. Done twice it changes nothing.

    A number that was in use rests in quarantine from `at` for the days its range says; one that was only reserved is
    free at once.
    """
    moment = at or clock.now()
    before = held_by(holder=holder)
    for model in (Address, Vlan):
        lifecycle.move_many(model.objects.held_by(holder), "free", **GIVEN_BACK)
    numbers = TelephoneNumber.objects.filter(holder=holder)
    lifecycle.move_many(numbers.filter(status="reserved"), "free", **GIVEN_BACK)
    # One statement for each length of quarantine: ranges differ, numbers of one range do not.
    used = numbers.filter(status="assigned")
    for days in used.order_by().values_list("range__quarantine_days", flat=True).distinct():
        lifecycle.move_many(
            used.filter(range__quarantine_days=days),
            "quarantined",
            quarantine_until=moment + timedelta(days=days),
            **GIVEN_BACK,
        )
    return before


@transaction.atomic
def expire_reservations(*, at: datetime | None = None) -> int:
    """Free what was reserved until `at` or earlier, and numbers whose quarantine is over; returns how many."""
    moment, count = at or clock.now(), 0
    for model in (Address, Vlan, TelephoneNumber):
        count += len(
            lifecycle.move_many(
                model.objects.expired(moment), "free", reason="reservation expired", **GIVEN_BACK
            )
        )
    rested = TelephoneNumber.objects.rested(moment)
    return count + len(lifecycle.move_many(rested, "free", reason="quarantine over", quarantine_until=None))


def utilisation(pool: Prefix | VlanGroup | NumberRange) -> Utilisation:
    """How full a pool is, counted now in one query. A prefix counts its usable addresses, not the rows written out."""
    installed, rows = _contents(pool)
    by_status = rows.exclude(status="free").order_by().values_list("status").annotate(n=Count("pk"))
    counts: dict[str, int] = dict(by_status)
    return Utilisation(
        installed=installed,
        used=counts.get("assigned", 0),
        reserved=counts.get("reserved", 0),
        quarantined=counts.get("quarantined", 0),
    )


def _contents(pool: Prefix | VlanGroup | NumberRange) -> tuple[int, QuerySet[Any]]:
    if isinstance(pool, Prefix):
        installed = 0 if pool.role == Prefix.Role.CONTAINER else pool.hosts
        return installed, Address.objects.filter(prefix=pool)
    if isinstance(pool, VlanGroup):
        return pool.last_vid - pool.first_vid + 1, Vlan.objects.filter(group=pool)
    return pool.size, TelephoneNumber.objects.filter(range=pool)
