"""Saved views compose with what is asked explicitly, and never keep the page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from kernel.models import JournalEntry, SavedView, User
from tests.kernel.pages.conftest import allowed, browser_of, make_calendar
from tests.kernel.pages.test_lists import get, names

pytestmark = pytest.mark.django_db


def save_view(client: Client, url: str, **data: Any) -> str:
    """Save what `url` shows as a view; the address of the list in it."""
    response = client.post(url, {"_view": "new", "name": "Mine", **data})
    assert response.status_code == 303
    return str(response["Location"])


def test_a_view_keeps_filters_sort_and_columns_but_not_the_page(browser: Client) -> None:
    location = save_view(browser, "/cal/?zone=UTC&q=a&sort=-name&cols=name,zone&per_page=25&page=3&tz=UTC")
    saved = SavedView.objects.get()
    assert saved.query == "cols=name%2Czone&per_page=25&q=a&sort=-name&zone=UTC"
    assert location == f"/cal/?view={str(saved.pk)[-8:]}"
    assert JournalEntry.objects.filter(verb="saved_view.created").count() == 1


def test_a_view_composes_with_a_further_filter(browser: Client) -> None:
    make_calendar("a", time_zone="UTC", country="FR")
    make_calendar("b", time_zone="UTC", country="DE")
    make_calendar("c", time_zone="Asia/Tokyo", country="DE")
    view = save_view(browser, "/cal/?zone=UTC")
    assert names(get(browser, view)) == ["a", "b"]
    page = get(browser, f"{view}&country=DE")
    assert names(page) == ["b"]
    assert b"View modified" in page.content
    assert b"View modified" not in get(browser, f"{view}&page=1").content


def test_an_explicit_parameter_overrides_the_view_and_a_blank_takes_it_away(browser: Client) -> None:
    make_calendar("a", time_zone="UTC")
    make_calendar("c", time_zone="Asia/Tokyo")
    view = save_view(browser, "/cal/?zone=UTC")
    assert names(get(browser, f"{view}&zone=Asia/Tokyo")) == ["c"]
    page = get(browser, view).content.decode()
    removing = f"{view}&amp;zone="
    assert f'href="{removing}"' in page
    assert names(get(browser, removing.replace("&amp;", "&"))) == ["a", "c"]


def test_saving_resetting_and_deleting_a_view(browser: Client) -> None:
    view = save_view(browser, "/cal/?zone=UTC")
    assert f'href="{view}"' in get(browser, f"{view}&country=DE").content.decode()
    assert browser.post(f"{view}&country=DE", {"_view": "save"})["Location"] == view
    assert SavedView.objects.get().query == "country=DE&zone=UTC"
    assert browser.post(view, {"_view": "delete"})["Location"] == "/cal/"
    assert not SavedView.objects.exists()


def test_a_default_view_is_where_a_bare_address_leads(browser: Client) -> None:
    view = save_view(browser, "/cal/?zone=UTC")
    browser.post(view, {"_view": "default"})
    assert browser.get("/cal/")["Location"] == view
    assert browser.get("/cal/?view=all").status_code == 200
    browser.post(view, {"_view": "default"})
    assert browser.get("/cal/").status_code == 200


def test_a_shared_view_is_seen_but_not_changed_by_others(browser: Client, make_user: Any) -> None:
    make_calendar("a", time_zone="UTC")
    view = save_view(browser, "/cal/?zone=UTC", name="Shared", shared="1")
    save_view(browser, "/cal/?zone=UTC", name="Private")
    other = browser_of(allowed(make_user("care"), "view_businesscalendar"))
    page = get(other, view)
    assert names(page) == ["a"]
    assert b"Shared" in page.content
    assert b"Private" not in page.content
    other.post(f"{view}&country=DE", {"_view": "save"})
    other.post(view, {"_view": "delete"})
    assert SavedView.objects.get(name="Shared").query == "zone=UTC"


@pytest.mark.parametrize("data", [{"name": ""}, {"name": "Mine"}])
def test_a_view_needs_a_name_of_its_own(browser: Client, data: dict[str, str]) -> None:
    save_view(browser, "/cal/?zone=UTC")
    save_view(browser, "/cal/?zone=UTC&q=kept", **data)
    assert SavedView.objects.count() == 1


def test_the_view_of_the_list_itself_comes_first_and_all_shows_everything(browser: Client) -> None:
    make_calendar("a", country="ZZ")
    make_calendar("b", country="FR")
    assert names(get(browser, "/cal-current/")) == ["b"]
    assert names(get(browser, "/cal-current/?view=all")) == ["a", "b"]
    assert names(get(browser, "/cal-current/?view=french")) == ["b"]
    assert names(get(browser, "/cal-current/?country__not=")) == ["a", "b"]


def test_two_users_may_have_a_view_of_one_name(browser: Client, make_user: Any) -> None:
    save_view(browser, "/cal/?zone=UTC")
    save_view(browser_of(allowed(make_user("care"), "view_businesscalendar")), "/cal/?zone=UTC")
    assert SavedView.objects.filter(name="Mine").count() == 2
    assert User.objects.count() == 2
