"""Doors of billing accounts."""

from __future__ import annotations

from typing import Any

import pytest

from bss.customers import services
from bss.customers.models import BillingAccount
from kernel.errors import IllegalMove, Invalid, StaleVersion
from tests.factories.bss_customers import make_account, make_contact, make_customer, make_party

pytestmark = pytest.mark.django_db

IBAN = "FR1420041010050500013M02606"


def test_the_customer_pays_unless_somebody_else_does() -> None:
    customer, parent_company = make_customer(), make_party(language="en")

    own = services.open_account(customer=customer)
    paid = services.open_account(customer=customer, name="Branch", payer=parent_company, cycle_day=31)

    assert (own.payer, own.language, own.name) == (customer.party, "fr", str(customer.party))
    assert (paid.payer, paid.language, paid.cycle_day) == (parent_company, "en", 31)


@pytest.mark.parametrize(
    ("terms", "fields"),
    [
        ({"cycle_day": 0}, {"cycle_day"}),
        ({"cycle_day": 32, "currency": "XYZ"}, {"cycle_day", "currency"}),
        ({"time_zone": "Europe/Lyon"}, {"time_zone"}),
        ({"payment_method": "direct_debit"}, {"iban", "mandate_reference"}),
        ({"iban": "FR1420041010050500013M02607"}, {"iban"}),
        ({"tax_status": "exempt"}, {"exemption_reason"}),
        ({"tax_status": "reverse_charge"}, {"tax_status"}),
    ],
)
def test_terms_that_cannot_be_billed_are_refused_together(terms: dict[str, Any], fields: set[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        services.open_account(customer=make_customer(), **terms)

    assert set(refusal.value.fields) == fields


def test_terms_are_stored_in_one_form() -> None:
    account = services.open_account(
        customer=make_customer(),
        currency="eur",
        payment_method="direct_debit",
        iban="FR14 2004 1010 0505 0001 3M02 606",
        mandate_reference="M-1",
    )

    assert (account.currency, account.iban) == ("EUR", IBAN)


def test_change_account_checks_the_whole_and_writes_what_changed() -> None:
    account = make_account()

    with pytest.raises(Invalid) as refusal:
        services.change_account(account=account, payment_method="direct_debit", iban=IBAN)
    assert set(refusal.value.fields) == {"mandate_reference"}

    services.change_account(account=account, version=1, cycle_day=15)
    assert BillingAccount.objects.get().cycle_day == 15
    with pytest.raises(StaleVersion):
        services.change_account(account=account, version=1, cycle_day=16)


def test_the_currency_of_an_account_is_fixed() -> None:
    with pytest.raises(Invalid, match="another account"):
        services.change_account(account=make_account(), currency="USD")


def test_an_account_is_not_part_of_itself() -> None:
    top = make_account()
    middle = make_account(customer=top.customer, parent=top)
    low = make_account(customer=top.customer, parent=middle)

    with pytest.raises(Invalid) as refusal:
        services.change_account(account=top, parent=low)

    assert set(refusal.value.fields) == {"parent"}


def test_bills_go_to_a_postal_address_that_stays() -> None:
    account = make_account()
    mail = make_contact(party=account.payer)
    address = services.add_contact(
        party=account.payer, kind="address", street="1 rue du Lac", postcode="69003", city="Lyon"
    )

    with pytest.raises(Invalid):
        services.change_account(account=account, billing_address=mail)
    services.change_account(account=account, billing_address=address)

    with pytest.raises(Invalid, match="Bills are addressed here"):
        services.remove_contact(contact=address)


DOORS = {
    "active": lambda account: services.reopen_account(account=account),
    "suspended": lambda account: services.suspend_account(account=account, reason="fraud"),
    "closed": lambda account: services.close_account(account=account, reason="over"),
}


@pytest.mark.parametrize("before", BillingAccount.Status)
@pytest.mark.parametrize("after", DOORS)
def test_account_statuses_pair_by_pair(before: str, after: str) -> None:
    account = make_account(status=before)

    if after in BillingAccount.MOVES[BillingAccount.Status(before)]:
        assert DOORS[after](account).status == after
    else:
        with pytest.raises(IllegalMove):
            DOORS[after](account)


def test_an_account_in_use_is_not_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    account = make_account()
    monkeypatch.setattr(
        services.ACCOUNT_IN_USE, "_fillers", {"test": lambda row: [f"{row.number}: 2 products"]}
    )

    with pytest.raises(Invalid, match="2 products"):
        services.close_account(account=account, reason="over")


def test_a_closed_customer_opens_no_account() -> None:
    with pytest.raises(Invalid, match="closed"):
        services.open_account(customer=make_customer(status="closed"))
