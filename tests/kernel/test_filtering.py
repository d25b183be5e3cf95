"""The filter engine on a kernel table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kernel import filtering
from kernel.errors import Invalid
from kernel.filtering import Filter
from kernel.models import Job, JobLine

FILTERS = {
    f.name: f
    for f in [
        Filter("title", "title"),
        Filter("status", "status", "choice", translate={"done": "succeeded"}),
        Filter("done", "done", "number"),
        Filter("started", "started", "datetime"),
        Filter("line", "lines__label", many=True),
        Filter("id", "pk", "uuid", operators=("eq",)),
    ]
}


def found(*params: tuple[str, str]) -> list[str]:
    grouped: dict[str, list[str]] = {}
    for name, value in params:
        grouped.setdefault(name, []).append(value)
    conditions, unknown = filtering.parse(FILTERS, grouped.items())
    assert not unknown
    return list(filtering.apply(Job.objects.order_by("title"), conditions).values_list("title", flat=True))


@pytest.fixture
def jobs(db: None) -> None:
    for index, (title, status) in enumerate(
        [("alpha", "pending"), ("beta", "succeeded"), ("gamma", "failed")]
    ):
        row = Job.objects.create(
            kind="x",
            title=title,
            status=status,
            done=index,
            started=datetime(2026, 1, 15, 10, index, 0, 123456, tzinfo=UTC),
        )
        JobLine.objects.bulk_create(JobLine(job=row, outcome="info", label=title) for _ in range(2))


@pytest.mark.parametrize(
    ("params", "titles"),
    [
        ([("title", "alpha")], ["alpha"]),
        ([("title", "alpha"), ("title", "beta")], ["alpha", "beta"]),
        ([("title__in", "alpha,gamma")], ["alpha", "gamma"]),
        ([("title__not", "alpha")], ["beta", "gamma"]),
        ([("title__contains", "AM")], ["gamma"]),
        ([("title__regex", "^[ab]")], ["alpha", "beta"]),
        ([("title__empty", "true")], []),
        ([("done__gte", "1"), ("status", "done")], ["beta"]),
        ([("started", "2026-01-15")], ["alpha", "beta", "gamma"]),
        ([("started", "2026-01-15T10:01:00Z")], ["beta"]),
        ([("started", "2026-01-15T10:01:00.123Z")], ["beta"]),
        ([("started", "2026-01-15T10:01:00.123456Z")], ["beta"]),
        ([("started", "2026-01-15T10:01:00.999Z")], []),
        ([("started__lt", "2026-01-15T10:01:00Z")], ["alpha"]),
        ([("line", "beta")], ["beta"]),
        ([("title", "")], ["alpha", "beta", "gamma"]),
    ],
)
def test_filters(jobs: None, params: list[tuple[str, str]], titles: list[str]) -> None:
    assert found(*params) == titles


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("done", "many", "filter.value"),
        ("started", "yesterday", "filter.value"),
        ("id", "12", "filter.value"),
        ("id__gt", "12", "filter.operator"),
        ("title__regex", "a" * 101, "filter.regexTooLong"),
        ("title__regex", "(a)\\1", "filter.regex"),
    ],
)
def test_bad_filters_are_refused_by_name(name: str, value: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        filtering.parse(FILTERS, [(name, [value])])
    assert caught.value.code == code


def test_unknown_names_are_reported_not_guessed() -> None:
    assert filtering.parse(FILTERS, [("colour", ["red"]), ("done__like", ["1"])]) == (
        [],
        ["colour", "done__like"],
    )


def test_too_many_values_are_refused() -> None:
    values: Any = [str(n) for n in range(filtering.VALUES_MAX + 1)]
    with pytest.raises(Invalid):
        filtering.parse(FILTERS, [("title", values)])
