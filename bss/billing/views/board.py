"""The dunning board: how many accounts stand at which step with how much money, and what the next run would do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.billing import services
from bss.billing.models import DunningCase, DunningPolicy, DunningStep
from bss.orders.models import Product
from kernel import clock, jobs, pages, permissions

S = DunningCase.Status
RUN = "bss_billing.run_dunning"


@dataclass(frozen=True)
class Pile:
    """The cases at one step: how many, how much by currency, and where they are listed."""

    title: str
    count: int
    sums: list[tuple[str, Any]]
    url: str


MENU = [
    pages.MenuItem(
        "billing",
        _("Dunning board"),
        "bss_billing:dunning-board",
        "bss_billing.view_dunningcase",
        "columns-3",
        order=41,
    )
]


@permissions.requires("bss_billing.view_dunningcase")
def board(request: HttpRequest) -> HttpResponse:
    """The board; a POST lets the hourly dunning run now."""
    if request.method == "POST":
        permissions.require(request.user, RUN)
        jobs.enqueue("bss.billing.run_dunning")
        pages.say(request, _t("Dunning runs now"))
        return pages.go(request, reverse("bss_billing:dunning-board"))
    cases = DunningCase.objects.visible_to(request.user)
    policies = DunningPolicy.objects.visible_to(request.user).prefetch_related("steps").order_by("name")
    rows = list(
        cases.exclude(status=S.CLOSED)
        .order_by("currency")
        .values("policy_id", "status", "done_position", "currency")
        .annotate(count=Count("pk"), amount=Sum("amount"))
    )
    context = {
        "title": _t("Dunning board"),
        "policies": [(policy, _piles(policy, rows)) for policy in policies],
        "preview": _preview(cases),
        "may_run": request.user.has_perm(RUN),
    }
    return pages.render(request, "bss/billing/board.html", context, partial="bss/billing/_board.html")


def _piles(policy: DunningPolicy, rows: Iterable[dict[str, Any]]) -> list[Pile]:
    """One pile before the first step, one after each, and those whose services are (being) cut off or reconnected."""
    mine = [row for row in rows if row["policy_id"] == policy.pk]
    reminding = [row for row in mine if row["status"] == S.OPEN]
    steps = [(0, _t("Not reminded yet")), *((step.position, _name(step)) for step in policy.steps.all())]
    piles = [
        _pile(
            title,
            [row for row in reminding if row["done_position"] == position],
            status=S.OPEN,
            step=position,
            policy=policy.code,
        )
        for position, title in steps
    ]
    later = (S.SUSPENDING, S.SUSPENDED, S.RECONNECTING)
    found = [
        _pile(
            str(state.label),
            [row for row in mine if row["status"] == state],
            status=state,
            policy=policy.code,
        )
        for state in later
    ]
    return [*piles, *found]


def _name(step: DunningStep) -> str:
    return f"{step.position}. {step.get_action_display()}"


def _pile(title: str, rows: list[dict[str, Any]], **query: Any) -> Pile:
    sums: dict[str, Any] = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], 0) + row["amount"]
    url = f"{reverse('bss_billing:case-list')}?{urlencode(query)}"
    return Pile(title, sum(row["count"] for row in rows), sorted(sums.items()), url)


def _preview(cases: Any) -> dict[str, int]:
    """What the next dunning run would do: reminders sent, accounts suspended, services cut off."""
    today = clock.today()
    reminding = cases.filter(status=S.OPEN).exclude(held_until__gt=today)
    reminders, cut = 0, []
    for case in reminding.select_related("policy").prefetch_related("policy__steps").order_by("pk"):
        following = services.next_step(case, case.policy.steps.all())
        if following is None or following[1] > today:
            continue
        if following[0].action == DunningStep.Action.NOTICE:
            reminders += 1
        else:
            cut.append(case.account_id)
    services_cut = Product.objects.filter(account__in=cut, status="active", members=None).count()
    return {"reminders": reminders, "accounts": len(cut), "services": services_cut}
