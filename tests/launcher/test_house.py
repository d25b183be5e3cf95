"""Who breaks a house finds its processes in a file, and whoever takes the place of a broken one too."""

import json
import os
import signal
from collections.abc import Iterator

import pytest

from portal.launcher.checkout import Checkout
from portal.launcher.house import House
from portal.launcher.processes import Process
from portal.launcher.servers import Servers
from portal.launcher.supervise import Supervisor

FOREVER = "import signal; signal.pause()"


@pytest.fixture
def house(checkout: Checkout) -> Iterator[House]:
    env = dict(os.environ)
    supervisor = Supervisor(checkout, env, checkout.logs)
    made = House(checkout, Servers("", ""), env, "", supervisor, checkout.var / "house.json")
    supervisor.watch = made.look_after
    yield made
    supervisor.stop()


def pid_of(house: House, name: str) -> int | None:
    if not house.record.exists():
        return None
    return json.loads(house.record.read_text())["processes"][name]


def test_the_record_names_the_successor_of_a_killed_process(house: House) -> None:
    house.supervisor.start([Process("idle", ["-c", FOREVER])])
    assert house.supervisor.run(until=lambda: pid_of(house, "idle") is not None, seconds=20)
    first = pid_of(house, "idle")
    assert first is not None

    os.kill(first, signal.SIGKILL)

    assert house.supervisor.run(until=lambda: pid_of(house, "idle") not in {None, first}, seconds=20)


def test_a_program_is_run_beside_the_processes_with_its_own_words(house: House) -> None:
    code = house.tell(["-c", "import os, sys; sys.exit(len(os.environ['WORD']))"], WORD="seven77")

    assert code == 7
