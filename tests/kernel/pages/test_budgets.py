"""Budgets of queries and bytes are hard: the same number of queries for 50 rows as for 100, and lean pages."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kernel import clock, lifecycle
from kernel.models import BusinessCalendar, SavedView, User
from tests.conftest import NOW
from tests.kernel.pages.conftest import HX, make_calendars

KB = 1024


def measure(client: Client, url: str, **headers: str) -> tuple[int, int, int]:
    """(queries, raw bytes, gzipped bytes) of a page."""
    # The business clock is asked at most once a second and process; frozen, it never shows in the count.
    with clock.frozen(NOW), CaptureQueriesContext(connection) as queries:
        answer = client.get(url, headers=headers)
    assert answer.status_code == 200
    return len(queries), len(answer.content), len(gzip.compress(answer.content))


@pytest.fixture
def many(admin: User) -> None:
    made = [
        BusinessCalendar(
            name=f"A calendar of a region, number {n:05}", country="FR", time_zone="Europe/Paris"
        )
        for n in range(150)
    ]
    lifecycle.create_many(made)
    for n in range(10):
        SavedView.objects.create(
            owner=admin, page="testpages:calendar-list", name=f"My view {n}", query="zone=UTC"
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url", ["/cal/?per_page=50", "/cal-journal/?per_page=50", "/access/", "/audit/?per_page=50"]
)
def test_a_list_of_50_rows(browser: Client, many: None, url: str) -> None:
    queries, raw, packed = measure(browser, url)
    assert queries <= 8  # four are left to an app's own prefetches
    assert raw <= 80 * KB
    assert packed <= 15 * KB


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/cal/?per_page=50", "/cal-journal/?per_page=50", "/audit/?per_page=50"])
def test_a_partial(browser: Client, many: None, url: str) -> None:
    queries, raw, packed = measure(browser, url, **HX)
    assert queries <= 8
    assert raw <= 40 * KB
    assert packed <= 8 * KB


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/cal/", "/cal-journal/", "/jobs/", "/access/", "/audit/"])
def test_twice_the_rows_cost_the_same_queries(browser: Client, url: str) -> None:
    make_calendars(10)
    browser.get(url)
    few = measure(browser, f"{url}?per_page=25")[0]
    make_calendars(90, prefix="more")
    for n in range(20):
        User.objects.create(username=f"user-{n}")
    assert measure(browser, f"{url}?per_page=100")[0] == few


@pytest.mark.django_db
def test_a_detail_with_a_long_history(browser: Client) -> None:
    row = lifecycle.create(BusinessCalendar(name="Paris"))
    for n in range(60):
        lifecycle.change(row, country=f"{n:02}")
    for url in ("/cal/Paris/", "/cal/Paris/changes/", "/cal/Paris/twins/"):
        queries, raw, packed = measure(browser, url)
        assert queries <= 12, url  # three are left to an app's own facts
        assert raw <= 80 * KB
        assert packed <= 15 * KB


@pytest.mark.django_db
def test_the_start_page_and_its_cards(browser: Client) -> None:
    queries, raw, packed = measure(browser, "/")
    assert (queries <= 6, raw <= 50 * KB, packed <= 10 * KB) == (True, True, True)
    for card in ("waiting", "jobs"):
        assert measure(browser, f"/home/cards/{card}/", **{"HX-Request": "true"})[0] <= 4


def test_scripts_and_styles_of_every_page_stay_under_150_kilobytes() -> None:
    core = [
        "vendor/tabler/tabler.min.css",
        "portal/portal.css",
        "portal/theme.js",
        "portal/portal.js",
        "portal/live.js",
        "django_htmx/htmx-2.min.js",
    ]
    total = 0
    for name in core:
        path: Any = finders.find(name)
        if path is None:
            pytest.skip(f"{name} is not fetched: ./dev assets")
        with open(path, "rb") as file:
            total += len(gzip.compress(file.read()))
    assert total <= 150 * KB


def test_pages_carry_no_style_and_no_script_of_their_own() -> None:
    import re
    from pathlib import Path

    from django.conf import settings

    for path in Path(settings.BASE_DIR, "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"\sstyle=", text), path
        assert not re.search(r"\son[a-z]+=", text), path
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"<style", text), path
