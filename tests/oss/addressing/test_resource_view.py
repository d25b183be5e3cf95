"""The view behind TMF639 stays mergeable: one differing column type and every page would sort the whole network."""

from __future__ import annotations

import pytest
from django.db import connection

from oss.addressing.models import Resource
from oss.inventory.models import NetworkElement
from tests.factories.oss_inventory import make_element

pytestmark = pytest.mark.django_db


def test_a_page_of_newest_resources_is_merged_from_the_keys() -> None:
    page = Resource.objects.order_by("-pk")[:50]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = page.explain()
    assert "Merge Append" in plan
    assert "Sort  (" not in plan


@pytest.mark.parametrize("status", NetworkElement.Status.values)
@pytest.mark.parametrize(
    "more", [{}, {"serial": "SN 1", "software_version": "25.1R1", "management_address": "10.9.9.9"}]
)
def test_an_element_at_hand_is_told_as_the_view_tells_it(status: str, more: dict[str, str]) -> None:
    element = make_element()
    NetworkElement.objects.filter(pk=element.pk).update(status=status, **more)
    element.refresh_from_db()
    seen, told = Resource.objects.get(pk=element.pk), Resource.of_element(element)
    columns = [field.attname for field in Resource._meta.concrete_fields]
    assert [getattr(told, name) for name in columns] == [getattr(seen, name) for name in columns]
    assert list(told.characteristics) == list(seen.characteristics)
