import socket
from collections.abc import Iterator

import pytest

from portal.launcher import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_with_a_listener_is_not_free(taken: int) -> None:
    assert not ports.is_free(taken)


def test_a_datagram_listener_counts_too() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))

        assert not ports.is_free(listener.getsockname()[1], datagram=True)


def test_the_same_checkout_gets_the_same_port_again() -> None:
    first = ports.choose("postgres", "one")

    assert ports.choose("postgres", "one") == first
    assert ports.choose("postgres", "one", first) == first


def test_two_checkouts_and_two_servers_begin_at_different_places() -> None:
    chosen = {ports.choose(name, seed) for name in ("postgres", "valkey") for seed in ("one", "two")}

    assert len(chosen) == 4


def test_a_kept_port_that_somebody_took_is_given_up(taken: int) -> None:
    assert ports.choose("postgres", "one", taken) != taken


def test_the_next_free_port_is_taken_when_the_first_is_not() -> None:
    first = ports.choose("web", "one")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", first))
        listener.listen()

        assert ports.choose("web", "one") == first + 1


def test_ports_stay_out_of_the_range_of_outgoing_connections() -> None:
    assert ports.FIRST + ports.COUNT < 32_768
