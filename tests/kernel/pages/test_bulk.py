"""Bulk work hits exactly what was previewed, tells the result of every row, and never stops at a bad one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from kernel import jobs
from kernel.models import BusinessCalendar, Draft, Job, JobLine, User
from tests.kernel.pages.conftest import allowed, browser_of, make_calendar, make_calendars

pytestmark = pytest.mark.django_db


def token_of(client: Client, url: str) -> str:
    """The selection token on a list page."""
    found = re.search(r'name="_token" value="([^"]+)"', client.get(url).content.decode())
    assert found
    return found[1]


def preview(client: Client, url: str, action: str = "country", **data: Any) -> Any:
    return client.post(url, {"_bulk": action, **data})


def confirm(client: Client, url: str, page: Any, action: str = "country", **data: Any) -> Job:
    """Send the confirmation of a preview page; the job it made, finished."""
    selection = re.search(r'name="_selection" value="([^"]+)"', page.content.decode())
    assert selection
    answer = client.post(url, {"_bulk": action, "_confirm": "1", "_selection": selection[1], **data})
    assert answer.status_code == 303, answer.content.decode()[:500]
    job = Job.objects.latest("created")
    assert answer["Location"] == f"/jobs/{job.pk}/"
    jobs.execute(job.pk)
    job.refresh_from_db()
    return job


def countries(**filters: Any) -> dict[str, str]:
    return dict(BusinessCalendar.objects.filter(**filters).values_list("name", "country"))


def test_the_preview_names_what_will_be_changed_and_what_is_left_out_and_why(browser: Client) -> None:
    rows = make_calendars(12)
    locked = make_calendar("locked")
    page = preview(browser, "/cal/", _ids=[str(row.pk) for row in [*rows, locked]])
    text = page.content.decode()
    assert "Set country: 13 rows" in text
    assert "and 3 more" in text
    assert "locked: It is locked" in text
    assert BusinessCalendar.objects.exclude(country__in=["", "FR"]).count() == 0


def test_ticked_rows_are_changed_and_each_has_a_result(browser: Client) -> None:
    good, refused, locked = make_calendar("good"), make_calendar("refused"), make_calendar("locked")
    other = make_calendar("other")
    broken = make_calendar("broken")
    page = preview(browser, "/cal/", _ids=[str(row.pk) for row in (good, refused, locked, broken)])
    job = confirm(browser, "/cal/", page, country="DE")
    assert job.result == {"succeeded": 1, "skipped": 1, "failed": 2}
    assert countries() == {"good": "DE", "refused": "FR", "locked": "FR", "broken": "FR", other.name: "FR"}
    lines = {line.label: (line.outcome, line.code) for line in job.lines.all()}
    assert lines == {
        "good": ("succeeded", ""),
        "refused": ("failed", "calendar.refused"),
        "locked": ("skipped", "bulk.excluded"),
        "broken": ("failed", "error"),
    }


def test_everything_that_matches_means_exactly_those_rows_whatever_is_inserted_meanwhile(
    browser: Client,
) -> None:
    make_calendars(60, country="XX")
    make_calendar("elsewhere", country="YY")
    url = "/cal/?country=XX&per_page=25"
    token = token_of(browser, url)
    make_calendar("inserted-before-preview", country="XX")
    page = preview(browser, url, _all="1", _token=token)
    make_calendar("inserted-before-confirm", country="XX")
    BusinessCalendar.objects.filter(name="cal-0000").update(country="YY")
    job = confirm(browser, url, page, country="DE")
    assert job.result == {"succeeded": 60, "skipped": 0, "failed": 0}
    assert countries(country="XX") == {"inserted-before-preview": "XX", "inserted-before-confirm": "XX"}
    assert countries(country="YY") == {"elsewhere": "YY"}


def test_everything_in_a_tab_stays_inside_its_locked_chip(browser: Client) -> None:
    make_calendar("a", time_zone="UTC")
    make_calendar("b", time_zone="UTC")
    make_calendar("c", time_zone="Asia/Tokyo")
    url = "/cal/a/twins/"
    job = confirm(browser, url, preview(browser, url, _all="1", _token=token_of(browser, url)), country="DE")
    assert job.result["succeeded"] == 2
    assert countries() == {"a": "DE", "b": "DE", "c": "FR"}


def test_a_view_edited_meanwhile_does_not_move_the_selection(browser: Client) -> None:
    make_calendar("a", country="AA")
    make_calendar("b", country="BB")
    view = browser.post("/cal/?country=AA", {"_view": "new", "name": "v"})["Location"]
    token = token_of(browser, view)
    browser.post(f"{view}&country=BB", {"_view": "save"})
    confirm(browser, view, preview(browser, view, _all="1", _token=token), country="DE")
    assert countries() == {"a": "DE", "b": "BB"}


def test_the_count_that_changed_is_said(browser: Client) -> None:
    make_calendars(5, country="XX")
    token = token_of(browser, "/cal/?country=XX")
    BusinessCalendar.objects.filter(name="cal-0000").update(country="")
    page = preview(browser, "/cal/?country=XX", _all="1", _token=token)
    assert "You selected 5; 4 of them still match" in page.content.decode()


@pytest.mark.parametrize("damage", [lambda t: t[:-3] + "abc", lambda t: "", lambda t: "x"])
def test_a_forged_token_selects_nothing(browser: Client, damage: Any) -> None:
    make_calendars(3)
    answer = preview(browser, "/cal/", _all="1", _token=damage(token_of(browser, "/cal/")))
    assert answer.status_code == 303
    assert not Draft.objects.exists()


def test_a_token_of_another_user_or_list_selects_nothing(browser: Client, make_user: Any) -> None:
    make_calendars(3)
    other = browser_of(allowed(make_user("care"), "view_businesscalendar", "change_businesscalendar"))
    preview(other, "/cal/", _all="1", _token=token_of(browser, "/cal/"))
    preview(browser, "/jobs/", "cancel", _all="1", _token=token_of(browser, "/cal/"))
    assert not Draft.objects.exists()


def test_the_frozen_selection_belongs_to_who_made_it(browser: Client, make_user: Any) -> None:
    row = make_calendar("a")
    page = preview(browser, "/cal/", _ids=[str(row.pk)])
    key = Draft.objects.get().object_key
    other = browser_of(allowed(make_user("care"), "view_businesscalendar", "change_businesscalendar"))
    answer = other.post("/cal/", {"_bulk": "country", "_confirm": "1", "_selection": key, "country": "DE"})
    assert answer.status_code == 404
    assert page.status_code == 200
    assert not Job.objects.exists()


def test_nothing_selected_goes_back_with_a_word(browser: Client) -> None:
    answer = preview(browser, "/cal/?zone=UTC&page=2", _ids=["not-a-key"])
    assert answer["Location"] == "/cal/?zone=UTC&page=2"
    assert "Select at least one row" in browser.get("/cal/").content.decode()


def test_invalid_input_answers_422_and_keeps_the_selection(browser: Client) -> None:
    page = preview(browser, "/cal/", _ids=[str(make_calendar("a").pk)])
    key = Draft.objects.get().object_key
    answer = browser.post("/cal/", {"_bulk": "country", "_confirm": "1", "_selection": key, "country": ""})
    assert answer.status_code == 422
    assert b"This field is required" in answer.content
    assert confirm(browser, "/cal/", page, country="DE").result["succeeded"] == 1


def test_a_set_based_door_works_in_batches_and_a_poisoned_row_spoils_only_itself(browser: Client) -> None:
    make_calendars(30)
    make_calendar("has-country")
    make_calendar("poison", country="")
    page = preview(browser, "/cal/", "close", _all="1", _token=token_of(browser, "/cal/"))
    job = confirm(browser, "/cal/", page, "close")
    assert job.result == {"succeeded": 30, "skipped": 1, "failed": 1}
    assert job.lines.get(outcome="failed").label == "poison"
    assert job.lines.get(outcome="skipped").label == "has-country"


def test_running_the_job_twice_changes_nothing_more(browser: Client) -> None:
    make_calendars(60)
    page = preview(browser, "/cal/", _all="1", _token=token_of(browser, "/cal/"))
    job = confirm(browser, "/cal/", page, country="DE")
    jobs.execute(job.pk)
    assert JobLine.objects.count() == 60
    assert set(BusinessCalendar.objects.values_list("version", flat=True)) == {2}


def test_a_killed_job_resumes_after_its_last_batch(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_calendars(120)
    page = preview(browser, "/cal/", _all="1", _token=token_of(browser, "/cal/"))
    key = Draft.objects.get().object_key
    browser.post("/cal/", {"_bulk": "country", "_confirm": "1", "_selection": key, "country": "DE"})
    job = Job.objects.get()
    calls = []

    def dies(run: Any, count: int = 1, **options: Any) -> None:
        calls.append(count)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(jobs.Run, "advance", dies)
        with pytest.raises(KeyboardInterrupt):
            jobs.execute(job.pk)
    assert page.status_code == 200
    Job.objects.update(status="pending")
    jobs.execute(job.pk)
    job.refresh_from_db()
    assert job.result["succeeded"] == 120
    assert set(BusinessCalendar.objects.values_list("version", flat=True)) == {2}


def test_rows_that_vanished_are_skipped(browser: Client) -> None:
    rows = make_calendars(30)
    page = preview(browser, "/cal/", _ids=[str(row.pk) for row in rows])
    BusinessCalendar.objects.filter(name="cal-0003").delete()
    BusinessCalendar.objects.filter(name="cal-0004").update(name="hidden")
    job = confirm(browser, "/cal/", page, country="DE")
    assert job.result == {"succeeded": 28, "skipped": 2, "failed": 0}


def test_failed_rows_can_be_tried_again(browser: Client) -> None:
    rows = [make_calendar("refused"), make_calendar("good")]
    page = preview(browser, "/cal/", _ids=[str(row.pk) for row in rows])
    job = confirm(browser, "/cal/", page, country="DE")
    BusinessCalendar.objects.filter(name="refused").update(name="accepted")
    answer = browser.post(f"/jobs/{job.pk}/do/retry-rows/")
    again = Job.objects.latest("created")
    assert again.pk != job.pk
    assert answer["Location"] == f"/jobs/{again.pk}/"
    assert again.result == {"succeeded": 1, "skipped": 0, "failed": 0}
    assert countries() == {"accepted": "DE", "good": "DE"}


def test_the_result_page_links_rows_and_offers_failures_as_csv(browser: Client) -> None:
    rows = [make_calendar("refused"), make_calendar("good")]
    job = confirm(
        browser, "/cal/?q=o", preview(browser, "/cal/?q=o", _ids=[str(row.pk) for row in rows]), country="DE"
    )
    overview = browser.get(f"/jobs/{job.pk}/").content.decode()
    assert f"/jobs/{job.pk}/failures/" in overview
    assert 'href="/cal/?q=o"' in overview
    assert '<a href="/cal/good/">good</a>' in browser.get(f"/jobs/{job.pk}/rows/").content.decode()
    csv = browser.get(f"/jobs/{job.pk}/failures/").content.decode()
    assert csv.splitlines()[1] == "refused,Failed,calendar.refused,This calendar may not change"


def test_who_may_not_see_the_button_disabled_with_the_reason_and_cannot_post(reader: User) -> None:
    client = browser_of(allowed(reader, "view_businesscalendar", "change_businesscalendar"))
    row = make_calendar("a")
    page = client.get("/cal/").content.decode()
    assert 'title="You need the permission kernel.delete_businesscalendar for this"' in page
    assert preview(client, "/cal/", "delete", _ids=[str(row.pk)]).status_code == 400
    assert preview(client, "/cal/", "nonsense", _ids=[str(row.pk)]).status_code == 400


def test_a_right_taken_away_before_the_job_runs_stops_it(browser: Client, admin: User) -> None:
    rows = make_calendars(30)
    preview(browser, "/cal/", _ids=[str(row.pk) for row in rows])
    key = Draft.objects.get().object_key
    browser.post("/cal/", {"_bulk": "country", "_confirm": "1", "_selection": key, "country": "DE"})
    admin.groups.clear()
    jobs.execute(Job.objects.get().pk)
    assert Job.objects.get().status == "failed"
    assert BusinessCalendar.objects.filter(country="DE").count() == 0
