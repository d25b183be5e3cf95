"""Doors of parties and customers."""

from __future__ import annotations

import pytest

from bss.customers import services
from bss.customers.models import Customer, Party
from kernel.errors import IllegalMove, Invalid, StaleVersion
from kernel.models import JournalEntry, OutboxEvent
from tests.factories.bss_customers import make_account, make_customer, make_party

pytestmark = pytest.mark.django_db

VAT = "FR83404833048"
SIREN = "404833048"


def test_create_customer_makes_party_and_first_contacts_in_one_step() -> None:
    customer = services.create_customer(
        trading_name="Atelier du Rhône",
        vat_id="fr 83 404 833 048",
        registration_no="404 833 048",
        segment="business",
        language="fr",
        email="contact@Atelier.EXAMPLE",
        phone="04 72 00 00 00",
    )

    assert customer.number.startswith("CUS-")
    assert customer.party.kind == Party.Kind.ORGANIZATION
    assert (customer.party.vat_id, customer.party.registration_no) == (VAT, SIREN)
    assert list(customer.party.contacts.values_list("kind", "value", "preferred").order_by("kind")) == [
        ("email", "contact@atelier.example", True),
        ("phone", "+33472000000", True),
    ]
    assert JournalEntry.objects.filter(object_id=customer.pk, verb="customer.created").exists()
    assert OutboxEvent.objects.filter(payload__object_id=str(customer.pk)).exists()


@pytest.mark.parametrize(
    ("identity", "fields"),
    [
        ({"kind": "organization"}, {"trading_name"}),
        ({"given_name": "Ada"}, {"family_name"}),
        ({"trading_name": "X", "vat_id": "FR00404833048"}, {"vat_id"}),
        ({"trading_name": "X", "registration_no": "404833049"}, {"registration_no"}),
        ({"trading_name": "X", "email": "nowhere"}, {"email"}),
        ({"trading_name": "X", "phone": "12"}, {"phone"}),
    ],
)
def test_a_bad_identity_is_refused_at_its_field_and_nothing_is_kept(
    identity: dict[str, str], fields: set[str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        services.create_customer(**identity)  # type: ignore[arg-type]

    assert set(refusal.value.fields) == fields
    assert not Party.objects.exists()


def test_a_foreign_registration_is_kept_as_written() -> None:
    party = services.create_party(trading_name="Acme", vat_id="BE0428759497", registration_no="0428.759.497")

    assert party.registration_no == "0428.759.497"


def test_a_party_becomes_a_customer_once() -> None:
    customer = make_customer()

    with pytest.raises(Invalid, match="customer already"):
        services.create_customer(party=customer.party)


def test_change_customer_changes_the_party_with_it() -> None:
    customer = make_customer()

    services.change_customer(customer=customer, version=1, segment="enterprise", trading_name="New name")

    assert Customer.objects.get().segment == "enterprise"
    assert (customer.party.name, Party.objects.get().name) == ("New name", "New name")
    with pytest.raises(StaleVersion):
        services.change_customer(customer=Customer.objects.get(), version=1, segment="business")


def test_a_person_does_not_become_an_organization() -> None:
    party = make_party(kind="individual")

    with pytest.raises(Invalid):
        services.change_party(party=party, kind="organization")


FOREIGN = {"individual": "closed", "organization": "deceased"}


@pytest.mark.parametrize(
    ("kind", "before"),
    [(kind, state) for kind in Party.Kind for state in Party.Status if state != FOREIGN[kind]],
)
@pytest.mark.parametrize("after", Party.Status)
def test_party_statuses_pair_by_pair(kind: str, before: str, after: str) -> None:
    party = make_party(kind=kind, status=before)

    if after in Party.MOVES[Party.Status(before)] and after != FOREIGN[kind]:
        assert services.set_party_status(party=party, to=after).status == after
    else:
        with pytest.raises(IllegalMove):
            services.set_party_status(party=party, to=after)


@pytest.mark.parametrize("before", ["prospect", "active", "closed"])
@pytest.mark.parametrize("after", ["active", "closed"])
def test_customer_statuses_pair_by_pair(before: str, after: str) -> None:
    customer = make_customer(status=before)
    door = {
        "active": lambda: services.activate_customer(customer=customer),
        "closed": lambda: services.close_customer(customer=customer, reason="moved away"),
    }[after]

    if after in Customer.MOVES[Customer.Status(before)]:
        assert door().status == after
    else:
        with pytest.raises(IllegalMove):
            door()


def test_a_customer_with_open_accounts_is_not_closed() -> None:
    account = make_account()

    with pytest.raises(Invalid, match="1 account"):
        services.close_customer(customer=account.customer, reason="moved away")

    services.close_account(account=account, reason="moved away")
    assert services.close_customer(customer=account.customer, reason="moved away").status == "closed"
