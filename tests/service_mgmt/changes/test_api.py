"""TMF655: what is ours; the rules of every resource are walked in tests/kernel/tmf."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from kernel.ids import uuid7
from service_mgmt.changes import services
from service_mgmt.changes.models import ChangeRequest
from tests.factories.oss_inventory import make_element, make_link
from tests.factories.service_mgmt_changes import _body, make_waiting

pytestmark = pytest.mark.django_db
URL = "/tmf-api/ChangeManagement/v4/changeRequest"


def send(user: Any, method: str, url: str, body: dict[str, Any]) -> Any:
    client = Client()
    client.force_login(user)
    return getattr(client, method)(url, json.dumps(body), content_type="application/json")


def test_a_change_comes_with_targets_window_and_plan(make_user: Callable[..., Any], now: datetime) -> None:
    answer = send(make_user("integrator"), "post", URL, _body())
    assert answer.status_code == 201, answer.content
    row, change = answer.json(), ChangeRequest.objects.get()
    assert row["targetEntity"][0]["@referredType"] == "Link"
    assert row["targetEntity"][0]["id"] == str(change.targets.get().link_id)
    assert row["step"][0]["action"] == "port_state"
    assert change.window_end - change.window_start == timedelta(hours=2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("targetEntity", [{"id": str(uuid7())}]),
        ("targetEntity", [{"id": "no id"}]),
        ("targetEntity", []),
        ("step", [{"phase": "pre", "action": "port_state", "element": "nobody", "params": {}}]),
        ("plannedEndTime", "2020-01-01T00:00:00Z"),
        ("priority", "whenever"),
    ],
)
def test_what_does_not_hold_is_refused_whole(
    make_user: Callable[..., Any], now: datetime, field: str, value: Any
) -> None:
    answer = send(make_user("integrator"), "post", URL, {**_body(), field: value})
    assert answer.status_code == 400, answer.content
    assert not ChangeRequest.objects.exists()


def test_a_step_with_what_its_action_does_not_take_is_refused(
    make_user: Callable[..., Any], now: datetime
) -> None:
    body = _body()
    body["step"][0]["params"] = {"port": "x\nreboot", "state": "up"}
    assert send(make_user("integrator"), "post", URL, body).status_code == 400


def test_deciding_takes_the_permission_and_another_person(
    make_user: Callable[..., Any], now: datetime
) -> None:
    engineer = make_user("engineer")
    change = make_waiting(author=engineer)
    url, approved = f"{URL}/{change.pk}", {"status": "approved"}
    assert send(engineer, "patch", url, approved).status_code == 403
    assert send(make_user("integrator"), "patch", url, approved).status_code == 403
    assert send(make_user("engineer"), "patch", url, approved).json()["status"] == "approved"
    assert send(engineer, "patch", url, {"description": "more"}).status_code == 409


def test_an_element_is_a_target_too(make_user: Callable[..., Any], now: datetime) -> None:
    element, link = make_element(), make_link()
    change = services.draft(title="x", author=None, elements=[element], links=[link])
    client = Client()
    client.force_login(make_user("noc"))
    row = client.get(f"{URL}/{change.pk}").json()
    found = {(target["@referredType"], target["name"]) for target in row["targetEntity"]}
    assert found == {("NetworkElement", element.name), ("Link", link.name)}
    assert client.get(f"{URL}?targetEntity.id={element.pk}").json()[0]["id"] == str(change.pk)
