"""The bill-run console: from the selection of accounts to delivered invoices, with everything the checks found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.billing import forms, services
from bss.billing.models import BillRun, Invoice, RunFailure
from bss.billing.services import stages
from bss.billing.views.badges import RUN_STATUS
from bss.customers.models import BillingAccount
from kernel import clock, jobs, pages, permissions
from kernel.errors import DomainError
from kernel.filtering import Filter
from kernel.models import Job
from kernel.pages import Call
from kernel.periods import anchored_on_or_after

RUN_BILLING, FINALISE = "bss_billing.run_billing", "bss_billing.finalise_invoice"
S = BillRun.Status
UNDER_WAY = (S.SELECTED, S.DRAFTED, S.CHECKED, S.APPROVED, S.POSTED)
CHECKS = {
    "zero": _("Invoices of nothing"),
    "negative": _("Invoices below zero"),
    "huge": _("Unusually large invoices"),
    "failed": _("Accounts that could not be billed"),
    "variance": _("Kinds of charges that differ from the last run by more than 30 %"),
}


def _runs(user: Any) -> QuerySet[BillRun]:
    return BillRun.objects.visible_to(user).select_related("drafted_by", "approved_by", "account")


RUNS = pages.List(
    name="bss_billing:run-list",
    model=BillRun,
    title=_("Bill runs"),
    icon="receipt",
    section="billing",
    order=12,
    rows=_runs,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("cycle", _("Billing day"), "cycle_day", kind="number", sort="cycle_day"),
        pages.Column("date", _("Bill date"), "bill_date", kind="date", sort="bill_date"),
        pages.Column("status", _("Status"), badge=RUN_STATUS, sort=True),
        pages.Column("accounts", _("Accounts"), kind="number", sort=True),
        pages.Column("invoices", _("Invoices"), "invoices_count", kind="number", sort="invoices_count"),
        pages.Column("failures", _("Left out"), kind="number", sort=True),
        pages.Column("findings", _("Findings"), lambda run: len(run.checks), kind="number"),
        pages.Column("drafted", _("Drafted by"), "drafted_by", sort="drafted_by__username"),
        pages.Column("approved", _("Approved by"), "approved_by", sort="approved_by__username"),
        pages.Column("posted", _("Posted"), kind="when", sort=True),
        pages.Column("account", _("Only this account"), link="account", sort="account__number", hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=S.choices),
        Filter("cycle", "cycle_day", "number", _("Billing day")),
        Filter("date", "bill_date", "date", _("Bill date")),
        Filter("posted", "posted", "datetime", _("Posted")),
        Filter("account", "account__number", "text", _("Only this account")),
    ],
    search=("number",),
    default_sort="-number",
    views=[("open", _("Under way"), "&".join(f"status={one}" for one in UNDER_WAY))],
    create="bss_billing:run-create",
    live=True,
    row_class=lambda run: {"discarded": "muted"}.get(run.status, "warn" if run.failures else ""),
    empty=pages.Empty(_("A run bills the accounts of one day. Start the first one.")),
)  # fmt: skip

LEFT_OUT = pages.List(
    name="bss_billing:failure-list",
    model=RunFailure,
    title=_("Left out"),
    rows=lambda user: RunFailure.objects.visible_to(user).select_related("account__customer__party", "run"),
    columns=[
        pages.Column("account", _("Account"), "account.number", link="account", sort="account__number"),
        pages.Column(
            "customer",
            _("Customer"),
            "account.customer.party.name",
            link="account.customer",
            sort="account__customer__party__name",
        ),
        pages.Column("reason", _("Reason"), sort=True),
        pages.Column("excluded", _("Taken out by hand"), kind="bool", sort=True),
    ],
    filters=[
        Filter("run", "run__number", "text", _("Bill run")),
        Filter("excluded", "excluded", "bool", _("Taken out by hand")),
        Filter("account", "account__number", "text", _("Account")),
    ],
    search=("account__number", "reason"),
    default_sort="account",
    empty=pages.Empty(_("No account was left out.")),
)


def _job(run: BillRun) -> Job | None:
    """The newest job of a run."""
    rows = Job.objects.filter(kind__startswith="bss_billing.", params__run=str(run.pk))
    return rows.defer("state", "result").order_by("-created").first()


def _totals(run: BillRun) -> list[dict[str, Any]]:
    """What the invoices come to, currency by currency."""
    rows = run.invoices.exclude(status=Invoice.Status.VOID).order_by("currency").values("currency")
    sent = Count("pk", filter=Q(sent__isnull=False))
    held = Count("pk", filter=Q(status=Invoice.Status.ON_HOLD))
    return list(
        rows.annotate(
            count=Count("pk"), net=Sum("net"), tax=Sum("tax"), gross=Sum("gross"), sent=sent, held=held
        )
    )


def _findings(run: BillRun) -> list[dict[str, Any]]:
    """What the checks found, in words; drafts and accounts as links."""
    invoices = Invoice.objects.in_bulk(
        [row["id"] for finding in run.checks for row in finding["sample"] if "id" in row]
    )
    found = []
    for finding in run.checks:
        sample = [
            {**row, "invoice": next((one for pk, one in invoices.items() if str(pk) == row.get("id")), None)}
            for row in finding["sample"]
        ]
        found.append({**finding, "title": CHECKS.get(finding["check"], finding["check"]), "sample": sample})
    return found


def _overview(run: BillRun, user: Any) -> Mapping[str, Any]:
    job = _job(run)
    totals = _totals(run)
    return {
        "stages": stages.of(run, totals),
        "totals": totals,
        "job": job,
        "job_open": job is not None and job.status in {Job.Status.PENDING, Job.Status.RUNNING},
        "findings": _findings(run),
        "checked": run.status not in {S.SELECTED, S.DRAFTED},
    }


def _why_not(*states: str, to: str = "") -> Any:
    def reason(run: BillRun, user: Any) -> str:
        if run.status in states:
            return ""
        return _t("It is %(status)s") % {"status": run.get_status_display().lower()}

    return reason


def _approve_why_not(run: BillRun, user: Any) -> str:
    if reason := _why_not(S.CHECKED)(run, user):
        return str(reason)
    try:
        permissions.forbid_own_work(run.drafted_by_id, user.pk)
    except DomainError as error:
        return error.message
    return ""


def _job_why_not(*states: str) -> Any:
    """As `_why_not`, and not while a job of the run is at work."""

    def reason(run: BillRun, user: Any) -> str:
        if refused := _why_not(*states)(run, user):
            return str(refused)
        job = _job(run)
        busy = job is not None and job.status in {Job.Status.PENDING, Job.Status.RUNNING}
        return _t("A job is at work on it") if busy else ""

    return reason


def _retry_why_not(run: BillRun, user: Any) -> str:
    if reason := _why_not(S.DRAFTED, S.CHECKED)(run, user):
        return str(reason)
    return "" if run.failures else _t("No account failed")


def _start(kind: str, title: Any, **params: Any) -> Any:
    """The action that hands a run to a job; the console shows its progress."""

    def run(call: Call) -> Job:
        return jobs.start(
            f"bss_billing.{kind}",
            str(title) % {"run": call.object},
            owner=call.user,
            total=call.object.accounts,
            run=call.object.pk,
            **params,
        )

    return run


def _approve_effects(run: BillRun, user: Any) -> list[str]:
    found = [
        _t("Once posted, nothing on the invoices changes any more: %(count)d") % {"count": run.invoices_count}
    ]
    return [*found, *(f"{CHECKS.get(one['check'], one['check'])}: {one['count']}" for one in run.checks)]


RUN = pages.Detail(
    name="bss_billing:run-detail",
    model=BillRun,
    rows=_runs,
    title=lambda run: _t("Billing day %(day)s of %(date)s") % {"day": run.cycle_day, "date": run.bill_date},
    list=RUNS,
    status=("status", RUN_STATUS),
    identify=("number",),
    states={"open": {"status__in": list(UNDER_WAY)}},
    words=("run", "cycle"),
    facts=[
        pages.Fact(_("Accounts"), "accounts", kind="number"),
        pages.Fact(_("Invoices"), "invoices_count", kind="number"),
        pages.Fact(_("Left out"), "failures", kind="number"),
        pages.Fact(_("Drafted by"), "drafted_by"),
        pages.Fact(_("Approved by"), "approved_by"),
        pages.Fact(_("Posted"), "posted", kind="time"),
    ],
    fields=[pages.Fact(_("Only this account"), "account", link=True)],
    overview="bss/billing/_run.html",
    context=_overview,
    live=True,
    tabs=[
        pages.Tab("invoices", _("Invoices"), list="bss_billing:invoice-list", lock=lambda run: {"run": run.number}),
        pages.Tab("left-out", _("Left out"), list=LEFT_OUT, lock=lambda run: {"run": run.number}),
        pages.Tab(
            "variance",
            _("Variance"),
            template="bss/billing/_variance.html",
            context=lambda run, user: {"variance": services.variance(run)},
        ),
    ],
    actions=[
        pages.Action(
            "draft",
            _("Draft"),
            permission=RUN_BILLING,
            run=_start("draft_run", _("Drafts of %(run)s")),
            why_not=_job_why_not(S.SELECTED),
            goto=pages.url_of,
            icon="edit",
        ),
        pages.Action(
            "check",
            _("Check"),
            permission=RUN_BILLING,
            run=lambda call: services.check_run(run=call.object),
            why_not=_why_not(S.DRAFTED),
            done=_("Checked"),
            secondary=True,
            icon="clipboard-check",
        ),
        pages.Action(
            "approve",
            _("Approve"),
            permission=FINALISE,
            form=forms.OptionalReasonForm,
            run=lambda call: services.approve_run(run=call.object, by=call.user, **call.data),
            why_not=_approve_why_not,
            effects=_approve_effects,
            primary=True,
            icon="shield-check",
        ),
        pages.Action(
            "post",
            _("Post"),
            permission=FINALISE,
            run=_start("post_run", _("Posting of %(run)s"), deliver=False),
            why_not=_job_why_not(S.APPROVED),
            effects=lambda run, user: [
                _t("Invoices that get their numbers and never change again: %(count)d") % {"count": run.invoices_count}
            ],
            goto=pages.url_of,
            secondary=True,
            icon="file-invoice",
        ),
        pages.Action(
            "deliver",
            _("Deliver"),
            permission=RUN_BILLING,
            run=_start("deliver_run", _("Delivery of %(run)s")),
            why_not=_job_why_not(S.POSTED),
            effects=lambda run, user: [_t("The customers are told that their invoices are there")],
            goto=pages.url_of,
            icon="send",
        ),
        pages.Action(
            "exclude",
            _("Take an account out"),
            permission=RUN_BILLING,
            form=forms.OneAccountForm,
            run=lambda call: services.exclude_account(run=call.object, **call.data),
            why_not=_why_not(S.DRAFTED, S.CHECKED),
            effects=lambda run, user: [
                _t("Its draft goes; what is on it stands on the next invoice"),
                _t("The run is checked again"),
            ],
            icon="minus",
        ),
        pages.Action(
            "retry",
            _("Try the failed accounts again"),
            permission=RUN_BILLING,
            run=lambda call: services.retry_failed(run=call.object),
            why_not=_retry_why_not,
            icon="refresh",
        ),
        pages.Action(
            "discard",
            _("Discard"),
            permission=RUN_BILLING,
            form=forms.ReasonForm,
            run=lambda call: services.discard_run(run=call.object, **call.data),
            why_not=_job_why_not(S.SELECTED, S.DRAFTED, S.CHECKED, S.APPROVED),
            effects=lambda run, user: [
                _t("Drafts that go: %(count)d. What is on them stands on the next run") % {"count": run.invoices_count}
            ],
            danger=True,
            icon="trash",
        ),
    ],
)  # fmt: skip


def _create(call: Call) -> BillRun:
    """Open the run, and let a job draft it."""
    run = services.select_run(by=call.user, **call.data)
    _start("draft_run", _t("Drafts of %(run)s"))(replace(call, object=run))
    return run


def _preview(call: Call) -> list[str]:
    """How many accounts it bills, and what the last run of that day came to."""
    run = BillRun(**call.data)
    found = [_t("Accounts to be billed: %(count)d") % {"count": services.accounts_of(run).count()}]
    last = services.previous(run)
    if last is not None:
        words = _t("The last run of this day was %(run)s of %(date)s; its invoices: %(count)d")
        found.append(
            words % {"run": last.number, "date": last.bill_date.isoformat(), "count": last.invoices_count}
        )
    found.append(_t("Nothing is numbered or posted before somebody else approves it"))
    return found


def _next(_request: Any) -> dict[str, Any]:
    """Today's billing day, where accounts have one; else the next."""
    today = clock.today()
    days = sorted(set(BillingAccount.objects.order_by().values_list("cycle_day", flat=True).distinct()))
    due = [day for day in days if anchored_on_or_after(today, day) == today]
    return {"cycle_day": (due or [today.day])[0], "bill_date": today}


RUN_CREATE = pages.FormPage(
    name="bss_billing:run-create",
    title=_("New bill run"),
    form=forms.RunForm,
    permission=RUN_BILLING,
    door=_create,
    initial=_next,
    effects=_preview,
    submit=_("Draft the run"),
)
