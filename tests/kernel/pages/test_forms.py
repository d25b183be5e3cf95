"""Forms: errors tied to fields, drafts kept, lost updates merged, steps that end in a check."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from kernel import lifecycle
from kernel.models import BusinessCalendar, Draft, JournalEntry, User
from tests.kernel.pages.conftest import allowed, browser_of, make_calendar
from tests.kernel.pages.test_lists import get

pytestmark = pytest.mark.django_db
GOOD = {"name": "Paris", "time_zone": "Europe/Paris", "country": "FR"}


def hidden(response: Any) -> dict[str, str]:
    """The hidden and single-valued inputs of a page's form, as a browser would send them."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', response.content.decode())
    return {name: unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def test_a_form_calls_its_door_and_leads_to_what_it_made(browser: Client) -> None:
    answer = browser.post("/cal/new/", {**GOOD, "_go": "save"})
    assert (answer.status_code, answer["Location"]) == (303, "/cal/Paris/")
    assert BusinessCalendar.objects.get().country == "FR"


def test_errors_answer_422_with_summary_title_and_ties(browser: Client) -> None:
    answer = browser.post("/cal/new/", {"name": "", "time_zone": "Mars", "country": "FR"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(r"<title>\s*Error: New calendar", page)
    assert '<a href="#id_name">Name: This field is required.</a>' in page
    assert 'aria-describedby="id_name_help id_name_error"' in page
    assert 'aria-invalid="true"' in page
    assert 'value="FR"' in page
    assert "novalidate" in page
    fragment = browser.post("/cal/new/", {"name": ""}, headers={"HX-Request": "true"})
    assert fragment.status_code == 422
    assert b"<html" not in fragment.content


def test_a_refusal_of_the_door_goes_to_its_field_or_the_summary(browser: Client) -> None:
    at_field = browser.post("/cal/new/", {**GOOD, "name": "taken"})
    assert at_field.status_code == 422
    assert b"Name: This name is taken" in at_field.content
    in_summary = browser.post("/cal/new/", {**GOOD, "name": "forbidden"})
    assert in_summary.status_code == 422
    assert b"<li>Not today (calendar.notToday)</li>" in in_summary.content


def test_a_form_needs_its_permission_to_look_and_to_send(reader: User) -> None:
    client = browser_of(reader)
    assert client.get("/cal/new/").status_code == 403
    assert client.post("/cal/new/", GOOD).status_code == 403
    assert not BusinessCalendar.objects.exists()


def test_an_address_may_fill_a_new_form(browser: Client) -> None:
    assert b'value="Lyon"' in get(browser, "/cal/new/?name=Lyon&nonsense=1").content


# --- drafts -----------------------------------------------------------------------------------------------------------


def test_a_draft_is_kept_offered_and_gone_when_sent(browser: Client) -> None:
    typed = {"name": "Half", "time_zone": "UTC", "_draft": "save", "_version": "", "_base": "x", "csrf": "no"}
    assert browser.post("/cal/new/", typed).status_code == 204
    assert "csrf" not in Draft.objects.get().data
    assert b"You have a draft" in get(browser, "/cal/new/").content
    restored = get(browser, "/cal/new/?draft=1").content.decode()
    assert 'value="Half"' in restored
    assert "There is a problem" not in restored
    assert b"New calendar" in get(browser, "/inbox/").content
    browser.post("/cal/new/", GOOD)
    assert not Draft.objects.exists()


def test_a_draft_can_be_discarded_and_is_nobody_elses(browser: Client, make_user: Any) -> None:
    browser.post("/cal/new/", {"name": "Half", "_draft": "save"})
    other = browser_of(make_user("admin"))
    assert b"You have a draft" not in get(other, "/cal/new/").content
    browser.post("/cal/new/", {"_draft": "discard"})
    assert not Draft.objects.exists()


def test_a_draft_of_an_old_version_still_meets_the_version_check(browser: Client) -> None:
    row = make_calendar("Paris")
    opened = hidden(get(browser, "/cal/Paris/edit/"))
    browser.post("/cal/Paris/edit/", {**opened, **GOOD, "country": "DE", "_draft": "save"})
    lifecycle.change(row, country="IT")
    again = hidden(get(browser, "/cal/Paris/edit/?draft=1"))
    assert again["_version"] == "1"
    assert browser.post("/cal/Paris/edit/", {**again, **GOOD, "country": "DE"}).status_code == 412


# --- versions and merge ---------------------------------------------------------------------------------------------------


def test_a_lost_update_opens_the_merge_page_and_nothing_is_lost(browser: Client) -> None:
    row = make_calendar("Paris", country="FR", time_zone="UTC")
    opened = hidden(get(browser, "/cal/Paris/edit/"))
    lifecycle.change(row, country="DE", time_zone="Europe/London")
    yours = {"name": "Paris 2", "time_zone": "UTC", "country": "IT"}
    page = browser.post("/cal/Paris/edit/", {**opened, **yours})
    text = page.content.decode()
    assert page.status_code == 412
    lines = dict(re.findall(r'<tr[^>]*><th scope="row">(\w+)(.*?)</tr>', text, re.DOTALL))
    assert [name for name, rest in lines.items() if "both changed" in rest] == ["Country"]
    assert set(lines) == {"Name", "Time", "Country"}
    assert BusinessCalendar.objects.get().country == "DE"
    choices = dict(re.findall(r'name="(_take_\w+)" value="(\w+)" checked', text))
    assert choices == {"_take_name": "yours", "_take_time_zone": "theirs", "_take_country": "yours"}
    answer = browser.post("/cal/Paris/edit/", {**hidden(page), **choices})
    assert answer.status_code == 303, answer.content.decode()
    row.refresh_from_db()
    assert (row.name, row.time_zone, row.country, row.version) == ("Paris 2", "Europe/London", "IT", 3)


def test_theirs_can_be_taken(browser: Client) -> None:
    row = make_calendar("Paris", country="FR")
    opened = hidden(get(browser, "/cal/Paris/edit/"))
    lifecycle.change(row, country="")
    page = browser.post("/cal/Paris/edit/", {**opened, **GOOD, "country": "IT"})
    browser.post("/cal/Paris/edit/", {**hidden(page), "_take_country": "theirs"})
    assert BusinessCalendar.objects.get().country == ""


def test_a_second_rival_during_the_merge_opens_it_again(browser: Client) -> None:
    row = make_calendar("Paris", country="FR")
    opened = hidden(get(browser, "/cal/Paris/edit/"))
    lifecycle.change(row, country="DE")
    page = browser.post("/cal/Paris/edit/", {**opened, **GOOD, "country": "IT"})
    lifecycle.change(row, country="ES")
    assert browser.post("/cal/Paris/edit/", {**hidden(page), "_take_country": "yours"}).status_code == 412
    assert BusinessCalendar.objects.get().country == "ES"


def test_a_rival_between_check_and_door_is_caught_by_the_door(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.kernel.pages import site

    row = make_calendar("Paris")
    opened = hidden(get(browser, "/cal/Paris/edit/"))

    def rival(call: Any) -> Any:
        if call.version == 1:
            lifecycle.change(BusinessCalendar.objects.get(pk=row.pk), country="DE")
        return lifecycle.change(call.object, version=call.version, **call.data)

    monkeypatch.setattr(site.EDIT, "door", rival)
    assert browser.post("/cal/Paris/edit/", {**opened, **GOOD, "country": "IT"}).status_code == 412


def test_a_model_form_does_not_touch_the_row_before_its_door(browser: Client) -> None:
    make_calendar("Paris")
    opened = hidden(get(browser, "/cal/Paris/model/"))
    assert browser.post("/cal/Paris/model/", {**opened, "name": "Paris", "country": "DE"}).status_code == 303
    entry = JournalEntry.objects.latest("seq")
    assert (entry.before, entry.after) == ({"country": "FR"}, {"country": "DE"})


# --- steps ------------------------------------------------------------------------------------------------------------------


def test_steps_walk_to_a_check_and_then_the_door(browser: Client) -> None:
    first = get(browser, "/cal/steps/")
    assert b'name="time_zone" value="' in first.content or b'type="hidden" name="time_zone"' in first.content
    bad = browser.post("/cal/steps/", {"_step": "0", "_go": "next", "name": ""})
    assert bad.status_code == 422
    second = browser.post("/cal/steps/", {**hidden(first), "_step": "0", "_go": "next", "name": "Paris"})
    assert second.status_code == 200
    assert b"There is a problem" not in second.content
    sent = {**hidden(second), "_go": "next", "time_zone": "UTC", "country": "FR"}
    assert sent["name"] == "Paris"
    check = browser.post("/cal/steps/", sent)
    text = check.content.decode()
    assert "Check your answers" in text
    assert "<dt>Time zone</dt><dd>UTC</dd>" in text
    assert "3 teams follow Paris" in text
    assert not BusinessCalendar.objects.exists()
    back = browser.post("/cal/steps/", {**hidden(check), "_go": "step-0"})
    assert b'value="Paris"' in back.content
    done = browser.post("/cal/steps/", {**hidden(check), "_go": "save"})
    assert done["Location"] == "/cal/Paris/"
    assert BusinessCalendar.objects.get().time_zone == "UTC"


def test_a_step_skipped_by_hand_leads_back_to_what_is_wrong(browser: Client) -> None:
    answer = browser.post("/cal/steps/", {"_step": "1", "_go": "save", "name": "", "time_zone": "UTC"})
    assert answer.status_code == 422
    assert b'<li aria-current="step">Who</li>' in answer.content
    refused = browser.post("/cal/steps/", {"_step": "1", "_go": "save", **GOOD, "name": "taken"})
    assert b'<li aria-current="step">Who</li>' in refused.content


def test_steps_keep_a_draft_with_their_place(browser: Client) -> None:
    browser.post("/cal/steps/", {"name": "Paris", "_step": "1", "_draft": "save"})
    page = get(browser, "/cal/steps/?draft=1").content
    assert b'<li aria-current="step">Where</li>' in page
    assert b'name="name" value="Paris"' in page


def test_cancel_goes_where_one_came_from_but_never_off_the_site(browser: Client) -> None:
    make_calendar("Paris")
    assert b'href="/cal/Paris/">Cancel' in get(browser, "/cal/Paris/edit/").content
    assert b'href="/cal/">Cancel' in get(browser, "/cal/new/").content
    assert b'href="/jobs/?q=1">Cancel' in get(browser, "/cal/new/?next=/jobs/%3Fq%3D1").content
    for evil in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        page = get(browser, f"/cal/new/?next={evil}")
        assert b'href="/cal/">Cancel' in page.content
        assert hidden(page)["next"].startswith("/cal/")


def test_an_editor_without_view_cannot_reach_the_form(make_user: Any) -> None:
    make_calendar("Paris")
    client = browser_of(allowed(make_user("care"), "change_businesscalendar"))
    assert client.get("/cal/Paris/edit/").status_code == 404
