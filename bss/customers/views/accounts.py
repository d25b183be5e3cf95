"""Billing accounts: list, page, forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.customers import forms, services
from bss.customers.models import BillingAccount
from bss.customers.services import balances
from bss.customers.views.badges import ACCOUNT_STATUS
from kernel import pages
from kernel.filtering import Filter
from kernel.pages import Call

CHANGE = "bss_customers.change_billingaccount"
S = BillingAccount.Status


def _accounts(user: Any) -> QuerySet[BillingAccount]:
    return BillingAccount.objects.visible_to(user).select_related("customer__party", "payer", "parent")


def _why_not(to: str) -> Any:
    def reason(account: BillingAccount, user: Any) -> str:
        if account.lifecycle.allows(account.status, to):
            return ""
        return _t("It is %(status)s") % {"status": account.get_status_display().lower()}

    return reason


ACCOUNTS = pages.List(
    name="bss_customers:account-list",
    model=BillingAccount,
    title=_("Billing accounts"),
    icon="credit-card",
    section="billing",
    order=20,
    rows=_accounts,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("name", _("Name"), sort=True),
        pages.Column(
            "customer", _("Customer"), "customer.party.name", link="customer", sort="customer__party__name"
        ),
        pages.Column("payer", _("Payer"), sort="payer__name"),
        pages.Column("cycle", _("Billing day"), "cycle_day", kind="number", sort="cycle_day"),
        pages.Column("currency", _("Currency"), sort=True),
        pages.Column("delivery", _("Delivery"), "get_delivery_display", sort="delivery", hidden=True),
        pages.Column(
            "payment", _("Payment"), "get_payment_method_display", sort="payment_method", hidden=True
        ),
        pages.Column("dunning", _("Dunning policy"), "dunning_policy", sort="dunning_policy", hidden=True),
        pages.Column("tax", _("Tax status"), "get_tax_status_display", sort="tax_status", hidden=True),
        pages.Column("status", _("Status"), badge=ACCOUNT_STATUS, sort=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=S.choices),
        Filter("customer", "customer__number", "text", _("Customer")),
        Filter("cycle", "cycle_day", "number", _("Billing day")),
        Filter("currency", "currency", "text", _("Currency")),
        Filter(
            "payment", "payment_method", "choice", _("Payment"), choices=BillingAccount.PaymentMethod.choices
        ),
        Filter("tax", "tax_status", "choice", _("Tax status"), choices=BillingAccount.TaxStatus.choices),
        Filter("dunning", "dunning_policy", "text", _("Dunning policy")),
    ],
    search=("number", "name", "customer__party__name"),
    default_sort="-number",
    create="bss_customers:account-create",
    live=True,
    row_class=lambda row: "muted" if row.status == S.CLOSED else "",
    empty=pages.Empty(_("An account is what is billed together: one payer, one currency, one invoice.")),
    bulk=[
        pages.Bulk(
            "policy",
            _("Set dunning policy"),
            permission=CHANGE,
            form=forms.PolicyForm,
            each=lambda call: services.change_account(account=call.object, **call.data),
        )
    ],
)


def _overview(account: BillingAccount, user: Any) -> Mapping[str, Any]:
    masked_iban = f"… {account.iban[-4:]}" if account.iban else ""
    return {
        "due": balances([account.pk]).get(account.pk),
        "iban": account.iban if user.has_perm("bss_customers.view_pii") else masked_iban,
        "children": account.children.all(),
    }


ACCOUNT = pages.Detail(
    name="bss_customers:account-detail",
    model=BillingAccount,
    rows=_accounts,
    title="name",
    list=ACCOUNTS,
    status=("status", ACCOUNT_STATUS),
    edit="bss_customers:account-edit",
    identify=("number",),
    find=("name", "customer__party__name"),
    states={"open": {"status": S.ACTIVE}},
    words=("account", "compte"),
    facts=[
        pages.Fact(_("Customer"), "customer", link=True),
        pages.Fact(_("Payer"), "payer"),
        pages.Fact(_("Billing day"), "cycle_day", kind="number"),
        pages.Fact(_("Currency"), "currency"),
    ],
    fields=[
        pages.Fact(_("Language of invoices"), "get_language_display"),
        pages.Fact(_("Time zone"), "time_zone"),
        pages.Fact(_("Country of taxation"), "tax_country"),
        pages.Fact(_("Tax status"), "get_tax_status_display"),
        pages.Fact(_("Reason of exemption"), "exemption_reason"),
        pages.Fact(_("Delivery"), "get_delivery_display"),
        pages.Fact(_("Days to pay"), "payment_days", kind="number"),
        pages.Fact(_("Dunning policy"), "dunning_policy"),
        pages.Fact(_("Your reference"), "purchase_order"),
        pages.Fact(_("Billing address"), "billing_address.value", permission="bss_customers.view_pii"),
    ],
    overview="bss/customers/_account.html",
    context=_overview,
    live=True,
    actions=[
        pages.Action(
            "suspend",
            _("Suspend"),
            permission=CHANGE,
            form=forms.ReasonForm,
            run=lambda call: services.suspend_account(account=call.object, reason=call.data["reason"]),
            why_not=_why_not(S.SUSPENDED),
            effects=lambda account, user: [_t("No new orders are taken on it; it is still billed")],
            icon="player-pause",
        ),
        pages.Action(
            "reopen",
            _("Reopen"),
            permission=CHANGE,
            run=lambda call: services.reopen_account(account=call.object),
            why_not=_why_not(S.ACTIVE),
            icon="player-play",
        ),
        pages.Action(
            "close",
            _("Close"),
            permission=CHANGE,
            form=forms.ReasonForm,
            run=lambda call: services.close_account(account=call.object, reason=call.data["reason"]),
            why_not=_why_not(S.CLOSED),
            danger=True,
            icon="x",
        ),
    ],
)


def _terms(call: Call) -> dict[str, Any]:
    data = dict(call.data)
    payer = data.pop("paid_by")
    if payer is not None:
        data["payer"] = payer.party
    return data


def _initial(account: BillingAccount) -> dict[str, Any]:
    """The form's own columns, and the customer behind a foreign payer."""
    found = {name: getattr(account, name) for name in forms.AccountEditForm.Meta.fields}
    foreign = account.payer_id != account.customer.party_id
    return {**found, "paid_by": getattr(account.payer, "customer", None) if foreign else None}


ACCOUNT_CREATE = pages.FormPage(
    name="bss_customers:account-create",
    title=_("New billing account"),
    form=forms.AccountForm,
    permission="bss_customers.add_billingaccount",
    door=lambda call: services.open_account(**_terms(call)),
)
ACCOUNT_EDIT = pages.FormPage(
    name="bss_customers:account-edit",
    title=_("Edit billing account"),
    form=forms.AccountEditForm,
    detail=ACCOUNT,
    permission=CHANGE,
    initial=_initial,
    door=lambda call: services.change_account(account=call.object, version=call.version, **_terms(call)),
)
