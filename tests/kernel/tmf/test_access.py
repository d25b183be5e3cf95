"""Who may: tokens and their limits, roles, sessions, rates, idempotency."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.cache import caches
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kernel import clock, locks
from kernel.models import ApiToken, BusinessCalendar, IdempotencyKey, User
from kernel.tmf import auth, idempotency, paging, throttle, tokens
from tests.kernel.tmf import shop
from tests.kernel.tmf.conftest import BASE, Caller, make_calendar, make_work

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["calendar", "calendar/1", "hub", "nowhere", ""])
def test_anonymous_is_401_in_the_standards_shape(client: Client, method: str, path: str) -> None:
    response = client.generic(method, f"{BASE}/{path}", "{}", content_type="application/json")
    assert response.status_code == 401
    assert (response.json()["code"], response.json()["status"]) == ("token.missing", "401")
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Bearer nonsense", "token.unknown"),
        ("Bearer ", "token.unknown"),
        ("Basic YTpi", "token.scheme"),
        ("Bearer é", "token.unknown"),
    ],
)
def test_a_header_that_does_not_count_is_401(client: Client, header: str, code: str) -> None:
    response = client.get(f"{BASE}/calendar", headers={"Authorization": header})
    assert (response.status_code, response.json()["code"]) == (401, code)


def test_a_token_ends_by_revocation_expiry_and_with_its_account(api: Caller) -> None:
    assert api.token is not None
    now = clock.system_now()
    for changes, code in (
        ({"revoked": now}, "token.revoked"),
        ({"revoked": None, "created": now - timedelta(2), "expires": now - timedelta(1)}, "token.expired"),
        ({"expires": now + timedelta(1)}, None),
    ):
        ApiToken.objects.filter(pk=api.token.pk).update(**changes)
        response = api.get("calendar")
        assert response.status_code == (401 if code else 200)
        assert not code or response.json()["code"] == code
    api.user.is_active = False
    api.user.save()
    assert api.get("calendar").json()["code"] == "token.inactive"


def test_the_secret_is_nowhere_in_the_row(api: Caller) -> None:
    assert api.token is not None
    assert api.secret not in str(ApiToken.objects.filter(pk=api.token.pk).values()[0])


def test_last_use_is_written_at_most_once_a_minute(api: Caller) -> None:
    assert api.token is not None
    api.get("calendar")
    first = ApiToken.objects.get().last_used
    api.get("calendar")
    assert ApiToken.objects.get().last_used == first
    ApiToken.objects.update(last_used=clock.system_now() - timedelta(seconds=61))
    api.get("calendar")
    assert ApiToken.objects.get().last_used > first


def test_a_token_may_be_limited_to_apis_and_to_reading(make_caller: Any) -> None:
    elsewhere, reader = (
        make_caller("admin", apis=["622"]),
        make_caller("admin", read_only=True, apis=["999", "622"]),
    )
    assert elsewhere.get("calendar").json()["code"] == "token.api"
    assert reader.get("calendar").status_code == 200
    response = reader.post("calendar", {"name": "x"})
    assert (response.status_code, response.json()["code"]) == (403, "token.readOnly")


def test_a_role_without_the_permission_is_403_that_names_it(make_caller: Any) -> None:
    stranger = make_caller("noc")
    row = make_calendar()
    for method, path, name in (
        ("GET", "calendar", "view"),
        ("GET", f"calendar/{row.pk}", "view"),
        ("POST", "calendar", "add"),
        ("PATCH", f"calendar/{row.pk}", "change"),
        ("DELETE", f"calendar/{row.pk}", "delete"),
    ):
        response = stranger(method, path, {} if method in {"POST", "PATCH"} else None)
        assert response.status_code == 403
        assert f"kernel.{name}_businesscalendar" in response.json()["message"]


def test_rows_outside_the_queryset_look_missing(api: Caller) -> None:
    hidden = make_work(kind="hidden")
    assert api.get("work").json() == []
    assert api.get(f"work/{hidden.pk}").status_code == 404
    assert api.patch(f"work/{hidden.pk}", {"name": "x"}).status_code == 404


def test_a_signed_in_person_may_read_and_needs_the_csrf_token_to_write(admin: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    assert client.get(f"{BASE}/calendar").status_code == 200
    response = client.post(f"{BASE}/calendar", '{"name": "x"}', content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (403, "permission.denied")
    assert not BusinessCalendar.objects.exists()


def test_who_calls_and_what_they_may_takes_one_query(api: Caller) -> None:
    api.get("calendar")
    with CaptureQueriesContext(connection) as queries:
        api.get("calendar")
    assert len(queries) == 2  # the caller; the rows (their number is then known)


@pytest.mark.django_db(transaction=True)
def test_what_a_role_may_is_remembered_but_not_who_has_it() -> None:
    auth.forget_rights()
    role = Group.objects.create(name="readers")
    view = Permission.objects.get(content_type__app_label="kernel", codename="view_businesscalendar")
    role.permissions.add(view)
    user = User.objects.create_user("reader")
    user.groups.add(role)
    row, secret = ApiToken.issue(user, "t", expires=clock.system_now() + timedelta(days=1))
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"{BASE}/calendar").status_code == 200
        assert client.get(f"{BASE}/calendar").status_code == 200
    assert [
        "auth_permission" in query["sql"] for query in queries if "kernel_apitoken t" in query["sql"]
    ] == [
        True,
        False,
    ]

    other = Group.objects.create(name="others")
    user.groups.add(other)  # a role that nobody has asked about yet
    assert client.get(f"{BASE}/calendar").status_code == 200
    role.permissions.remove(view)
    assert client.get(f"{BASE}/calendar").status_code == 403
    role.permissions.add(view)
    assert client.get(f"{BASE}/calendar").status_code == 200
    user.groups.remove(role)
    assert client.get(f"{BASE}/calendar").status_code == 403
    tokens.revoke(row)
    assert client.get(f"{BASE}/calendar").status_code == 401


def test_what_another_process_changed_in_a_role_counts_after_a_few_seconds(monkeypatch: Any) -> None:
    monkeypatch.setattr(auth, "_rights", {7: (time.monotonic() - auth.RIGHTS_S, frozenset({"a.b"}))})
    monkeypatch.setattr(auth, "connection", SimpleNamespace(in_atomic_block=False))
    assert auth._remembered() == {}
    auth._remember([7], ["7=a.c"])
    assert auth._remembered() == {7: frozenset({"a.c"})}
    monkeypatch.setattr(auth, "connection", SimpleNamespace(in_atomic_block=True))
    assert auth._remembered() == {}


# Rates


def test_each_class_of_call_has_its_limit_told_in_headers(
    api: Caller, settings: Any, monkeypatch: Any
) -> None:
    caches["shared"].clear()
    monkeypatch.setattr(throttle.time, "time", lambda: 1_800_000_030.0)
    settings.API_RATES = {"read": 2, "write": 1}
    first = api.get("calendar")
    assert first["RateLimit-Policy"] == '"read";q=2;w=60'
    assert first["RateLimit"] == '"read";r=1;t=30'
    assert api.get("calendar").status_code == 200
    third = api.get("calendar")
    assert (third.status_code, third.json()["code"], third["Retry-After"]) == (429, "limit.exceeded", "30")
    assert third["RateLimit"] == '"read";r=0;t=30'
    assert api.post("calendar", {"name": "x"}).status_code == 201
    assert api.post("calendar", {"name": "y"}).status_code == 429
    monkeypatch.setattr(throttle.time, "time", lambda: 1_800_000_060.0)
    assert api.get("calendar").status_code == 200


def test_a_counter_that_does_not_answer_stops_nobody(api: Caller, settings: Any, monkeypatch: Any) -> None:
    settings.API_RATES = {"read": 1}

    def broken(key: str) -> int:
        raise ConnectionError

    monkeypatch.setattr(throttle, "_count", broken)
    assert api.get("calendar").status_code == 200


# Idempotency


def test_the_same_key_and_body_give_the_stored_answer(api: Caller) -> None:
    first = api.post("calendar", {"name": "x"}, Idempotency_Key="k1")
    again = api.post("calendar", {"name": "x"}, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert (again["Idempotency-Replayed"], "Idempotency-Replayed" in first) == ("true", False)
    assert BusinessCalendar.objects.count() == 1


def test_a_key_with_another_body_or_address_is_422(api: Caller) -> None:
    api.post("calendar", {"name": "x"}, Idempotency_Key="k1")
    for path, body in (("calendar", {"name": "y"}), ("work", {"name": "x"})):
        response = api.post(path, body, Idempotency_Key="k1")
        assert (response.status_code, response.json()["code"]) == (422, "idempotency.otherBody")


def test_keys_belong_to_their_caller_and_last_a_day(api: Caller, make_caller: Any) -> None:
    other = make_caller("admin")
    api.post("calendar", {"name": "x"}, Idempotency_Key="k1")
    assert other.post("calendar", {"name": "y"}, Idempotency_Key="k1").status_code == 201
    IdempotencyKey.objects.update(created=clock.system_now() - timedelta(hours=25))
    assert api.post("calendar", {"name": "z"}, Idempotency_Key="k1").json()["name"] == "z"
    assert idempotency.sweep() == 1
    assert idempotency.sweep() == 0


def test_a_refusal_is_not_kept(api: Caller) -> None:
    assert api.post("calendar", {}, Idempotency_Key="k1").status_code == 400
    assert api.post("calendar", {"name": "mended"}, Idempotency_Key="k1").status_code == 201


@pytest.mark.parametrize("key", [" ", "x" * 201])
def test_a_key_must_be_a_key(api: Caller, key: str) -> None:
    assert api.post("calendar", {"name": "x"}, Idempotency_Key=key).json()["code"] == "idempotency.key"


@pytest.mark.django_db(transaction=True)
def test_a_rival_with_the_same_key_is_409_while_the_first_runs(api: Caller, monkeypatch: Any) -> None:
    rival: list[Any] = []
    create = shop.CalendarResource.create

    def slowly(self: Any, data: Any, user: Any) -> Any:
        def call() -> None:
            rival.append(api.post("calendar", {"name": "x"}, Idempotency_Key="k1"))
            connection.close()

        if not rival:
            thread = threading.Thread(target=call)
            thread.start()
            thread.join()
        return create(self, data, user)

    monkeypatch.setattr(shop.CalendarResource, "create", slowly)
    first = api.post("calendar", {"name": "x"}, Idempotency_Key="k1")
    assert (first.status_code, rival[0].status_code) == (201, 409)
    assert rival[0].json()["code"] == "idempotency.inFlight"
    assert BusinessCalendar.objects.count() == 1
    assert api.post("calendar", {"name": "x"}, Idempotency_Key="k1")["Idempotency-Replayed"] == "true"


@pytest.mark.django_db(transaction=True)
def test_a_crash_after_the_effect_leaves_neither_effect_nor_key(api: Caller, monkeypatch: Any) -> None:
    def crash(*_args: Any, **_kwargs: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr(IdempotencyKey.objects, "create", crash)
    api.client.raise_request_exception = False
    response = api.post("calendar", {"name": "x"}, Idempotency_Key="k1")
    assert (response.status_code, response.json()["code"]) == (500, "internal.error")
    assert response["X-Request-Id"] in response.json()["reason"]
    assert not BusinessCalendar.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_patches_of_one_version_do_not_both_win(api: Caller, monkeypatch: Any) -> None:
    row = make_calendar(name="Old")
    answers: list[Any] = []
    update = shop.CalendarResource.update

    def with_rival(self: Any, obj: Any, data: Any, user: Any) -> None:
        if not answers:
            answers.append(None)
            thread = threading.Thread(target=rival)
            thread.start()
            # The rival waits for the row's lock; it must not have gone through before this one ends.
            thread.join(timeout=0.2)
            threads.append(thread)
        update(self, obj, data, user)

    def rival() -> None:
        answers.append(api.patch(f"calendar/{row.pk}", {"name": "Theirs"}, If_Match='"1"'))
        connection.close()

    threads: list[threading.Thread] = []
    monkeypatch.setattr(shop.CalendarResource, "update", with_rival)
    mine = api.patch(f"calendar/{row.pk}", {"name": "Mine"}, If_Match='"1"')
    threads[0].join()
    assert (mine.status_code, answers[1].status_code) == (200, 412)
    row.refresh_from_db()
    assert row.name == "Mine"


# Counting


@pytest.mark.django_db(transaction=True)
def test_the_total_is_exact_or_absent(api: Caller, monkeypatch: Any) -> None:
    for n in range(3):
        make_work(title=str(n))
    assert paging.count(shop.Work.objects.all()) == 3
    assert paging.count(shop.Work.objects.none()) == 0
    response = api.get("work?limit=2")
    assert response["X-Total-Count"] == "3"
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        before = cursor.fetchone()
    slow = shop.Work.objects.extra(where=["pg_sleep(0.05) IS NOT NULL"])
    assert paging.count(slow, limit_ms=10) is None
    assert paging.count(slow, limit_ms=2000) == 3
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == before
    monkeypatch.setattr(paging, "count", lambda rows, **limits: None)
    response = api.get("work?limit=2")
    assert "X-Total-Count" not in response
    assert 'rel="next"' in response["Link"]
    assert 'rel="last"' not in response["Link"]


@pytest.mark.parametrize("transaction_open", [True, False])
@pytest.mark.django_db(transaction=True)
def test_a_large_total_is_counted_only_on_request(
    api: Caller, monkeypatch: Any, transaction_open: bool
) -> None:
    for n in range(5):
        make_work(title=str(n))
    monkeypatch.setattr(paging, "COUNT_ROWS", 4)
    with transaction.atomic() if transaction_open else nullcontext():
        plain = api.get("work?limit=2")
        asked = api.get("work?limit=2", Prefer="count=exact")
    assert (plain.status_code, "X-Total-Count" in plain) == (206, False)
    assert asked["X-Total-Count"] == "5"
    monkeypatch.setattr(paging, "COUNT_ROWS", 5)
    assert api.get("work?limit=2")["X-Total-Count"] == "5"


@pytest.mark.django_db(transaction=True)
def test_a_slow_pattern_is_cut_off(api: Caller, monkeypatch: Any) -> None:
    make_work(title="a" * 200)
    monkeypatch.setattr(paging, "PATTERN_MS", 1)
    monkeypatch.setattr(
        shop.WorkResource,
        "queryset",
        lambda self, user: shop.Work.objects.extra(where=["pg_sleep(0.05) IS NOT NULL"]),
    )
    response = api.get("work?name.regex=a")
    assert (response.status_code, response.json()["code"]) == (400, "query.tooSlow")


# The command


def test_the_token_command_issues_lists_and_revokes(make_user: Any, capsys: Any, client: Client) -> None:
    make_user("admin", username="ada")
    call_command("token", "issue", "ada", "--name", "story", "--days", "30", "--api", "999", "--read-only")
    secret = capsys.readouterr().out.split()[-1]
    ok = client.get(f"{BASE}/calendar", headers={"Authorization": f"Bearer {secret}"})
    assert ok.status_code == 200
    call_command("token", "list", "--json")
    assert '"name": "story"' in capsys.readouterr().out
    call_command("token", "revoke", secret[:10])
    gone = client.get(f"{BASE}/calendar", headers={"Authorization": f"Bearer {secret}"})
    assert gone.json()["code"] == "token.revoked"
    for wrong in (["issue", "nobody"], ["issue", "ada", "--days", "9999"], ["revoke", "trk_none"]):
        with pytest.raises(CommandError):
            call_command("token", *wrong)


def test_locks_of_keys_do_not_collide_between_callers(make_user: Any) -> None:
    a, b = make_user(), make_user()
    assert locks.key_of("idempotency", a.pk, "k") != locks.key_of("idempotency", b.pk, "k")
