"""Every pair of states of a service."""

from __future__ import annotations

from itertools import product

import pytest

from kernel import clock, lifecycle
from kernel.errors import IllegalMove
from service_mgmt.services.models import Service
from tests.factories.service_mgmt_services import make_service

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("before", "after"), list(product(Service.lifecycle.moves, repeat=2)))
def test_only_moves_of_the_table_are_made(before: str, after: str) -> None:
    service = make_service(state=before, started=clock.now(), ended=clock.now())
    if after in Service.lifecycle.moves[before]:
        lifecycle.move(service, after)
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(service, after)
        after = before
    service.refresh_from_db()
    assert service.state == after
