"""Each kind of field alone: what it reads from columns and what it takes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import tmf
from kernel.models import ApiToken, Holiday, HubDelivery, Job
from kernel.money import Money
from kernel.tmf.fields import Field, Intake, Plan
from kernel.tmf.render import number, stamp

AT = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)


def read(field: Field, model: Any = Job, **columns: Any) -> Any:
    """What a field shows for a row with these columns."""
    plan = Plan(model, "http://x")
    reader = field.bind(model).reads(plan)
    assert set(plan.columns) == set(columns)
    return reader(tuple(columns[name] for name in plan.columns))


def load(field: Field, value: Any, model: Any = Job) -> tuple[dict[str, Any], list[str]]:
    """What a door gets, and the codes of what is wrong."""
    out: dict[str, Any] = {}
    intake = Intake(quiet=True)
    field.bind(model).load(value, out, intake, field.name)
    return out, [fault.code for fault in intake.faults]


@pytest.mark.parametrize(
    ("field", "columns", "expected"),
    [
        (tmf.Text("name", "title"), {"title": ""}, None),
        (tmf.Text("name", "title", mandatory=True), {"title": ""}, ""),
        (tmf.Text("count", "done"), {"done": 0}, "0"),
        (tmf.Number("done"), {"done": 0}, 0),
        (tmf.Number("amount", "x"), {"x": Decimal("12.500")}, 12.5),
        (tmf.Number("amount", "x"), {"x": Decimal("12.000")}, 12),
        (tmf.Bool("cancelRequested"), {"cancel_requested": False}, False),
        (tmf.DateTime("started"), {"started": AT}, "2026-01-15T10:00:00.000000Z"),
        (tmf.DateTime("started"), {"started": None}, None),
        (tmf.Choice("status", words=Job.Status), {"status": "failed"}, "failed"),
        (tmf.Choice("status", words={"failed": "aborted "}), {"status": "failed"}, "aborted "),
        (tmf.Money("price", "x", "y"), {"x": Decimal("9.99"), "y": "EUR"}, {"unit": "EUR", "value": 9.99}),
        (tmf.Money("price", "x", "'EUR'"), {"x": Decimal(5)}, {"unit": "EUR", "value": 5}),
        (tmf.Money("price", "x", "y"), {"x": None, "y": "EUR"}, None),
        (tmf.Quantity("speed", "x", "'Mbps'"), {"x": 100}, {"amount": 100, "units": "Mbps"}),
        (
            tmf.Period("validFor", "started", "finished"),
            {"started": AT, "finished": None},
            {"startDateTime": stamp(AT)},
        ),
        (tmf.Period("validFor", "started", "finished"), {"started": None, "finished": None}, None),
        (
            tmf.Ref("owner", type="Individual", label=""),
            {"owner_id": 7},
            {"id": "7", "@referredType": "Individual"},
        ),
        (tmf.Ref("owner", label=""), {"owner_id": None}, None),
        (
            tmf.Refs("party", tmf.Ref("owner", label="", role="owner")),
            {"owner_id": 7},
            [{"id": "7", "role": "owner"}],
        ),
        (tmf.Refs("party", tmf.Ref("owner", label="")), {"owner_id": None}, None),
        (tmf.Refs("party", tmf.Ref("owner", label=""), mandatory=True), {"owner_id": None}, []),
        (tmf.Object("a", (tmf.Text("k", "kind"), tmf.Const("c", 1))), {"kind": "x"}, {"k": "x", "c": 1}),
        (tmf.Object("a", (tmf.Text("k", "kind"), tmf.Const("c", 1))), {"kind": ""}, None),
        (
            tmf.Array("a", (tmf.Text("k", "kind"),), (tmf.Text("t", "title"),)),
            {"kind": "x", "title": ""},
            [{"k": "x"}],
        ),
        (tmf.Array("a", (tmf.Text("k", "kind"),), mandatory=True), {"kind": ""}, []),
        (tmf.Const("a", [1]), {}, [1]),
        (tmf.Json("params"), {"params": {}}, None),
        (tmf.Json("params", mandatory=True), {"params": {}}, {}),
        (tmf.Computed("n", ("done", "total"), lambda done, total: done - total), {"done": 3, "total": 1}, 2),
        (
            tmf.Characteristics("c", "params"),
            {"params": {"a": "x", "b": True, "c": 1, "d": [1], "e": {}}},
            [
                {"name": "a", "value": "x", "valueType": "string"},
                {"name": "b", "value": True, "valueType": "boolean"},
                {"name": "c", "value": 1, "valueType": "number"},
                {"name": "d", "value": [1], "valueType": "array"},
                {"name": "e", "value": {}, "valueType": "object"},
            ],
        ),
    ],
)
def test_reading(field: Field, columns: dict[str, Any], expected: Any) -> None:
    assert read(field, **columns) == expected


def test_a_day_prints_as_its_midnight() -> None:
    assert read(tmf.Date("day"), Holiday, day=date(2026, 5, 1)) == "2026-05-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (tmf.Number("done"), Decimal("1.5"), {"done": Decimal("1.5")}),
        (tmf.Number("done", integer=True), Decimal("2.0"), {"done": 2}),
        (tmf.DateTime("started"), "2026-01-15T11:00:00+01:00", {"started": AT}),
        (tmf.DateTime("started"), "2026-01-15T10:00:00", {"started": AT}),
        (tmf.DateTime("started"), "2026-01-15", {"started": AT.replace(hour=0)}),
        (tmf.Choice("status", words={"failed": "aborted "}), "aborted", {"status": "failed"}),
        (
            tmf.Choice("status", words={"failed": "aborted "}, aliases={"broken": "failed"}),
            "broken",
            {"status": "failed"},
        ),
        (
            tmf.Money("price", "x", "y"),
            {"unit": "EUR", "value": Decimal("9.99")},
            {"x": Money(Decimal("9.99"), "EUR")},
        ),
        (tmf.Money("price", "x", "'EUR'"), {"value": 3}, {"x": Money(Decimal(3), "EUR")}),
        (tmf.Quantity("speed", "x", "'Mbps'"), {"amount": 5, "units": "Mbps"}, {"x": Decimal(5)}),
        (
            tmf.Quantity("speed", "x", "unit"),
            {"amount": 5, "units": "Gbps"},
            {"x": Decimal(5), "unit": "Gbps"},
        ),
        (
            tmf.Period("validFor", "started", "finished"),
            {"startDateTime": "2026-01-15T10:00:00Z"},
            {"started": AT, "finished": None},
        ),
        (
            tmf.Period("validFor", "started", "finished"),
            {"endDateTime": "2026-01-15T10:00:00Z"},
            {"finished": AT},
        ),
        (tmf.Ref("owner"), {"id": "7"}, {"owner": "7"}),
        (tmf.Ref("owner"), {"id": 7}, {"owner": "7"}),
        (tmf.Ref("owner"), {"href": "http://x/tmf-api/shop/v4/person/7/"}, {"owner": "7"}),
        (
            tmf.Refs("party", tmf.Ref("a", role="a"), tmf.Ref("b", type="B")),
            [{"id": "1", "role": "a"}, {"id": "2", "@referredType": "B"}],
            {"a": "1", "b": "2"},
        ),
        (tmf.Object("at", (tmf.Text("k", "kind"),)), {"k": "x"}, {"at": {"kind": "x"}}),
        (tmf.Object("at", (tmf.Text("k", "kind"),), flat=True), {"k": "x"}, {"kind": "x"}),
        (tmf.Characteristics("c"), [{"name": "a", "value": Decimal("1.5")}], {"characteristics": {"a": 1.5}}),
        (tmf.Json("params"), {"a": [Decimal("1.0")]}, {"params": {"a": [1]}}),
        (tmf.List("item", (tmf.Text("id", required=True),)), [{"id": "1"}], {"item": [{"id": "1"}]}),
    ],
)
def test_taking(field: Field, value: Any, expected: dict[str, Any]) -> None:
    assert load(field, value) == (expected, [])


@pytest.mark.parametrize(
    ("field", "value", "codes"),
    [
        (tmf.Number("done"), 10**30, ["attribute.type"]),
        (tmf.Money("price", "x", "y"), 5, ["attribute.type"]),
        (tmf.Money("price", "x", "y"), {"value": 5}, ["attribute.required"]),
        (tmf.Money("price", "x", "y"), {"unit": "EUR"}, ["attribute.type"]),
        (tmf.Money("price", "x", "y"), {"unit": "euro", "value": 5}, ["money.currency"]),
        (tmf.Quantity("speed", "x", "'Mbps'"), {"amount": 5, "units": "Gbps"}, ["attribute.value"]),
        (
            tmf.Refs("party", tmf.Ref("a", role="a"), tmf.Ref("b", role="b")),
            [{"id": "1"}],
            ["reference.role"],
        ),
        (tmf.Refs("party", tmf.Ref("a"), required=True), [], ["attribute.required"]),
        (
            tmf.Characteristics("c"),
            [{"name": "a", "value": 1}, {"name": "a", "value": 2}],
            ["attribute.value"],
        ),
        (tmf.Characteristics("c"), [{"name": "a"}], ["attribute.required"]),
        (tmf.Characteristics("c"), ["a"], ["attribute.type"]),
        (tmf.Json("x", schema={"type": "array", "items": {"type": "string"}}), ["a", 1], ["attribute.type"]),
        (tmf.Json("x", schema={"type": "object", "required": ["a"]}), {}, ["attribute.required"]),
        (tmf.Json("x", schema={"type": "string", "enum": ["a"]}), "b", ["attribute.value"]),
        (tmf.Json("x", schema={"type": "object"}), {"a": {"\x00": 1}}, ["attribute.value"]),
        (tmf.List("item", (tmf.Text("id", required=True),)), [{}], ["attribute.required"]),
        (tmf.List("item", (tmf.Text("id"),)), {}, ["attribute.type"]),
        (tmf.DateTime("started"), "0001-01-01T00:00:00+14:00", ["attribute.type"]),
    ],
)
def test_refusing(field: Field, value: Any, codes: list[str]) -> None:
    assert load(field, value)[1] == codes


def test_json_nests_no_deeper_than_the_limit() -> None:
    value: Any = 1
    for _ in range(30):
        value = [value]
    assert load(tmf.Json("x", schema={"type": "array"}), value)[1] == ["attribute.tooDeep"]


def test_a_column_that_cannot_be_null_cannot_be_removed() -> None:
    for field, model, expected in (
        (tmf.DateTime("expires"), ApiToken, ["attribute.required"]),
        (tmf.DateTime("revoked"), ApiToken, []),
        (tmf.Number("attempts"), HubDelivery, ["attribute.required"]),
    ):
        intake, out = Intake(creating=False), {}
        field.bind(model).clear(out, intake, field.name)  # type: ignore[attr-defined]
        assert [fault.code for fault in intake.faults] == expected


def test_one_declaration_serves_two_models() -> None:
    shared = tmf.Text("name", "title")
    assert shared.bind(Job).max_length == 200
    assert tmf.Text("name", "event_type").bind(HubDelivery).max_length == 80
    assert shared.max_length is None


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])))
def test_every_instant_prints_with_six_decimals_and_z_and_reads_back(value: datetime) -> None:
    if (
        not datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
        < value
        < datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
    ):
        return
    text = stamp(value)
    assert len(text) == 27
    assert load(tmf.DateTime("started"), text) == ({"started": value}, [])


@given(st.decimals(-(10**12), 10**12, places=6))
def test_money_survives_the_way_out_and_in(amount: Decimal) -> None:
    shown = number(amount)
    found, _codes = load(tmf.Money("p", "x", "'EUR'"), {"value": Decimal(repr(shown))})
    assert abs(found["x"].amount - amount) < Decimal("0.001")
