"""One writer an element: who may change it, for how long, and what happens when a writer dies."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from kernel import clock
from kernel.errors import Busy
from oss.inventory.models import NetworkElement
from oss.inventory.services import import_topology
from oss.southbound import services
from oss.southbound.models import ElementSession, ManagementEndpoint
from oss.southbound.services import leases
from oss.southbound.services.leases import Lease
from tests.running_lab import RunningLab

HOLDER, RIVAL = UUID(int=1), UUID(int=2)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody queues for an element unless the test says so."""
    monkeypatch.setattr(leases, "WAIT_SECONDS", 0.0)


@pytest.fixture
def element(lab: RunningLab, db: None) -> NetworkElement:
    import_topology(lab.topology)
    services.register_lab(lab.state)
    return NetworkElement.objects.get(name="olt1-pam")


def held(element: NetworkElement) -> UUID | None:
    return ManagementEndpoint.objects.values_list("lease_session", flat=True).get(element=element)


def die(element: NetworkElement, holder: UUID | None, *, ago: timedelta = timedelta(0)) -> ElementSession:
    """What a worker leaves that was killed in a session: the lease, and a record without an end."""
    lost = ElementSession.objects.create(element=element, purpose="lost", holder=holder, started=clock.now())
    ManagementEndpoint.objects.filter(element=element).update(
        lease_holder=holder, lease_session=lost.pk, lease_until=clock.system_now() + leases.LEASE - ago
    )
    return lost


def test_reading_takes_no_lease_and_the_first_change_does(element: NetworkElement) -> None:
    with services.session(element=element, purpose="one", holder=HOLDER) as s:
        s.facts()
        assert held(element) is None
        s.bounce("ge-0/1/1")
        assert held(element) == s.id
        with services.session(element=element, purpose="reader") as reader:
            assert reader.facts()
    assert held(element) is None


def test_a_second_writer_is_told_that_the_element_is_busy(element: NetworkElement) -> None:
    with services.session(element=element, purpose="one", write=True):
        with pytest.raises(Busy), services.session(element=element, purpose="two", write=True):
            raise AssertionError("must not get in")
        with services.session(element=element, purpose="three") as s, pytest.raises(Busy):
            s.bounce("ge-0/1/1")
    assert list(ElementSession.objects.order_by("started").values_list("purpose", "ok")) == [
        ("one", True),
        ("two", False),
        ("three", True),
    ]


def test_the_lease_is_given_back_whatever_happens(element: NetworkElement) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        services.session(element=element, purpose="one", holder=HOLDER, write=True),
    ):
        raise ZeroDivisionError("our own mistake")
    assert held(element) is None
    record = ElementSession.objects.get()
    assert (record.ok, record.error) == (False, "ZeroDivisionError: our own mistake")
    assert record.finished is not None


def test_a_dead_writers_lease_runs_out(element: NetworkElement) -> None:
    lost = die(element, HOLDER)
    with pytest.raises(Busy), services.session(element=element, purpose="early", write=True):
        raise AssertionError("must not get in")
    die(element, HOLDER, ago=leases.LEASE + timedelta(seconds=1))
    with services.session(element=element, purpose="late", write=True) as s:
        assert held(element) == s.id
    lost.refresh_from_db()
    assert lost.finished is None, "only the session that held the lease is ended"
    assert ElementSession.objects.filter(purpose="lost", ok=False, error=leases.INTERRUPTED).count() == 1


def test_the_same_holder_recovers_at_once_and_a_stranger_does_not(element: NetworkElement) -> None:
    lost = die(element, HOLDER)
    with pytest.raises(Busy):
        services.recover(element=element, holder=RIVAL)
    with pytest.raises(Busy):
        services.recover(element=element)
    assert services.recover(element=element, holder=HOLDER) is False
    lost.refresh_from_db()
    assert (lost.ok, lost.error) == (False, leases.INTERRUPTED)
    assert held(element) is None


def test_a_session_that_was_taken_over_changes_nothing_more(element: NetworkElement) -> None:
    with services.session(element=element, purpose="one", holder=HOLDER, write=True) as s:
        services.recover(element=element, holder=HOLDER)
        with pytest.raises(Busy) as caught:
            s.bounce("ge-0/1/1")
        assert caught.value.code == "element.leaseLost"
    record = ElementSession.objects.get(purpose="one")
    assert (record.ok, record.error) == (False, leases.INTERRUPTED)


def test_a_session_that_talks_keeps_its_lease(element: NetworkElement) -> None:
    with services.session(element=element, purpose="long", write=True) as s:
        ManagementEndpoint.objects.filter(element=element).update(lease_until=clock.system_now())
        s._lease._renewed -= leases.LEASE.total_seconds()
        s.facts()
        until = ManagementEndpoint.objects.get(element=element).lease_until
        assert until is not None
        assert until > clock.system_now() + leases.LEASE / 2


@pytest.mark.django_db
def test_database_keeps_leases_whole(element: NetworkElement) -> None:
    with pytest.raises(IntegrityError, match="lease_whole"), transaction.atomic():
        ManagementEndpoint.objects.filter(element=element).update(lease_session=uuid4())


@pytest.fixture
def endpoint(lab: RunningLab, transactional_db: None) -> ManagementEndpoint:
    import_topology(lab.topology)
    services.register_lab(lab.state)
    return ManagementEndpoint.objects.select_related("element").get(element__name="olt1-pam")


@pytest.fixture
def rival(endpoint: ManagementEndpoint) -> Any:
    """Runs a function in a thread with a connection of its own; `join` gives what it returned."""
    outcome: list[Any] = []

    def run(function: Any) -> threading.Thread:
        def work() -> None:
            try:
                outcome.append(function())
            except Busy as error:
                outcome.append(error.code)
            finally:
                connection.close()

        thread = threading.Thread(target=work)
        thread.start()
        return thread

    run.outcome = outcome  # type: ignore[attr-defined]
    return run


def new_lease(endpoint: ManagementEndpoint, holder: UUID | None = None) -> Lease:
    return Lease(endpoint, session_id=uuid4(), holder=holder)


@pytest.mark.django_db(transaction=True)
def test_who_queues_for_an_element_gets_it_when_it_is_given_back(
    endpoint: ManagementEndpoint, rival: Any
) -> None:
    mine, theirs = new_lease(endpoint), new_lease(endpoint)
    mine.take()
    thread = rival(lambda: theirs.take(wait_s=30.0))
    mine.give_back()
    thread.join()
    assert rival.outcome == [None]
    assert theirs.held


@pytest.mark.django_db(transaction=True)
def test_of_two_who_find_a_dead_writers_lease_one_gets_it(endpoint: ManagementEndpoint, rival: Any) -> None:
    die(endpoint.element, HOLDER, ago=leases.LEASE * 2)
    contenders = [new_lease(endpoint) for _ in range(4)]
    threads = [rival(lambda lease=lease: lease.take(wait_s=0.0)) for lease in contenders]
    for thread in threads:
        thread.join()
    assert sorted(map(str, rival.outcome)) == ["None", *["element.busy"] * 3]
    assert [lease.session_id for lease in contenders if lease.held] == [held(endpoint.element)]
