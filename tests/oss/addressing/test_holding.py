"""Reserve, assign, give back, expire, rest: addresses, VLANs and numbers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel import lifecycle
from kernel.errors import Exhausted, IllegalMove, Invalid, StaleState
from kernel.models import JournalEntry
from oss.addressing import services, tasks
from oss.addressing.models import Address, Prefix, TelephoneNumber, Vlan
from oss.addressing.services.holding import Utilisation
from tests.factories.oss_addressing import make_number_range, make_prefix, make_vlan_group

HOLDER, RIVAL = UUID(int=1), UUID(int=2)
UNTIL = "2026-02-01T00:00:00Z"
VALUES: dict[str, dict[str, Any]] = {
    "free": {"holder": None, "reserved_until": None},
    "reserved": {"holder": HOLDER, "reserved_until": UNTIL},
    "assigned": {"holder": HOLDER, "reserved_until": None},
    "quarantined": {"holder": None, "reserved_until": None, "quarantine_until": UNTIL},
}


def one_vlan() -> Vlan:
    return make_vlan_group().vlans.get(vid=100)


def one_number() -> TelephoneNumber:
    return make_number_range().numbers.order_by("e164")[0]


def one_address() -> Address:
    prefix = make_prefix()
    services.reserve_address(prefix=prefix, holder=RIVAL, until=datetime.fromisoformat(UNTIL))
    return prefix.addresses.get(address="100.72.0.2")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("make", "before", "after"),
    [
        (make, before, after)
        for make, model in ((one_address, Address), (one_vlan, Vlan), (one_number, TelephoneNumber))
        for before in model.Status.values
        for after in model.Status.values
    ],
)
def test_every_pair_of_states_follows_the_table(make: Callable[[], Any], before: str, after: str) -> None:
    row = make()
    type(row).objects.filter(pk=row.pk).update(status=before, **VALUES[before])
    row.refresh_from_db()
    values = {**VALUES[after], **({"quarantine_until": None} if before == "quarantined" else {})}
    if row.lifecycle.allows(before, after):
        lifecycle.move(row, after, **values)
        assert type(row).objects.get(pk=row.pk).status == after
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(row, after, **values)


@pytest.mark.django_db
@pytest.mark.parametrize("make", [one_address, one_vlan, one_number])
def test_database_refuses_a_state_that_contradicts_its_holder(make: Callable[[], Any]) -> None:
    row = make()
    for status, holder in (("free", HOLDER), ("assigned", None), ("reserved", HOLDER), ("lost", None)):
        with pytest.raises(IntegrityError), transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(status=status, holder=holder, reserved_until=None)


@pytest.mark.django_db
def test_addresses_are_handed_out_from_the_lowest_and_never_the_gateway(now: datetime) -> None:
    prefix = make_prefix(cidr="100.72.0.0/29", gateway="100.72.0.2")
    got = [services.reserve_address(prefix=prefix, holder=uuid4(), until=now) for _ in range(5)]
    assert [str(address) for address in got] == [f"100.72.0.{host}" for host in (1, 3, 4, 5, 6)]
    assert got[0].interface == "100.72.0.1/29"
    assert (got[0].status, got[0].reserved_until) == ("reserved", now)
    with pytest.raises(Exhausted):
        services.reserve_address(prefix=prefix, holder=uuid4(), until=now)
    assert JournalEntry.objects.filter(verb="address.reserved").count() == 5


@pytest.mark.django_db
def test_a_large_prefix_is_written_out_in_blocks(now: datetime) -> None:
    prefix = make_prefix(cidr="2001:db8::/64")
    assert str(services.reserve_address(prefix=prefix, holder=HOLDER, until=now)) == "2001:db8::1"
    assert prefix.addresses.count() == 256
    prefix.addresses.filter(status="free").update(status="assigned", holder=RIVAL)
    assert str(services.reserve_address(prefix=prefix, holder=uuid4(), until=now)) == "2001:db8::101"


@pytest.mark.django_db
def test_a_container_hands_out_nothing(now: datetime) -> None:
    with pytest.raises(Invalid):
        services.reserve_address(prefix=make_prefix(role=Prefix.Role.CONTAINER), holder=HOLDER, until=now)


@pytest.mark.django_db
def test_asking_again_gives_the_same_address_and_vlan(now: datetime) -> None:
    prefix, group = make_prefix(), make_vlan_group()
    for _ in "twice":
        services.reserve_address(prefix=prefix, holder=HOLDER, until=now)
        vlan = services.reserve_vlan(group=group, holder=HOLDER, until=now)
        assert vlan.vid == 100
    held = services.held_by(holder=HOLDER)
    assert (len(held.addresses), len(held.vlans), held.numbers) == (1, 1, [])


@pytest.mark.django_db
def test_vlans_and_numbers_end(now: datetime) -> None:
    group, numbers = (
        make_vlan_group(last_vid=100),
        make_number_range(first="+33299000100", last="+33299000100"),
    )
    services.reserve_vlan(group=group, holder=HOLDER, until=now)
    services.reserve_number(range=numbers, holder=HOLDER, until=now)
    with pytest.raises(Exhausted):
        services.reserve_vlan(group=group, holder=RIVAL, until=now)
    with pytest.raises(Exhausted):
        services.reserve_number(range=numbers, holder=RIVAL, until=now)


@pytest.mark.django_db
def test_a_wanted_number_goes_to_the_first_who_asks(now: datetime) -> None:
    numbers = make_number_range(first="+33299000100", last="+33299000109")
    for _ in "twice":
        got = services.reserve_number(range=numbers, holder=HOLDER, until=now, wanted="+33299000105")
        assert (got.e164, got.holder) == ("+33299000105", HOLDER)
    with pytest.raises(StaleState) as caught:
        services.reserve_number(range=numbers, holder=RIVAL, until=now, wanted="+33299000105")
    assert caught.value.code == "telephoneNumber.notFree"
    more = services.reserve_number(range=numbers, holder=HOLDER, until=now)
    assert more.e164 == "+33299000100"


@pytest.mark.django_db
def test_a_shortlist_is_stable_and_uses_nothing_up(now: datetime) -> None:
    numbers = make_number_range(first="+33299000100", last="+33299000199")
    first = services.shortlist(range=numbers, count=5, seed="quote-1")
    assert first == services.shortlist(range=numbers, count=5, seed="quote-1")
    assert len(set(first)) == 5
    assert first != services.shortlist(range=numbers, count=5, seed="quote-2")
    services.reserve_number(range=numbers, holder=HOLDER, until=now, wanted=first[1])
    later = services.shortlist(range=numbers, count=5, seed="quote-1")
    assert later[:4] == [first[0], *first[2:]]
    assert services.utilisation(numbers) == Utilisation(installed=100, used=0, reserved=1)


@pytest.mark.django_db
def test_what_was_reserved_is_assigned_and_given_back(now: datetime) -> None:
    prefix, group, numbers = make_prefix(), make_vlan_group(), make_number_range(quarantine_days=30)
    services.reserve_address(prefix=prefix, holder=HOLDER, until=now)
    services.reserve_vlan(group=group, holder=HOLDER, until=now)
    services.reserve_number(range=numbers, holder=HOLDER, until=now)
    for _ in "twice":
        held = services.assign(holder=HOLDER)
        assert {row.status for row in (*held.addresses, *held.vlans, *held.numbers)} == {"assigned"}
    unused = services.reserve_number(range=numbers, holder=HOLDER, until=now)
    assert services.utilisation(numbers) == Utilisation(installed=10, used=1, reserved=1)

    given = services.release(holder=HOLDER, at=now)
    assert [len(rows) for rows in (given.addresses, given.vlans, given.numbers)] == [1, 1, 2]
    assert not services.release(holder=HOLDER, at=now)
    unused.refresh_from_db()
    assert unused.status == "free"
    resting = TelephoneNumber.objects.get(status="quarantined")
    assert (resting.quarantine_until, resting.holder) == (now + timedelta(days=30), None)
    assert services.utilisation(numbers) == Utilisation(installed=10, used=0, reserved=0, quarantined=1)
    assert services.utilisation(prefix).free == 14
    assert services.utilisation(group).share == 0


@pytest.mark.django_db
def test_a_number_that_has_rested_is_free_again(now: datetime) -> None:
    numbers = make_number_range(quarantine_days=30)
    services.reserve_number(range=numbers, holder=HOLDER, until=now)
    services.assign(holder=HOLDER)
    services.release(holder=HOLDER, at=now)
    assert services.expire_reservations(at=now + timedelta(days=30, seconds=-1)) == 0
    assert services.expire_reservations(at=now + timedelta(days=30)) == 1
    assert services.expire_reservations(at=now + timedelta(days=30)) == 0
    assert services.utilisation(numbers).free == 10


@pytest.mark.django_db
def test_expired_reservations_are_freed_and_a_second_run_is_harmless(now: datetime) -> None:
    prefix, group, numbers = make_prefix(), make_vlan_group(), make_number_range()
    for holder, until in ((HOLDER, now), (RIVAL, now + timedelta(seconds=1))):
        services.reserve_address(prefix=prefix, holder=holder, until=until)
        services.reserve_vlan(group=group, holder=holder, until=until)
        services.reserve_number(range=numbers, holder=holder, until=until)
    assert tasks.expire_reservations() == 3
    assert tasks.expire_reservations() == 0
    assert not services.held_by(holder=HOLDER)
    assert services.held_by(holder=RIVAL)


def rivals(count: int, ask: Callable[[], Any]) -> list[Any]:
    """Run `ask` in `count` threads that start together; returns what each got, or its error's code."""
    got: list[Any] = []
    start = threading.Barrier(count)

    def run() -> None:
        start.wait()
        try:
            got.append(ask())
        except Exhausted as error:
            got.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


@pytest.mark.django_db(transaction=True)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(threads=st.integers(2, 6), left=st.integers(0, 6))
def test_rivals_never_share_an_address_a_vlan_or_a_number(threads: int, left: int) -> None:
    until = datetime.fromisoformat(UNTIL)
    prefix = make_prefix()
    group, numbers = make_vlan_group(), make_number_range()
    services.reserve_address(prefix=prefix, holder=RIVAL, until=until)
    for rows in (
        prefix.addresses.order_by("address"),
        group.vlans.order_by("vid"),
        numbers.numbers.order_by("e164"),
    ):
        keep = list(rows.filter(status="free").values_list("pk", flat=True)[:left])
        rows.model.objects.filter(pk__in=rows.filter(status="free").exclude(pk__in=keep).values("pk")).update(
            status="assigned", holder=RIVAL
        )
    for ask, code in (
        (lambda: services.reserve_address(prefix=prefix, holder=uuid4(), until=until).pk, "prefix.exhausted"),
        (lambda: services.reserve_vlan(group=group, holder=uuid4(), until=until).pk, "vlanGroup.exhausted"),
        (
            lambda: services.reserve_number(range=numbers, holder=uuid4(), until=until).pk,
            "numberRange.exhausted",
        ),
    ):
        got = rivals(threads, ask)
        taken = [pk for pk in got if isinstance(pk, UUID)]
        assert len(taken) == len(set(taken)) == min(threads, left)
        assert got.count(code) == threads - len(taken)


@pytest.mark.django_db(transaction=True)
def test_rivals_who_find_nothing_written_out_write_one_block_together() -> None:
    until = datetime.fromisoformat(UNTIL)
    prefix = make_prefix(cidr="10.0.0.0/16")
    got = rivals(6, lambda: services.reserve_address(prefix=prefix, holder=uuid4(), until=until).pk)
    assert len(set(got)) == 6
    assert prefix.addresses.count() == 256
