"""Doors of contacts, consents, sites, agreements and callers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from bss.customers import services
from bss.customers.models import Agreement, ContactMedium, Interaction
from kernel.errors import IllegalMove, Invalid
from tests.factories.bss_customers import (
    make_account,
    make_agreement,
    make_contact,
    make_customer,
    make_party,
    make_site,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        ("email", " Ada.Byron@Engines.EXAMPLE ", "Ada.Byron@engines.example"),
        ("phone", "04 72 00 00 00", "+33472000000"),
        ("phone", "+44 20 7946 0000", "+442079460000"),
    ],
)
def test_a_contact_is_stored_in_one_form(kind: str, given: str, stored: str) -> None:
    assert services.add_contact(party=make_party(), kind=kind, value=given).value == stored


def test_an_address_is_read_on_one_line() -> None:
    contact = services.add_contact(
        party=make_party(), kind="address", street="1 rue du Lac", postcode="69003", city="Lyon", country="fr"
    )

    assert contact.value == "1 rue du Lac, 69003 Lyon, FR"
    services.change_contact(contact=contact, city="Villeurbanne")
    assert contact.value == "1 rue du Lac, 69003 Villeurbanne, FR"


def test_the_first_contact_of_a_kind_is_preferred_until_another_is() -> None:
    party = make_party()
    first = services.add_contact(party=party, kind="email", value="a@example.net")
    second = services.add_contact(party=party, kind="email", value="b@example.net", preferred=True)

    first.refresh_from_db()
    assert (first.preferred, second.preferred) == (False, True)
    with pytest.raises(Invalid, match="known already"):
        services.add_contact(party=party, kind="email", value="a@example.net")


def test_reach_prefers_the_role_then_the_preferred_contact() -> None:
    party = make_party()
    general = make_contact(party=party)
    technical = make_contact(party=party, role="technical", preferred=False)

    assert services.reach(party=party, kind="email", role="technical") == technical
    assert services.reach(party=party, kind="email", role="billing") == general
    assert services.reach(party=party, kind="phone") is None


def test_the_latest_consent_rules_and_the_earlier_stay(now: datetime) -> None:
    party = make_party()
    services.record_consent(party=party, purpose="directory", granted=True, source="shop")
    services.record_consent(
        party=party, purpose="directory", granted=False, source="portal", at=now + timedelta(days=1)
    )

    ruling = services.consents_of(party)
    assert {name: row.granted for name, row in ruling.items()} == {"directory": False}
    assert party.consents.count() == 2
    with pytest.raises(Invalid):
        services.record_consent(party=party, purpose="anything", granted=True, source="shop")


def test_sites_have_one_name_each_and_whole_coordinates() -> None:
    site = make_site(name="Head office")

    with pytest.raises(Invalid, match="site of this name"):
        services.add_site(customer=site.customer, name="Head office", street="x", postcode="1", city="y")
    with pytest.raises(Invalid) as refusal:
        services.change_site(site=site, latitude=Decimal("45.7"))
    assert set(refusal.value.fields) == {"longitude"}


def test_an_agreement_binds_for_its_term() -> None:
    agreement = services.sign_agreement(
        customer=make_customer(), name="24 months", start=date(2026, 1, 31), term_months=1
    )

    assert agreement.status == Agreement.Status.APPROVED
    assert (agreement.bound_on(date(2026, 2, 27)), agreement.bound_on(date(2026, 2, 28))) == (True, False)
    services.end_agreement(agreement=agreement, on=date(2026, 2, 10), reason="moved")
    assert not agreement.bound_on(date(2026, 2, 11))


DOORS = {
    "approved": lambda row: services.approve_agreement(agreement=row),
    "rejected": lambda row: services.reject_agreement(agreement=row, reason="no"),
    "ended": lambda row: services.end_agreement(agreement=row, reason="over"),
}


@pytest.mark.parametrize("before", Agreement.Status)
@pytest.mark.parametrize("after", DOORS)
def test_agreement_statuses_pair_by_pair(before: str, after: str) -> None:
    agreement = make_agreement(status=before)

    if after in Agreement.MOVES[Agreement.Status(before)]:
        assert DOORS[after](agreement).status == after
    else:
        with pytest.raises(IllegalMove):
            DOORS[after](agreement)


def test_two_right_answers_verify_and_the_talk_is_kept() -> None:
    customer = make_customer()
    account = make_account(customer=customer)
    services.add_contact(party=customer.party, kind="phone", value="+33472000000")
    make_site(customer=customer, postcode="69002")

    verified = services.verify_caller(
        customer=customer,
        answers={"account": account.number.lower(), "phone": "04.72.00.00.00", "email": " "},
    )

    assert (verified.ok, verified.matched, verified.failed) == (True, ("account", "phone"), ())
    kept = Interaction.objects.get()
    assert kept.verified
    assert "04.72" not in kept.note


@pytest.mark.parametrize(
    "answers",
    [
        {"postcode": "69002"},
        {"postcode": "69002", "email": "wrong@example.net"},
        {"postcode": "69002", "vat_id": ""},
        {"postcode": "75001", "email": "x@example.net"},
    ],
)
def test_one_answer_or_a_wrong_one_does_not_verify(answers: dict[str, str]) -> None:
    customer = make_customer()
    make_site(customer=customer, postcode="69002")
    make_contact(party=customer.party, value="x@example.net")

    assert not services.verify_caller(customer=customer, answers=answers).ok
    assert not Interaction.objects.get().verified


def test_a_caller_is_asked_something_that_can_be_asked() -> None:
    customer = make_customer()

    with pytest.raises(Invalid, match="Unknown question"):
        services.verify_caller(customer=customer, answers={"shoe_size": "43"})
    with pytest.raises(Invalid, match="at least one"):
        services.verify_caller(customer=customer, answers={"email": ""})


def test_nothing_known_is_not_an_answer() -> None:
    customer = make_customer()

    assert not services.verify_caller(customer=customer, answers={"birth_date": "None", "vat_id": "-"}).ok
    assert ContactMedium.objects.count() == 0
