"""Adjustments: money outside the price list, proposed by one person and approved by another."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.billing import forms, services
from bss.billing.models import Adjustment
from bss.billing.views.badges import ADJUSTMENT_STATUS
from kernel import pages
from kernel.filtering import Filter
from kernel.pages import Call

APPROVE = "bss_billing.approve_adjustment"
S = Adjustment.Status


def _adjustments(user: Any) -> QuerySet[Adjustment]:
    return Adjustment.objects.visible_to(user).select_related(
        "account__customer__party", "product", "proposed_by", "approved_by"
    )


def _approve_why_not(adjustment: Adjustment, user: Any) -> str:
    if adjustment.status != S.PROPOSED:
        return _t("It is decided")
    return _t("Somebody else decides on what you proposed") if adjustment.proposed_by_id == user.pk else ""


def _reject_why_not(adjustment: Adjustment, user: Any) -> str:
    if adjustment.lifecycle.allows(adjustment.status, S.REJECTED):
        return ""
    return _t("It is %(status)s") % {"status": adjustment.get_status_display().lower()}


ADJUSTMENTS = pages.List(
    name="bss_billing:adjustment-list",
    model=Adjustment,
    title=_("Adjustments"),
    icon="scale",
    section="billing",
    order=34,
    rows=_adjustments,
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
        pages.Column("reason", _("Reason"), sort=True),
        pages.Column("amount", _("Amount, net"), kind="money", currency="currency", sort=True),
        pages.Column("status", _("Status"), badge=ADJUSTMENT_STATUS, sort=True),
        pages.Column("proposed", _("Proposed by"), "proposed_by", sort="proposed_by__username"),
        pages.Column("approved", _("Approved by"), "approved_by", sort="approved_by__username"),
        pages.Column("created", _("Proposed"), kind="when", sort=True),
        pages.Column("product", _("Product"), link="product", sort="product__number", hidden=True),
        pages.Column("evidence", _("Evidence"), "evidence_kind", sort="evidence_kind", hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=S.choices),
        Filter("customer", "account__customer__number", "text", _("Customer")),
        Filter("account", "account__number", "text", _("Account")),
        Filter("amount", "amount", "money", _("Amount, net")),
        Filter("created", "created", "datetime", _("Proposed")),
        Filter("evidence", "evidence_kind", "text", _("Evidence")),
    ],
    search=("number", "reason", "account__number", "account__customer__party__name"),
    default_sort="-number",
    views=[("waiting", _("To be approved"), "status=proposed")],
    create="bss_billing:adjustment-create",
    live=True,
    empty=pages.Empty(
        _("Credits and charges outside the price list, each with its reason."),
        nothing_wrong=_("No adjustment waits for approval."),
    ),
    bulk=[
        pages.Bulk(
            "approve",
            _("Approve"),
            permission=APPROVE,
            form=forms.OptionalReasonForm,
            each=lambda call: services.approve_adjustment(adjustment=call.object, by=call.user, **call.data),
            why_not=_approve_why_not,
        ),
        pages.Bulk(
            "reject",
            _("Reject"),
            permission=APPROVE,
            form=forms.ReasonForm,
            each=lambda call: services.reject_adjustment(adjustment=call.object, by=call.user, **call.data),
            why_not=_reject_why_not,
            danger=True,
        ),
    ],
)


def _invoice(adjustment: Adjustment) -> Any:
    line = adjustment.lines.select_related("invoice__account").first()
    return line.invoice if line is not None else None


ADJUSTMENT = pages.Detail(
    name="bss_billing:adjustment-detail",
    model=Adjustment,
    rows=_adjustments,
    title="reason",
    list=ADJUSTMENTS,
    status=("status", ADJUSTMENT_STATUS),
    identify=("number",),
    find=("number", "reason"),
    states={"open": {"status__in": [S.PROPOSED, S.APPROVED]}},
    words=("adjustment", "ajustement"),
    facts=[
        pages.Fact(_("Customer"), "account.customer", link=True),
        pages.Fact(_("Account"), "account", link=True),
        pages.Fact(_("Product"), "product", link=True),
        pages.Fact(_("Amount, net"), "amount", kind="money", currency="currency"),
        pages.Fact(_("Invoice"), _invoice, link=True),
    ],
    fields=[
        pages.Fact(_("VAT category"), "tax_category"),
        pages.Fact(_("Evidence"), "evidence_kind"),
        pages.Fact(_("Proposed by"), "proposed_by"),
        pages.Fact(_("Approved by"), "approved_by"),
    ],
    live=True,
    actions=[
        pages.Action(
            "approve",
            _("Approve"),
            permission=APPROVE,
            form=forms.OptionalReasonForm,
            run=lambda call: services.approve_adjustment(adjustment=call.object, by=call.user, **call.data),
            why_not=_approve_why_not,
            effects=lambda adjustment, user: [_t("It stands on the next invoice of the account")],
            primary=True,
            icon="check",
        ),
        pages.Action(
            "reject",
            _("Reject"),
            permission=APPROVE,
            form=forms.ReasonForm,
            run=lambda call: services.reject_adjustment(adjustment=call.object, by=call.user, **call.data),
            why_not=_reject_why_not,
            danger=True,
            icon="x",
        ),
    ],
)


def _propose(call: Call) -> Adjustment:
    data = dict(call.data)
    account, product = data.pop("account"), data.pop("product")
    return services.propose_adjustment(
        account_id=account.pk,
        product_id=product.pk if product is not None else None,
        currency=account.currency,
        **data,
    )


ADJUSTMENT_CREATE = pages.FormPage(
    name="bss_billing:adjustment-create",
    title=_("New adjustment"),
    form=forms.AdjustmentForm,
    permission="bss_billing.add_adjustment",
    door=_propose,
    effects=lambda call: [_t("Somebody else approves it; then it stands on the next invoice")],
    submit=_("Propose"),
)
