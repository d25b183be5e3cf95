"""Doors of billing accounts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from bss.customers.models import BillingAccount, Customer, Party
from bss.customers.services import validation
from kernel import lifecycle
from kernel.errors import Invalid
from kernel.money import Money
from kernel.slots import slot

# Filled by the apps above: account → reasons (texts) why it cannot be closed now.
ACCOUNT_IN_USE = slot("bss_customers.account_in_use")

# Filled by whoever keeps the books: account ids → {id: Money due now}.
BALANCES = slot("bss_customers.balances")

# What may be given when an account is opened or changed.
TERMS = frozenset(
    {
        "name", "payer", "parent", "cycle_day", "currency", "language", "time_zone", "tax_country", "tax_status",
        "exemption_reason", "delivery", "payment_method", "payment_days", "iban", "mandate_reference",
        "mandate_signed", "dunning_policy", "purchase_order", "billing_address",
    }
)  # fmt: skip


def open_account(
    *, customer: Customer, name: str = "", payer: Party | None = None, **terms: Any
) -> BillingAccount:
    """Open an account; the customer's own party pays unless `payer` is given, in its language unless one is.

    Raises Invalid for terms that cannot be billed: cycle day outside 1–31, unknown currency or time zone, wrong IBAN,
    direct debit without mandate, exemption without reason.
    """
    if customer.status in {Customer.Status.CLOSED, Customer.Status.MERGED}:
        raise Invalid(_("The customer is closed"), code="account.customerClosed")
    _known(terms)
    payer = payer or customer.party
    terms.setdefault("language", payer.language)
    account = BillingAccount(customer=customer, payer=payer, name=name or str(customer.party)[:120], **terms)
    for key, value in _checked(account).items():
        setattr(account, key, value)
    return lifecycle.create(account)


def change_account(*, account: BillingAccount, version: int | None = None, **terms: Any) -> BillingAccount:
    """Change an account's terms; they hold from the next bill on. The currency of an account never changes.

    Raises Invalid as `open_account` does, StaleVersion when it changed meanwhile.
    """
    _known(terms)
    if terms.get("currency", account.currency) != account.currency:
        raise Invalid(
            _("The currency of an account does not change; open another account"),
            code="account.currencyFixed",
            fields={"currency": _("Fixed")},
        )
    wanted = BillingAccount(customer=account.customer, pk=account.pk)
    for name in TERMS:
        setattr(wanted, name, terms.get(name, getattr(account, name)))
    return lifecycle.change(account, version=version, **{**terms, **_only(_checked(wanted), terms)})


def suspend_account(*, account: BillingAccount, reason: str) -> BillingAccount:
    """No new orders on this account; it is still billed."""
    return lifecycle.move(account, BillingAccount.Status.SUSPENDED, reason=reason)


def reopen_account(*, account: BillingAccount, reason: str = "") -> BillingAccount:
    """Suspended or closed → active again."""
    return lifecycle.move(account, BillingAccount.Status.ACTIVE, reason=reason)


def close_account(*, account: BillingAccount, reason: str) -> BillingAccount:
    """Nothing more is billed here. Raises Invalid while products live or money is open on it."""
    with transaction.atomic():
        if reasons := [text for texts in ACCOUNT_IN_USE.call(account) for text in texts]:
            raise Invalid("; ".join(reasons), code="account.inUse")
        return lifecycle.move(account, BillingAccount.Status.CLOSED, reason=reason)


def balances(account_ids: Iterable[UUID]) -> dict[UUID, Money]:
    """What is due on each account now, as the books say; empty while nobody keeps books."""
    found: dict[UUID, Money] = {}
    for part in BALANCES.call(list(account_ids)):
        found.update(part)
    return found


def _known(terms: dict[str, Any]) -> None:
    if unknown := set(terms) - TERMS:
        raise TypeError(f"not terms of an account: {sorted(unknown)}")


def _only(values: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in names}


def _checked(account: BillingAccount) -> dict[str, Any]:
    """The terms of an account in their stored form; raises Invalid with every fault at once."""
    fields: dict[str, str] = {}
    values: dict[str, Any] = {}

    def check(name: str, function: Any) -> None:
        try:
            values[name] = function(getattr(account, name), field=name)
        except Invalid as error:
            fields.update(error.fields)

    check("currency", validation.currency)
    check("time_zone", validation.time_zone)
    if account.iban:
        check("iban", validation.iban)
    fields.update(_faults(account))
    if fields:
        raise Invalid(_("This account could not be billed"), code="account.invalid", fields=fields)
    return values


def _faults(account: BillingAccount) -> dict[str, str]:
    debit = account.payment_method == BillingAccount.PaymentMethod.DIRECT_DEBIT
    exempt = account.tax_status == BillingAccount.TaxStatus.EXEMPT
    reverse = account.tax_status == BillingAccount.TaxStatus.REVERSE_CHARGE
    address = account.billing_address
    rules = [
        ("cycle_day", not 1 <= account.cycle_day <= 31, _("A day from 1 to 31")),
        (
            "exemption_reason",
            exempt and not account.exemption_reason,
            _("An exemption needs its reason: it is printed on the invoice"),
        ),
        (
            "tax_status",
            reverse and not account.payer.vat_id,
            _("Reverse charge needs the payer's VAT number"),
        ),
        ("iban", debit and not account.iban, _("Direct debit needs an IBAN")),
        ("mandate_reference", debit and not account.mandate_reference, _("Direct debit needs a mandate")),
        (
            "parent",
            account.parent is not None and _is_below(account.parent, account),
            _("An account cannot be part of itself"),
        ),
        (
            "billing_address",
            address is not None and address.kind != "address",
            _("This is not a postal address"),
        ),
    ]
    return {name: message for name, broken, message in rules if broken}


def _is_below(candidate: BillingAccount, account: BillingAccount) -> bool:
    """Whether `candidate` is the account itself or one of its parts."""
    seen = set()
    step: BillingAccount | None = candidate
    while step is not None and step.pk not in seen:
        if step.pk == account.pk:
            return True
        seen.add(step.pk)
        step = step.parent
    return False
