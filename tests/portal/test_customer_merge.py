"""Merging two customers, with every app installed: nothing of the one taken over is left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bss.care.models import NoticePreference
from bss.customers import services
from bss.customers.models import Customer
from kernel.models import Scope
from service_mgmt.services.models import Service
from tests.factories.bss_customers import make_agreement, make_customer
from tests.factories.registry import samples
from tests.factories.service_mgmt_services import make_service

pytestmark = pytest.mark.django_db

# What stays with the customer who was taken over, and why.
STAYS = {
    "bss_customers.Customer.merged_into",  # that is the merge itself
}
# Makers of what has no page of its own.
MAKERS: dict[str, Callable[[], Any]] = {
    "bss_customers.Agreement": make_agreement,
    "bss_care.NoticePreference": lambda: NoticePreference.objects.create(
        customer=make_customer(), topic="outage", channel="email", wanted=False
    ),
}
RELATIONS = {
    f"{relation.related_model._meta.label}.{relation.field.name}": relation
    for relation in Customer._meta.get_fields(include_hidden=True)
    if relation.auto_created and (relation.one_to_many or relation.one_to_one)
}


def test_every_relation_to_a_customer_is_known() -> None:
    assert {"bss_orders.Product.customer", "service_mgmt_services.Service.customer"} <= RELATIONS.keys()


@pytest.mark.parametrize("name", sorted(RELATIONS.keys() - STAYS))
def test_a_merge_moves_every_row_that_names_the_customer(name: str) -> None:
    relation: Any = RELATIONS[name]
    row: Any = {**samples(), **MAKERS}[relation.related_model._meta.label]()
    drop, keep = getattr(row, relation.field.name), make_customer()

    services.merge_customers(keep=keep, drop=drop, reason="the same company")

    assert not relation.related_model._base_manager.filter(**{relation.field.name: drop}).exists()
    assert relation.related_model._base_manager.filter(pk=row.pk, **{relation.field.name: keep}).exists()


def test_of_two_wishes_about_one_thing_the_keepers_stands() -> None:
    keep, drop = make_customer(), make_customer()
    for customer, topic in ((keep, "outage"), (drop, "outage"), (drop, "billing")):
        NoticePreference.objects.create(
            customer=customer, topic=topic, channel="email", wanted=customer == keep
        )

    services.merge_customers(keep=keep, drop=drop, reason="the same company")

    assert set(keep.notice_preferences.values_list("topic", "wanted")) == {
        ("outage", True),
        ("billing", False),
    }


def test_a_merge_costs_the_same_for_any_number_of_services(django_assert_max_num_queries: Any) -> None:
    keep, drop = make_customer(), make_customer()
    for _index in range(5):
        make_service(customer=drop)

    with django_assert_max_num_queries(60):
        services.merge_customers(keep=keep, drop=drop, reason="the same company")

    assert Service.objects.filter(customer=keep).count() == 5


def test_who_signed_in_for_the_one_signs_in_for_the_other(make_user: Callable[..., Any]) -> None:
    keep, drop = make_customer(), make_customer()
    theirs, both = make_user("customer", customer=drop.pk), make_user("customer", customer=drop.pk)
    Scope.objects.create(user=both, kind="customer", value=str(keep.pk))

    services.merge_customers(keep=keep, drop=drop, reason="the same company")

    for user in (theirs, both):
        assert list(user.scopes.values_list("kind", "value")) == [("customer", str(keep.pk))]
