"""Dunning cases: who owes, what was done about it, and what happens next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bss.billing import forms, services
from bss.billing.models import DunningCase
from bss.billing.views.badges import CASE_STATUS
from bss.orders.models import Product
from kernel import clock, pages
from kernel.filtering import Filter

HOLD = "bss_billing.override_suspension"
S = DunningCase.Status


def _cases(user: Any) -> QuerySet[DunningCase]:
    return (
        DunningCase.objects.visible_to(user)
        .select_related("account__customer__party", "policy")
        .prefetch_related("policy__steps")
    )


def next_words(case: DunningCase) -> str:
    """The next step and its day, in words; empty when none follows by itself."""
    following = services.next_step(case, case.policy.steps.all())
    if following is None:
        return ""
    step, day = following
    return _t("%(step)s on %(day)s") % {"step": step.get_action_display(), "day": day.isoformat()}


CASES = pages.List(
    name="bss_billing:case-list",
    model=DunningCase,
    title=_("Dunning"),
    icon="bell",
    section="billing",
    order=40,
    rows=_cases,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column(
            "customer",
            _("Customer"),
            "account.customer.party.name",
            link="account.customer",
            sort="account__customer__party__name",
        ),
        pages.Column("account", _("Account"), "account.number", link="account", sort="account__number"),
        pages.Column("status", _("Status"), badge=CASE_STATUS, sort=True),
        pages.Column("amount", _("Overdue"), kind="money", currency="currency", sort=True),
        pages.Column("since", _("Due since"), "oldest_due", kind="date", sort="oldest_due"),
        pages.Column("step", _("Last step"), "done_position", kind="number", sort="done_position"),
        pages.Column("next", _("What happens next"), next_words),
        pages.Column("held", _("Held until"), "held_until", kind="date", sort="held_until"),
        pages.Column("policy", _("Dunning policy"), sort="policy__name", hidden=True),
        pages.Column("opened", _("Opened"), kind="when", sort=True, hidden=True),
        pages.Column("closed", _("Closed"), kind="when", sort=True, hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=S.choices),
        Filter("customer", "account__customer__number", "text", _("Customer")),
        Filter("account", "account__number", "text", _("Account")),
        Filter("policy", "policy__code", "text", _("Dunning policy")),
        Filter("amount", "amount", "money", _("Overdue")),
        Filter("step", "done_position", "number", _("Last step")),
        Filter("held", "held_until", "date", _("Held until")),
        Filter("since", "oldest_due", "date", _("Due since")),
    ],
    search=("number", "account__number", "account__customer__party__name"),
    default_sort="-number",
    default_view="status__not=closed",
    views=[("held", pgettext_lazy("dunning", "On hold"), lambda user: f"status=open&held__gt={clock.today().isoformat()}")],
    live=True,
    row_class=lambda row: {"suspended": "danger", "suspending": "warn", "closed": "muted"}.get(row.status, ""),
    empty=pages.Empty(
        _("Who does not pay in time gets a case here."), nothing_wrong=_("Nobody owes anything overdue.")
    ),
    bulk=[
        pages.Bulk(
            "hold",
            _("Put on hold"),
            permission=HOLD,
            form=forms.HoldForm,
            each=lambda call: services.hold(case=call.object, **call.data),
            why_not=lambda case, user: _closed(case, user),
        ),
    ],
)  # fmt: skip


def _closed(case: DunningCase, user: Any) -> str:
    return _t("The case is closed") if case.status == S.CLOSED else ""


def _not_held(case: DunningCase, user: Any) -> str:
    return "" if case.held_until is not None else _t("It is not on hold")


def _overview(case: DunningCase, user: Any) -> Mapping[str, Any]:
    """Every step of the policy with its day, and the products a suspension would cut off or has cut off."""
    steps = list(case.policy.steps.all())
    following = services.next_step(case, steps)
    rows = [
        {
            "step": step,
            "day": case.oldest_due + timedelta(days=step.days),
            "done": step.position <= case.done_position,
            "next": following[1] if following is not None and following[0] == step else None,
        }
        for step in steps
    ]
    if case.product_ids:
        products = Product.objects.filter(pk__in=case.product_ids)
    else:
        products = Product.objects.filter(account=case.account_id, status="active", members=None)
    return {
        "steps": rows,
        "products": products.select_related("offering").order_by("number")[:50],
        "cut": bool(case.product_ids),
        "held": case.held_until if case.held_until and case.held_until > clock.today() else None,
    }


CASE = pages.Detail(
    name="bss_billing:case-detail",
    model=DunningCase,
    rows=_cases,
    title="account.customer.party.name",
    list=CASES,
    status=("status", CASE_STATUS),
    identify=("number",),
    find=("number",),
    states={"open": {"status__in": [S.OPEN, S.SUSPENDING, S.SUSPENDED, S.RECONNECTING]}},
    words=("dunning", "relance"),
    facts=[
        pages.Fact(_("Customer"), "account.customer", link=True),
        pages.Fact(_("Account"), "account", link=True),
        pages.Fact(_("Overdue"), "amount", kind="money", currency="currency"),
        pages.Fact(_("Due since"), "oldest_due", kind="date"),
        pages.Fact(_("What happens next"), next_words),
        pages.Fact(_("Held until"), "held_until", kind="date"),
    ],
    fields=[
        pages.Fact(_("Dunning policy"), "policy"),
        pages.Fact(_("Reason of the hold"), "hold_reason"),
        pages.Fact(_("Opened"), "opened", kind="time"),
        pages.Fact(_("Closed"), "closed", kind="time"),
    ],
    overview="bss/billing/_case.html",
    context=_overview,
    live=True,
    tabs=[
        pages.Tab(
            "invoices",
            _("Overdue invoices"),
            list="bss_billing:invoice-list",
            lock=lambda case: {"account": case.account.number, "overdue": "true"},
        )
    ],
    actions=[
        pages.Action(
            "hold",
            _("Put on hold"),
            permission=HOLD,
            form=forms.HoldForm,
            run=lambda call: services.hold(case=call.object, **call.data),
            why_not=_closed,
            effects=lambda case, user: [_t("No step is taken before that day; what is cut off stays so")],
            primary=True,
            icon="player-pause",
        ),
        pages.Action(
            "end-hold",
            _("End the hold"),
            permission=HOLD,
            form=forms.OptionalReasonForm,
            run=lambda call: services.end_hold(case=call.object, **call.data),
            why_not=_not_held,
            effects=lambda case, user: [_t("The steps that are due are taken with the next dunning run")],
            secondary=True,
            icon="player-play",
        ),
    ],
)
