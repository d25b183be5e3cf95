"""Finding and merging the same customer."""

from __future__ import annotations

import pytest

from bss.customers import services
from bss.customers.events import CustomersMerged
from bss.customers.models import Customer
from kernel.errors import Invalid
from kernel.models import OutboxEvent
from tests.factories.bss_customers import (
    make_account,
    make_agreement,
    make_contact,
    make_customer,
    make_interaction,
    make_party,
    make_site,
)

pytestmark = pytest.mark.django_db


def test_names_alike_are_found_and_others_are_not() -> None:
    dupont = make_customer(party=make_party(trading_name="Boulangerie Dupont"))
    make_customer(party=make_party(trading_name="Garage Lefèvre"))

    found = services.find_duplicates(name="boulangerie dupond sarl")

    assert [row.customer for row in found] == [dupont]
    assert 0.5 <= found[0].score < 1
    assert found[0].reasons == ("name alike",)


def test_a_shared_number_weighs_more_than_a_name() -> None:
    named = make_customer(party=make_party(trading_name="Boulangerie Dupont"))
    numbered = make_customer(party=make_party(trading_name="Something else", vat_id="FR83404833048"))
    make_contact(party=numbered.party, value="Dupont@example.net")

    found = services.find_duplicates(
        name="Boulangerie Dupont", vat_id="FR83404833048", email="dupont@example.net"
    )

    assert [row.customer for row in found] == [numbered, named]
    assert found[0].reasons == ("same e-mail address", "same VAT number")
    assert services.find_duplicates(vat_id="FR83404833048", exclude=numbered) == []


def test_nothing_given_finds_nothing() -> None:
    make_customer()

    assert services.find_duplicates() == []


def test_merge_moves_everything_and_leaves_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    keep, drop = make_customer(), make_customer()
    make_site(customer=keep, name="Office")
    make_site(customer=drop, name="Office")
    account = make_account(customer=drop)
    make_agreement(customer=drop)
    make_interaction(customer=drop)
    make_contact(party=keep.party, value="same@example.net")
    make_contact(party=drop.party, value="same@example.net")
    other = make_contact(party=drop.party, value="other@example.net", preferred=False)
    asked: list[tuple[Customer, Customer]] = []
    monkeypatch.setattr(services.MERGE, "_fillers", {"test": lambda *pair: asked.append(pair)})

    services.merge_customers(keep=keep, drop=drop, reason="same company")

    drop.refresh_from_db()
    account.refresh_from_db()
    other.refresh_from_db()
    assert (drop.status, drop.merged_into) == ("merged", keep)
    assert (account.customer, account.payer) == (keep, drop.party)
    assert set(keep.sites.values_list("name", flat=True)) == {"Office", f"Office ({drop.number})"}
    assert (keep.agreements.count(), keep.interactions.count()) == (1, 1)
    assert other.party == keep.party
    assert asked == [(keep, drop)]
    assert OutboxEvent.objects.filter(name=CustomersMerged.name).count() == 1


def test_a_customer_is_not_merged_twice_or_with_itself() -> None:
    keep, drop = make_customer(), make_customer()

    with pytest.raises(Invalid):
        services.merge_customers(keep=keep, drop=keep, reason="oops")
    services.merge_customers(keep=keep, drop=drop, reason="same")
    with pytest.raises(Invalid):
        services.merge_customers(keep=keep, drop=Customer.objects.get(pk=drop.pk), reason="again")
