"""Doors of specifications and offerings."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from bss.catalog import services
from bss.catalog.events import OfferingLaunched, OfferingRetired
from bss.catalog.models import BundleItem, OfferingPrice, ProductOffering, Tariff
from bss.catalog.services.pricing import Tier
from kernel.errors import DomainError, IllegalMove, Invalid, StaleState
from kernel.models import JournalEntry, OutboxEvent
from tests.factories.bss_catalog import (
    DOWNSTREAM,
    make_allowance,
    make_bundle_item,
    make_offering,
    make_price,
    make_specification,
    make_tariff,
)

pytestmark = pytest.mark.django_db


def ready(**overrides: Any) -> ProductOffering:
    """An offer in design that lacks nothing."""
    offering = make_offering(launch=False, **overrides)
    make_price(offering=offering)
    make_price(offering=offering, kind="usage", name_en="Calls", name_fr="Appels")
    return offering


def test_an_offer_is_made_revised_and_sold(now: datetime) -> None:
    specification = services.create_specification(
        code="internet", name_en="Internet access", name_fr="Accès internet", characteristics=[DOWNSTREAM]
    )
    offering = services.create_offering(
        code="internet-100",
        name_en="Internet 100",
        name_fr="Internet 100",
        specification=specification,
        characteristics={"downstream_mbps": "100"},
    )
    services.add_price(
        offering=offering,
        code="monthly",
        kind="recurring",
        amount=Decimal(50),
        name_en="Fee",
        name_fr="Abonnement",
    )

    sold = services.release(offering=offering)

    assert (sold.status, sold.launched, sold.characteristics) == ("launched", now, {"downstream_mbps": 100})
    price = sold.prices.get()
    assert (price.released, price.period_months, price.timing) == (now, 1, "advance")
    assert OutboxEvent.objects.get(name=OfferingLaunched.name).payload["code"] == "internet-100"
    verbs = JournalEntry.objects.filter(object_id=offering.pk).order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == [
        f"product_offering.{step}" for step in ("created", "in_test", "active", "launched")
    ]


def test_a_release_closes_tariffs_and_retires_the_revision_sold_before(now: datetime) -> None:
    first = services.release(offering=ready())
    second = services.new_version(offering=first)

    services.release(offering=second)

    first.refresh_from_db()
    assert (first.status, first.valid_to, first.retired) == ("retired", now.date(), now)
    assert set(Tariff.objects.values_list("status", flat=True)) == {"released"}
    assert OutboxEvent.objects.filter(name=OfferingRetired.name).count() == 1
    assert ProductOffering.objects.on_sale(now.date()).get().revision == 2


def test_a_new_revision_copies_content_and_prices_open_for_edits() -> None:
    offering = make_offering(launch=False, code="pro")
    tiered = services.add_price(
        offering=offering,
        code="seats",
        kind="recurring",
        model="graduated",
        name_en="Seats",
        name_fr="Postes",
        tiers=[Tier(Decimal(5), Decimal(10)), Tier(None, Decimal(8))],
    )
    make_price(offering=offering, code="old", valid_to=date(2025, 6, 1))
    allowance = make_allowance(offering=offering)
    services.set_relations(offering=offering, excludes=["basic"])
    services.release(offering=offering)

    copy = services.new_version(offering=offering)

    assert (copy.code, copy.revision, copy.status, copy.launched) == ("pro", 2, "in_design", None)
    twin = copy.prices.get()
    assert (twin.code, twin.released, twin.supersedes) == ("seats", None, None)
    assert [tier.unit for tier in twin.tiers.all()] == [tier.unit for tier in tiered.tiers.all()]
    assert copy.allowances.get().quantity == allowance.quantity
    assert copy.relations.get().other_code == "basic"
    services.change_price(price=twin, name_en="Desks")
    assert OfferingPrice.objects.get(pk=tiered.pk).name_en == "Seats"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"name_fr": ""}, "French name"),
        ({"valid_from": date(2030, 1, 1)}, "Sale starts"),
        ({"valid_to": date(2025, 2, 1)}, "Sale ended"),
        ({"characteristics": {}}, "downstream_mbps"),
    ],
)
def test_an_offer_that_lacks_something_is_not_released(fault: dict[str, Any], words: str) -> None:
    offering = ready(**fault)

    with pytest.raises(Invalid, match=words):
        services.release(offering=offering)

    offering.refresh_from_db()
    assert offering.status == "in_design"


def test_every_open_point_is_named_at_once(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    offering = make_offering(launch=False, name_fr="")
    tariff = make_tariff(currency="USD")
    tariff.rates.filter(zone__code="europe", band__code="peak").delete()
    make_price(offering=offering, kind="usage", tariff=tariff, name_fr="")
    make_price(offering=offering, model="volume", amount=0)
    monkeypatch.setattr(services.PUBLISH_CHECK, "_fillers", {"t": lambda row: ["No network profile"]})

    found = "; ".join(services.problems(offering, at=now))

    for words in ("French name is missing", "voice has no French name", "another currency", "europe at all hours",
                  "tiers of monthly end", "No network profile"):  # fmt: skip
        assert words in found


def test_a_bundle_is_released_after_its_members() -> None:
    bundle = make_offering(launch=False, is_bundle=True)
    member = ready()

    assert "The bundle is empty" in services.problems(bundle, at=datetime(2026, 1, 15, tzinfo=UTC))
    services.set_bundle(bundle=bundle, items=[{"offering": member, "minimum": 0, "default": 0, "maximum": 2}])
    with pytest.raises(Invalid, match="not on sale"):
        services.release(offering=bundle)
    services.release(offering=member)

    assert services.release(offering=bundle).status == "launched"
    with pytest.raises(Invalid, match="never on sale"):
        services.set_bundle(bundle=bundle, items=[])


@pytest.mark.parametrize(
    "counts", [{"minimum": 2, "default": 1, "maximum": 3}, {"minimum": 0, "default": 0, "maximum": 0}]
)
def test_a_bundle_counts_its_members(counts: dict[str, int]) -> None:
    item = make_bundle_item()

    with pytest.raises(Invalid, match="≤"):
        services.set_bundle(bundle=item.bundle, items=[{"offering": item.offering, **counts}])

    assert BundleItem.objects.get() == item


def test_a_bundle_holds_no_bundle() -> None:
    bundle, other = (make_offering(launch=False, is_bundle=True) for _index in range(2))

    with pytest.raises(Invalid, match="simple offers"):
        services.set_bundle(bundle=bundle, items=[{"offering": other}])


def test_what_was_on_sale_changes_its_words_alone() -> None:
    offering = services.release(offering=ready())

    services.change_offering(offering=offering, description_en="In other words", segments=["business"])
    with pytest.raises(Invalid, match="new revision") as refusal:
        services.change_offering(offering=offering, term_months=24)

    assert set(refusal.value.fields) == {"term_months"}
    with pytest.raises(Invalid, match="on sale"):
        services.add_price(offering=offering, code="more", kind="one_off")
    with pytest.raises(Invalid, match="on sale"):
        services.add_allowance(offering=offering, code="more", unit="min", quantity=1, name_en="More")
    with pytest.raises(Invalid, match="another one"):
        services.change_specification(specification=offering.specification, characteristics=[])


DOORS = {
    **{
        str(state): lambda row, to=state: services.move_offering(offering=row, to=to)
        for state in ProductOffering.Status
        if state not in {"launched", "retired"}
    },
    "retired": lambda row: services.retire(offering=row),
}


@pytest.mark.parametrize("before", ProductOffering.Status)
@pytest.mark.parametrize("after", DOORS)
def test_offering_statuses_pair_by_pair(before: str, after: str, now: datetime) -> None:
    offering = make_offering(launch=False, status=before, launched=now if before == "launched" else None)

    if after in ProductOffering.MOVES[ProductOffering.Status(before)]:
        assert DOORS[after](offering).status == after
    else:
        with pytest.raises(IllegalMove):
            DOORS[after](offering)


@pytest.mark.parametrize("before", ProductOffering.Status)
def test_launch_from_every_status_that_leads_there(before: str, now: datetime) -> None:
    offering = ready(status=before, launched=now if before == "launched" else None)

    if before in {"in_study", "in_design", "in_test", "active"}:
        assert services.release(offering=offering).status == "launched"
    else:
        with pytest.raises(IllegalMove):
            services.release(offering=offering)


def test_launch_has_a_door_of_its_own() -> None:
    with pytest.raises(IllegalMove):
        services.move_offering(offering=make_offering(launch=False, status="active"), to="launched")


def test_a_rival_retirement_wins_once() -> None:
    offering = services.release(offering=ready())
    rival = ProductOffering.objects.get(pk=offering.pk)
    services.retire(offering=rival)

    with pytest.raises(StaleState), transaction.atomic():
        services.retire(offering=offering)


def test_codes_are_taken_once() -> None:
    offering = make_offering()

    with pytest.raises(Invalid, match="taken"):
        services.create_offering(code=offering.code, name_en="Again", specification=offering.specification)
    with pytest.raises(Invalid, match="bundle or stands"):
        services.create_offering(code="nothing", name_en="Nothing")


def test_relations_are_set_kind_by_kind() -> None:
    offering = make_offering(launch=False)
    services.set_relations(offering=offering, requires=["a", "b"], excludes=["c"])

    services.set_relations(offering=offering, requires=["b", "d"])

    assert set(offering.relations.values_list("kind", "other_code")) == {
        ("requires", "b"), ("requires", "d"), ("excludes", "c"),
    }  # fmt: skip
    with pytest.raises(Invalid, match="itself"):
        services.set_relations(offering=offering, requires=[offering.code])


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("no list", "list"),
        ([{"name": "x"}], "type"),
        ([{"name": "x", "type": "colour"}], "type"),
        ([{"name": "x", "type": "string", "colour": 1}], "Unknown"),
        ([{"name": "x", "type": "string"}] * 2, "twice"),
        ([{"name": "x", "type": "integer", "default": 5, "maximum": 4}], "From"),
    ],
)
def test_a_schema_that_makes_no_sense_is_refused(schema: Any, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        services.create_specification(code="s", name_en="S", characteristics=schema)


def test_a_specification_nobody_bought_is_free() -> None:
    specification = make_specification()

    services.change_specification(specification=specification, version=1, characteristics=[])

    assert specification.characteristics == []
    with pytest.raises(Invalid, match="taken"):
        services.create_specification(code=specification.code, name_en="Again")


def test_shelves_nest() -> None:
    catalog = services.create_catalog(code="pro", name_en="Business")
    top = services.create_category(code="internet", name_en="Internet", catalog=catalog)
    low = services.create_category(code="fibre", name_en="Fibre", parent=top)

    assert list(top.children.all()) == [low]
    with pytest.raises(Invalid, match="taken"):
        services.create_category(code="fibre", name_en="Fibre")
    with pytest.raises(Invalid, match="taken"):
        services.create_catalog(code="pro", name_en="Business")


def test_the_sale_of_an_offer_starts_on_its_day(now: datetime) -> None:
    offering = ready(valid_from=now.date())
    services.release(offering=offering)

    assert ProductOffering.objects.on_sale(now.date()).exists()
    assert not ProductOffering.objects.on_sale(now.date() - timedelta(days=1)).exists()


def test_a_study_needs_no_specification_until_it_is_designed() -> None:
    idea = services.create_offering(name_en="Internet by laser", status="in_study")
    again = services.create_offering(name_en="Internet by laser", status="in_study")

    assert (idea.code, again.code) == ("internet-by-laser", "internet-by-laser-2")
    with pytest.raises(Invalid, match="bundle or stands"):
        services.move_offering(offering=idea, to="in_design")
    services.change_offering(offering=idea, specification=make_specification())
    assert services.move_offering(offering=idea, to="in_design").status == "in_design"


def test_what_was_on_sale_stays_on_record() -> None:
    offering = services.release(offering=ready())

    with pytest.raises(DomainError, match="stays on record"):
        services.remove_offering(offering=offering)
    copy = services.new_version(offering=offering)
    services.remove_offering(offering=copy)
    assert ProductOffering.objects.filter(code=offering.code).count() == 1


def test_a_category_does_not_stand_within_itself() -> None:
    top = services.create_category(name_en="Top")
    low = services.create_category(name_en="Low", parent=top)

    with pytest.raises(Invalid, match="within itself"):
        services.change_category(category=top, parent=low)
