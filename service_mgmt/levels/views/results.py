"""Closed months, credits, and a customer's report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bss.customers.models import Customer, Party
from kernel import clock, pages, permissions
from kernel.filtering import Filter
from kernel.pages.panels import Todo, Waiting
from kernel.periods import add_months
from kernel.slots import slot
from service_mgmt.levels import forms, services
from service_mgmt.levels.models import CreditProposal, SlaAgreement, SlaResult
from service_mgmt.levels.services.clocks import bounds
from service_mgmt.levels.views.badges import APPROVE, CREDIT, VERDICT, Verdict, availability, month_name

VIEW = "service_mgmt_levels.view_slaresult"
VIEW_CREDIT = "service_mgmt_levels.view_creditproposal"
REPORT_MONTHS = 12


def verdict(result: SlaResult) -> str:
    """Kept or breached."""
    return Verdict.BREACHED if result.breached else Verdict.KEPT


def _results(user: Any) -> QuerySet[SlaResult]:
    return SlaResult.objects.visible_to(user).select_related(
        "agreement__customer__party", "agreement__service", "agreement__definition", "credit"
    )


def _credit(result: SlaResult) -> Any:
    return getattr(result, "credit", None)


RESULTS = pages.List(
    name="service_mgmt_levels:result-list", model=SlaResult, title=_("SLA report"), icon="report-analytics",
    section="service", order=40, rows=_results,
    columns=[
        pages.Column("month", _("Month"), lambda row: month_name(row.month), link=True, sort="month"),
        pages.Column("customer", _("Customer"), "agreement.customer.party", link="agreement.customer",
                     sort="agreement__customer__party__name"),
        pages.Column("agreement", pgettext_lazy("service level", "Agreement"), link="agreement", sort="agreement__number"),
        pages.Column("service", _("Service"), "agreement.service", link="agreement.service",
                     sort="agreement__service__number"),
        pages.Column("availability", _("Availability"), lambda row: availability(row.availability),
                     sort="availability", export=lambda row: row.availability),
        pages.Column("target", pgettext_lazy("service level", "Target"), lambda row: availability(row.target), sort="target",
                     export=lambda row: row.target),
        pages.Column("verdict", _("Promise"), verdict, badge=VERDICT, sort="breached"),
        pages.Column("downtime", _("Downtime"), kind="duration", sort=True),
        pages.Column("excluded", _("Excluded"), kind="duration", sort=True),
        pages.Column("credit", _("Credit"), _credit, link=_credit, permission=VIEW_CREDIT),
        pages.Column("late", _("Late repairs"), "late_repairs", kind="number", sort="late_repairs", hidden=True),
        pages.Column("agreed", _("Agreed time"), kind="duration", sort=True, hidden=True),
    ],
    filters=[
        Filter("month", "month", "date", _("Month")),
        Filter("customer", "agreement__customer__number", "text", _("Customer")),
        Filter("agreement", "agreement__number", "text", pgettext_lazy("service level", "Agreement")),
        Filter("service", "agreement__service__number", "text", _("Service")),
        Filter("class", "agreement__definition__code", "text", _("Class")),
        Filter("breached", "breached", "bool", _("Breached")),
        Filter("availability", "availability", "number", _("Availability")),
    ],
    search=("agreement__number", "agreement__customer__party__name"), default_sort="-month,availability",
    views=[("breached", _("Breached"), "breached=true")],
    row_class=lambda result: "danger" if result.breached else "",
    empty=pages.Empty(_("When a month is over, each agreement gets its result here.")),
)  # fmt: skip


def report_url(customer: Customer, month: date) -> str:
    """Address of a customer's report of one month."""
    return reverse("service_mgmt_levels:report", args=[customer.number, month_name(month)])


def _outages(result: SlaResult, _user: Any) -> Mapping[str, Any]:
    return {
        "outages": [
            {
                **row,
                "start": parse_datetime(row["start"]),
                "end": parse_datetime(row["end"]),
                # Public numbers of incidents and alarms: whoever may see them is led on.
                "causes": [(cause, f"/go/{cause}") for cause in row["causes"]],
            }
            for row in result.outages
        ],
        "availability": availability(result.availability),
        "target": availability(result.target),
        "report": report_url(result.agreement.customer, result.month),
    }


RESULT = pages.Detail(
    name="service_mgmt_levels:result-detail", model=SlaResult, title=str, rows=_results, list=RESULTS,
    status=(verdict, VERDICT), overview="service_mgmt/levels/_result.html", context=_outages, comments=False,
    facts=[
        pages.Fact(_("Customer"), "agreement.customer.party", link="agreement.customer"),
        pages.Fact(pgettext_lazy("service level", "Agreement"), "agreement", link="agreement"),
        pages.Fact(_("Service"), "agreement.service", link="agreement.service"),
        pages.Fact(_("Month"), lambda result: month_name(result.month)),
        pages.Fact(_("Credit"), _credit, link=_credit, permission=VIEW_CREDIT),
        pages.Fact(_("Measured"), "measured", kind="time"),
    ],
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ credits


def _credits(user: Any) -> QuerySet[CreditProposal]:
    return CreditProposal.objects.visible_to(user).select_related(
        "account__customer__party", "result__agreement__service", "adjustment", "decided_by"
    )


def _undecided(proposal: CreditProposal, user: Any) -> str:
    if proposal.status != CreditProposal.Status.PROPOSED:
        return _t("This is decided")
    return _t("Somebody else decides on what you proposed") if proposal.proposed_by_id == user.pk else ""


CREDITS = pages.List(
    name="service_mgmt_levels:credit-list", model=CreditProposal, title=_("SLA credits"), icon="receipt-refund",
    section="service", order=45, rows=_credits,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("customer", _("Customer"), "account.customer.party", link="account.customer",
                     sort="account__customer__party__name"),
        pages.Column("month", _("Month"), lambda row: month_name(row.result.month), sort="result__month"),
        pages.Column("agreement", pgettext_lazy("service level", "Agreement"), "result.agreement", link="result.agreement"),
        pages.Column("amount", _("Credit, net"), kind="money", currency="currency", sort=True),
        pages.Column("percent", _("Of the fee"), "credited_percent", kind="percent", sort="credited_percent"),
        pages.Column("status", _("Status"), badge=CREDIT, sort=True),
        pages.Column("adjustment", _("Adjustment"), link="adjustment"),
        pages.Column("uncapped", _("Without the cap"), kind="money", currency="currency", sort=True, hidden=True),
        pages.Column("decided_by", _("Decided by"), hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=CreditProposal.Status.choices),
        Filter("customer", "account__customer__number", "text", _("Customer")),
        Filter("agreement", "result__agreement__number", "text", pgettext_lazy("service level", "Agreement")),
        Filter("month", "result__month", "date", _("Month")),
        Filter("amount", "amount", "money", _("Credit, net")),
    ],
    search=("number", "account__customer__party__name"), default_sort="-number",
    views=[("waiting", _("To be approved"), "status=proposed")],
    live=True,
    empty=pages.Empty(
        _("A month that broke its promise brings a credit."), nothing_wrong=_("No credit waits for approval.")
    ),
    bulk=[
        pages.Bulk("approve", _("Approve"), permission=APPROVE, why_not=_undecided, form=forms.OptionalReasonForm,
                   each=lambda call: services.approve_credit(proposal=call.object, by=call.user, **call.data)),
    ],
)  # fmt: skip

CREDIT_DETAIL = pages.Detail(
    name="service_mgmt_levels:credit-detail", model=CreditProposal, title="number", rows=_credits, list=CREDITS,
    status=("status", CREDIT), identify=("number",), words=("credit",), live=True,
    states={"open": {"status": "proposed"}},
    facts=[
        pages.Fact(_("Customer"), "account.customer.party", link="account.customer"),
        pages.Fact(_("Month"), "result", link="result"),
        pages.Fact(pgettext_lazy("service level", "Agreement"), "result.agreement", link="result.agreement"),
        pages.Fact(_("Monthly fee"), "monthly_fee", kind="money", currency="currency"),
        pages.Fact(_("Credit, net"), "amount", kind="money", currency="currency"),
        pages.Fact(_("Adjustment"), "adjustment", link="adjustment"),
    ],
    fields=[
        pages.Fact(_("Account"), "account", link="account"),
        pages.Fact(_("Credit by contract, %"), "percent", kind="percent"),
        pages.Fact(_("Credited, %"), "credited_percent", kind="percent"),
        pages.Fact(_("Without the cap"), "uncapped", kind="money", currency="currency"),
        pages.Fact(_("Granted by contract"), "pre_agreed", kind="bool"),
        pages.Fact(_("Decided by"), "decided_by"),
        pages.Fact(_("Decided"), "decided", kind="time"),
    ],
    actions=[
        pages.Action("approve", _("Approve"), permission=APPROVE, primary=True, why_not=_undecided,
                     form=forms.OptionalReasonForm,
                     run=lambda call: services.approve_credit(proposal=call.object, by=call.user, **call.data)),
        pages.Action("reject", _("Reject"), permission=APPROVE, danger=True, why_not=_undecided, form=forms.ReasonForm,
                     run=lambda call: services.reject_credit(proposal=call.object, by=call.user, **call.data)),
    ],
)  # fmt: skip


pages.extend(
    "bss_billing:adjustment-detail",
    facts=[
        pages.Fact(_("SLA credit"), lambda adjustment: getattr(adjustment, "sla_credit", None), link=True,
                   permission=VIEW_CREDIT),
    ],
)  # fmt: skip


def waiting_credits(user: Any) -> list[Waiting]:
    """Credits this person may decide on."""
    if not user.has_perm(APPROVE):
        return []
    rows = _credits(user).filter(status=CreditProposal.Status.PROPOSED).exclude(proposed_by=user)
    party = {
        name: f"account__customer__party__{name}" for name in ("trading_name", "given_name", "family_name")
    }
    return [Waiting(rows.order_by("created"), "created", {"number": "number", **party}, _to_decide)]


def _to_decide(facts: Mapping[str, Any], at: datetime) -> Todo:
    number, *names = (facts[name] for name in ("number", "trading_name", "given_name", "family_name"))
    party = Party(trading_name=names[0], given_name=names[1], family_name=names[2])
    return Todo(
        _t("SLA credit %(number)s for %(customer)s") % {"number": number, "customer": party},
        pages.url_of(CreditProposal(number=number)) or "",
        at,
        icon="receipt-refund",
    )


slot("portal.approvals").fill(waiting_credits)


# ------------------------------------------------------------------------------------------------- a customer's report


@permissions.requires(VIEW)
def report(request: HttpRequest, customer: str, month: str) -> HttpResponse:
    """A customer's service levels of one month, fit to be printed; an open month as it stands."""
    found = Customer.objects.visible_to(request.user).select_related("party").filter(number=customer).first()
    if found is None:
        raise Http404
    first = _month(month)
    agreements = SlaAgreement.objects.visible_to(request.user).filter(customer=found)
    rows = _rows(agreements, first, request.user)
    history = [add_months(first, -back) for back in range(REPORT_MONTHS - 1, -1, -1)]
    return pages.render(
        request,
        "service_mgmt/levels/report.html",
        {
            "title": _t("Service levels %(month)s: %(name)s")
            % {"month": month_name(first), "name": found.party},
            "customer": found,
            "month": first,
            "previous": add_months(first, -1),
            # What has not begun anywhere yet has no report.
            "next": add_months(first, 1) if first < clock.today() else None,
            "rows": rows,
            "history": _history(agreements, history, request.user),
            "open": any(row["open"] for row in rows),
        },
        partial="service_mgmt/levels/_report.html",
    )


def _month(text: str) -> date:
    year, _dash, number = text.partition("-")
    try:
        found = date(int(year), int(number), 1)
    except ValueError as error:
        raise Http404 from error
    if not 2000 <= found.year <= 2100:
        raise Http404
    return found


def _rows(agreements: QuerySet[SlaAgreement], month: date, user: Any) -> list[dict[str, Any]]:
    now = clock.now()
    results = {row.agreement_id: row for row in _results(user).filter(agreement__in=agreements, month=month)}
    known = agreements.select_related("service", "product__offering", "definition__calendar", "product__site")
    running = [
        row
        for row in known
        if row.pk not in results and row.starts < bounds(row, month)[1] and bounds(row, month)[0] <= now
        and (row.ends is None or row.ends > bounds(row, month)[0])
    ]  # fmt: skip
    may_see_credit = user.has_perm(VIEW_CREDIT)
    measured = services.replay_month(agreements=running, month=month, at=now)
    shown = []
    for agreement in known.order_by("number"):
        found = results.get(agreement.pk) or measured.get(agreement.pk)
        if found is None:
            continue
        closed = agreement.pk in results
        shown.append(
            {
                "agreement": agreement,
                "availability": availability(found.availability),
                "target": availability(found.target),
                "downtime": found.downtime,
                "excluded": found.excluded,
                "verdict": Verdict.BREACHED if found.breached else Verdict.KEPT,
                "credit": _credit(results[agreement.pk]) if closed and may_see_credit else None,
                "open": not closed,
            }
        )
    return shown


def _history(agreements: QuerySet[SlaAgreement], months: list[date], user: Any) -> list[dict[str, Any]]:
    """The lowest availability of each month, for the bars and their table."""
    lowest: dict[date, Any] = {}
    rows = SlaResult.objects.visible_to(user).filter(agreement__in=agreements, month__in=months)
    for month, value, breached in rows.values_list("month", "availability", "breached"):
        if month not in lowest or value < lowest[month][0]:
            lowest[month] = (value, breached)
    return [
        {
            "month": month_name(month),
            "availability": availability(lowest[month][0]),
            "breached": lowest[month][1],
        }
        for month in months
        if month in lowest
    ]
