"""An export is the screen: the same rows, the same columns, nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from kernel import jobs
from kernel.models import Job, User
from kernel.pages import xlsx
from kernel.pages.lists import exports
from tests.kernel.pages.conftest import allowed, browser_of, make_calendar, make_calendars
from tests.kernel.pages.test_lists import get, names

pytestmark = pytest.mark.django_db


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def read_csv(response: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body(response).decode())))


def read_xlsx(content: bytes) -> list[list[str]]:
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    return [
        [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<c.*?(?:/c>|/>)", row)]
        for row in re.findall(r"<row>(.*?)</row>", sheet, re.DOTALL)
    ]


def test_an_export_has_the_rows_and_columns_of_the_screen(browser: Client) -> None:
    make_calendars(30, time_zone="UTC")
    make_calendar("other", time_zone="Asia/Tokyo")
    url = "/cal/?zone=UTC&sort=-name&cols=name,version&per_page=25"
    shown = names(get(browser, url)) + names(get(browser, f"{url}&page=2"))
    table = read_csv(browser.get(f"{url}&_export=csv"))
    assert table[0] == ["Name", "Version"]
    assert [row[0] for row in table[1:]] == shown
    as_json = json.loads(body(browser.get(f"{url}&_export=json")))
    assert [row["name"] for row in as_json] == shown
    assert as_json[0]["version"] == 1
    assert [row[0] for row in read_xlsx(body(browser.get(f"{url}&_export=xlsx")))[1:]] == shown


def test_all_columns_can_be_had(browser: Client) -> None:
    make_calendar("a")
    table = read_csv(browser.get("/cal/?_export=csv&_columns=all"))
    assert table[0] == ["Name", "Zone", "Country", "Created", "Version", "Secret"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", table[1][3])


def test_the_file_name_says_list_view_time_and_rows(browser: Client) -> None:
    make_calendars(3)
    view = browser.post("/cal/?q=cal", {"_view": "new", "name": "My View"})["Location"]
    name = browser.get(f"{view}&_export=csv")["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="calendars_my-view_\d{8}T\d{6}Z_3-rows\.csv"', name)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_cells_that_a_spreadsheet_would_run_are_neutralised(browser: Client, text: str) -> None:
    make_calendar(f"{text}")
    assert read_csv(browser.get("/cal/?_export=csv&cols=name"))[1] == [f"'{text}"]


@given(st.text())
def test_no_text_can_begin_with_a_formula(text: str) -> None:
    assert not exports.DANGEROUS.match(exports.safe(text))


def test_negative_numbers_stay_numbers() -> None:
    assert exports.safe(-12) == -12


@given(st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=2), max_size=5))
def test_a_workbook_is_well_formed_whatever_is_in_it(rows: list[list[str]]) -> None:
    from xml.etree import ElementTree as ET

    content = b"".join(xlsx.write(["a", "b"], rows))
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    found = ET.fromstring(sheet)  # noqa: S314 - made two lines above
    assert len(found[0]) == len(rows) + 1


def test_an_unreadable_filter_exports_nothing(browser: Client) -> None:
    make_calendar("a")
    assert browser.get("/cal/?created__gte=soon&_export=csv").status_code == 400
    assert browser.get("/cal/?_export=exe").status_code == 400


def test_many_rows_become_a_job_with_a_link_that_ends(
    browser: Client, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 10)
    settings.MEDIA_ROOT = tmp_path
    make_calendars(25, time_zone="UTC")
    make_calendar("other", time_zone="Asia/Tokyo")
    url = "/cal/?zone=UTC&cols=name"
    assert b"Make the export" in get(browser, f"{url}&_export=csv").content
    answer = browser.post(url, {"_export": "csv"})
    job = Job.objects.get()
    assert answer["Location"] == f"/jobs/{job.pk}/"
    jobs.execute(job.pk)
    job.refresh_from_db()
    assert (job.status, job.result["rows"], job.total) == ("succeeded", 25, 25)
    link = f"/jobs/{job.pk}/file/"
    assert link in browser.get(answer["Location"]).content.decode()
    found = browser.get(link)
    assert found["Content-Disposition"].endswith('25-rows.csv"')
    table = list(csv.reader(io.StringIO(body(found).decode())))
    assert len(table) == 26
    Job.objects.update(result={**job.result, "expires": "2001-01-01T00:00:00Z"})
    assert browser.get(link).status_code == 404


def test_the_file_of_a_job_is_for_its_owner_alone(
    browser: Client, make_user: Any, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    make_calendar("a")
    browser.post("/cal/", {"_export": "json"})
    job = Job.objects.get()
    jobs.execute(job.pk)
    other = browser_of(make_user("admin"))
    assert other.get(f"/jobs/{job.pk}/").status_code == 200
    assert other.get(f"/jobs/{job.pk}/file/").status_code == 404
    assert browser_of(make_user("care")).get(f"/jobs/{job.pk}/").status_code == 404


def test_a_job_sees_with_the_eyes_of_its_owner(reader: User, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    make_calendar("a")
    make_calendar("hidden")
    client = browser_of(allowed(reader, "view_businesscalendar"))
    client.post("/cal/", {"_export": "csv", "_columns": "all"})
    job = Job.objects.get()
    jobs.execute(job.pk)
    job.refresh_from_db()
    text = (exports.folder() / job.result["file"]).read_text()
    assert text.count("\n") == 2
    assert "secret" not in text


def test_the_body_is_in_the_language_of_the_reader(browser: Client, admin: User) -> None:
    User.objects.filter(pk=admin.pk).update(language="fr")
    Job.objects.create(kind="x", title="a", status="failed")
    table = read_csv(browser.get("/jobs/?_export=csv&cols=title,status"))
    assert table == [["Tâche", "État"], ["a", "Échec"]]
