"""A detail page: facts, actions with their reasons, tabs with addresses, one timeline, values taken back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from kernel import journal, lifecycle, pages
from kernel.models import BusinessCalendar, Comment, JournalEntry, User
from tests.kernel.pages.conftest import HX, allowed, browser_of, make_calendar
from tests.kernel.pages.test_lists import get

pytestmark = pytest.mark.django_db


def test_a_page_shows_name_facts_and_what_upper_layers_add(browser: Client) -> None:
    make_calendar("Paris")
    page = get(browser, "/cal/Paris/").content.decode()
    assert "<dt>Zone</dt><dd>Europe/Paris</dd>" in page
    assert "<dt>From above</dt><dd>an upper layer</dd>" in page
    assert '<a href="/cal/" data-crumb>Calendars</a>' in page


def test_invisible_and_missing_look_the_same(browser: Client) -> None:
    make_calendar("hidden")
    for name in ("hidden", "missing"):
        answer = browser.get(f"/cal/{name}/")
        assert answer.status_code == 404
        assert b"you may not see it" in answer.content


@pytest.mark.parametrize("path", ["nonsense/", "twins/nonsense/", "do/nonsense/", "nonsense/nonsense/"])
def test_unknown_parts_are_not_found(browser: Client, path: str) -> None:
    make_calendar("Paris")
    assert browser.get(f"/cal/Paris/{path}").status_code == 404


# --- actions --------------------------------------------------------------------------------------------------------


def test_an_action_without_question_is_one_click(browser: Client) -> None:
    make_calendar("Paris")
    answer = browser.post("/cal/Paris/do/now/")
    assert (answer.status_code, answer["Location"]) == (303, "/cal/Paris/")
    assert BusinessCalendar.objects.get().country == "DE"
    assert b"Set now: done" in get(browser, "/cal/Paris/").content


def test_a_get_never_acts(browser: Client) -> None:
    make_calendar("Paris")
    assert get(browser, "/cal/Paris/do/now/").status_code == 200
    assert BusinessCalendar.objects.get().country == "FR"


def test_an_action_that_asks_is_a_page_and_a_dialog(browser: Client) -> None:
    make_calendar("Paris")
    whole = get(browser, "/cal/Paris/do/ask/").content
    dialog = get(browser, "/cal/Paris/do/ask/", **{"HX-Request": "true", "HX-Target": "dialog"}).content
    assert b"<h1>Set country: Paris</h1>" in whole
    assert b'id="dialog-title"' in dialog
    assert b"<html" not in dialog


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Target": "dialog"}])
def test_wrong_input_answers_422_plain_and_in_the_dialog(browser: Client, headers: dict[str, str]) -> None:
    make_calendar("Paris")
    answer = browser.post("/cal/Paris/do/ask/", {"country": "FRANCE"}, headers=headers)
    assert answer.status_code == 422
    assert b"There is a problem" in answer.content
    assert b'aria-describedby="id_country_error"' in answer.content


def test_a_dialog_that_succeeds_sends_the_browser_on(browser: Client) -> None:
    make_calendar("Paris")
    answer = browser.post("/cal/Paris/do/ask/", {"country": "IT"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/cal/Paris/")
    assert BusinessCalendar.objects.get().country == "IT"


def test_a_refusal_of_the_door_is_shown_with_its_code(browser: Client) -> None:
    make_calendar("refused")
    asked = browser.post("/cal/refused/do/ask/", {"country": "IT"})
    assert asked.status_code == 422
    assert b"This calendar may not change (calendar.refused)" in asked.content
    browser.post("/cal/refused/do/now/")
    page = get(browser, "/cal/refused/").content.decode()
    assert re.search(r'role="alert">.*This calendar may not change <code>calendar.refused', page)


def test_a_destructive_action_says_what_else_will_change(browser: Client) -> None:
    make_calendar("Paris")
    assert b"12 tickets lose their clock" in get(browser, "/cal/Paris/do/drop/").content
    assert browser.post("/cal/Paris/do/drop/")["Location"] == "/cal/"
    assert not BusinessCalendar.objects.exists()


def test_what_cannot_be_done_now_stays_with_the_reason_and_is_refused(browser: Client) -> None:
    make_calendar("Paris", country="XX")
    page = get(browser, "/cal/Paris/").content.decode()
    assert 'title="It is in use"' in page
    assert "/do/drop/" not in page
    browser.post("/cal/Paris/do/drop/")
    assert BusinessCalendar.objects.exists()
    assert b"It is in use" in get(browser, "/cal/Paris/").content


def test_who_lacks_the_permission_sees_why_and_cannot_act(reader: User) -> None:
    make_calendar("Paris")
    client = browser_of(reader)
    page = get(client, "/cal/Paris/").content.decode()
    assert 'title="You need the permission kernel.change_businesscalendar for this"' in page
    assert "/edit/" not in page
    for key in ("now", "ask", "drop"):
        client.post(f"/cal/Paris/do/{key}/", {"country": "IT"})
    assert BusinessCalendar.objects.get().country == "FR"


# --- tabs -------------------------------------------------------------------------------------------------------------


def test_tabs_have_addresses_and_are_counted_by_one_request(browser: Client) -> None:
    make_calendar("Paris")
    make_calendar("Lyon")
    page = get(browser, "/cal/Paris/").content.decode()
    for tab in ("twins", "journal", "secret", "changes"):
        assert f'href="/cal/Paris/{tab}/"' in page
    counts = get(browser, "/cal/Paris/counts/", **HX).content.decode()
    assert re.findall(r'id="tab-(\w+)"[^>]*>(\d+)<', counts) == [("twins", "2"), ("journal", "0")]


def test_a_tab_without_permission_is_neither_shown_nor_answered(reader: User) -> None:
    make_calendar("Paris")
    client = browser_of(reader)
    page = get(client, "/cal/Paris/").content.decode()
    for tab in ("journal", "secret"):
        assert f"/cal/Paris/{tab}/" not in page
        assert client.get(f"/cal/Paris/{tab}/").status_code == 404


def test_a_card_that_fails_leaves_the_rest_standing(
    browser: Client, caplog: pytest.LogCaptureFixture
) -> None:
    make_calendar("Paris")
    page = get(browser, "/cal/Paris/secret/")
    assert b"This part could not be loaded" in page.content
    assert "part broken of a page failed" in caplog.text


# --- timeline, comments, changes ----------------------------------------------------------------------------------------


def test_the_timeline_merges_changes_and_comments_newest_first(browser: Client, admin: User) -> None:
    row = lifecycle.create(BusinessCalendar(name="Paris", country="FR"))
    browser.post("/cal/Paris/timeline/", {"text": "Looks\n<b>odd</b>"})
    with journal.acting(admin):
        lifecycle.change(row, country="DE", reason="moved")
    page = get(browser, "/cal/Paris/").content.decode()
    order = [
        page.index(text) for text in ("Business calendar changed", "Looks<br>", "Business calendar created")
    ]
    assert order == sorted(order)
    assert "&lt;b&gt;odd" in page
    assert "Country: FR → DE<br>moved" in page
    comment = Comment.objects.get()
    assert (comment.author, comment.object_id) == (admin, row.pk)


def test_the_timeline_can_be_narrowed_and_walked_back(browser: Client) -> None:
    row = lifecycle.create(BusinessCalendar(name="Paris"))
    for n in range(40):
        lifecycle.change(row, country=f"{n:02}")
    browser.post("/cal/Paris/timeline/", {"text": "a remark"})
    only = get(browser, "/cal/Paris/timeline/?kind=comment", **HX).content.decode()
    assert "a remark" in only
    assert "→" not in only
    first = get(browser, "/cal/Paris/timeline/", **HX).content.decode()
    older = re.search(r'href="([^"]*before=[^"]*)"', first)
    assert older
    second = get(browser, older[1].replace("&amp;", "&"), **HX).content.decode()
    assert "Business calendar created" in second
    assert first.count("→") + second.count("→") == 40


def test_an_empty_or_endless_comment_is_refused(browser: Client) -> None:
    make_calendar("Paris")
    for text in ("  ", "x" * 10_001):
        browser.post("/cal/Paris/timeline/", {"text": text})
    assert not Comment.objects.exists()


def test_a_value_can_be_restored_as_a_new_change(browser: Client, admin: User) -> None:
    row = lifecycle.create(BusinessCalendar(name="Paris", country="FR"))
    lifecycle.change(row, country="DE", time_zone="UTC")
    page = get(browser, "/cal/Paris/changes/").content.decode()
    value = re.search(r'name="value" value="(\d+\.country)"', page)
    assert value
    assert (
        browser.post("/cal/Paris/changes/restore/", {"value": value[1]})["Location"] == "/cal/Paris/changes/"
    )
    row.refresh_from_db()
    assert (row.country, row.time_zone, row.version) == ("FR", "UTC", 3)
    entry = JournalEntry.objects.latest("seq")
    assert (entry.verb, entry.actor, entry.before, entry.after) == (
        "business_calendar.restored", admin, {"country": "DE"}, {"country": "FR"},
    )  # fmt: skip


@pytest.mark.parametrize("value", ["", "x", "0.country", "1.nonsense", "999999.country"])
def test_restoring_what_never_was_changes_nothing(browser: Client, value: str) -> None:
    make_calendar("Paris")
    assert browser.post("/cal/Paris/changes/restore/", {"value": value}).status_code == 303
    assert BusinessCalendar.objects.get().version == 1


def test_an_entry_of_another_object_cannot_be_restored_here(browser: Client) -> None:
    make_calendar("Paris")
    other = lifecycle.create(BusinessCalendar(name="Lyon", country="FR"))
    lifecycle.change(other, country="DE")
    seq = JournalEntry.objects.latest("seq").seq
    browser.post("/cal/Paris/changes/restore/", {"value": f"{seq}.country"})
    assert set(BusinessCalendar.objects.values_list("country", flat=True)) == {"FR", "DE"}


def test_a_reader_sees_the_changes_and_cannot_restore(reader: User) -> None:
    row = lifecycle.create(BusinessCalendar(name="Paris", country="FR"))
    lifecycle.change(row, country="DE")
    client = browser_of(allowed(reader, "view_businesscalendar"))
    assert b"Restore this value" not in get(client, "/cal/Paris/changes/").content
    seq = JournalEntry.objects.latest("seq").seq
    client.post("/cal/Paris/changes/restore/", {"value": f"{seq}.country"})
    assert BusinessCalendar.objects.get().country == "DE"


def test_related_rows_are_named_in_the_journal(browser: Client, admin: User, make_user: Any) -> None:
    from kernel.models import Job
    from kernel.pages.changes import Words

    other = make_user("care", username="bob")
    job = lifecycle.create(Job(kind="x", title="x", owner=admin))
    lifecycle.change(job, owner=other)
    words = Words(Job, list(JournalEntry.objects.all()))
    assert (words.value("owner_id", str(admin.pk)), words.value("owner_id", str(other.pk))) == ("ada", "bob")
    assert words.value("status", "pending") == "Waiting"
    assert words.value("gone", "x") == "x"
    page = get(browser, f"/jobs/{job.pk}/changes/").content.decode()
    assert "<del>ada</del>" in page
    assert "<ins>bob</ins>" in page


def test_secrets_are_not_read_on_pages_even_sealed(browser: Client) -> None:
    from kernel.models import HubSubscription
    from kernel.pages.changes import HIDDEN, Words
    from tests.factories.registry import make_hook

    hook = make_hook(secret="sealed-secret-text")
    lifecycle.change(hook, secret="sealed-again")
    words = Words(HubSubscription, [])
    assert words.value("secret", "x") == words.value("password_sealed", "x") == HIDDEN
    for url in (f"/developers/hooks/{hook.pk}/changes/", "/audit/"):
        assert b"sealed-" not in get(browser, url).content


def test_facts_kept_as_json_are_told_in_words_and_numbers() -> None:
    from kernel.models import Job
    from kernel.pages.changes import Words

    words = Words(Job, [])

    told = words.value("result", {"lost": 2, "at_risk": 0, "customers": ["CUS-1", "CUS-2"], "conflicts": []})

    assert told == "lost: 2; at risk: 0; customers: CUS-1, CUS-2"
    assert words.value("result", {"conflicts": []}) == "–"


def test_a_link_leads_only_where_the_reader_may_go(admin: User, reader: User, make_user: Any) -> None:
    calendar = make_calendar("Paris")
    to_object = pages.Fact("Calendar", lambda row: "its page", link=lambda row: row)
    guarded = pages.Fact(
        "Audit", lambda row: "its story", link=lambda row: pages.Guarded("/audit/", "kernel.view_audit")
    )

    assert to_object.html(calendar, reader) == '<a href="/cal/Paris/">its page</a>'
    assert to_object.html(calendar, make_user("care")) == "its page"
    assert guarded.html(calendar, admin) == '<a href="/audit/">its story</a>'
    assert guarded.html(calendar, reader) == "its story"
