"""Doors that make pools: prefixes, VLAN groups, number ranges."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kernel import lifecycle
from kernel.errors import Invalid
from oss.addressing.models import VRF, NumberRange, Prefix, TelephoneNumber, Vlan, VlanGroup
from oss.addressing.models.fields import Network
from oss.addressing.models.numbers import E164
from oss.inventory.models import Location, NetworkElement

NUMBERS_MAX = 100_000
Pool = TypeVar("Pool", bound=models.Model)


@transaction.atomic
def create_vrf(*, name: str, route_distinguisher: str = "") -> VRF:
    """Add a routing table. Raises Invalid when the name is taken."""
    return _insert(VRF(name=name, route_distinguisher=route_distinguisher))


@transaction.atomic
def create_prefix(
    *,
    vrf: VRF,
    cidr: str | Network,
    role: str = Prefix.Role.CUSTOMER,
    name: str = "",
    location: Location | None = None,
    gateway: str | None = None,
) -> Prefix:
    """Add a network. Its addresses are handed out by `reserve_address`, all but network, broadcast and `gateway`.

    Raises Invalid for a text that is no network, a gateway outside it, or a leaf that overlaps another of the VRF.
    """
    try:
        network = ipaddress.ip_network(cidr)
    except ValueError as error:
        raise Invalid(
            _("%(cidr)s is not a network: %(why)s") % {"cidr": cidr, "why": error},
            code="prefix.invalid",
            fields={"cidr": str(error)},
        ) from error
    if gateway is not None and ipaddress.ip_address(gateway) not in network:
        raise Invalid(
            _("The gateway lies outside the network"), code="prefix.gateway", fields={"gateway": _("Outside")}
        )
    return _insert(
        Prefix(vrf=vrf, cidr=str(network), role=role, name=name, location=location, gateway=gateway)
    )


@transaction.atomic
def create_vlan_group(
    *,
    name: str,
    first_vid: int = 100,
    last_vid: int = 4000,
    element: NetworkElement | None = None,
    location: Location | None = None,
) -> VlanGroup:
    """Add a VLAN group with all its VLANs, free. Raises Invalid outside 1–4094, or when name or element is taken."""
    if not 1 <= first_vid <= last_vid <= 4094:
        raise Invalid(
            _("VLANs run from 1 to 4094, the first not after the last"),
            code="vlanGroup.span",
            fields={"first_vid": _("1 to 4094"), "last_vid": _("1 to 4094")},
        )
    group = _insert(
        VlanGroup(name=name, first_vid=first_vid, last_vid=last_vid, element=element, location=location)
    )
    Vlan.objects.bulk_create(Vlan(group=group, vid=vid) for vid in range(first_vid, last_vid + 1))
    return group


@transaction.atomic
def create_number_range(
    *,
    name: str,
    first: str,
    last: str,
    kind: str = NumberRange.Kind.GEOGRAPHIC,
    location: Location | None = None,
    quarantine_days: int = 90,
) -> NumberRange:
    """Add a range of E.164 numbers, all free, at most 100,000 of them.

    Raises Invalid for numbers that are not E.164, a range the wrong way round, or one that overlaps another.
    """
    if not (re.fullmatch(E164, first) and re.fullmatch(E164, last)):
        raise Invalid(
            _("Write numbers as +33299000100 (E.164)"), code="numberRange.format", fields={"first": "E.164"}
        )
    made = NumberRange(
        name=name, first=first, last=last, kind=kind, location=location, quarantine_days=quarantine_days
    )
    if len(first) != len(last) or not 1 <= made.size <= NUMBERS_MAX:
        raise Invalid(
            _("A range goes from a lower to a higher number of the same length, at most %(n)d of them")
            % {"n": NUMBERS_MAX},
            code="numberRange.span",
            fields={"last": _("Does not follow the first number")},
        )
    _insert(made)
    start = int(first)
    TelephoneNumber.objects.bulk_create(
        (TelephoneNumber(range=made, e164=f"+{start + offset}") for offset in range(made.size)),
        batch_size=2000,
    )
    return made


@transaction.atomic
def change_pool(*, pool: Pool, version: int | None = None, **changes: Any) -> Pool:
    """Change what a pool is called and where it serves; never what is in it. Raises StaleVersion, Invalid."""
    if fixed := set(changes) & {"vrf", "cidr", "first", "last", "first_vid", "last_vid"}:
        raise Invalid(
            _("%(what)s cannot be changed once things were handed out from it")
            % {"what": ", ".join(sorted(fixed))},
            code="pool.fixed",
        )
    with _told(pool):
        return lifecycle.change(pool, version=version, **changes)


REFUSALS = {
    "leaves_apart": ("prefix.overlaps", gettext_lazy("Overlaps another prefix of this VRF")),
    "prefix_once": ("prefix.exists", gettext_lazy("This prefix exists in the VRF")),
    "ranges_apart": ("numberRange.overlaps", gettext_lazy("Overlaps another number range")),
    "prefix_gateway": ("prefix.gateway", gettext_lazy("The gateway lies outside the network")),
    "element_id": ("vlanGroup.elementTaken", gettext_lazy("This element has a VLAN group already")),
}


class _told:  # noqa: N801 - used as a statement
    """Turns a refusal of the database into one that a person understands."""

    def __init__(self, pool: models.Model) -> None:
        self.pool = pool
        self.savepoint = transaction.atomic()

    def __enter__(self) -> None:
        self.savepoint.__enter__()

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self.savepoint.__exit__(kind, error, trace)
        if isinstance(error, IntegrityError):
            code, message = next(
                (refusal for name, refusal in REFUSALS.items() if name in str(error)),
                ("pool.nameTaken", gettext_lazy("The name is taken")),
            )
            raise Invalid(str(message), code=code) from error


def _insert(pool: Pool) -> Pool:
    with _told(pool):
        return lifecycle.create(pool)
