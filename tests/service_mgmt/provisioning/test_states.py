"""Every pair of states of orders, items, runs, steps and fallouts: those of the table are moves, the others are refused."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from kernel import lifecycle
from kernel.errors import IllegalMove
from service_mgmt.provisioning.models import (
    Fallout,
    ServiceOrder,
    ServiceOrderItem,
    WorkflowRun,
    WorkflowStep,
)
from tests.factories.service_mgmt_provisioning import (
    make_fallout,
    make_order_item,
    make_run,
    make_service_order,
    make_step,
)

pytestmark = pytest.mark.django_db
MAKERS: dict[type, tuple[Any, str]] = {
    ServiceOrder: (make_service_order, "state"),
    ServiceOrderItem: (make_order_item, "state"),
    WorkflowRun: (make_run, "status"),
    WorkflowStep: (make_step, "status"),
    Fallout: (make_fallout, "status"),
}
PAIRS = [
    (model, before, after)
    for model, (_make, _field) in MAKERS.items()
    for before, after in product(model.lifecycle.moves, repeat=2)  # type: ignore[attr-defined]
]


@pytest.mark.parametrize(
    ("model", "before", "after"), PAIRS, ids=lambda value: getattr(value, "__name__", value)
)
def test_only_moves_of_the_table_are_made(model: Any, before: str, after: str) -> None:
    make, name = MAKERS[model]
    row = make()
    model.objects.filter(pk=row.pk).update(**{name: before})
    row.refresh_from_db()
    if after in model.lifecycle.moves[before]:
        lifecycle.move(row, after)
        row.refresh_from_db()
        assert getattr(row, name) == after
        return
    with pytest.raises(IllegalMove):
        lifecycle.move(row, after)
    row.refresh_from_db()
    assert getattr(row, name) == before


# TMF641: the terminal states, from the standard and not from the code.
@pytest.mark.parametrize("state", ["rejected", "cancelled", "completed", "failed", "partial"])
def test_an_order_that_is_over_goes_nowhere(state: str) -> None:
    assert ServiceOrder.lifecycle.next_states(state) == frozenset()
