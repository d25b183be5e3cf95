"""What billing people see first, and what waits for their approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.billing import services
from bss.billing.models import Adjustment, BillRun, DunningCase, Invoice
from bss.billing.views.badges import plain_day
from bss.customers.models import Party
from kernel import clock, pages
from kernel.models import User
from kernel.pages import Todo, Waiting
from kernel.slots import slot

SHOWN = 8
ROLES = ("billing", "finance")


def _runs(user: Any) -> Mapping[str, Any]:
    """Runs under way, and the last one that is done."""
    rows = BillRun.objects.visible_to(user).exclude(status=BillRun.Status.DISCARDED).order_by("-created")
    found = list(rows[:SHOWN])
    under_way = [run for run in found if run.status != BillRun.Status.DELIVERED]
    return {"runs": under_way or found[:1], "all_done": not under_way}


def _overdue(user: Any) -> Mapping[str, Any]:
    """What is overdue by age and currency, in one query."""
    today = clock.today()

    def aged(youngest: int, oldest: int | None) -> Any:
        late = Q(due__lt=today - timedelta(days=youngest))
        if oldest is not None:
            late &= Q(due__gte=today - timedelta(days=oldest))
        return Sum(F("gross") - F("paid"), filter=late)

    rows = (
        Invoice.objects.visible_to(user)
        .open()
        .filter(due__lt=today)
        .order_by("currency")
        .values("currency")
        .annotate(
            count=Count("pk"),
            total=Sum(F("gross") - F("paid")),
            days30=aged(0, 30),
            days60=aged(30, 60),
            days90=aged(60, 90),
            older=aged(90, None),
        )
    )
    return {"rows": list(rows)}


def _dunning(user: Any) -> Mapping[str, Any]:
    """Cases whose next step is due today or was due before."""
    today = clock.today()
    rows = (
        DunningCase.objects.visible_to(user)
        .filter(status=DunningCase.Status.OPEN)
        .exclude(held_until__gt=today)
        .select_related("account__customer__party", "policy")
        .prefetch_related("policy__steps")
    )
    due = []
    for case in rows.order_by("oldest_due")[:500]:
        following = services.next_step(case, case.policy.steps.all())
        if following is not None and following[1] <= today:
            due.append((case, following[0]))
    return {"cases": due[:SHOWN], "count": len(due)}


CARDS = [
    pages.Card(
        "bill-runs", _("Bill runs"), template="bss/billing/_runs_card.html", context=_runs, roles=ROLES,
        permission="bss_billing.view_billrun", link="bss_billing:run-list", topics=("bss_billing",),
    ),
    pages.Card(
        "overdue", _("Overdue"), template="bss/billing/_overdue_card.html", context=_overdue,
        roles=(*ROLES, "manager"), permission="bss_billing.view_invoice", link="bss_billing:invoice-list",
        topics=("bss_billing",),
    ),
    pages.Card(
        "dunning", _("Dunning today"), template="bss/billing/_dunning_card.html", context=_dunning, roles=ROLES,
        permission="bss_billing.view_dunningcase", link="bss_billing:case-list", topics=("bss_billing",),
    ),
]  # fmt: skip


def waiting(user: Any) -> list[Todo]:
    """Adjustments and checked bill runs this person may approve: never their own."""
    return pages.gathered(waits(user))


def waits(user: Any) -> list[Waiting]:
    """The same as rows, which the inbox reads together with those of the other apps."""
    return [*_adjustments(user), *_checked(user)]


def _adjustments(user: Any) -> list[Waiting]:
    if not user.has_perm("bss_billing.approve_adjustment"):
        return []
    rows = Adjustment.objects.visible_to(user).filter(status=Adjustment.Status.PROPOSED)
    facts = {
        "number": "number",
        **_paths("account__customer__party", PARTY),
        **_paths("proposed_by", PERSON),
    }
    return [
        Waiting(rows.exclude(proposed_by=user.pk).order_by("created"), "created", facts, _adjustment_todo)
    ]


def _adjustment_todo(facts: Mapping[str, Any], at: datetime) -> Todo:
    return Todo(
        _t("Adjustment %(number)s for %(customer)s")
        % {"number": facts["number"], "customer": Party(**_named(facts, PARTY))},
        pages.url_of(Adjustment(number=facts["number"])) or "",
        at,
        by=str(User(**_named(facts, PERSON))),
        icon="scale",
    )


def _checked(user: Any) -> list[Waiting]:
    if not user.has_perm("bss_billing.finalise_invoice"):
        return []
    rows = BillRun.objects.visible_to(user).filter(status=BillRun.Status.CHECKED)
    facts = {
        "number": "number",
        "day": "cycle_day",
        "date": "bill_date",
        **_paths("drafted_by", PERSON),
    }
    return [Waiting(rows.exclude(drafted_by=user.pk).order_by("updated"), "updated", facts, _run_todo)]


def _run_todo(facts: Mapping[str, Any], at: datetime) -> Todo:
    bill_date = date.fromisoformat(facts["date"])
    return Todo(
        _t("Bill run %(number)s, billing day %(day)s of %(date)s")
        % {"number": facts["number"], "day": facts["day"], "date": plain_day(bill_date)},
        pages.url_of(BillRun(number=facts["number"])) or "",
        at,
        by=str(User(**_named(facts, PERSON))),
        icon="receipt",
    )


# What the names of a party and of a person are made of.
PARTY = ("trading_name", "given_name", "family_name")
PERSON = ("first_name", "last_name", "username")


def _paths(path: str, names: Sequence[str]) -> dict[str, str]:
    return {name: f"{path}__{name}" for name in names}


def _named(facts: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    return {name: facts[name] or "" for name in names}


slot("portal.approvals").fill(waits)
