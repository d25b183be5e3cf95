"""TMF657 and the SLA extension: what is ours; the rules of every resource are walked in tests/kernel/tmf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.factories.service_mgmt_levels import make_agreement, make_definition, make_result

pytestmark = pytest.mark.django_db
QUALITY, SLA = "/tmf-api/serviceQualityManagement/v4", "/tmf-api/slaManagement/v4"


def ask(user: Any, url: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(url)


def test_a_class_names_its_objective_and_what_breaking_it_is_worth(make_user: Callable[..., Any]) -> None:
    definition, user = make_definition(), make_user("integrator")

    shown = ask(user, f"{QUALITY}/serviceLevelSpecification/{definition.pk}").json()
    objective = ask(user, shown["relatedServiceLevelObjective"][0]["href"]).json()

    assert (objective["conformanceComparator"], objective["conformanceTarget"]) == ("<", "99.9")
    assert objective["serviceLevelObjectiveParameter"]["name"] == "availability"
    assert [row["prescribedAction"] for row in objective["serviceLevelObjectiveConsequence"]] == [
        "credit 5 % of the monthly fee", "credit 10 % of the monthly fee"
    ]  # fmt: skip


def test_only_broken_months_are_violations_and_each_names_its_agreement(
    make_user: Callable[..., Any],
) -> None:
    result, kept = make_result(), make_agreement()

    rows = ask(make_user("integrator"), f"{SLA}/slaViolation").json()
    agreements = ask(make_user("integrator"), f"{SLA}/sla").json()

    assert [row["sla"]["id"] for row in rows] == [str(result.agreement_id)]
    assert rows[0]["violation"]["actualValue"] == 99.731182
    assert rows[0]["outage"][0]["causes"] == ["INC-000000"]
    assert {row["id"] for row in agreements} == {str(result.agreement_id), str(kept.pk)}


def test_customers_see_their_own_agreements(make_user: Callable[..., Any]) -> None:
    mine, _other = make_agreement(), make_agreement()
    user = make_user("customer", customer=mine.customer_id)

    assert [row["id"] for row in ask(user, f"{SLA}/sla").json()] == [str(mine.pk)]
