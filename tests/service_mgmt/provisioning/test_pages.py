"""Pages of provisioning: the fallout queue, the run's actions, the plan."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse

from kernel.models import User
from kernel.pages import url_of
from service_mgmt.provisioning.models import Fallout
from tests.factories.oss_southbound import make_session
from tests.factories.service_mgmt_provisioning import make_failed_run, make_fallout
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db
QUEUE = "service_mgmt_provisioning:fallout"


def test_the_queue_groups_by_cause(admin: User) -> None:
    for _index in range(3):
        make_fallout(cause="commit · busy · …")
    make_fallout(cause="test · notProven · …")

    shown = browser_of(admin).get(reverse(QUEUE)).content.decode()

    assert shown.index("3 × commit · busy · …") < shown.index("1 × test · notProven · …")


def test_the_queue_asks_the_same_number_of_questions_for_more_rows(admin: User) -> None:
    browser = browser_of(admin)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(reverse(QUEUE)).status_code == 200
        return len(queries)

    make_fallout()
    asked()
    few = asked()
    for _index in range(5):
        make_fallout()

    assert asked() == few


def test_a_cause_is_retried_from_the_queue(admin: User) -> None:
    run = make_failed_run(cause="commit · busy · …")

    browser_of(admin).post(reverse(QUEUE), {"retry": "1", "cause": "commit · busy · …"})

    assert run.steps.get(name="commit").status == "ready"
    assert not Fallout.objects.filter(status="open").exists()


def test_a_cause_is_assigned_from_the_queue(admin: User, make_user: Callable[..., User]) -> None:
    somebody = make_user("engineer")
    fallout = make_fallout(cause="commit · busy · …")

    browser_of(admin).post(reverse(QUEUE), {"assign": "1", "cause": fallout.cause, "owner": str(somebody.pk)})

    fallout.refresh_from_db()
    assert fallout.owner == somebody


def test_who_may_only_look_cannot_retry(make_user: Callable[..., User]) -> None:
    run = make_failed_run()

    answer = browser_of(make_user("care")).post(
        reverse(QUEUE), {"retry": "1", "cause": "commit · outside.unreachable · …"}
    )

    assert answer.status_code in {303, 403}
    assert run.steps.get(name="commit").status == "failed"


def test_the_run_offers_a_skip_that_wants_a_reason(admin: User) -> None:
    run = make_failed_run()
    browser, url = browser_of(admin), f"{url_of(run)}do/skip/"

    assert browser.post(url, {"reason": ""}).status_code == 422
    browser.post(url, {"reason": "done by hand"})

    assert run.steps.get(name="commit").status == "skipped"


def test_the_plan_draws_every_step_and_links_the_run(admin: User) -> None:
    run = make_failed_run()

    shown = browser_of(admin).get(url_of(run.item.order)).content.decode()

    assert '<svg class="gantt"' in shown
    assert shown.count('<rect class="pl"') == run.steps.count()
    assert f'href="{url_of(run)}"' in shown


@pytest.mark.parametrize("name", ["plan", "steps"])
def test_live_parts_come_alone_and_only_to_who_may_see_them(
    name: str, admin: User, make_user: Callable[..., User]
) -> None:
    run = make_failed_run()
    number = run.item.order.number if name == "plan" else run.number
    url = reverse(f"service_mgmt_provisioning:{name}", args=[number])

    answer = browser_of(admin).get(url)

    assert answer.status_code == 200
    assert b"<html" not in answer.content
    assert browser_of(make_user("finance")).get(url).status_code == 403


def test_addresses_of_upper_layers_are_not_taken_for_orders_by_number() -> None:
    for path, name in (
        ("/orders/fallout/", "fallout"),
        ("/orders/runs/WF-000001/", "run-detail"),
        ("/orders/service-orders/SO-000001/", "order-detail"),
    ):
        assert resolve(path).view_name == f"service_mgmt_provisioning:{name}"


def test_a_run_and_the_session_of_its_step_lead_to_each_other(admin: User) -> None:
    run = make_failed_run()
    session = make_session(holder=run.item.service_id)
    run.steps.filter(name="commit").update(session_id=session.pk)
    other = make_session(holder=run.item.service_id)
    browser = browser_of(admin)

    transcript = browser.get(f"{url_of(run)}transcript/").content.decode()

    assert f'href="{url_of(session)}"' in transcript
    assert f'href="{url_of(other)}"' not in transcript
    assert f'href="{url_of(run)}"' in browser.get(url_of(session) or "").content.decode()
    assert f'href="{url_of(run)}"' not in browser.get(url_of(other) or "").content.decode()
    assert f'href="{url_of(run.item.service)}"' in browser.get(url_of(other) or "").content.decode()


def test_the_transcript_is_offered_to_who_may_read_it(admin: User, make_user: Callable[..., User]) -> None:
    run = make_failed_run()
    run.steps.filter(name="commit").update(session_id=make_session().pk)
    address = f"{url_of(run)}transcript/"

    for user, may in ((admin, True), (make_user("sales"), False)):
        browser = browser_of(user)
        assert (address in browser.get(url_of(run) or "").content.decode()) is may
        assert browser.get(address).status_code == (200 if may else 404)
