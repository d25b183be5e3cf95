"""Every served resource keeps TMF630 and, where the standard's documents are at hand, their names and words.

The resources come from the registry, their rows from the samples of `tests/factories` (see `tests/factories/rest.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kernel.tmf import registry
from kernel.tmf.fields import Choice, Field, Intake, Many, Object
from kernel.tmf.fields.jsons import fits
from kernel.tmf.openapi import document
from kernel.tmf.resource import Resource
from kernel.tmf.urls import methods
from tests.factories.rest import Sample, load
from tests.kernel.tmf import shop
from tests.kernel.tmf.conftest import Caller

pytestmark = pytest.mark.django_db

RESOURCES = registry.resources()
EACH = pytest.mark.parametrize("resource", RESOURCES, ids=repr)
STANDARD = pytest.mark.parametrize(
    "resource", [each for each in RESOURCES if not each.api.extension], ids=repr
)
DOCUMENTS = settings.BASE_DIR.parent / "shared" / "tmf"
UNKNOWN = ["17", "no-such-id", "0197b000-0000-7000-8000-000000000000", "ORD-999999", "%C3%A9%20x"]


def sample_of(resource: Resource[Any]) -> Sample:
    found = load().get(repr(resource))
    assert found is not None, f"register a sample for {resource!r} (tests/factories/rest.py)"
    return found


def base_of(resource: Resource[Any]) -> str:
    return f"{resource.api.path}/{resource.path}"


def rows_of(api: Caller, resource: Resource[Any], count: int = 2) -> list[dict[str, Any]]:
    made = sample_of(resource).make(count)
    response = api.get(f"{base_of(resource)}?limit=1000")
    rows: list[dict[str, Any]] = response.json()
    ids = {str(row.pk if resource.key == "pk" else getattr(row, resource.key)) for row in made}
    assert ids <= {row["id"] for row in rows}
    return rows


def check_row(resource: Resource[Any], row: dict[str, Any]) -> None:
    """Every mandatory attribute is there and every attribute has the type of its schema."""
    shape = document(resource.api)["components"]["schemas"][resource.type_name]
    intake = Intake()
    fits(row, shape, intake, resource.path)
    assert [fault.attribute + " " + fault.reason for fault in intake.faults] == []
    assert isinstance(row["id"], str)
    assert row["href"].endswith(f"{base_of(resource)}/{quote(row['id'])}")
    missing = {each.name for each in resource.attributes if each.mandatory} - set(row)
    assert missing == set()


@EACH
def test_rows_have_every_mandatory_attribute_and_the_declared_types(
    api: Caller, resource: Resource[Any]
) -> None:
    rows = rows_of(api, resource)
    response = api.get(base_of(resource))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json;charset=utf-8"
    assert "+00:00" not in response.content.decode()
    for row in rows:
        check_row(resource, row)
        alone = api.get(row["href"])
        assert (alone.status_code, alone.json()) == (200, row)
        assert re.fullmatch(r'"[^"]+"', alone["ETag"])


@EACH
def test_projection_gives_identity_and_what_was_named(api: Caller, resource: Resource[Any]) -> None:
    row = rows_of(api, resource)[0]
    for name in sorted(resource.names - {"id", "href"}):
        for response in (
            api.get(f"{base_of(resource)}?fields={name}"),
            api.get(f"{row['href']}?fields={name}"),
        ):
            body = response.json()
            for one in body if isinstance(body, list) else [body]:
                assert {"id", "href"} <= set(one) <= {"id", "href", name}
    assert set(api.get(f"{row['href']}?fields=none").json()) == {"id", "href"}


def values_at(value: Any, parts: list[str]) -> Iterator[Any]:
    """Scalars at a dotted path; arrays stand for each of their elements. Names with dots do not occur."""
    if isinstance(value, list):
        for element in value:
            yield from values_at(element, parts)
    elif not parts:
        if isinstance(value, str | int | float | bool):
            yield value
    elif isinstance(value, dict) and parts[0] in value:
        yield from values_at(value[parts[0]], parts[1:])


@EACH
def test_every_printed_value_finds_its_rows_again(api: Caller, resource: Resource[Any]) -> None:
    rows = rows_of(api, resource, 3)
    for name in resource.filters:
        for row in rows[:3]:
            for value in list(values_at(row, name.split(".")))[:2]:
                text = str(value).lower() if isinstance(value, bool) else str(value)
                if not text:
                    continue
                response = api.get(
                    f"{base_of(resource)}?{quote(name)}={quote(chr(34) + text + chr(34))}&limit=1000"
                )
                assert response.status_code in {200, 206}, f"{name}={text}: {response.content!r}"
                found = response.json()
                assert row["id"] in {one["id"] for one in found}, f"{name}={text}"
                for one in found:
                    assert value in list(values_at(one, name.split("."))), f"{name}={text} found {one['id']}"
                assert response["X-Total-Count"] == str(len(found))


@EACH
def test_unknown_ids_are_404_whatever_their_form(api: Caller, resource: Resource[Any]) -> None:
    for identifier in UNKNOWN:
        response = api.get(f"{base_of(resource)}/{identifier}")
        assert response.status_code == 404
        check_error(response)


def check_error(response: Any) -> None:
    body = response.json()
    assert body["code"]
    assert body["reason"]
    assert body["status"] == str(response.status_code)
    assert response["Content-Type"] == "application/json;charset=utf-8"


@EACH
def test_pages_counts_and_links(api: Caller, resource: Resource[Any]) -> None:
    total = len(rows_of(api, resource, 3))
    whole = api.get(base_of(resource))
    assert (whole.status_code, whole["X-Total-Count"], whole["X-Result-Count"]) == (
        200,
        str(total),
        str(total),
    )
    page = api.get(f"{base_of(resource)}?limit=2&offset=1")
    assert (page.status_code, page["X-Total-Count"], page["X-Result-Count"]) == (
        206,
        str(total),
        str(min(2, total - 1)),
    )
    assert [row["id"] for row in page.json()] == [row["id"] for row in whole.json()][1:3]
    for rel in ("self", "first", "prev", "last"):
        assert f'rel="{rel}"' in page["Link"]
    past = api.get(f"{base_of(resource)}?offset={total + 5}")
    assert past.json() == []


@EACH
def test_every_sortable_attribute_sorts_stably(api: Caller, resource: Resource[Any]) -> None:
    everything = {row["id"] for row in rows_of(api, resource, 3)}
    for name in resource.sorts:
        for sign in ("", "-"):
            pages = [
                api.get(f"{base_of(resource)}?sort={sign}{name}&limit=2&offset={n}")
                for n in range(0, len(everything), 2)
            ]
            ids = [row["id"] for page in pages for row in page.json()]
            assert len(ids) == len(set(ids))
            assert set(ids) == everything


@EACH
def test_what_is_not_offered_is_refused(api: Caller, resource: Resource[Any]) -> None:
    for query, code in (
        ("noSuchAttribute=1", "filter.unknown"),
        ("sort=noSuchAttribute", "sort.unknown"),
        ("limit=x", "page.value"),
    ):
        response = api.get(f"{base_of(resource)}?{query}")
        assert (response.status_code, response.json()["code"]) == (400, code)
        check_error(response)
    lists, items = methods(resource)
    for allowed, path in ((lists, base_of(resource)), (items, f"{base_of(resource)}/1")):
        for verb in {"post", "patch", "put", "delete"} - set(allowed):
            response = api(verb.upper(), path, {})
            assert response.status_code == 405
            check_error(response)


@EACH
def test_anonymous_is_401_and_a_caller_without_rights_403(
    api: Caller, make_caller: Any, resource: Resource[Any]
) -> None:
    row = rows_of(api, resource, 1)[0]
    stranger = make_caller()
    lists, items = methods(resource)
    for allowed, path in ((lists, base_of(resource)), (items, row["href"])):
        for verb in set(allowed) - {"head", "options"}:
            for response, status in (
                (Client().generic(verb.upper(), path, "{}", content_type="application/json"), 401),
                (stranger(verb.upper(), path, {}), 403),
            ):
                assert response.status_code == status, f"{verb} {path}"
                check_error(response)


@EACH
def test_queries_do_not_grow_with_the_rows_and_keep_their_budget(
    api: Caller, resource: Resource[Any]
) -> None:
    sample = sample_of(resource)
    sample.make(3)
    row = api.get(base_of(resource)).json()[0]  # also touches the token's last use
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            api.get(f"{base_of(resource)}?limit=50&offset=0")
        counts.append(len(queries))
        sample.make(3)
    assert counts[0] == counts[1] <= 6, "\n".join(query["sql"][:200] for query in queries)
    with CaptureQueriesContext(connection) as queries:
        api.get(row["href"])
    assert len(queries) <= 5


@EACH
def test_a_post_is_201_with_location_and_readable(api: Caller, resource: Resource[Any]) -> None:
    if "post" not in methods(resource)[0]:
        assert api.post(base_of(resource), {}).status_code == 405
        return
    if any(each.required for each in resource.attributes):
        response = api.post(base_of(resource), {})
        assert response.status_code == 400
        check_error(response)
    body = sample_of(resource).body
    assert body is not None, f"the sample of {resource!r} needs a body: it can be POSTed"
    response = api.post(base_of(resource), body())
    assert response.status_code == resource.created_status, response.content
    row = response.json()
    check_row(resource, row)
    assert response["Location"] == row["href"]
    assert api.get(row["href"]).json() == row
    assert row["@type"]


@EACH
def test_wrong_shapes_are_400_and_never_more(api: Caller, resource: Resource[Any]) -> None:
    if "post" not in methods(resource)[0]:
        assert "post" not in methods(resource)[0]
        return
    wrong: list[Any] = [[], "text", 5, None, True]
    for each in resource.attributes:
        if each.writable(creating=True) and not each.name.startswith("@"):
            for value in ("\x00", {"a": [1]}, [[1]], 10**40, "x" * 5000, -1, True):
                response = api.post(base_of(resource), {each.name: value})
                assert response.status_code in {201, 200, 202, 400, 403, 409}, (
                    f"{each.name}={value!r}: {response.content!r}"
                )
    for body in wrong:
        response = api.post(base_of(resource), json.dumps(body))
        assert response.status_code == 400
        check_error(response)


@EACH
def test_a_patch_is_200_and_readable_and_stale_versions_are_412(api: Caller, resource: Resource[Any]) -> None:
    if "patch" not in methods(resource)[1]:
        assert api.patch(f"{base_of(resource)}/1", {}).status_code == 405
        return
    change = sample_of(resource).patch
    assert change is not None, f"the sample of {resource!r} needs a patch: it can be changed"
    obj = sample_of(resource).make(1)[0]
    href = f"{base_of(resource)}/{obj.pk if resource.key == 'pk' else getattr(obj, resource.key)}"
    assert api.patch(href, {"id": "x"}).status_code == 400
    etag = api.get(href)["ETag"]
    assert api.patch(href, {}, If_Match='"no-such-version"').status_code == 412
    body = change(obj)
    response = api.patch(href, body, If_Match=etag)
    assert response.status_code == 200, response.content
    check_row(resource, response.json())
    assert api.get(href).json() == response.json()
    for name, value in body.items():
        if isinstance(value, str | bool | int):
            assert response.json()[name] == value


@EACH
def test_a_deletion_is_204_then_404_or_409_while_in_use(api: Caller, resource: Resource[Any]) -> None:
    row = rows_of(api, resource, 1)[0]
    if "delete" not in methods(resource)[1]:
        assert api.delete(row["href"]).status_code == 405
        return
    response = api.delete(row["href"])
    assert response.status_code in {204, 409}
    assert api.get(row["href"]).status_code == (404 if response.status_code == 204 else 200)


# Against the standard's own documents


@cache
def standard(number: str) -> dict[str, Any]:
    """The v4 document of an API; {} where it is not at hand."""
    found = sorted(Path(DOCUMENTS).glob(f"TMF{number}-*.json"))
    loaded: dict[str, Any] = json.loads(found[0].read_text(encoding="utf-8")) if found else {}
    return loaded


def definition(number: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = standard(number).get("definitions", {}).get(name, {})
    return found


def resolved(number: str, shape: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in shape:
        shape = definition(number, shape["$ref"].rpartition("/")[2])
    return shape


def need_document(resource: Resource[Any]) -> None:
    if not standard(resource.api.number):
        pytest.skip(f"the document of TMF{resource.api.number} is not at hand")


def differences(number: str, fields: tuple[Field, ...], shape: dict[str, Any], path: str) -> Iterator[str]:
    """Names and words of a declaration that the document does not have."""
    known = resolved(number, shape).get("properties", {})
    for field in fields:
        if field.name.startswith("@") or field.extension:
            continue
        if field.name not in known:
            yield f"{path}.{field.name}"
            continue
        inner = resolved(number, known[field.name])
        if inner.get("type") == "array":
            inner = resolved(number, inner.get("items", {}))
        if isinstance(field, Many | Object):
            yield from differences(number, field.fields, inner, f"{path}.{field.name}")
        if isinstance(field, Choice) and "enum" in inner:
            yield from (
                f"{path}.{field.name}={word!r}" for word in set(field.words.values()) - set(inner["enum"])
            )


@STANDARD
def test_names_and_words_are_those_of_the_document(resource: Resource[Any]) -> None:
    need_document(resource)
    shape = definition(resource.api.number, resource.type_name)
    assert shape, f"TMF{resource.api.number} has no definition {resource.type_name}"
    declared = tuple(getattr(each, "field", each) for each in resource.attributes)
    assert list(differences(resource.api.number, declared, shape, resource.path)) == []


@STANDARD
def test_what_the_document_requires_is_required_and_present(resource: Resource[Any]) -> None:
    need_document(resource)
    number, name = resource.api.number, resource.type_name
    mandatory = {each.name for each in resource.attributes if each.mandatory} | {"id", "href", "@type"}
    assert set(definition(number, name).get("required", [])) <= mandatory
    if "post" in methods(resource)[0]:
        required = {each.name for each in resource.attributes if each.required}
        assert set(definition(number, f"{name}_Create").get("required", [])) - {"id", "href"} <= required


@STANDARD
def test_the_base_path_is_that_of_the_document(resource: Resource[Any]) -> None:
    need_document(resource)
    base = standard(resource.api.number)["basePath"].rstrip("/")
    assert base in {resource.api.path, *resource.api.aliases}
    assert {resource.path, f"{resource.path}/"} & {
        path.strip("/") for path in standard(resource.api.number)["paths"]
    }
    events = {
        path.rpartition("/")[2].lower()
        for path in standard(resource.api.number)["paths"]
        if path.startswith("/listener")
    }
    own = {name.lower() for name in resource.event_types()}
    assert not events or own <= events


def test_the_made_up_shop_is_walked_too() -> None:
    assert {repr(resource) for resource in RESOURCES} >= {f"999/{path}" for path in shop.SHOP.resources}
