"""One house for all drills: `./dev test --drills` starts it and looks after it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tests.drills.house import House


@pytest.fixture(scope="session")
def whole_house(django_db_blocker: Any) -> Iterator[House]:
    """The running portal with its first customers."""
    record = os.environ.get("TRUNKLINE_HOUSE")
    if not record:
        pytest.fail("drills break the processes of a whole portal: run them with ./dev test --drills")
    with django_db_blocker.unblock():
        house = House(Path(record))
        house.open()
        yield house
        connections.close_all()


@pytest.fixture
def house(whole_house: House) -> Iterator[House]:
    """The house before a drill: nothing wrong with it, every element healthy."""
    whole_house.lab.ctl("reset")
    yield whole_house
    whole_house.lab.ctl("reset")
