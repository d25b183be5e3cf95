"""Reading: shape, projection, filters, sort, paging, counts, links."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest

from kernel.models import Holiday
from tests.kernel.tmf.conftest import BASE, Caller, make_calendar, make_work, names

pytestmark = pytest.mark.django_db
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def test_a_row_has_identity_type_and_values_in_the_standards_forms(api: Caller) -> None:
    row = make_calendar(name="Été")
    Holiday.objects.create(calendar=row, day="2026-01-02", name="Bridge")
    response = api.get(f"calendar/{row.pk}")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json;charset=utf-8"
    body = response.json()
    assert STAMP.fullmatch(body.pop("lastUpdate"))
    assert body == {
        "id": str(row.pk),
        "href": f"http://testserver{BASE}/calendar/{row.pk}",
        "name": "Été",
        "timeZone": "Europe/Paris",
        "countryCode": "FR",
        "characteristic": [{"name": "0", "value": "all day", "valueType": "string"}],
        "holiday": [{"date": "2026-01-02T00:00:00.000000Z", "name": "Bridge"}],
        "label": {"text": "Été", "language": "en"},
        "@type": "Calendar",
        "@baseType": "Entity",
    }


def test_mandatory_attributes_stay_when_empty_and_others_go(api: Caller) -> None:
    row = make_work(owner=None, started=None)
    body = api.get(f"work/{row.pk}").json()
    assert body["relatedParty"] == []
    assert {"period", "requester", "parameter"}.isdisjoint(body)


def test_the_state_is_printed_with_the_standards_trailing_blank(api: Caller) -> None:
    row = make_work(status="failed")
    assert api.get(f"work/{row.pk}").json()["state"] == "aborted "
    assert len(api.get("work?state=aborted").json()) == 1
    assert len(api.get('work?state="aborted "').json()) == 1


@pytest.mark.parametrize(
    "identifier", ["17", "no-such", "0197b000-0000-7000-8000-000000000000", "a%00b", "%22", "é"]
)
def test_an_unknown_id_of_any_form_is_404_with_an_error_body(api: Caller, identifier: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        response = api(method, f"calendar/{identifier}", {} if method == "PATCH" else None)
        assert response.status_code == 404
        body = response.json()
        assert body["status"] == "404"
        assert (body["code"], body["@type"]) == ("object.notFound", "Error")
        assert body["reason"]


@pytest.mark.parametrize("path", ["calendars", "calendar/1/2", "", "nothing/here"])
def test_below_a_base_everything_else_is_404_or_the_document(api: Caller, path: str) -> None:
    response = api.get(f"{BASE}/{path}")
    assert response.status_code == (200 if path == "" else 404)


@pytest.mark.parametrize("path", ["/tmf-api/none/v4/thing", "/tmf-api/", "/tmf-api"])
def test_outside_every_api_it_is_404_and_never_a_redirect(api: Caller, path: str) -> None:
    assert api.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", [f"{BASE}/calendar", f"{BASE}/calendar/", "/shop/v4/calendar", "/shop/v4/calendar/"]
)
def test_both_slash_forms_and_the_alias_serve_the_same(api: Caller, path: str) -> None:
    make_calendar()
    body = api.get(path).json()
    assert body[0]["href"].startswith(f"http://testserver{BASE}/calendar/")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("name", {"id", "href", "name"}),
        ("name,timeZone", {"id", "href", "name", "timeZone"}),
        ("none", {"id", "href"}),
        ("holiday.name", {"id", "href", "holiday"}),
        ("@type", {"id", "href", "@type"}),
        ("name,nonsense", {"id", "href", "name"}),
        ("id,name", {"id", "href", "name"}),
    ],
)
def test_fields_returns_identity_and_the_named_attributes(
    api: Caller, fields: str, expected: set[str]
) -> None:
    row = make_calendar()
    assert set(api.get(f"calendar?fields={fields}").json()[0]) == expected
    assert set(api.get(f"calendar/{row.pk}?fields={fields}").json()) == expected
    posted = api.post(f"calendar?fields={fields}", {"name": "New"})
    assert posted.status_code == 201
    assert set(posted.json()) == expected


def test_every_printed_value_finds_its_row_again(api: Caller) -> None:
    make_calendar(name="Smith, John; Sons & Co", hours={"7": "x"}, country="DE", time_zone="UTC")
    make_calendar(name="Smith")
    row = api.get("calendar?sort=-name").json()[0]
    for name, value in row.items():
        if isinstance(value, str) and name not in {"@baseType", "@type"}:
            found = api.get(f"calendar?{name}={quote(value)}").json()
            assert [one["id"] for one in found if one["id"] == row["id"]] == [row["id"]], name
            quoted = api.get(f"calendar?{name}={quote(chr(34) + value + chr(34))}").json()
            assert [one["id"] for one in quoted] == [row["id"]], name


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=b", ["b"]),
        ("name=a&name=c", ["a", "c"]),
        ("name=a,c", ["a", "c"]),
        ("name=a;name=c", ["a", "c"]),
        ("name=a;c", ["a", "c"]),
        ("name=a;done=30", ["a", "c"]),
        ("name=%22a%22,%22b%22", ["a", "b"]),
        ("done.gt=10", ["b", "c"]),
        ("done>10", ["b", "c"]),
        ("done%3E10", ["b", "c"]),
        ("done.gte=20", ["b", "c"]),
        ("done>=20", ["b", "c"]),
        ("done%3E%3D20", ["b", "c"]),
        ("done.lt=20", ["a"]),
        ("done<20", ["a"]),
        ("done.lte=20", ["a", "b"]),
        ("done<=20", ["a", "b"]),
        ("done.eq=20", ["b"]),
        ("done==20", ["b"]),
        ("done=%2220%22", ["b"]),
        ("done.ne=20", ["a", "c"]),
        ("name.regex=^[ab]$", ["a", "b"]),
        ("name*=^[ab]$", ["a", "b"]),
        ("name=~^[ab]$", ["a", "b"]),
        ("name.contains=A", ["a"]),
        ("done>=20&done<30", ["b"]),
        ("state=inProgress", ["b"]),
        ("state=inProgress,cancelled", ["b", "c"]),
        ("state=canceled", ["c"]),
        ("state*=ed$", ["a", "c"]),
        ("state.ne=cancelled", ["a", "b"]),
        ("cancelRequested=true", ["c"]),
        ("progress.amount.gt=10&progress.units=rows", ["b", "c"]),
        ("progress.units=metres", []),
        ("relatedParty.id={owner}", ["b"]),
        ("relatedParty.id=nonsense", []),
        ("relatedParty.name=olga", ["b"]),
        ("relatedParty.role=owner", ["b"]),
        ("relatedParty.@referredType=Individual", ["b"]),
        ("requester.id={owner}", ["b"]),
        ("summary=a", ["a"]),
        ("@type=Work", ["a", "b", "c"]),
        ("@type=Other", []),
        ("period.startDateTime>2026-01-01T00:00:00Z", ["b"]),
        ("period.startDateTime=2026-03-01T00:00:00%2B00:00", ["b"]),
        ("period.startDateTime=2026-03-01T00:00:00+00:00", ["b"]),
        ("id={b}", ["b"]),
        ("id=nonsense", []),
        ("href={href}", ["b"]),
        ("id={b},{c}", ["b", "c"]),
    ],
)
def test_filters_with_every_operator_and_form_of_or(
    api: Caller, make_user: Any, query: str, expected: list[str]
) -> None:
    owner = make_user(username="olga")
    make_work(title="a", done=10)
    b = make_work(title="b", done=20, status="running", owner=owner, started="2026-03-01T00:00:00Z")
    c = make_work(title="c", done=30, status="cancelled", cancel_requested=True)
    href = f"http://testserver{BASE}/work/{b.pk}"
    filled = query.format(owner=owner.pk, b=b.pk, c=c.pk, href=href)
    assert sorted(names(api.get(f"work?{filled}"))) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("holiday.name=Bridge", ["x"]),
        ("holiday.name=Bridge,Market", ["x", "y"]),
        ("holiday.date=2026-01-02T00:00:00.000000Z", ["x"]),
        ("holiday.date.gte=2026-01-02", ["x", "y"]),
        ("characteristic.name=1", ["y"]),
        ("characteristic.value=late", ["x", "y"]),
        ("characteristic.value=never", []),
        ("label.text=x", ["x"]),
        ("label.language=fr", []),
    ],
)
def test_nested_filters_match_any_element_and_never_repeat_a_row(
    api: Caller, query: str, expected: list[str]
) -> None:
    x, y = make_calendar(name="x", hours={"0": "late"}), make_calendar(name="y", hours={"1": "late"})
    make_calendar(name="z", hours=[])
    for day in ("2026-01-02", "2026-01-03"):
        Holiday.objects.create(calendar=x, day=day, name="Bridge")
    Holiday.objects.create(calendar=y, day="2026-05-01", name="Market")
    response = api.get(f"calendar?{query}")
    assert sorted(names(response)) == expected
    assert response["X-Total-Count"] == str(len(expected))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("nonsense=1", "filter.unknown"),
        ("name.nonsense=1", "filter.unknown"),
        ("nonsense", "filter.unknown"),
        ("nonsense>1", "filter.unknown"),
        ("done.regex=1", "filter.operator"),
        ("state>a", "filter.operator"),
        ("done=abc", "filter.value"),
        ("done=", "filter.value"),
        ("state=nonsense", "filter.value"),
        ("created.gt=yesterday", "filter.value"),
        ("name=a%00", "filter.value"),
        ("name.regex=" + "a" * 101, "filter.regexTooLong"),
        ("name*=(a)\\1", "filter.regex"),
        ("name*=(", "attribute.value"),
        ("sort=nonsense", "sort.unknown"),
        ("sort=relatedParty", "sort.unknown"),
        ("limit=-1", "page.value"),
        ("limit=many", "page.value"),
        ("offset=1.5", "page.value"),
        ("cursor=nonsense", "page.cursor"),
        ("id=" + ",".join(map(str, range(201))), "filter.tooMany"),
        ("&".join(f"name={n}" for n in range(61)), "filter.tooMany"),
    ],
)
def test_what_is_not_offered_is_refused_with_a_code(api: Caller, query: str, code: str) -> None:
    make_work()
    response = api.get(f"work?{query}")
    assert response.status_code == 400
    assert response.json()["code"] == code
