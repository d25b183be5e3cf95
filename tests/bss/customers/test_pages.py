"""Pages of customers where they do more than the kit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bss.customers.models import BillingAccount, ContactMedium, Customer, Interaction
from kernel.models import User
from tests.factories.bss_customers import (
    make_account,
    make_contact,
    make_customer,
    make_party,
    make_site,
    make_whole_customer,
)
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db

NEW = {
    "kind": "organization",
    "trading_name": "Boulangerie Dupont",
    "language": "fr",
    "segment": "business",
    "credit_class": "B",
    "email": "pain@dupont.example",
    "street": "3 quai de Saône",
    "postcode": "69001",
    "city": "Lyon",
    "country": "FR",
    "with_account": "on",
    "cycle_day": "15",
    "currency": "EUR",
    "_step": "2",
}


@pytest.fixture
def care(make_user: Callable[..., User]) -> Client:
    return browser_of(make_user("care"))


def test_a_customer_is_entered_step_by_step_and_checked_at_the_end(care: Client) -> None:
    url = "/care/customers/new/"

    first = care.post(url, {**NEW, "_step": "0", "_go": "next"})
    check = care.post(url, {**NEW, "_go": "next"})
    saved = care.post(url, {**NEW, "_go": "save"})

    assert (first.status_code, check.status_code) == (200, 200)
    assert "Boulangerie Dupont" in check.content.decode()
    customer = Customer.objects.get()
    assert saved["Location"] == f"/care/customers/{customer.number}/"
    assert set(customer.party.contacts.values_list("kind", flat=True)) == {"email", "address"}
    assert BillingAccount.objects.get().cycle_day == 15


def test_somebody_alike_is_shown_before_a_second_one_is_entered(care: Client) -> None:
    known = make_customer(party=make_party(trading_name="Boulangerie Dupond"))

    stopped = care.post("/care/customers/new/", {**NEW, "_go": "save"})
    saved = care.post("/care/customers/new/", {**NEW, "somebody_else": "on", "_go": "save"})

    assert stopped.status_code == 422
    assert known.number in stopped.content.decode()
    assert saved.status_code == 303
    assert Customer.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"trading_name": ""}, "This is needed"),
        ({"vat_id": "FR00404833048"}, "check digits"),
        ({"kind": "individual"}, "This is needed"),
        ({"cycle_day": "32"}, "31"),
    ],
)
def test_a_bad_answer_is_said_beside_its_field(care: Client, change: dict[str, str], words: str) -> None:
    answer = care.post("/care/customers/new/", {**NEW, **change, "_go": "save"})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Customer.objects.exists()


def test_contacts_are_masked_until_one_may_see_them(make_user: Callable[..., User]) -> None:
    customer = make_whole_customer()
    value = customer.party.contacts.get().value
    url = f"/care/customers/{customer.number}/"

    care, manager, noc = (
        browser_of(make_user(role)).get(url).content.decode() for role in ("care", "manager", "noc")
    )

    assert value in care
    assert value not in manager
    assert "c…@e…" in manager
    assert "c…@e…" not in noc
    assert customer.sites.get().name in noc


def test_a_caller_is_verified_on_the_page_and_a_failure_is_kept(care: Client) -> None:
    customer = make_customer()
    account = make_account(customer=customer)
    make_site(customer=customer, postcode="69002")
    url = f"/care/customers/{customer.number}/do/verify/"

    wrong = care.post(url, {"account": account.number, "postcode": "75001"})
    right = care.post(url, {"account": account.number, "postcode": "69002"})

    assert wrong.status_code == 422
    assert "This does not fit" in wrong.content.decode()
    assert right.status_code == 303
    assert list(Interaction.objects.order_by("at").values_list("verified", flat=True)) == [False, True]


def test_two_customers_are_merged_from_the_page(care: Client) -> None:
    keep, drop = make_customer(), make_customer()
    url = f"/care/customers/{keep.number}/do/merge/"

    asked = care.get(url)
    done = care.post(url, {"drop": drop.number, "reason": "same company"})

    assert "comes here" in asked.content.decode() or "come here" in asked.content.decode()
    assert done.status_code == 303
    assert Customer.objects.get(pk=drop.pk).merged_into == keep


def test_a_contact_is_found_by_what_people_say(care: Client) -> None:
    customer = make_customer()
    make_contact(party=customer.party, kind="phone", value="+33472000000")

    answer = care.get("/go/04 72 00 00 00", follow=False)

    assert answer["Location"].endswith(f"/care/customers/{customer.number}/")


def test_an_account_is_opened_for_another_payer(care: Client) -> None:
    customer, payer = make_customer(), make_customer()
    opened = care.get(f"/care/customers/{customer.number}/do/account/")
    data = {
        "customer": customer.number,
        "name": "Branch",
        "paid_by": payer.number,
        "cycle_day": "31",
        "currency": "EUR",
        "language": "fr",
        "time_zone": "Europe/Paris",
        "tax_country": "FR",
        "tax_status": "standard",
        "delivery": "email",
        "payment_method": "transfer",
        "payment_days": "30",
        "dunning_policy": "standard",
        "_go": "save",
    }

    saved = care.post("/billing/accounts/new/", data)

    assert opened.status_code in {200, 303}
    assert saved.status_code == 303, saved.content.decode()[:2000]
    account = BillingAccount.objects.get()
    assert (account.payer, account.cycle_day) == (payer.party, 31)
    edit = care.get(f"/billing/accounts/{account.number}/edit/").content.decode()
    assert payer.number in edit


def test_a_removed_contact_leads_back_to_its_customer(care: Client) -> None:
    customer = make_customer()
    contact = make_contact(party=customer.party)

    done = care.post(f"/care/contacts/{contact.pk}/do/remove/", {})

    assert done["Location"].endswith(f"/care/customers/{customer.number}/")
    assert not ContactMedium.objects.exists()


def test_a_self_care_user_sees_no_other_customer(make_user: Callable[..., User]) -> None:
    mine, other = make_customer(), make_customer()
    browser = browser_of(make_user("customer", customer=mine.pk))

    statuses: list[Any] = [browser.get(f"/care/customers/{row.number}/").status_code for row in (mine, other)]

    assert statuses == [200, 404]
