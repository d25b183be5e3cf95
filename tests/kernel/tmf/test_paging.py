"""Sorting, pages, cursors, and what a list costs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel.models import Holiday, Job
from tests.kernel.tmf.conftest import BASE, Caller, make_calendar, make_work

pytestmark = pytest.mark.django_db
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def test_a_list_without_cursor_says_so(api: Caller) -> None:
    assert api.get("calendar?cursor=").json()["code"] == "page.noCursor"


def test_sorting_by_several_attributes_ties_broken_by_id(api: Caller) -> None:
    for title, done in (("b", 1), ("a", 2), ("a", 1), ("b", 2)):
        make_work(title=title, done=done)
    rows = api.get("work?sort=name,-done").json()
    assert [(row["name"], row["done"]) for row in rows] == [("a", 2), ("a", 1), ("b", 2), ("b", 1)]
    tied = [row["id"] for row in api.get("work?sort=kind").json()]
    assert tied == sorted(tied, reverse=True)
    assert tied == [row["id"] for row in api.get("work").json()]  # the default: newest first


def test_pages_do_not_overlap_and_their_links_lead_through_all_rows(api: Caller) -> None:
    made = {make_work(title=f"w{n}").pk for n in range(7)}
    url, seen, pages = "work?limit=3&sort=name", [], 0
    while url:
        response = api.get(url)
        pages += 1
        assert response.status_code == 206
        assert response["X-Total-Count"] == "7"
        seen += [row["id"] for row in response.json()]
        links = links_of(response)
        assert {"self", "first", "last"} <= set(links)
        url = links.get("next", "")
    assert pages == 3
    assert sorted(seen) == sorted(map(str, made))


def links_of(response: Any) -> dict[str, str]:
    return {rel: url for url, rel in re.findall(r'<([^>]+)>; rel="(\w+)"', response["Link"])}


def test_links_keep_filters_as_written(api: Caller) -> None:
    for n in range(4):
        make_work(title=f"w{n}", done=n)
    links = links_of(api.get("work?done>0&limit=2"))
    assert "done%3E0" in links["next"]
    assert len(api.get(links["next"]).json()) == 1
    assert "prev" in links_of(api.get(links["next"]))


@pytest.mark.parametrize(
    ("query", "status", "count"),
    [
        ("", 200, 3),
        ("limit=3", 200, 3),
        ("offset=0", 200, 3),
        ("limit=2", 206, 2),
        ("offset=1", 206, 2),
        ("offset=3", 206, 0),
        ("offset=99", 206, 0),
        ("limit=0", 206, 0),
        ("limit=9999", 200, 3),
    ],
)
def test_206_only_when_a_page_was_asked_for_and_is_a_part(
    api: Caller, query: str, status: int, count: int
) -> None:
    for _ in range(3):
        make_work()
    response = api.get(f"work?{query}")
    assert (response.status_code, response["X-Result-Count"]) == (status, str(count))
    assert response["X-Total-Count"] == "3"


def test_the_default_limit_cuts_without_206(api: Caller) -> None:
    Job.objects.bulk_create(Job(kind="test", title=str(n)) for n in range(101))
    response = api.get("work")
    assert (response.status_code, response["X-Result-Count"], response["X-Total-Count"]) == (
        200,
        "100",
        "101",
    )
    assert "next" in links_of(response)


def test_an_empty_list_is_an_empty_array(api: Caller) -> None:
    response = api.get("work?limit=5")
    assert (response.status_code, response.json(), response["X-Total-Count"]) == (200, [], "0")


def test_a_cursor_walks_without_gaps_while_rows_go(api: Caller) -> None:
    made = [make_work(title=f"w{n}") for n in range(6)]
    first = api.get("work?cursor=&limit=2")
    assert first.status_code == 206
    assert "X-Total-Count" not in first
    seen = [row["id"] for row in first.json()]
    Job.objects.filter(pk=seen[0]).delete()
    url = links_of(first)["next"]
    while url:
        response = api.get(url)
        seen += [row["id"] for row in response.json()]
        url = links_of(response).get("next", "")
    assert seen == [str(row.pk) for row in reversed(made)]


@pytest.mark.parametrize("path", ["work", "calendar"])
def test_the_number_of_queries_does_not_grow_with_the_rows(api: Caller, make_user: Any, path: str) -> None:
    counts = []
    for _ in range(2):
        for _ in range(5):
            Holiday.objects.create(calendar=make_calendar(), day="2026-01-02", name="x")
            make_work(owner=make_user())
        api.get(path)  # touches the token's last use
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert api.get(f"{path}?limit=50").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


def test_detail_takes_at_most_five_queries(api: Caller) -> None:
    row = make_calendar()
    api.get("calendar")
    with CaptureQueriesContext(connection) as queries:
        assert api.get(f"calendar/{row.pk}").status_code == 200
    assert len(queries) <= 5


def test_if_none_match_spares_the_body(api: Caller) -> None:
    row = make_calendar()
    etag = api.get(f"calendar/{row.pk}")["ETag"]
    response = api.get(f"calendar/{row.pk}", If_None_Match=etag)
    assert (response.status_code, response.content) == (304, b"")
    assert api.get(f"calendar/{row.pk}?fields=name")["ETag"] != etag
    assert api.get(f"calendar/{row.pk}", If_None_Match='"other"').status_code == 200


def test_behind_a_trusted_proxy_addresses_are_those_of_the_outside(api: Caller, settings: Any) -> None:
    row = make_calendar()
    outside = {
        "X_Forwarded_Host": "api.example.org",
        "X_Forwarded_Prefix": "/telco",
        "X_Forwarded_Proto": "https",
    }
    settings.ALLOWED_HOSTS = ["testserver", "api.example.org"]
    inside = api.get(f"calendar/{row.pk}", **outside).json()["href"]
    assert inside == f"http://testserver{BASE}/calendar/{row.pk}"
    settings.USE_X_FORWARDED_HOST = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert (
        api.get(f"calendar/{row.pk}", **outside).json()["href"]
        == f"https://api.example.org/telco{BASE}/calendar/{row.pk}"
    )
    odd = {**outside, "X_Forwarded_Prefix": "/<script>"}
    assert (
        api.get(f"calendar/{row.pk}", **odd).json()["href"]
        == f"https://api.example.org{BASE}/calendar/{row.pk}"
    )
