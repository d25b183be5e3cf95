"""Service design: decomposition, simulation, four eyes, and what keeps an offer from sale."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from kernel import lifecycle
from kernel.errors import IllegalMove, Invalid, NotAllowed
from kernel.models import User
from kernel.pages import url_of
from service_mgmt.design import services
from service_mgmt.design.models import ServiceDesign, ServiceSpecification
from tests.factories.bss_catalog import make_offering
from tests.factories.service_mgmt_design import (
    FAST,
    make_design,
    make_internet,
    make_internet_offering,
    make_profile,
    make_spec,
)
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db


def sellable() -> Any:
    """An offer that the network can do on Ethernet."""
    cfs, rfs = make_internet()
    make_profile(rfs)
    return make_internet_offering(cfs), rfs


PAIRS = [
    (maker, before, after)
    for maker, model in ((make_design, ServiceDesign), (make_spec, ServiceSpecification))
    for before, after in product(model.lifecycle.moves, repeat=2)
]


@pytest.mark.parametrize(("maker", "before", "after"), PAIRS)
def test_only_moves_of_the_table_are_made(maker: Callable[..., Any], before: str, after: str) -> None:
    row = maker(status=before)
    if after in row.lifecycle.moves[before]:
        lifecycle.move(row, after)
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(row, after)
        after = before
    row.refresh_from_db()
    assert row.status == after


def test_an_offer_becomes_a_service_and_what_it_rests_on() -> None:
    offering, rfs = sellable()

    (node,) = services.decompose(offering=offering)

    assert node.characteristics == FAST
    assert [child.specification for child in node.children] == [rfs]
    assert node.children[0].characteristics == FAST


def test_an_offer_without_a_rule_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        services.decompose(offering=make_offering())

    assert refusal.value.code == "design.noDecomposition"


def test_a_missing_characteristic_is_named() -> None:
    offering = make_internet_offering(characteristics={"down_kbps": 1000})

    with pytest.raises(Invalid) as refusal:
        services.decompose(offering=offering)

    assert "up_kbps" in refusal.value.fields


def test_a_specification_that_is_not_active_designs_nothing() -> None:
    offering, rfs = sellable()
    services.move_specification(specification=rfs, to="retired")

    with pytest.raises(Invalid) as refusal:
        services.decompose(offering=offering)

    assert refusal.value.code == "design.specificationInactive"


def test_the_publish_check_names_the_missing_profile() -> None:
    offering, rfs = sellable()
    assert services.problems(offering=offering) == []
    make_profile(rfs, technology="xgs-pon", down_kbps=500_000, up_kbps=100_000)

    assert services.problems(offering=offering) == ["no network profile of 100000/20000 kbit/s on xgs-pon"]


def test_a_technology_without_any_profile_is_a_problem() -> None:
    cfs, rfs = make_internet()

    assert services.problems(offering=make_internet_offering(cfs)) == [f"{rfs} has no network profile at all"]


def test_a_design_with_problems_is_not_submitted(admin: User) -> None:
    cfs, _rfs = make_internet()
    design = services.draft_design(offering=make_internet_offering(cfs), author=admin)

    with pytest.raises(Invalid) as refusal:
        services.submit(design=design)

    assert refusal.value.code == "design.notPublishable"
    design.refresh_from_db()
    assert design.status == "draft"


def test_nobody_approves_their_own_design(make_user: Callable[..., User]) -> None:
    author, other = make_user("engineer"), make_user("engineer")
    offering, _rfs = sellable()
    design = services.draft_design(offering=offering, author=author)
    services.submit(design=design)

    with pytest.raises(NotAllowed) as refusal:
        services.approve(design=design, by=author)
    assert refusal.value.code == "fourEyes.sameAuthor"

    services.approve(design=design, by=other)
    assert (design.status, design.approver) == ("approved", other)


def test_a_design_sent_back_loses_its_approval(make_user: Callable[..., User]) -> None:
    design = make_design(status="approved", author=make_user("product"), approver=make_user("engineer"))

    services.send_back(design=design, reason="wrong price")

    design.refresh_from_db()
    assert (design.status, design.approver) == ("draft", None)


def test_the_simulation_keeps_price_cost_and_problems(admin: User) -> None:
    offering, _rfs = sellable()

    design = services.draft_design(offering=offering, author=admin)

    assert (design.monthly_price, design.monthly_cost) == (50, pytest.approx(11.5))
    assert design.margin == design.monthly_price - design.monthly_cost
    assert design.simulation["problems"] == []
    assert design.simulation["decomposition"][0]["children"]


def test_the_page_refuses_approval_by_the_author(admin: User) -> None:
    design = make_design(status="in_review", author=admin)

    browser_of(admin).post(f"{url_of(design)}do/approve/", {"reason": ""})

    design.refresh_from_db()
    assert design.status == "in_review"


def test_a_specification_in_use_keeps_its_characteristics() -> None:
    specification = services.create_specification(name_en="Leased line")
    services.change_specification(
        specification=specification, characteristics={"down_kbps": {"type": "integer"}}
    )
    services.move_specification(specification=specification, to="active")

    with pytest.raises(Invalid):
        services.change_specification(specification=specification, characteristics={})
    with pytest.raises(IllegalMove):
        services.remove_specification(specification=specification)
    with pytest.raises(Invalid):
        services.create_specification(name_en="Leased line")
