"""What the database itself guards about parties, customers and accounts."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from bss.customers.models import BillingAccount, ContactMedium, Customer, Party
from tests.factories.bss_customers import make_account, make_contact, make_customer, make_party, make_site

pytestmark = pytest.mark.django_db


def test_the_name_of_a_party_is_made_by_the_database() -> None:
    person = make_party(kind="individual", given_name="Zoé", family_name="Durand")
    company = make_party(trading_name="Atelier du Rhône")

    assert set(Party.objects.values_list("name", flat=True)) == {"Zoé Durand", "Atelier du Rhône"}
    assert (str(person), str(company)) == ("Zoé Durand", "Atelier du Rhône")


def test_numbers_come_from_the_database_and_carry_their_prefix() -> None:
    first, second = make_customer(), make_customer()

    assert first.number.startswith("CUS-")
    assert int(second.number[4:]) == int(first.number[4:]) + 1
    assert make_account().number.startswith("ACC-")


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"cycle_day": 0}, "bss_account_cycle_day"),
        ({"cycle_day": 32}, "bss_account_cycle_day"),
        ({"currency": "eur"}, "bss_account_currency"),
        ({"status": "frozen"}, "bss_account_status"),
        ({"tax_status": "exempt"}, "bss_account_exemption_has_reason"),
        ({"payment_method": "direct_debit"}, "bss_account_debit_has_mandate"),
    ],
)
def test_an_account_that_cannot_be_billed_is_refused(values: dict[str, Any], constraint: str) -> None:
    account = make_account()

    with pytest.raises(IntegrityError, match=constraint):
        BillingAccount.objects.filter(pk=account.pk).update(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "organization", "trading_name": ""},
        {"kind": "individual", "given_name": "Ada", "family_name": ""},
        {"kind": "individual", "given_name": "Ada", "family_name": "Byron", "trading_name": "Engines Ltd"},
    ],
)
def test_a_party_has_the_names_of_its_kind(values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="bss_party_named_by_kind"):
        Party.objects.create(**values)


def test_a_party_is_a_customer_once() -> None:
    customer = make_customer()

    with pytest.raises(IntegrityError):
        Customer.objects.create(party=customer.party)


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "phone", "value": "0472000000"},
        {"kind": "email", "value": "nowhere"},
        {"kind": "address", "value": "Lyon", "city": "Lyon"},
    ],
)
def test_a_contact_fits_its_kind(values: dict[str, Any]) -> None:
    party = make_party()

    with pytest.raises(IntegrityError, match="bss_contact_fits_kind"):
        ContactMedium.objects.create(party=party, **values)


def test_one_contact_of_a_kind_is_preferred() -> None:
    contact = make_contact()

    with pytest.raises(IntegrityError, match="bss_contact_one_preferred"):
        make_contact(party=contact.party)


def test_coordinates_come_in_pairs_on_the_globe() -> None:
    site = make_site(latitude="45.764043", longitude="4.835659")

    assert site.address == "12 rue de la République, 69002 Lyon, FR"
    with pytest.raises(IntegrityError, match="bss_site_coordinates"):
        make_site(customer=site.customer, latitude=91, longitude=0)
