"""One function says what the state of an order is."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bss.orders.models import ProductOrder, ProductOrderItem
from bss.orders.models.order import ITEM_MOVES, OPEN, State
from bss.orders.services import derive

# How fast a machine draws examples says nothing about states.
UNTIMED = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
states = st.sampled_from([state for state in State if state != State.PARTIAL])


@pytest.mark.parametrize(
    ("items", "order"),
    [
        ("acknowledged acknowledged", "acknowledged"),
        ("acknowledged pending", "pending"),
        ("pending held", "held"),
        ("acknowledged in_progress", "in_progress"),
        ("held in_progress", "in_progress"),
        ("acknowledged completed", "in_progress"),
        ("held failed", "in_progress"),
        ("acknowledged cancelled", "acknowledged"),
        ("assessing_cancellation assessing_cancellation", "assessing_cancellation"),
        ("assessing_cancellation pending_cancellation", "assessing_cancellation"),
        ("pending_cancellation cancelled", "pending_cancellation"),
        ("pending_cancellation in_progress", "in_progress"),
        ("completed completed", "completed"),
        ("completed cancelled", "completed"),
        ("completed failed", "partial"),
        ("failed cancelled", "failed"),
        ("cancelled cancelled", "cancelled"),
        ("cancelled rejected", "cancelled"),
        ("rejected rejected", "rejected"),
    ],
)
def test_the_state_of_an_order_follows_from_its_items(items: str, order: str) -> None:
    assert derive(items.split()) == order


@UNTIMED
@given(st.lists(states, min_size=1, max_size=6))
def test_an_order_is_open_as_long_as_an_item_is(items: list[State]) -> None:
    assert (derive(items) in OPEN) == bool(set(items) & set(OPEN))


@UNTIMED
@given(st.lists(states, min_size=1, max_size=6), st.randoms())
def test_neither_order_nor_number_of_equal_items_matters(items: list[State], random: object) -> None:
    shuffled = [*items, *items]
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert derive(shuffled) == derive(items)


@UNTIMED
@given(st.data(), st.integers(min_value=1, max_value=4), st.integers(min_value=1, max_value=25))
def test_whatever_items_do_the_order_and_its_bundles_may_follow(
    data: st.DataObject, count: int, steps: int
) -> None:
    items = [State.ACKNOWLEDGED] * count
    for _step in range(steps):
        movable = [index for index, state in enumerate(items) if ITEM_MOVES[state]]
        if not movable:
            break
        before = derive(items)
        index = data.draw(st.sampled_from(movable))
        items[index] = data.draw(st.sampled_from(sorted(ITEM_MOVES[items[index]])))
        after = derive(items)

        assert after == before or ProductOrder.lifecycle.allows(before, after)
        single = State.FAILED if after == State.PARTIAL else after
        assert single == before or ProductOrderItem.bundle_lifecycle.allows(before, single)


def test_an_order_has_items() -> None:
    with pytest.raises(ValueError, match="items"):
        derive([])
