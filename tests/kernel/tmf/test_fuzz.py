"""Whatever is sent, the answer is one of the standard's and never a failure of ours."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.tmf import registry
from kernel.tmf.render import dumps, loads
from kernel.tmf.write import merge
from tests.kernel.tmf import shop
from tests.kernel.tmf.conftest import Caller, make_calendar, make_work

pytestmark = pytest.mark.django_db

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WORK, CALENDAR = shop.SHOP.resources["work"], shop.SHOP.resources["calendar"]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["2026-01-01", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"]
    )
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "role", "value", "date", "startDateTime", "\x00"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def bodies(resource: Any) -> Any:
    names = st.sampled_from(
        [each.name for each in resource.attributes] + ["id", "href", "@schemaLocation", "unknown"]
    )
    return st.dictionaries(names, values, max_size=5)


def allowed(response: Any) -> None:
    assert response.status_code in {200, 201, 206, 400, 404, 409}, response.content
    if response.status_code >= 400:
        assert response.json()["code"]


@QUICK
@given(body=bodies(WORK) | bodies(CALENDAR) | values, path=st.sampled_from(["work", "calendar", "stopWork"]))
def test_any_body_of_a_post(api: Caller, body: Any, path: str) -> None:
    with transaction.atomic():
        allowed(api.post(path, json.dumps(body)))
        transaction.set_rollback(True)


@QUICK
@given(body=bodies(WORK), calendar=bodies(CALENDAR))
def test_any_body_of_a_patch(api: Caller, body: Any, calendar: Any) -> None:
    with transaction.atomic():
        allowed(api.patch(f"work/{make_work().pk}", json.dumps(body)))
        allowed(api.patch(f"calendar/{make_calendar().pk}", json.dumps(calendar)))
        transaction.set_rollback(True)


@QUICK
@given(
    operations=st.lists(
        st.fixed_dictionaries(
            {
                "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
                "path": st.sampled_from(
                    ["", "/", "/name", "/holiday/0", "/holiday/-", "/holiday/x/name", "/none", "/label/text"]
                ),
            },
            optional={"value": values, "from": st.sampled_from(["/name", "/holiday/0", "/none"])},
        ),
        max_size=3,
    )
)
def test_any_json_patch(api: Caller, operations: Any) -> None:
    with transaction.atomic():
        path = f"calendar/{make_calendar().pk}"
        allowed(api.patch(path, json.dumps(operations), Content_Type="application/json-patch+json"))
        transaction.set_rollback(True)


filter_names = st.sampled_from([*WORK.filters, "fields", "sort", "offset", "limit", "cursor", "nothing"])
operators = st.sampled_from(
    ["=", ">", ">=", "<", "<=", "*=", "=~", "==", ".gt=", ".regex=", ".contains=", ".ne=", ""]
)
texts = st.text(max_size=12) | st.sampled_from(
    ["true", "1", "2026-01-01T00:00:00.000000Z", "a,b", '"a,b"', "a;b", "(", "[", "%"]
)


@QUICK
@given(
    parts=st.lists(
        st.tuples(filter_names, operators, texts.map(lambda t: quote(t, safe=";,\"'()[]"))), max_size=4
    ),
    joiner=st.sampled_from(["&", ";"]),
)
def test_any_query(api: Caller, parts: Any, joiner: str) -> None:
    text = joiner.join("".join(part) for part in parts)
    with transaction.atomic():
        allowed(api.get(f"work?{text}"))
        transaction.set_rollback(True)


@QUICK
@given(identifier=st.text(min_size=1, max_size=40).map(lambda t: quote(t, safe="")))
def test_any_id(api: Caller, identifier: str) -> None:
    if identifier in {".", ".."}:
        return
    for resource in registry.APIS["999"].resources:
        assert api.get(f"{resource}/{identifier}").status_code == 404


@QUICK
@given(target=values, patch=values)
def test_merging_is_idempotent_and_keeps_no_null(target: Any, patch: Any) -> None:
    once = merge(target, patch)
    assert merge(once, patch) == once
    if isinstance(patch, dict):
        assert None not in [value for name, value in once.items() if name in patch]


@QUICK
@given(value=values)
def test_json_goes_out_and_comes_back(value: Any) -> None:
    assert loads(dumps(value), decimals=False) == value
