"""Pages of the catalogue where they do more than the kit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bss.catalog.models import OfferingPrice, ProductOffering, ProductSpecification, TariffRate
from kernel import clock
from kernel.models import User
from tests.factories.bss_catalog import (
    launch_offering,
    make_bundle_item,
    make_offering,
    make_price,
    make_specification,
    make_tariff,
    make_zone_plan,
)
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def product(make_user: Callable[..., User]) -> Client:
    return browser_of(make_user("product"))


def test_an_offer_is_made_priced_and_put_on_sale(product: Client) -> None:
    specification = make_specification()
    made = product.post(
        "/catalog/offers/new/",
        {
            "code": "internet-100",
            "specification": specification.code,
            "name_en": "Internet 100",
            "name_fr": "Internet 100",
            "valid_from": "2026-01-01",
            "is_sellable": "on",
            "term_months": "24",
            "characteristics": "downstream_mbps = 100",
            "segments": ["business"],
            "areas": "LYO, PAR",
        },
    )
    page = "/catalog/offers/internet-100.1/"
    assert made["Location"] == page

    refused = product.post(f"{page}do/release/", {})
    priced = product.post(
        f"{page}do/price/",
        {
            "code": "monthly",
            "kind": "recurring",
            "name_en": "Fee",
            "name_fr": "Abonnement",
            "model": "graduated",
            "amount": "0",
            "currency": "EUR",
            "period_months": "1",
            "timing": "advance",
            "occasion": "activation",
            "proration": "actual",
            "tax_category": "S",
            "package_size": "0",
            "free_units": "0",
            "tiers": "5 10.00 0\n* 8.50 0",
        },
    )
    product.post(f"{page}do/release/", {})

    offering = ProductOffering.objects.get()
    assert refused.status_code == 303
    assert priced.status_code == 303
    assert (offering.status, offering.characteristics, offering.areas) == (
        "launched", {"downstream_mbps": 100}, ["LYO", "PAR"],
    )  # fmt: skip
    assert [tier.unit for tier in offering.prices.get().tiers.all()] == [10, Decimal("8.5")]


def test_the_page_of_an_offer_says_what_is_missing(product: Client) -> None:
    offering = make_offering(launch=False, name_fr="")

    shown = product.get(f"/catalog/offers/{offering.reference}/check/").content.decode()

    assert "The French name is missing" in shown
    assert "It has no price in force" in shown


def test_a_sold_price_is_superseded_from_its_page(product: Client) -> None:
    price = make_price()
    launch_offering(price.offering)
    day = clock.today() + timedelta(days=3)

    edited = product.post(f"/catalog/prices/{price.pk}/edit/", {"name_en": "x"})
    done = product.post(
        f"/catalog/prices/{price.pk}/do/supersede/",
        {"day": day.isoformat(), "amount": "55,5", "reason": "costs"},
    )

    assert edited.status_code == 422
    new = OfferingPrice.objects.get(supersedes=price)
    assert done["Location"] == f"/catalog/prices/{new.pk}/"
    assert (new.amount, new.valid_from) == (Decimal("55.5"), day)


def test_an_offer_on_sale_is_retold_but_not_redone(product: Client) -> None:
    offering = make_offering(segments=["business"])
    data = {
        "specification": offering.specification.code,
        "name_en": offering.name_en,
        "name_fr": "Autre nom",
        "valid_from": offering.valid_from.isoformat(),
        "is_sellable": "on",
        "term_months": "0",
        "characteristics": "downstream_mbps = 100",
        "segments": ["business"],
        "areas": "",
    }
    url = f"/catalog/offers/{offering.reference}/edit/"

    retold = product.post(url, data)
    redone = product.post(url, {**data, "term_months": "12"})

    assert retold.status_code == 303, retold.content.decode()[:3000]
    assert redone.status_code == 422
    offering.refresh_from_db()
    assert (offering.name_fr, offering.term_months) == ("Autre nom", 0)


def test_a_bundle_is_filled_line_by_line(product: Client) -> None:
    bundle = make_bundle_item().bundle
    voice = make_offering(code="voice")
    url = f"/catalog/offers/{bundle.reference}/do/members/"

    shown = product.get(url).content.decode()
    wrong = product.post(url, {"members": "voice 0 0\nnothing 1 1 1"})
    right = product.post(url, {"members": "voice 0 1 30"})

    assert "1 1 1" in shown
    assert wrong.status_code == 422
    assert right.status_code == 303
    assert bundle.items.get().offering == voice


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        ("national;peak;0.05;0.02;60;1", "7 values"),
        ("nowhere;peak;0.05;0.02;60;1;1", "nowhere"),
        ("national;night;0.05;0.02;60;1;1", "night"),
        ("national;peak;x;0.02;60;1;1", "number is wrong"),
        ("national;peak;0;0;60;0;1", "Steps"),
    ],
)
def test_a_sheet_of_rates_that_does_not_fit_is_said_by_line(product: Client, sheet: str, words: str) -> None:
    tariff = make_tariff()
    count = TariffRate.objects.count()

    answer = product.post(f"/catalog/tariffs/{tariff.reference}/edit/", {"rates": sheet})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert TariffRate.objects.count() == count


def test_a_sheet_of_rates_comes_back_as_it_went(product: Client) -> None:
    tariff = make_tariff()
    before = set(
        tariff.rates.values_list("zone", "band", "connect_fee", "price", "per", "first_step", "next_step")
    )
    url = f"/catalog/tariffs/{tariff.reference}/edit/"
    sheet = product.get(url).context["form"].initial["rates"]

    saved = product.post(url, {"rates": sheet})

    assert saved.status_code == 303
    after = set(
        tariff.rates.values_list("zone", "band", "connect_fee", "price", "per", "first_step", "next_step")
    )
    assert after == before


def test_prefixes_are_set_zone_by_zone(product: Client) -> None:
    plan = make_zone_plan({"national": ["33"]})
    url = f"/catalog/zones/{plan.code}/do/prefixes/"

    product.post(url, {"zone": "belgium", "prefixes": "32, 3247 3248", "name_en": "Belgium"})
    product.post(url, {"zone": "national", "prefixes": "33 336"})
    taken = product.post(url, {"zone": "national", "prefixes": "32"})

    assert taken.status_code == 422
    assert {zone.code: zone.prefixes.count() for zone in plan.zones.all()} == {"belgium": 3, "national": 2}


def test_a_specification_is_written_as_json(product: Client) -> None:
    data: dict[str, Any] = {"code": "access", "name_en": "Access"}

    wrong = product.post("/catalog/specifications/new/", {**data, "characteristics": '[{"name": "x"}]'})
    right = product.post(
        "/catalog/specifications/new/", {**data, "characteristics": '[{"name": "x", "type": "integer"}]'}
    )

    assert wrong.status_code == 422
    assert right["Location"] == "/catalog/specifications/access/"
    assert ProductSpecification.objects.get().characteristics == [{"name": "x", "type": "integer"}]


def test_customers_do_not_see_the_workshop(make_user: Callable[..., User]) -> None:
    offering = make_offering()
    customer = browser_of(make_user("customer", customer=offering.pk))

    assert customer.get("/catalog/offers/").status_code == 403
    assert customer.get(f"/catalog/offers/{offering.reference}/").status_code == 403
