"""Signing in and out, being locked out, and one's own preferences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from kernel import logins
from kernel.models import JournalEntry, LoginFailure, User
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db


def sign_in(client: Client, name: str = "ada", password: str = "pass", **extra: Any) -> Any:
    return client.post("/login/", {"username": name, "password": password}, **extra)


def test_signing_in_leads_back_to_where_one_wanted_to_go(client: Client, admin: User) -> None:
    answer = client.post("/login/", {"username": "ada", "password": "pass", "next": "/jobs/?q=1"})
    assert (answer.status_code, answer["Location"]) == (303, "/jobs/?q=1")
    assert JournalEntry.objects.get(verb="user.signed_in").actor == admin
    evil = Client().post("/login/", {"username": "ada", "password": "pass", "next": "https://evil.example/"})
    assert evil["Location"] == "/"


def test_a_wrong_password_answers_422_and_keeps_the_name(client: Client, admin: User) -> None:
    answer = sign_in(client, password="wrong")
    assert answer.status_code == 422
    assert b'value="ada"' in answer.content
    assert b"There is a problem" in answer.content


def test_after_five_failures_the_right_password_must_wait_too(client: Client, admin: User) -> None:
    with time_machine.travel(datetime(2026, 1, 15, 10, 0, tzinfo=UTC), tick=False) as clock:
        for _ in range(4):
            assert sign_in(client, password="wrong").status_code == 422
        locked = sign_in(client, name="ADA ", password="wrong")
        assert locked.status_code == 429
        assert b"Too many failed attempts" in locked.content
        assert sign_in(client).status_code == 429
        assert sign_in(client, REMOTE_ADDR="10.0.0.9").status_code == 303
        clock.shift(timedelta(minutes=16))
        assert sign_in(Client()).status_code == 303


def test_failures_are_forgotten_after_the_window_and_after_success(client: Client, admin: User) -> None:
    with time_machine.travel(datetime(2026, 1, 15, 10, 0, tzinfo=UTC), tick=False) as clock:
        for _ in range(4):
            sign_in(client, password="wrong")
        clock.shift(timedelta(minutes=16))
        assert sign_in(client, password="wrong").status_code == 422
        assert sign_in(client).status_code == 303
        assert LoginFailure.objects.count() == 1


def test_one_address_cannot_try_name_after_name(client: Client, admin: User) -> None:
    for n in range(logins.LIMITS["address"]):
        logins.failed(f"name-{n}", "127.0.0.1")
    assert sign_in(client).status_code == 429


def test_what_was_typed_is_never_stored(client: Client) -> None:
    sign_in(client, name="my-password-by-mistake", password="x")
    assert not [row for row in LoginFailure.objects.all() if "mistake" in row.key]


def test_behind_a_proxy_the_proxys_word_counts_and_not_the_clients(rf: Any, settings: Any) -> None:
    from portal.views.account import address_of

    request = rf.get("/", headers={"X-Forwarded-For": "6.6.6.6, 10.1.1.1"}, REMOTE_ADDR="192.0.2.1")
    assert address_of(request) == "192.0.2.1"
    settings.BEHIND_PROXY = True
    assert address_of(request) == "10.1.1.1"


def test_signing_out_ends_the_session_and_clears_the_browser(admin: User) -> None:
    browser = browser_of(admin)
    answer = browser.post("/logout/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert browser.get("/")["Location"].startswith("/login/")
    assert browser_of(admin).get("/logout/").status_code == 405


def test_language_and_theme_before_log_in_are_kept_by_the_browser(client: Client) -> None:
    client.post("/quick/", {"language": "fr", "next": "/login/"})
    assert b'lang="fr"' in client.get("/login/").content
    client.post("/quick/", {"theme": "dark"})
    assert b'data-bs-theme="dark"' in client.get("/login/").content
    client.post("/quick/", {"theme": "nonsense", "language": "xx"})
    assert client.cookies["language"].value == "fr"


def test_language_and_theme_are_the_users_and_journalled(admin: User) -> None:
    browser = browser_of(admin)
    browser.post("/quick/", {"language": "fr", "theme": "dark"})
    admin.refresh_from_db()
    assert (admin.language, admin.theme) == ("fr", "dark")
    assert JournalEntry.objects.get(verb="user.preferences").after == {"language": "fr", "theme": "dark"}
    assert b'<html lang="fr" data-theme="dark" data-bs-theme="dark">' in browser.get("/").content


def test_preferences(admin: User) -> None:
    browser = browser_of(admin)
    good = {"language": "fr", "time_zone": "Asia/Tokyo", "theme": "light"}
    assert browser.post("/preferences/", good).status_code == 303
    admin.refresh_from_db()
    assert (admin.time_zone, admin.shortcuts) == ("Asia/Tokyo", False)
    page = browser.get("/").content
    assert b'data-zone="Asia/Tokyo"' in page
    assert b"data-keys" not in page
    assert browser.post("/preferences/", {**good, "time_zone": "Mars/Olympus"}).status_code == 422


def test_one_page_can_be_flipped_to_utc(admin: User) -> None:
    assert b'data-zone="UTC"' in browser_of(admin).get("/?tz=UTC").content


def test_a_new_password_ends_other_sessions_and_is_not_journalled(admin: User) -> None:
    browser, other = browser_of(admin), browser_of(admin)
    sent = {"old_password": "pass", "new_password1": "a-long-new-one", "new_password2": "a-long-new-one"}
    assert browser.post("/password/", {**sent, "old_password": "wrong"}).status_code == 422
    assert (
        browser.post("/password/", {**sent, "new_password1": "short", "new_password2": "short"}).status_code
        == 422
    )
    assert browser.post("/password/", sent).status_code == 303
    assert browser.get("/").status_code == 200
    assert other.get("/").status_code == 302
    entry = JournalEntry.objects.get(verb="user.password_changed")
    assert entry.after == {}


def test_nothing_personal_is_cached(admin: User) -> None:
    browser = browser_of(admin)
    for url in ("/", "/jobs/", "/inbox/", "/inbox/count/", "/preferences/", "/developers/", "/palette/"):
        assert "no-store" in browser.get(url)["Cache-Control"], url
    assert settings.SESSION_COOKIE_HTTPONLY
