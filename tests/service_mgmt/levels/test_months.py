"""Agreements, closed months, credits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from bss.billing.models import Adjustment
from bss.customers.services import merge_customers
from kernel.errors import IllegalMove, Invalid, NotAllowed
from kernel.models import OutboxEvent
from service_mgmt.levels import services, tasks
from service_mgmt.levels.models import CreditProposal, SlaAgreement, SlaClockEvent, SlaDefinition, SlaResult
from service_mgmt.levels.services.months import monthly_fee
from tests.factories.bss_customers import make_customer
from tests.factories.bss_orders import make_product
from tests.factories.service_mgmt_levels import (
    make_agreement,
    make_credit,
    make_definition,
    make_fee,
    make_service,
)
from tests.service_mgmt.levels.conftest import down

pytestmark = pytest.mark.django_db
DECEMBER, JANUARY = date(2025, 12, 1), date(2026, 1, 1)
AFTER = datetime(2026, 1, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


# ------------------------------------------------------------------------------------------------------------- months


def test_a_good_month_has_a_result_and_no_credit(agreement: SlaAgreement) -> None:
    closed = services.close_month(month=DECEMBER, at=AFTER)

    result = SlaResult.objects.get()
    assert (closed.results, closed.breached, result.breached) == (1, 0, False)
    assert (result.agreed, result.availability) == (744 * HOUR, Decimal(100))
    assert not CreditProposal.objects.exists()


def test_a_breached_month_is_credited_at_once_where_the_contract_grants_it(agreement: SlaAgreement) -> None:
    down(agreement, 2)

    closed = services.close_month(month=DECEMBER, at=AFTER)

    proposal = CreditProposal.objects.get()
    assert (closed.breached, closed.credited, closed.to_approve) == (1, 1, 0)
    assert (proposal.status, proposal.percent, proposal.amount) == ("credited", Decimal(5), Decimal(5))
    adjustment = proposal.adjustment
    assert adjustment is not None
    assert (adjustment.amount, adjustment.currency, adjustment.status) == (Decimal(-5), "EUR", "approved")
    assert (adjustment.evidence_kind, adjustment.evidence_id) == (
        "service_mgmt_levels.CreditProposal",
        proposal.pk,
    )
    assert adjustment.product_id == agreement.product_id
    assert proposal.result.outages[0]["causes"] == ["INC-000009"]
    names = set(OutboxEvent.objects.values_list("name", flat=True))
    assert {"service_mgmt_levels.SlaViolated", "service_mgmt_levels.SlaCredited"} <= names


def test_closing_again_changes_nothing(agreement: SlaAgreement) -> None:
    down(agreement, 2)
    services.close_month(month=DECEMBER, at=AFTER)
    down(agreement, 9, day=20)

    assert services.close_month(month=DECEMBER, at=AFTER + HOUR).results == 0
    assert (SlaResult.objects.count(), Adjustment.objects.count()) == (1, 1)


def test_the_task_may_run_twice(agreement: SlaAgreement, now: datetime) -> None:
    down(agreement, 2)

    tasks.close_months()
    tasks.close_months()

    assert Adjustment.objects.count() == 1
    assert SlaResult.objects.filter(month=DECEMBER).count() == 1


def test_a_month_is_closed_when_it_is_over_where_the_customer_is(agreement: SlaAgreement) -> None:
    end_in_paris = datetime(2025, 12, 31, 23, tzinfo=UTC)

    assert services.close_month(month=DECEMBER, at=end_in_paris - timedelta(seconds=1)).results == 0
    assert services.close_month(month=DECEMBER, at=end_in_paris).results == 1


@pytest.mark.parametrize(
    ("hours", "percent"),
    [(0.744, 0), (0.745, 5), (3.72, 5), (3.73, 10), (24, 10)],  # 99.9 % and 99.5 % of 744 hours
)
def test_the_lowest_band_met_counts(agreement: SlaAgreement, hours: float, percent: int) -> None:
    down(agreement, hours)

    services.close_month(month=DECEMBER, at=AFTER)

    found = CreditProposal.objects.first()
    assert (found.percent if found else 0) == percent


def test_beyond_the_cap_it_is_recorded_and_not_credited() -> None:
    service = make_service()
    assert service.product is not None
    make_fee(service.product, "80")
    definition = make_definition(
        cap_percent=Decimal(12), time_to_restore=4 * HOUR, late_repair_percent=Decimal(15)
    )
    agreement = make_agreement(service=service, definition=definition)
    down(agreement, 5)
    down(agreement, 6, day=20)

    services.close_month(month=DECEMBER, at=AFTER)

    proposal = CreditProposal.objects.get()
    assert (proposal.percent, proposal.credited_percent) == (
        Decimal(40),
        Decimal(12),
    )  # 10 % band + 2 late repairs
    assert (proposal.uncapped, proposal.amount) == (Decimal(32), Decimal("9.6"))
    assert proposal.result.late_repairs == 2


def test_other_credits_wait_for_a_second_person(make_user: Callable[..., Any]) -> None:
    proposal = make_credit()
    approver = make_user("finance")

    assert (proposal.status, proposal.adjustment) == ("proposed", None)
    services.approve_credit(proposal=proposal, by=approver, reason="Measured twice")

    proposal.refresh_from_db()
    assert (proposal.status, proposal.decided_by, proposal.amount) == ("credited", approver, Decimal(5))
    assert Adjustment.objects.get().evidence_id == proposal.pk
    with pytest.raises(IllegalMove):
        services.approve_credit(proposal=proposal, by=approver)


def test_nobody_approves_the_credit_they_proposed(make_user: Callable[..., Any]) -> None:
    proposal = make_credit()
    author = make_user("finance")
    CreditProposal.objects.filter(pk=proposal.pk).update(proposed_by=author)
    proposal.refresh_from_db()

    for door in (services.approve_credit, services.reject_credit):
        with pytest.raises(NotAllowed):
            door(proposal=proposal, by=author, reason="mine")


def test_a_rejected_credit_keeps_its_reason(make_user: Callable[..., Any]) -> None:
    proposal = make_credit()

    with pytest.raises(Invalid):
        services.reject_credit(proposal=proposal, by=make_user("finance"), reason="")
    services.reject_credit(proposal=proposal, by=make_user("finance"), reason="Customer's own power")

    proposal.refresh_from_db()
    assert (proposal.status, proposal.adjustment) == ("rejected", None)
    assert not Adjustment.objects.exists()


LEGAL = [(a, b) for a, targets in CreditProposal.MOVES.items() for b in targets]


@pytest.mark.parametrize("before", CreditProposal.Status)
@pytest.mark.parametrize("after", CreditProposal.Status)
def test_credits_move_as_their_lifecycle_allows(before: str, after: str) -> None:
    assert CreditProposal.lifecycle.allows(before, after) == ((before, after) in LEGAL)


def test_results_are_final(agreement: SlaAgreement) -> None:
    services.close_month(month=DECEMBER, at=AFTER)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        SlaResult.objects.update(breached=True)


def test_the_monthly_fee_follows_the_charges_of_the_month() -> None:
    product = make_product()
    price = product.offering.prices.get(kind="recurring")
    make_fee(product, "60", price=price, start=date(2025, 1, 1), end=date(2025, 12, 10), quantity=2)
    make_fee(product, "70", price=price, start=date(2025, 12, 10), quantity=2)

    fees = [
        monthly_fee([product.pk], month).get(product.pk)
        for month in (date(2025, 11, 1), DECEMBER, date(2024, 1, 1))
    ]

    assert fees == [(Decimal(120), "EUR"), (Decimal(140), "EUR"), None]


def test_the_fee_of_a_bundle_stands_for_its_members(agreement: SlaAgreement) -> None:
    bundle = make_product()
    make_fee(bundle, "200")
    member = make_service(product=make_product(account=bundle.account, parent=bundle))
    down(make_agreement(service=member), 2)

    services.close_month(month=DECEMBER, at=AFTER)

    assert CreditProposal.objects.get().monthly_fee == Decimal(200)


def test_without_a_fee_there_is_a_result_and_no_credit() -> None:
    down(make_agreement(), 2)

    closed = services.close_month(month=DECEMBER, at=AFTER)

    assert (closed.breached, CreditProposal.objects.count()) == (1, 0)


def test_closing_many_costs_no_more_statements_than_a_few(django_assert_max_num_queries: Any) -> None:
    definition = make_definition()
    for _n in range(3):
        make_agreement(definition=definition)
    with django_assert_max_num_queries(16):
        services.close_month(month=DECEMBER, at=AFTER)
    for _n in range(12):
        make_agreement(definition=definition)
    with django_assert_max_num_queries(16):
        assert services.close_month(month=DECEMBER, at=AFTER).results == 12


def test_agreements_follow_a_merged_customer(agreement: SlaAgreement, now: datetime) -> None:
    keep = make_customer()

    merge_customers(keep=keep, drop=agreement.customer, reason="twice")

    assert SlaAgreement.objects.get().customer == keep


def test_customers_see_their_own(agreement: SlaAgreement, make_user: Callable[..., Any]) -> None:
    other = make_agreement()
    services.close_month(month=DECEMBER, at=AFTER)
    user = make_user("customer", customer=agreement.customer_id)

    assert list(SlaAgreement.objects.visible_to(user)) == [agreement]
    assert [result.agreement_id for result in SlaResult.objects.visible_to(user)] == [agreement.pk]
    assert SlaResult.objects.visible_to(make_user("manager")).count() == 2
    assert not SlaDefinition.objects.visible_to(user).exists()
    assert not SlaClockEvent.objects.visible_to(user).exists()
    assert other.number.startswith("SLA-")
