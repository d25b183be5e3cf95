"""A caller with a token, and rows to ask for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kernel import clock
from kernel.models import ApiTask, ApiToken, BusinessCalendar, Holiday, Job, JobLine, User
from kernel.tmf import registry
from tests.factories.rest import sample
from tests.kernel.tmf import shop

BASE = "/tmf-api/shop/v4"


@pytest.fixture(autouse=True)
def shop_urls(settings: Any) -> None:
    """Serve the made-up shop."""
    settings.ROOT_URLCONF = "tests.kernel.tmf.urls"
    assert registry.APIS["999"] is shop.SHOP


@dataclass
class Caller:
    """A test client with a bearer token; `body()` of an answer is its JSON."""

    client: Client
    user: User
    token: ApiToken | None
    secret: str = ""

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        extra: dict[str, Any] = {
            "headers": {name.replace("_", "-"): value for name, value in headers.items()}
        }
        if self.secret:
            extra["headers"].setdefault("Authorization", f"Bearer {self.secret}")
        if body is not None:
            content_type = extra["headers"].pop("Content-Type", "application/json")
            extra |= {
                "data": body if isinstance(body, str | bytes) else json.dumps(body),
                "content_type": content_type,
            }
        where = (
            path if path.startswith(("/tmf-api", "/paymentManagement", "/shop", "http")) else f"{BASE}/{path}"
        )
        return self.client.generic(method, where, **extra)

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self("DELETE", path, **headers)


@pytest.fixture
def make_caller(make_user: Callable[..., User]) -> Callable[..., Caller]:
    """`make_caller("admin", read_only=True)`: a caller of a role with a token of those limits."""

    def make(*roles: str, scopes: dict[str, Any] | None = None, **limits: Any) -> Caller:
        user = make_user(*roles, **(scopes or {}))
        expires = limits.pop("expires", clock.system_now() + timedelta(days=1))
        token, secret = ApiToken.issue(user, "test", expires=expires, **limits)
        return Caller(Client(), user, token, secret)

    return make


@pytest.fixture
def api(make_caller: Callable[..., Caller]) -> Caller:
    """A caller who may do everything."""
    return make_caller("admin")


def make_calendar(**overrides: Any) -> BusinessCalendar:
    made = {
        "name": f"Calendar {BusinessCalendar.objects.count()}",
        "country": "FR",
        "hours": {"0": "all day"},
    }
    return BusinessCalendar.objects.create(**{**made, **overrides})


def make_work(**overrides: Any) -> Job:
    return Job.objects.create(**{"kind": "test", "title": "Work", **overrides})


@sample("999/calendar", body=lambda: {"name": "Posted"}, patch=lambda row: {"timeZone": "UTC"})
def calendars(count: int) -> list[BusinessCalendar]:
    made = [make_calendar() for _ in range(count)]
    Holiday.objects.bulk_create(
        Holiday(calendar=row, day="2026-05-01", name=f"Day of {row.name}") for row in made
    )
    return made


@sample("999/work", body=lambda: {"name": "Posted"}, patch=lambda row: {"name": "Patched"})
def works(count: int) -> list[Job]:
    owner = User.objects.first()
    return [make_work(title=f"Work, {n}", done=n, owner=owner, params={"n": n}) for n in range(count)]


@sample("999/errand", body=lambda: {"name": "Posted", "@type": "LongErrand"})
def errands(count: int) -> list[Job]:
    made = [make_work(title=f"Errand {n}", kind=("short", "long")[n % 2]) for n in range(count)]
    JobLine.objects.bulk_create(
        JobLine(job=row, outcome="info", message=f"About {row.title}") for row in made
    )
    return made


@sample("999/person")
def people(count: int) -> list[User]:
    start = User.objects.count()
    return [User.objects.create(username=f"person{start + n}") for n in range(count)]


@sample("999/stopWork", body=lambda: {"work": {"id": str(make_work().pk)}, "reason": "enough"})
def stops(count: int) -> list[ApiTask]:
    body = {"work": {"id": "x"}, "reason": "enough"}
    owner = User.objects.first()
    assert owner is not None
    return [
        ApiTask.objects.create(api="999", path="stopWork", owner=owner, state="done", body=body)
        for _ in range(count)
    ]


def codes(response: Any) -> set[tuple[str, str]]:
    return {(error["attribute"], error["code"]) for error in response.json()["errors"]}


def names(response: Any) -> list[str]:
    assert response.status_code in {200, 206}, response.content
    return [row["name"] for row in response.json()]
