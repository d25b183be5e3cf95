"""One search over everything with a page; the palette costs one query whatever is installed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kernel.models import Job, User
from kernel.pages import search
from tests.kernel.pages.conftest import browser_of, make_calendar, make_calendars
from tests.kernel.pages.test_lists import get

pytestmark = pytest.mark.django_db


def test_an_exact_identifier_opens_at_once(browser: Client) -> None:
    make_calendar("Paris")
    make_calendar("Paris North")
    assert browser.get("/search?q=Paris")["Location"] == "/cal/Paris/"
    assert browser.get("/go/Paris")["Location"] == "/cal/Paris/"
    assert browser.get("/go/ada")["Location"] == "/access/ada/"
    assert browser.get("/go/nothing at all")["Location"] == "/search?q=nothing+at+all"


def test_results_are_grouped_and_link_to_the_list(browser: Client) -> None:
    make_calendars(25, prefix="needle")
    Job.objects.create(kind="x", title="find the needle")
    page = get(browser, "/search?q=needle").content.decode()
    assert "Business calendars</" in page or "Business calendars<a" in page
    assert 'href="/cal/?view=all&amp;q=needle"' in page
    assert "find the needle" in page
    assert page.count('href="/cal/needle-') == 20


def test_nothing_found_helps(browser: Client) -> None:
    assert b"No match" in get(browser, "/search?q=xyzzy").content


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("paris", {"Paris", "Paris North"}),
        ("north par", {"Paris North"}),
        ("in:cal paris", {"Paris", "Paris North"}),
        ("in:calendar is:french", {"Paris"}),
        ("in:job paris", set()),
        ("is:nonsense paris", set()),
        ("utc", {"Paris North"}),
    ],
)
def test_operators_narrow_kind_and_state(admin: User, text: str, found: set[str]) -> None:
    make_calendar("Paris", country="FR")
    make_calendar("Paris North", country="DE", time_zone="UTC")
    groups = search.suggest(search.parse(text), admin)
    assert {hit.name for group in groups for hit in group.hits} == found


def test_exact_hits_come_first_then_beginnings_then_the_newest(admin: User) -> None:
    for name in ("old lyon", "Lyon East", "Lyon", "new lyon"):
        make_calendar(name)
    (group,) = search.suggest(search.parse("Lyon in:cal"), admin)
    assert [hit.name for hit in group.hits] == ["Lyon", "Lyon East", "new lyon", "old lyon"]
    assert [hit.exact for hit in group.hits] == [True, False, False, False]


def test_nobody_finds_what_they_may_not_see(make_user: Any, admin: User) -> None:
    make_calendar("Paris")
    make_calendar("hidden Paris")
    assert search.suggest(search.parse("Paris"), make_user("care")) == []
    assert search.resolve("Paris", make_user("care")) == []
    hits = {hit.name for group in search.suggest(search.parse("Paris"), admin) for hit in group.hits}
    assert hits == {"Paris"}


def test_the_palette_stays_within_four_queries_and_eight_kilobytes(browser: Client) -> None:
    from django.db import connection

    make_calendars(50, prefix="needle")
    for n in range(50):
        Job.objects.create(kind="x", title=f"needle {n}")
    with CaptureQueriesContext(connection) as queries:
        page = get(browser, "/palette/?q=needle")
    assert len(queries) <= 4
    assert len(page.content) <= 8 * 1024
    assert page.content.count(b'role="option"') >= 10


def test_the_palette_offers_places_commands_and_switches(browser: Client, make_user: Any) -> None:
    assert b'href="/cal/new/"' in get(browser, "/palette/?q=new cal").content
    assert b'href="/audit/"' in get(browser, "/palette/?q=audit").content
    assert b'data-run="theme=dark"' in get(browser, "/palette/?q=dark").content
    assert get(browser, "/palette/").content.count(b'role="option"') >= 5
    plain = browser_of(make_user("care"))
    for q in ("audit", "new cal"):
        assert b"/audit/" not in get(plain, f"/palette/?q={q}").content
        assert b"/cal/new/" not in get(plain, f"/palette/?q={q}").content


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE x", "a\x00b", "%", "\\", "in:", "is:", "in:x is:y", "a" * 500, "é è", '"', "<b>"]
)
def test_any_text_can_be_searched(browser: Client, text: str) -> None:
    make_calendar("Paris")
    assert get(browser, "/search?" + f"q={text}").status_code == 200
    answer = browser.get("/palette/", {"q": text})
    assert answer.status_code == 200
    assert b"<b>" not in answer.content


def test_typed_columns_are_compared_in_their_type() -> None:
    from kernel.models import JournalEntry

    assert not search.exactly(Job, "done", "abc")
    assert search.exactly(Job, "done", "12")
    assert not search.exactly(Job, "id", "not-a-uuid")
    assert search.exactly(JournalEntry, "actor__username", "Ada")
