"""Dunning: reminders, suspension and reconnection. Suspension counts only when the network confirms it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Min, Q, Sum

from bss.billing.events import DunningNoticeDue, ReconnectionRequested, SuspensionRequested
from bss.billing.models import DunningCase, DunningPolicy, DunningStep, Invoice
from bss.customers.models import BillingAccount
from bss.orders.models import Product
from kernel import clock, lifecycle
from kernel.periods import local_date

Status, Action = DunningCase.Status, DunningStep.Action


def run_dunning(*, at: datetime | None = None) -> int:
    """Open cases for accounts that owe, and take each case's next step that is due; returns the steps taken.

    Safe to run as often as one likes: a step is taken once (its position is kept on the case).
    """
    moment = at or clock.now()
    _open_cases(moment)
    taken = 0
    cases = DunningCase.objects.filter(status=Status.OPEN).select_related("account", "policy")
    for case in cases.order_by("pk"):
        with transaction.atomic():
            locked = DunningCase.objects.locked().select_related("account", "policy").get(pk=case.pk)
            taken += _advance(locked, moment)
    return taken


def overdue(account: BillingAccount, day: date) -> dict[str, Any]:
    """Sum and oldest due date of what an account owes past its due date, disputed invoices left out."""
    return (
        _overdue_rows(day)
        .filter(account=account)
        .aggregate(amount=Sum(F("gross") - F("paid")), oldest=Min("due"))
    )


def _overdue_rows(day: date) -> Any:
    return Invoice.objects.open().filter(due__lt=day, disputed=False)


def _open_cases(at: datetime) -> None:
    """A case for every account with overdue invoices above its policy's minimum and no open case, in one query each."""
    policies = {policy.code: policy for policy in DunningPolicy.objects.all()}
    rows = (
        _overdue_rows(local_date(at, "UTC"))
        .exclude(account__dunning_cases__in=DunningCase.objects.exclude(status=Status.CLOSED))
        .values("account_id", "account__dunning_policy", "currency")
        .annotate(amount=Sum(F("gross") - F("paid")), oldest=Min("due"))
        .order_by("account_id")
    )
    cases = []
    for row in rows:
        policy = policies.get(row["account__dunning_policy"])
        if policy is not None and row["amount"] >= policy.minimum:
            cases.append(
                DunningCase(
                    account_id=row["account_id"],
                    policy=policy,
                    oldest_due=row["oldest"],
                    amount=row["amount"],
                    currency=row["currency"],
                    opened=at,
                )
            )
    lifecycle.create_many(cases)


def _advance(case: DunningCase, at: datetime) -> int:
    """Take the next step when its day has come; several in one go when a run was missed."""
    today = local_date(at, case.account.time_zone)
    if case.status != Status.OPEN or (case.held_until is not None and today < case.held_until):
        return 0
    taken = 0
    for step in case.policy.steps.filter(position__gt=case.done_position).order_by("position"):
        if today < case.oldest_due + timedelta(days=step.days) or case.status != Status.OPEN:
            break
        _take(case, step, at)
        taken += 1
    return taken


def _take(case: DunningCase, step: DunningStep, at: datetime) -> None:
    notice = DunningNoticeDue(case.pk, case.account_id, step.template, step.position, at)
    if step.action == Action.NOTICE:
        lifecycle.change(case, done_position=step.position, verb="reminded", events_too=[notice])
        return
    products = _products(case, ["active"])
    lifecycle.move(
        case,
        Status.SUSPENDING,
        done_position=step.position,
        product_ids=[str(pk) for pk in products],
        events_too=[SuspensionRequested(case.pk, products, at), *([notice] if step.template else [])],
    )


def _products(case: DunningCase, statuses: list[str]) -> tuple[UUID, ...]:
    """Products of the account that the network carries (bundles follow their members)."""
    rows = Product.objects.filter(account_id=case.account_id, status__in=statuses, members=None)
    return tuple(rows.order_by("pk").values_list("pk", flat=True))


def suspension_confirmed(*, case: DunningCase, at: datetime) -> DunningCase:
    """The network has proven that the services are off. When the debt was paid meanwhile, they come back at once."""
    with transaction.atomic():
        case = DunningCase.objects.locked().get(pk=case.pk)
        if case.status != Status.SUSPENDING:
            return case
        lifecycle.move(case, Status.SUSPENDED)
        if not overdue(case.account, local_date(at, case.account.time_zone))["amount"]:
            _reconnect(case, at)
        return case


def account_paid(*, account: BillingAccount, at: datetime) -> None:
    """After money came in: nothing overdue is left → reminders end, and what was cut off is reconnected."""
    case = DunningCase.objects.locked().exclude(status=Status.CLOSED).filter(account=account).first()
    if case is None:
        return
    owed = overdue(account, local_date(at, account.time_zone))
    if owed["amount"]:
        lifecycle.change(case, amount=owed["amount"], oldest_due=owed["oldest"], verb="recounted")
    elif case.status == Status.OPEN:
        lifecycle.move(case, Status.CLOSED, reason="paid", closed=at, amount=Decimal(0))
    elif case.status == Status.SUSPENDED:
        _reconnect(case, at)


def _reconnect(case: DunningCase, at: datetime) -> None:
    cut = set(case.product_ids)
    products = tuple(pk for pk in _products(case, ["suspended"]) if str(pk) in cut)
    lifecycle.move(
        case,
        Status.RECONNECTING,
        reason="paid",
        amount=Decimal(0),
        events_too=[ReconnectionRequested(case.pk, products, at)],
    )


def reconnection_confirmed(*, case: DunningCase, at: datetime) -> DunningCase:
    """The network has proven that the services work again: the case is over."""
    with transaction.atomic():
        case = DunningCase.objects.locked().get(pk=case.pk)
        if case.status == Status.RECONNECTING:
            lifecycle.move(case, Status.CLOSED, closed=at)
        return case


def hold(*, case: DunningCase, until: date, reason: str) -> DunningCase:
    """Leave an account alone until a day: a dispute, a promise to pay, somebody vulnerable."""
    return lifecycle.change(case, held_until=until, hold_reason=reason, reason=reason, verb="held")


def open_cases_of(account: BillingAccount) -> Any:
    """The account's open case, if any (for pages)."""
    return DunningCase.objects.filter(Q(account=account) & ~Q(status=Status.CLOSED))
