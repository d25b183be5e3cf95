"""The view behind TMF639 stays mergeable: one differing column type and every page would sort the whole network."""

from __future__ import annotations

import pytest
from django.db import connection

from oss.addressing.models import Resource

pytestmark = pytest.mark.django_db


def test_a_page_of_newest_resources_is_merged_from_the_keys() -> None:
    page = Resource.objects.order_by("-pk")[:50]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = page.explain()
    assert "Merge Append" in plan
    assert "Sort  (" not in plan
