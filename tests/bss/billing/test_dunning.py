"""Dunning: each step once, suspension only when the network says so, payment ends it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bss.billing import services
from bss.billing.models import DunningCase, Invoice
from kernel import lifecycle
from kernel.errors import IllegalMove
from kernel.models import OutboxEvent, User
from tests.factories.bss_billing import invoice_of, make_billed_product, make_policy, make_posted_run

pytestmark = pytest.mark.django_db

ACTIVE = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
BILL_DATE = date(2026, 1, 15)
STATES = [str(state) for state in DunningCase.Status]


def after_due(invoice: Invoice, days: int) -> datetime:
    """So many days after the due date, at noon."""
    assert invoice.due is not None
    day = invoice.due + timedelta(days=days)
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@pytest.fixture
def unpaid(make_user: Callable[..., User]) -> Invoice:
    make_policy()
    make_billed_product(at=ACTIVE)
    at = datetime(2026, 1, 15, 6, tzinfo=UTC)
    return invoice_of(
        make_posted_run(
            bill_date=BILL_DATE, drafter=make_user("billing"), approver=make_user("finance"), at=at
        )
    )


def names() -> list[str]:
    """Dunning's events so far, in order."""
    rows = (
        OutboxEvent.objects.filter(name__startswith="bss_billing.")
        .order_by("seq")
        .values_list("name", flat=True)
    )
    wanted = {"DunningNoticeDue", "SuspensionRequested", "ReconnectionRequested"}
    return [name.split(".")[1] for name in rows if name.split(".")[1] in wanted]


def suspended(invoice: Invoice) -> DunningCase:
    """The case of an account that the network has confirmed to be cut off."""
    services.run_dunning(at=after_due(invoice, 15))
    return services.suspension_confirmed(case=DunningCase.objects.get(), at=after_due(invoice, 15))


def test_nothing_happens_before_the_first_step_is_due(unpaid: Invoice) -> None:
    assert services.run_dunning(at=after_due(unpaid, 0)) == 0
    assert not DunningCase.objects.exists()
    assert services.run_dunning(at=after_due(unpaid, 4)) == 0
    assert DunningCase.objects.get().done_position == 0


def test_each_step_is_taken_once_however_often_it_runs(unpaid: Invoice) -> None:
    assert [services.run_dunning(at=after_due(unpaid, 5)) for _ in range(3)] == [1, 0, 0]
    assert [services.run_dunning(at=after_due(unpaid, 15)) for _ in range(3)] == [1, 0, 0]
    assert names() == ["DunningNoticeDue", "SuspensionRequested", "DunningNoticeDue"]
    assert DunningCase.objects.get().status == "suspending"


def test_a_missed_run_catches_up_in_order(unpaid: Invoice) -> None:
    assert services.run_dunning(at=after_due(unpaid, 30)) == 2
    assert names()[0] == "DunningNoticeDue"


def test_payment_ends_reminders_at_once(unpaid: Invoice) -> None:
    services.run_dunning(at=after_due(unpaid, 5))
    services.receive_payment(account=unpaid.account, amount=unpaid.gross, at=after_due(unpaid, 6))
    assert DunningCase.objects.get().status == "closed"
    assert services.run_dunning(at=after_due(unpaid, 20)) == 0
    assert "SuspensionRequested" not in names()


def test_a_part_payment_does_not_end_it(unpaid: Invoice) -> None:
    services.run_dunning(at=after_due(unpaid, 5))
    services.receive_payment(account=unpaid.account, amount=unpaid.gross - 1, at=after_due(unpaid, 6))
    case = DunningCase.objects.get()
    assert (case.status, case.amount) == ("open", 1)


def test_a_suspended_account_is_reconnected_when_it_pays_and_closed_when_that_is_proven(
    unpaid: Invoice,
) -> None:
    case = suspended(unpaid)
    assert case.status == "suspended"
    services.receive_payment(account=unpaid.account, amount=unpaid.gross, at=after_due(unpaid, 16))
    case.refresh_from_db()
    assert case.status == "reconnecting"
    assert names()[-1] == "ReconnectionRequested"
    services.reconnection_confirmed(case=case, at=after_due(unpaid, 16))
    assert services.reconnection_confirmed(case=case, at=after_due(unpaid, 16)).status == "closed"


def test_money_that_comes_while_the_network_works_reconnects_after_the_confirmation(unpaid: Invoice) -> None:
    services.run_dunning(at=after_due(unpaid, 15))
    services.receive_payment(account=unpaid.account, amount=unpaid.gross, at=after_due(unpaid, 15))
    case = DunningCase.objects.get()
    assert case.status == "suspending"
    assert services.suspension_confirmed(case=case, at=after_due(unpaid, 15)).status == "reconnecting"


def test_a_held_or_disputed_account_is_left_alone(unpaid: Invoice) -> None:
    services.run_dunning(at=after_due(unpaid, 5))
    case = DunningCase.objects.get()
    assert unpaid.due is not None
    services.hold(case=case, until=unpaid.due + timedelta(days=40), reason="promised to pay")
    assert services.run_dunning(at=after_due(unpaid, 20)) == 0
    Invoice.objects.update(disputed=True)
    assert services.overdue(unpaid.account, after_due(unpaid, 50).date())["amount"] is None


@pytest.mark.parametrize(("before", "after"), [(a, b) for a in STATES for b in STATES])
def test_every_pair_of_states_follows_the_table(unpaid: Invoice, before: str, after: str) -> None:
    services.run_dunning(at=after_due(unpaid, 1))
    DunningCase.objects.update(status=before)
    case = DunningCase.objects.get()
    if DunningCase.lifecycle.allows(before, after):
        assert lifecycle.move(case, after).status == after
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(case, after)


def test_two_runs_over_the_same_accounts_cost_the_same_queries(
    unpaid: Invoice, django_assert_max_num_queries: Any
) -> None:
    services.run_dunning(at=after_due(unpaid, 5))
    with django_assert_max_num_queries(8):
        services.run_dunning(at=after_due(unpaid, 5))
