"""What the list of all alarms costs, which has more filters and columns than any other."""

from __future__ import annotations

import gzip

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kernel import clock
from kernel.models import User
from oss.alarms.services import raise_many
from tests.factories.oss_alarms import AT, make_clear, make_notice
from tests.factories.oss_inventory import make_element

KB = 1024
PROBLEM = "Something broke"


@pytest.mark.django_db
def test_fifty_alarms_keep_the_budgets_of_a_list_and_of_its_part(client: Client) -> None:
    user = User.objects.create_user("ada")
    user.groups.set(Group.objects.filter(name="admin"))
    client.force_login(user)
    elements = [make_element(name=f"node-{n:04}") for n in range(5)]
    notices = [make_notice(element_id=elements[n % 5].pk, specific_problem=PROBLEM) for n in range(60)]
    raise_many(notices)
    raise_many([make_clear(notice) for notice in notices[::2]])
    url = "/assure/alarms/?view=all"
    part = {"HX-Request": "true", "HX-Target": "list"}
    with clock.frozen(AT):
        client.get(url)
        for headers, queries, raw, packed in (({}, 12, 80, 15), (part, 8, 40, 8)):
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(url, headers=headers)
            text = answer.content.decode()
            assert text.count('<th scope="row">') == 50
            assert PROBLEM in text
            assert len(asked) <= queries
            assert len(answer.content) <= raw * KB
            assert len(gzip.compress(answer.content)) <= packed * KB
