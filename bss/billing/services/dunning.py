"""Dunning: reminders, suspension and reconnection. Suspension counts only when the network confirms it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Min, Sum
from django.utils.translation import gettext as _

from bss.billing.events import DunningNoticeDue, ReconnectionRequested, SuspensionRequested
from bss.billing.models import DunningCase, DunningPolicy, DunningStep, Invoice
from bss.customers.models import BillingAccount
from bss.orders.models import Product
from kernel import clock, lifecycle
from kernel.errors import Invalid
from kernel.periods import local_date

Status, Action = DunningCase.Status, DunningStep.Action


def run_dunning(*, at: datetime | None = None) -> int:
    """Open cases for accounts that owe, bring amounts up to date, and take each case's next step that is due.

    Returns the steps taken. Safe to run as often as one likes: a step is taken once (its position is kept on the case).
    """
    moment = at or clock.now()
    taken = 0
    for case in _open_cases(moment):
        with transaction.atomic():
            locked = DunningCase.objects.locked().select_related("account", "policy").get(pk=case.pk)
            taken += _advance(locked, moment)
    return taken


def overdue(account: BillingAccount, day: date) -> dict[str, Any]:
    """Sum and oldest due date of what an account owes past its due date, without what is disputed or on hold."""
    return (
        _overdue_rows(day)
        .filter(account=account)
        .aggregate(amount=Sum(F("gross") - F("paid")), oldest=Min("due"))
    )


def _overdue_rows(day: date) -> Any:
    return Invoice.objects.open().filter(due__lt=day, disputed=False).exclude(status=Invoice.Status.ON_HOLD)


def _open_cases(at: datetime) -> list[DunningCase]:
    """Every case that reminds now: known ones with their amounts brought up to date, and new ones.

    An account gets a case when it owes more than its policy's minimum past the due date.
    """
    policies = {policy.code: policy for policy in DunningPolicy.objects.all()}
    known = {case.account_id: case for case in DunningCase.objects.exclude(status=Status.CLOSED)}
    rows = (
        _overdue_rows(local_date(at, "UTC"))
        .values("account_id", "account__dunning_policy", "currency")
        .annotate(amount=Sum(F("gross") - F("paid")), oldest=Min("due"))
        .order_by("account_id")
    )
    fresh = []
    for row in rows:
        case, policy = known.get(row["account_id"]), policies.get(row["account__dunning_policy"])
        if case is not None and case.status == Status.OPEN:
            if (case.amount, case.oldest_due) != (row["amount"], row["oldest"]):
                lifecycle.change(case, amount=row["amount"], oldest_due=row["oldest"], verb="recounted")
        elif case is None and policy is not None and row["amount"] >= policy.minimum:
            fresh.append(
                DunningCase(
                    account_id=row["account_id"],
                    policy=policy,
                    oldest_due=row["oldest"],
                    amount=row["amount"],
                    currency=row["currency"],
                    opened=at,
                )
            )
    made = lifecycle.create_many(fresh)
    reminding = [case for case in known.values() if case.status == Status.OPEN]
    return sorted([*reminding, *made], key=lambda case: case.pk)


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


def account_paid(*, account: BillingAccount, at: datetime, reason: str = "paid") -> None:
    """After money came in, or a debt was contested: nothing overdue is left → reminders end, what was cut off comes back."""
    case = DunningCase.objects.locked().exclude(status=Status.CLOSED).filter(account=account).first()
    if case is None:
        return
    owed = overdue(account, local_date(at, account.time_zone))
    if owed["amount"]:
        lifecycle.change(case, amount=owed["amount"], oldest_due=owed["oldest"], verb="recounted")
    elif case.status == Status.OPEN:
        lifecycle.move(case, Status.CLOSED, reason=reason, closed=at, amount=Decimal(0))
    elif case.status == Status.SUSPENDED:
        _reconnect(case, at, reason)


def _reconnect(case: DunningCase, at: datetime, reason: str = "paid") -> None:
    cut = set(case.product_ids)
    products = tuple(pk for pk in _products(case, ["suspended"]) if str(pk) in cut)
    lifecycle.move(
        case,
        Status.RECONNECTING,
        reason=reason,
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
    """Leave an account alone until a day (exclusive): a promise to pay, somebody vulnerable. Raises Invalid when closed."""
    if case.status == Status.CLOSED:
        raise Invalid(_("The case is closed"), code="dunning.closed")
    return lifecycle.change(case, held_until=until, hold_reason=reason[:200], reason=reason, verb="held")


def end_hold(*, case: DunningCase, reason: str = "") -> DunningCase:
    """Dunning goes on at once."""
    return lifecycle.change(case, held_until=None, hold_reason="", reason=reason, verb="hold_ended")


def next_step(
    case: DunningCase, steps: Iterable[DunningStep] | None = None
) -> tuple[DunningStep, date] | None:
    """The step that comes next and the day from which it is taken, holds counted in; None when none follows.

    `steps` spares the query where the policy's steps are at hand, in their order.
    """
    if case.status != Status.OPEN:
        return None
    rows = case.policy.steps.order_by("position") if steps is None else steps
    step = next((row for row in rows if row.position > case.done_position), None)
    if step is None:
        return None
    day = case.oldest_due + timedelta(days=step.days)
    return step, max(day, case.held_until) if case.held_until is not None else day
