"""What billing people see first, and what waits for their approval."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.billing import services
from bss.billing.models import Adjustment, BillRun, DunningCase, Invoice
from kernel import clock, pages
from kernel.pages import Todo
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
    return [*_adjustments(user), *_checked(user)]


def _adjustments(user: Any) -> list[Todo]:
    if not user.has_perm("bss_billing.approve_adjustment"):
        return []
    rows = Adjustment.objects.visible_to(user).filter(status=Adjustment.Status.PROPOSED)
    others = rows.exclude(proposed_by=user.pk).select_related("account__customer__party", "proposed_by")
    return [
        Todo(
            _t("Adjustment %(number)s for %(customer)s")
            % {"number": row.number, "customer": row.account.customer.party},
            pages.url_of(row) or "",
            row.created,
            by=str(row.proposed_by or ""),
            icon="scale",
        )
        for row in others.order_by("created")[:20]
    ]


def _checked(user: Any) -> list[Todo]:
    if not user.has_perm("bss_billing.finalise_invoice"):
        return []
    rows = BillRun.objects.visible_to(user).filter(status=BillRun.Status.CHECKED)
    others = rows.exclude(drafted_by=user.pk).select_related("drafted_by")
    return [
        Todo(
            _t("Bill run %(number)s, billing day %(day)s of %(date)s")
            % {"number": row.number, "day": row.cycle_day, "date": row.bill_date.isoformat()},
            pages.url_of(row) or "",
            row.updated,
            by=str(row.drafted_by or ""),
            icon="receipt",
        )
        for row in others.order_by("updated")[:20]
    ]


slot("portal.approvals").fill(waiting)
