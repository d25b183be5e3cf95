"""Every list, detail and form of the installation, as every role and as a stranger, in both languages, whole and in part.

A page whose model has no sample in tests/factories fails here: pages are not added without one.
"""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from kernel import clock
from kernel.models import User
from kernel.pages import registry
from kernel.permissions import ROLES
from tests.conftest import NOW
from tests.factories.registry import samples
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db
KB = 1024
HX = {"HX-Request": "true", "HX-Target": "list"}


def _own(names: Any) -> list[str]:
    registry.load()
    return sorted(name for name in names if not name.startswith("testpages:"))


def _address(name: str) -> str | None:
    """Address of a list; None for one that only stands inside tabs."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


registry.load()
LISTS = [name for name in _own(registry.LISTS) if _address(name)]
DETAILS = _own(registry.DETAILS)
FORMS = _own(registry.FORMS)


def sample(label: str) -> Any:
    """A row of a model; no page without one."""
    made = samples().get(label)
    assert made is not None, f"add a sample of {label} to tests/factories"
    return made()


def ids_of(html: str) -> list[str]:
    return re.findall(r'\sid="([^"]+)"', html)


def well_formed(html: str) -> None:
    """What a screen reader trips over: two elements of one id, two main headings, an input without a name."""
    seen = ids_of(html)
    assert len(seen) == len(set(seen)), sorted({one for one in seen if seen.count(one) > 1})
    assert len(re.findall(r"<h1[ >]", html)) == 1
    for tag in re.findall(r"<(?:input|select|textarea)[^>]*>", html):
        own = re.search(r'\sid="([^"]+)"', tag)
        labelled = own is not None and f'for="{own[1]}"' in html
        assert labelled or "aria-label" in tag or 'type="hidden"' in tag or "form-check-input" in tag, tag
    assert not re.search(r"\sstyle=", html)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", LISTS)
def test_every_list_shows_a_row_whole_and_in_part(name: str, language: str, admin: User) -> None:
    page = registry.LISTS[name]
    sample(page.model._meta.label)
    User.objects.filter(pk=admin.pk).update(language=language)
    browser, url = browser_of(admin), reverse(name)
    query = "?view=all"
    with clock.frozen(NOW), CaptureQueriesContext(connection) as queries:
        whole = browser.get(url + query)
    assert whole.status_code == 200
    assert len(queries) <= 12
    well_formed(whole.content.decode())
    with clock.frozen(NOW), CaptureQueriesContext(connection) as queries:
        part = browser.get(url + query, headers=HX)
    assert len(queries) <= 12
    assert b"<html" not in part.content
    for column in page.columns:
        if column.paths and not page.keyset:
            assert browser.get(f"{url}{query}&sort=-{column.name}").status_code == 200, column.name
    for known in page.filters.values():
        value = str(known.choices[0][0]) if known.choices else {"bool": "true"}.get(known.kind, "1")
        answer = browser.get(f"{url}{query}&{known.name}={value}&_field={known.name}")
        assert answer.status_code == 200, known.name
    assert browser.get(f"{url}{query}&q=a+b").status_code == 200
    assert browser.get(f"{url}{query}&_export=csv&_columns=all").status_code == 200


@pytest.mark.parametrize("name", DETAILS)
def test_every_detail_and_each_of_its_tabs(name: str, admin: User) -> None:
    page = registry.DETAILS[name]
    row = sample(page.model._meta.label)
    browser = browser_of(admin)
    for language in ("en", "fr"):
        User.objects.filter(pk=admin.pk).update(language=language)
        with clock.frozen(NOW), CaptureQueriesContext(connection) as queries:
            answer = browser.get(page.url(row))
        assert answer.status_code == 200
        assert len(queries) <= 15, [query["sql"][:100] for query in queries]
        assert len(answer.content) <= 80 * KB
        assert len(gzip.compress(answer.content)) <= 15 * KB
        well_formed(answer.content.decode())
        for tab in page.all_tabs():
            with clock.frozen(NOW), CaptureQueriesContext(connection) as queries:
                shown = browser.get(page.url(row, tab.name))
            assert shown.status_code == 200, tab.name
            assert len(queries) <= 21, tab.name
            well_formed(shown.content.decode())
    for part in ("changes", "timeline", "counts"):
        assert browser.get(page.url(row, part)).status_code == 200
    for action in page.all_actions():
        assert browser.get(page.url(row, "do", action.key)).status_code in {200, 303}, action.key


@pytest.mark.parametrize("name", FORMS)
def test_every_form_opens_and_refuses_nonsense_politely(name: str, admin: User) -> None:
    form = registry.FORMS[name]
    browser = browser_of(admin)
    if form.detail is not None:
        url = reverse(name, args=[form.detail.key_of(sample(form.detail.model._meta.label))])
    else:
        url = reverse(name)
    for language in ("en", "fr"):
        User.objects.filter(pk=admin.pk).update(language=language)
        opened = browser.get(url)
        assert opened.status_code == 200
        well_formed(opened.content.decode())
    nonsense = dict.fromkeys(form.form.base_fields, "\x00nonsense" * 50)
    answer = browser.post(url, {**nonsense, "_go": "save"})
    assert answer.status_code == 422
    well_formed(answer.content.decode())


@pytest.mark.parametrize("role", sorted(ROLES))
def test_every_address_asks_for_its_permission(role: str, make_user: Any) -> None:
    user = make_user(role)
    browser = browser_of(user)
    for name in LISTS:
        permission = registry.LISTS[name].permission
        expected = 200 if not permission or user.has_perm(permission) else 403
        assert browser.get(reverse(name), follow=True).status_code == expected, name
    for name in FORMS:
        form = registry.FORMS[name]
        if form.detail is None:
            assert browser.get(reverse(name)).status_code == (
                200 if user.has_perm(form.permission) else 403
            ), name


def test_strangers_are_sent_to_the_log_in(client: Client) -> None:
    for name in LISTS:
        answer = client.get(reverse(name))
        assert answer["Location"].startswith("/login/"), name


@pytest.mark.parametrize("name", DETAILS)
def test_a_narrowed_user_sees_no_detail_that_is_not_theirs(name: str, make_user: Any) -> None:
    from kernel.ids import uuid7

    page = registry.DETAILS[name]
    row = sample(page.model._meta.label)
    stranger = browser_of(make_user("customer", customer=uuid7()))
    assert stranger.get(page.url(row)).status_code in {403, 404}


def test_shortcuts_do_not_collide() -> None:
    from kernel.pages import menus

    keys = [item.key for item in menus._ITEMS.values() if item.key and not item.name.startswith("testpages:")]
    assert len(keys) == len(set(keys)), sorted(keys)
    assert not {"h", "n"} & set(keys)
