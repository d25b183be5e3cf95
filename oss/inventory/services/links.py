"""Doors to links."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kernel import lifecycle
from kernel.errors import Invalid, StaleState
from oss.inventory.models import Link, Port


@transaction.atomic
def connect(
    *,
    port_a: Port,
    port_b: Port,
    name: str = "",
    medium: str = Link.Medium.FIBRE,
    length_m: int | None = None,
    capacity_mbps: int | None = None,
    status: str = Link.Status.IN_SERVICE,
) -> Link:
    """Join two free ports of two elements; both are in use by the link from then on.

    Capacity defaults to the slower port's speed (Mbit/s), the name to the two ports'. Raises Invalid for two ports
    of one element or a name that is taken, StaleState when a port is not free.
    """
    if port_a.element_id == port_b.element_id:
        raise Invalid(_("A link joins two different elements"), code="link.oneElement")
    link = Link(
        name=name or f"{port_a} – {port_b}",
        port_a=port_a,
        port_b=port_b,
        medium=medium,
        length_m=length_m,
        capacity_mbps=capacity_mbps or min(port_a.speed_mbps, port_b.speed_mbps),
        status=status,
    )
    taken = lifecycle.move_many(
        Port.objects.filter(pk__in=[port_a.pk, port_b.pk], usage=Port.Usage.FREE),
        Port.Usage.IN_USE,
        holder=link.pk,
        reserved_until=None,
    )
    if len(taken) != 2:
        raise StaleState(_("Both ports of a link must be free"), code="link.portTaken")
    try:
        with transaction.atomic():
            lifecycle.create(link)
    except IntegrityError as error:
        if "port_once" in str(error) or "already is an end" in str(error):
            raise StaleState(_("A port is an end of one link only"), code="link.portTaken") from error
        raise Invalid(
            _("There is a link %(name)s already") % {"name": link.name},
            code="link.nameTaken",
            fields={"name": _("Taken")},
        ) from error
    return link


def put_in_service(*, link: Link, reason: str = "") -> Link:
    """Open a planned link for traffic."""
    return lifecycle.move(link, Link.Status.IN_SERVICE, reason=reason)


@transaction.atomic
def retire_link(*, link: Link, reason: str = "") -> Link:
    """Take a link away and free its ports."""
    lifecycle.move(link, Link.Status.RETIRED, reason=reason)
    ends = Port.objects.filter(holder=link.pk)
    lifecycle.move_many(ends.filter(usage=Port.Usage.IN_USE), Port.Usage.FREE, reason=reason, holder=None)
    for broken in ends.filter(usage=Port.Usage.FAULTY):
        lifecycle.change(broken, holder=None, reason=reason)
    return link
