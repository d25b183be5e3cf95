"""A list's URL is its state: filters, search, sort, columns and pages compose, whole and as a fragment."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from kernel import lifecycle
from kernel.models import BusinessCalendar, JournalEntry, User
from tests.kernel.pages.conftest import HX, browser_of, make_calendar, make_calendars
from tests.kernel.pages.site import CALENDARS

pytestmark = pytest.mark.django_db


def names(response: Any) -> list[str]:
    """Names of the rows shown, from the first column."""
    return re.findall(r'<th scope="row">(?:<a [^>]*>)?([^<]*)', response.content.decode())


def get(client: Client, url: str, **headers: str) -> Any:
    response = client.get(url, headers=headers)
    assert response.status_code == 200
    return response


def test_a_list_answers_whole_and_as_a_fragment(browser: Client) -> None:
    make_calendar("Paris")
    whole, fragment = get(browser, "/cal/"), get(browser, "/cal/", **HX)
    assert whole.content.strip().startswith(b"<!DOCTYPE html>")
    assert b"<h1>Calendars</h1>" in whole.content
    assert fragment.content.strip().startswith(b'<div id="list"')
    assert b'id="count" class="count" hx-swap-oob' in fragment.content
    assert names(whole) == names(fragment) == ["Paris"]


def test_the_back_button_gets_the_whole_page(browser: Client) -> None:
    response = get(browser, "/cal/", **HX, **{"HX-History-Restore-Request": "true"})
    assert response.content.strip().startswith(b"<!DOCTYPE html>")


def test_answers_are_personal(browser: Client) -> None:
    response = get(browser, "/cal/")
    assert response["Cache-Control"] == "no-store"
    assert {"HX-Request", "Cookie"} <= set(response["Vary"].replace(" ", "").split(","))


def test_filters_compose_or_within_a_field_and_between_fields(browser: Client) -> None:
    make_calendar("a", time_zone="UTC", country="FR")
    make_calendar("b", time_zone="Asia/Tokyo", country="FR")
    make_calendar("c", time_zone="UTC", country="DE")
    make_calendar("d", time_zone="Europe/Paris", country="FR")
    assert names(get(browser, "/cal/?zone=UTC&zone=Asia/Tokyo&country=FR")) == ["a", "b"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("country=FR", ["one"]),
        ("country__not=FR", ["three", "two"]),
        ("country__in=FR,DE", ["one", "two"]),
        ("country__empty=true", ["three"]),
        ("country__empty=false", ["one", "two"]),
        ("name__contains=T", ["three", "two"]),
        ("q=WO", ["two"]),
        ("q=one+paris", ["one"]),
        ("q=one+tokyo", []),
        ("created__lt=2000-01-01", []),
        ("created__gte=2000-01-01", ["one", "three", "two"]),
    ],
)
def test_operators(browser: Client, query: str, expected: list[str]) -> None:
    make_calendar("one", country="FR")
    make_calendar("two", country="DE")
    make_calendar("three", country="")
    assert names(get(browser, f"/cal/?{query}")) == expected


def test_a_chip_says_field_operator_and_value_and_can_be_taken_away(browser: Client) -> None:
    make_calendar("a", time_zone="UTC")
    page = get(browser, "/cal/?zone__not=UTC&zone__not=Asia/Tokyo&q=a&sort=-name").content.decode()
    assert re.search(r"Zone <i>is not</i> UTC, Tokyo", page)
    removing = re.search(r'href="([^"]*)"[^>]*class="rm"', page)
    assert removing
    assert removing[1].replace("&amp;", "&") == "/cal/?q=a&sort=-name"


def test_an_unknown_parameter_is_shown_as_ignored(browser: Client) -> None:
    make_calendar("a")
    response = get(browser, "/cal/?foo=1&sort=nonsense&view=nobody")
    for text in (b"ignored: foo", b"sort=nonsense", b"view=nobody"):
        assert text in response.content
    assert names(response) == ["a"]


def test_a_value_that_cannot_be_read_shows_no_row_at_all(browser: Client) -> None:
    make_calendar("a")
    response = get(browser, "/cal/?created__gte=yesterday")
    assert names(response) == []
    assert b"nothing is shown" in response.content


def test_the_editor_asks_for_the_field_first_and_leads_to_the_canonical_address(browser: Client) -> None:
    form = get(browser, "/cal/?country=FR&_field=zone").content.decode()
    assert 'name="_v" value="Asia/Tokyo"' in form
    answer = browser.get("/cal/?country=FR&_field=zone&_was=eq&_op=not&_v=UTC&_v=Asia/Tokyo&_go=1")
    assert answer.status_code == 302
    assert QueryDict(answer["Location"].partition("?")[2]) == QueryDict(
        "country=FR&zone__not=UTC&zone__not=Asia/Tokyo"
    )


def test_editing_a_chip_replaces_it(browser: Client) -> None:
    answer = browser.get("/cal/?zone=UTC&q=x&_field=zone&_was=eq&_op=not&_v=Asia/Tokyo&_go=1")
    assert answer["Location"] == "/cal/?q=x&zone__not=Asia%2FTokyo"


def test_sorting_is_marked_and_turns_round(browser: Client) -> None:
    make_calendar("a", country="B")
    make_calendar("b", country="A")
    page = get(browser, "/cal/?sort=country")
    assert names(page) == ["b", "a"]
    heads = re.findall(r"<th scope=\"col\"[^>]*>", page.content.decode())
    assert heads[3] == '<th scope="col" aria-sort="ascending">'
    assert b"sort=-country" in page.content
    assert names(get(browser, "/cal/?sort=-country")) == ["a", "b"]


def test_columns_can_be_chosen(browser: Client) -> None:
    make_calendar("a")
    head = lambda page: re.findall(r'<th scope="col"[^>]*>(?:<a [^>]*>)?([A-Za-z]+)', page.content.decode())  # noqa: E731
    assert head(get(browser, "/cal/")) == ["Name", "Zone", "Country", "Created", "Secret"]
    assert head(get(browser, "/cal/?cols=version&cols=name")) == ["Name", "Version"]
    assert head(get(browser, "/cal/?cols=name,zone")) == ["Name", "Zone"]


def test_a_column_with_a_permission_is_hidden_from_who_lacks_it(reader: User) -> None:
    make_calendar("a")
    client = browser_of(reader)
    assert b"secret of" not in get(client, "/cal/?cols=secret,name").content
    exported = b"".join(client.get("/cal/?_export=csv&_columns=all"))
    assert b"secret of" not in exported


def test_pages_do_not_repeat_or_lose_rows_of_equal_rank(browser: Client) -> None:
    made = {row.name for row in make_calendars(120)}
    seen: list[str] = []
    for page in range(1, 6):
        seen += names(get(browser, f"/cal/?sort=country&per_page=25&page={page}"))
    assert len(seen) == 120
    assert set(seen) == made


def test_a_page_beyond_the_end_offers_to_clear(browser: Client) -> None:
    make_calendars(3)
    assert b"Clear all filters" in get(browser, "/cal/?page=9").content


def test_counting_stops_at_the_cap(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.pages.lists.COUNT_CAP", 10)
    monkeypatch.setattr("kernel.pages.lists.table.COUNT_CAP", 10)
    make_calendars(30)
    page = get(browser, "/cal/?per_page=25")
    assert b"10+ rows" in page.content
    assert b"page=2" in page.content


def test_invisible_rows_are_nowhere(browser: Client) -> None:
    make_calendar("hidden")
    assert names(get(browser, "/cal/?q=hidden")) == []


def test_a_list_needs_its_permission(make_user: Any) -> None:
    response = browser_of(make_user("care")).get("/cal/")
    assert response.status_code == 403
    assert b"kernel.view_businesscalendar" in response.content


def test_a_stranger_goes_to_the_log_in_and_comes_back(client: Client) -> None:
    assert client.get("/cal/?q=a&zone=UTC")["Location"] == "/login/?next=/cal/%3Fq%3Da%26zone%3DUTC"
    fragment = client.get("/cal/", headers={**HX, "HX-Current-URL": "/cal/?q=a"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (401, "/login/?next=/cal/?q=a")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("/cal/", "Calendars say when we work."),
        ("/cal/?q=none", "No row matches"),
        ("/cal-current/", "All calendars are well."),
    ],
)
def test_three_kinds_of_emptiness(browser: Client, url: str, words: str) -> None:
    assert words in get(browser, url).content.decode()


def test_who_may_not_create_is_told_who_may(reader: User) -> None:
    page = get(browser_of(reader), "/cal/").content
    assert b"You may look, not create" in page
    assert b"/cal/new/" not in page


# --- keyset -------------------------------------------------------------------------------------------------------


def test_keyset_pages_walk_there_and_back_without_loss(browser: Client) -> None:
    with_equal_times = [BusinessCalendar(name=f"cal-{n:03}") for n in range(130)]
    lifecycle.create_many(with_equal_times)
    assert JournalEntry.objects.values("at").distinct().count() == 1
    seen: list[str] = []
    url, steps = "/cal-journal/?per_page=25", 0
    while url:
        page = get(browser, url).content.decode()
        rows = re.findall(r"</th><td>([^<]*)</td>", page)
        seen += rows
        following = re.search(r'href="([^"]*)"[^>]*rel="next"', page)
        before = re.search(r'href="([^"]*)"[^>]*rel="prev"', page)
        url = following[1].replace("&amp;", "&") if following else ""
        steps += 1
    assert steps == 6
    assert len(seen) == len(set(seen)) == 130
    assert before
    back = get(browser, before[1].replace("&amp;", "&")).content.decode()
    assert re.findall(r"</th><td>([^<]*)</td>", back) == seen[100:125]


@pytest.mark.parametrize("cursor", ["nonsense", "WyJ4Il0", "WyJ4IiwgInkiXQ", "eyJhIjogMX0"])
def test_a_cursor_made_by_hand_starts_at_the_top(browser: Client, cursor: str) -> None:
    lifecycle.create(BusinessCalendar(name="one"))
    assert b"one</td>" in get(browser, f"/cal-journal/?after={cursor}").content


# --- locked lists, neighbours ---------------------------------------------------------------------------------------


def test_a_tab_is_the_same_list_with_a_locked_chip(browser: Client) -> None:
    make_calendar("a", time_zone="UTC")
    make_calendar("b", time_zone="UTC", country="DE")
    make_calendar("c", time_zone="Asia/Tokyo")
    page = get(browser, "/cal/a/twins/?country=DE")
    assert names(page) == ["b"]
    assert re.search(r'chip lock">.*?Zone <i>is</i> a<', page.content.decode(), re.DOTALL)
    assert names(get(browser, "/cal/a/twins/?zone=Asia/Tokyo")) == []
    assert get(browser, "/cal/a/twins/", **HX).content.strip().startswith(b'<div id="list"')
    exported = b"".join(browser.get("/cal/a/twins/?_export=csv")).decode()
    assert "b," in exported
    assert "Tokyo" not in exported


def test_neighbours_follow_the_result_set_one_came_from(browser: Client) -> None:
    rows = {name: make_calendar(name, country="FR" if name != "b" else "DE") for name in "abcd"}
    found = browser.get(f"/cal/?country=FR&sort=-name&_around={rows['c'].pk}").json()
    assert found == {"previous": "/cal/d/", "next": "/cal/a/"}
    assert browser.get(f"/cal/?country=FR&_around={rows['b'].pk}").json() == {"previous": None, "next": None}


def test_a_list_declared_wrongly_is_refused_at_import() -> None:
    from kernel import pages

    common: dict[str, Any] = {"model": BusinessCalendar, "title": "x", "rows": BusinessCalendar.objects.all}
    with pytest.raises(ValueError, match="share a name"):
        pages.List(name="testpages:x", columns=[pages.Column("a", "A"), pages.Column("a", "B")], **common)
    with pytest.raises(ValueError, match="neither a sortable column nor a field"):
        pages.List(name="testpages:x", columns=[pages.Column("a", "A")], default_sort="a", **common)
    with pytest.raises(ValueError, match="by which ORM path"):
        pages.Column("a", "A", lambda row: row, sort=True)
    assert CALENDARS.name == "testpages:calendar-list"
