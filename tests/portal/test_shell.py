"""The frame around every page, the start page, the inbox, the probes and the pages of last resort."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kernel import clock, events, lifecycle, pages
from kernel.models import BusinessCalendar, Job, OutboxEvent, User
from kernel.pages import registry
from kernel.pages.panels import Todo
from kernel.slots import slot
from portal.views import CARDS, home
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db


def test_the_frame(browser: Client, settings: Any) -> None:
    settings.ENVIRONMENT = "test"
    page = browser.get("/").content.decode()
    frame = (
        'class="skip" href="#main"',
        'role="search"',
        'id="clock"',
        'id="live-dot"',
        'aria-live="polite"',
    )
    for part in (*frame, "Test environment"):
        assert part in page
    assert len(re.findall("<h1", page)) == 1
    settings.PRODUCTION = True
    assert "envbar" not in browser.get("/").content.decode()


def test_the_content_policy_forbids_what_pages_do_not_need(browser: Client) -> None:
    policy = browser.get("/")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy


def test_the_navigation_holds_permitted_items_only(browser: Client, make_user: Any) -> None:
    assert b'href="/audit/"' in browser.get("/").content
    plain = browser_of(make_user("care")).get("/").content
    assert b'href="/audit/"' not in plain
    assert b'href="/access/"' not in plain
    assert b'href="/jobs/"' in plain


def test_the_current_page_is_marked(browser: Client) -> None:
    assert b'href="/jobs/" aria-current="page"' in browser.get("/jobs/").content


# --- home ---------------------------------------------------------------------------------------------------------


def broken(user: User) -> dict[str, Any]:
    raise RuntimeError("a bug in one card")


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [
        pages.Card("noc-card", "Alarms", "portal/cards/_waiting.html", lambda user: {}, roles=("noc",)),
        pages.Card(
            "secret", "Secret", "portal/cards/_waiting.html", lambda user: {}, permission="kernel.view_audit"
        ),
        pages.Card("broken", "Broken", "portal/cards/_waiting.html", broken),
    ]
    own = registry.declared
    monkeypatch.setattr(
        "portal.views.home.registry.declared",
        # The portal's own two and these three, whatever the apps declare.
        lambda name, kind: [*CARDS, *made] if name == "CARDS" else own(name, kind),
    )


def titles(client: Client) -> list[str]:
    return re.findall(r'id="c-([\w-]+)"', client.get("/").content.decode())


def test_cards_follow_the_role(cards: None, make_user: Any, admin: User) -> None:
    assert titles(browser_of(make_user("noc"))) == ["noc-card", "waiting", "jobs", "broken"]
    assert titles(browser_of(make_user("care"))) == ["waiting", "jobs", "broken"]
    assert set(titles(browser_of(admin))) == {"noc-card", "secret", "waiting", "jobs", "broken"}


def test_a_card_that_fails_says_so_and_the_others_stand(cards: None, browser: Client) -> None:
    failed = browser.get("/home/cards/broken/", headers={"HX-Request": "true"})
    assert failed.status_code == 200
    assert b"This part could not be loaded" in failed.content
    assert browser.get("/home/cards/jobs/").status_code == 200


def test_a_card_of_others_is_not_found(cards: None, make_user: Any) -> None:
    assert browser_of(make_user("care")).get("/home/cards/secret/").status_code == 404


def test_cards_are_moved_removed_added_and_reset_without_a_mouse(cards: None, make_user: Any) -> None:
    browser = browser_of(make_user("care"))
    move = lambda **data: browser.post("/home/arrange/", data)  # noqa: E731
    move(verb="later", card="waiting")
    assert titles(browser) == ["jobs", "waiting", "broken"]
    move(verb="earlier", card="broken")
    assert titles(browser) == ["jobs", "broken", "waiting"]
    move(verb="remove", card="jobs")
    assert titles(browser) == ["broken", "waiting"]
    move(verb="add", card="jobs")
    move(verb="add", card="secret")
    assert titles(browser) == ["broken", "waiting", "jobs"]
    move(verb="order", order="jobs,broken,secret")
    assert titles(browser) == ["jobs", "broken", "waiting"]
    move(verb="reset")
    assert titles(browser) == ["waiting", "jobs", "broken"]


def test_a_banner_stands_above_the_cards(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home.BANNER, "_fillers", {"x": lambda request: f"step 3 of 6 for {request.user}"})
    assert b"step 3 of 6 for ada" in browser.get("/").content


# --- inbox ----------------------------------------------------------------------------------------------------------


def test_an_empty_inbox_is_all_clear(browser: Client) -> None:
    assert b"All clear" in browser.get("/inbox/").content
    assert browser.get("/inbox/count/").json() == {"count": 0}


def test_approvals_jobs_and_their_number(
    browser: Client, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    todo = Todo("Approve bill run RUN-1", "/runs/RUN-1/", clock.now(), by="Bob")
    monkeypatch.setattr(
        slot("portal.approvals"), "_fillers", {"x": lambda user: [todo] if user == admin else []}
    )
    Job.objects.create(
        kind="x", title="Failed export", owner=admin, status="failed", finished=clock.system_now()
    )
    Job.objects.create(kind="x", title="Not mine", status="failed", finished=clock.system_now())
    page = browser.get("/inbox/").content
    assert b"Approve bill run RUN-1" in page
    assert b"Failed export" in page
    assert b"Not mine" not in page
    assert browser.get("/inbox/count/").json() == {"count": 2}
    assert b"Approve bill run RUN-1" in browser.get("/home/cards/waiting/").content


# --- last resort ------------------------------------------------------------------------------------------------------


def test_not_found_names_the_request(browser: Client) -> None:
    answer = browser.get("/nowhere/", headers={"X-Request-Id": "request-12345678"})
    assert answer.status_code == 404
    assert b"request-12345678" in answer.content
    assert answer["X-Request-Id"] == "request-12345678"


def test_a_page_that_breaks_names_the_request_and_needs_no_database(admin: User, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.kernel.pages.urls"
    browser = Client(raise_request_exception=False)
    browser.force_login(admin)
    answer = browser.get("/bug/", headers={"X-Request-Id": "request-12345678"})
    assert answer.status_code == 500
    assert b"request-12345678" in answer.content


@pytest.mark.django_db(transaction=True)
def test_a_read_that_takes_too_long_asks_for_a_narrower_filter(make_user: Any, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.kernel.pages.urls"
    browser = browser_of(make_user("admin"))
    whole = browser.get("/slow/")
    assert whole.status_code == 422
    assert b"narrow your filter" in whole.content
    part = browser.get("/slow/", headers={"HX-Request": "true"})
    assert part.status_code == 422
    assert json.loads(part["HX-Trigger"])["toast"]["kind"] == "error"


@pytest.mark.django_db(transaction=True)
def test_reads_are_limited_to_five_seconds_and_writes_to_a_minute(make_user: Any) -> None:
    from django.db import connection

    def limit() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            return str(cursor.fetchone()[0])

    browser = browser_of(make_user("admin"))
    connection.page_limit = None
    browser.get("/jobs/")
    assert limit() == "5s"
    browser.post("/quick/", {"theme": "dark"})
    assert limit() == "1min"
    with connection.cursor() as cursor:
        cursor.execute("RESET statement_timeout")
    connection.page_limit = None


def test_a_refusal_in_a_fragment_is_a_toast_and_leaves_the_page(make_user: Any) -> None:
    answer = browser_of(make_user("care")).get("/audit/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Reswap"]) == (403, "none")
    assert "kernel.view_audit" in json.loads(answer["HX-Trigger"])["toast"]["text"]


def test_a_page_from_before_log_in_is_told_so(admin: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin)
    answer = browser.post("/quick/", {"theme": "dark"})
    assert answer.status_code == 403
    assert b"This page is too old" in answer.content


# --- probes -----------------------------------------------------------------------------------------------------------


def test_probes_need_no_log_in(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.content
    assert answer.json()["checks"].keys() == {"database", "migrations", "outbox"}


def test_delivery_that_lags_is_not_ready(client: Client) -> None:
    lifecycle.create(BusinessCalendar(name="x"))
    assert client.get("/readyz").status_code == 200
    OutboxEvent.objects.update(at=clock.now() - timedelta(minutes=5))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["outbox"]["lag_seconds"] >= 290
    events.drain()
    assert client.get("/readyz").status_code == 200


def test_a_missing_migration_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.views import health

    health._migrated.cache_clear()
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, targets: [("x", False)])
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["migrations"]["ok"]) == (503, False)
    monkeypatch.undo()
    assert client.get("/readyz").status_code == 200
