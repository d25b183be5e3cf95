"""The next free address, VLAN or number: one statement each, so that rivals get different ones and nobody waits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, TextField, Value
from django.db.models.functions import MD5, Concat
from django.utils.translation import gettext as _

from kernel import lifecycle
from kernel.errors import Exhausted, Invalid, StaleState
from oss.addressing.models import Address, NumberRange, Prefix, TelephoneNumber, Vlan, VlanGroup
from oss.addressing.models.prefixes import host_at

BLOCK = 256


@transaction.atomic
def reserve_address(*, prefix: Prefix, holder: UUID, until: datetime) -> Address:
    """Reserve the lowest free address of a leaf prefix for `holder` until `until`.

    A holder who has an address of the prefix gets that one again. Raises Exhausted, Invalid for a container.
    """
    if prefix.role == Prefix.Role.CONTAINER:
        raise Invalid(_("A container holds prefixes, not addresses"), code="prefix.container")
    held: Address | None = Address.objects.filter(prefix=prefix).held_by(holder).first()
    if held is not None:
        return held
    if (taken := _claim_address(prefix, holder, until)) is not None:
        return taken
    # Nothing written out is free: one caller writes the next block, rivals wait for it and look again.
    locked = Prefix.objects.filter(pk=prefix.pk).locked().get()
    while (taken := _claim_address(locked, holder, until)) is None:
        if not fill(locked):
            raise Exhausted(
                _("%(prefix)s has no free address left") % {"prefix": prefix}, code="prefix.exhausted"
            )
    return taken


def _claim_address(prefix: Prefix, holder: UUID, until: datetime) -> Address | None:
    free = Address.objects.filter(prefix=prefix).free().order_by("address")
    return lifecycle.claim(free, Address.Status.RESERVED, holder=holder, reserved_until=until)


def fill(prefix: Prefix) -> int:
    """Write out the next block of free addresses of a locked prefix; returns how many, 0 when it is full."""
    first, last = prefix.host_span()
    offsets = range(prefix.filled, min(prefix.filled + BLOCK, last - first + 1))
    rows = [
        Address(prefix=prefix, address=str(host))
        for host in (host_at(prefix, offset) for offset in offsets)
        if str(host) != prefix.gateway
    ]
    Address.objects.bulk_create(rows)
    prefix.filled += len(offsets)
    Prefix.objects.filter(pk=prefix.pk).update(filled=prefix.filled)
    return len(offsets)


@transaction.atomic
def reserve_vlan(*, group: VlanGroup, holder: UUID, until: datetime) -> Vlan:
    """Reserve the lowest free VLAN of a group for `holder`; one it has there is given again. Raises Exhausted."""
    mine = Vlan.objects.filter(group=group)
    vlan: Vlan | None = mine.held_by(holder).first() or lifecycle.claim(
        mine.free().order_by("vid"), Vlan.Status.RESERVED, holder=holder, reserved_until=until
    )
    if vlan is None:
        raise Exhausted(_("%(group)s has no free VLAN left") % {"group": group}, code="vlanGroup.exhausted")
    return vlan


@transaction.atomic
def reserve_number(
    *, range: NumberRange, holder: UUID, until: datetime, wanted: str | None = None
) -> TelephoneNumber:
    """Reserve the lowest free number of a range, or exactly `wanted` (E.164), for `holder` until `until`.

    Each call takes one more number, except that a `wanted` number the holder has already is given again. Raises
    Exhausted, or StaleState when somebody else has the wanted one.
    """
    numbers = TelephoneNumber.objects.filter(range=range)
    if wanted is not None:
        numbers = numbers.filter(e164=wanted)
        held: TelephoneNumber | None = numbers.held_by(holder).first()
        if held is not None:
            return held
    number: TelephoneNumber | None = lifecycle.claim(
        numbers.order_by("e164"), TelephoneNumber.Status.RESERVED, holder=holder, reserved_until=until
    )
    if number is not None:
        return number
    if wanted is not None:
        raise StaleState(
            _("%(number)s is not free any more; choose another") % {"number": wanted},
            code="telephoneNumber.notFree",
        )
    raise Exhausted(_("%(range)s has no free number left") % {"range": range}, code="numberRange.exhausted")


def shortlist(*, range: NumberRange, count: int, seed: str) -> list[str]:
    """Up to `count` free numbers of a range to choose from, without using any up.

    The same seed (a customer, a quote) shows the same numbers in the same order as long as they stay free; different
    seeds show different ones, so that two clerks rarely offer the same.
    """
    order = MD5(Concat(F("e164"), Value(seed), output_field=TextField()))
    free = TelephoneNumber.objects.filter(range=range).free()
    return list(free.order_by(order, "e164").values_list("e164", flat=True)[:count])
