"""Conveniences in a real browser: keyboard, palette, dialogs, live pages; and the same journeys without JavaScript."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kernel import events, lifecycle
from kernel.models import BusinessCalendar, Draft, User
from kernel.pages import live

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for the module."""
    from playwright.sync_api import sync_playwright

    # Playwright's synchronous interface keeps an event loop in this thread, which Django would refuse to share.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")
    if before is not None:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def opened(
    chromium: Any, live_server: Any, make_user: Any, settings: Any, hub: live.Hub
) -> Iterator[Callable[..., Any]]:
    """`opened(path, javascript=True)`: a page of a signed-in administrator; every script error fails the test."""
    settings.ROOT_URLCONF = "tests.kernel.pages.urls"
    make_user("admin", username="ada")
    contexts, complaints = [], []

    def open_page(path: str, **options: Any) -> Any:
        options.setdefault("viewport", {"width": 1280, "height": 800})
        context = chromium.new_context(locale="en", base_url=live_server.url, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        page.goto(f"/login/?next={path}")
        page.fill("#id_username", "ada")
        page.fill("#id_password", "pass")
        page.click("button:has-text('Sign in')")
        page.wait_for_selector(".top")
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html.js")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def one_row(page: Any) -> None:
    """Wait until the list shows one row (by a locator: the content policy forbids evaluating text)."""
    from playwright.sync_api import expect

    expect(page.locator("#list tbody tr")).to_have_count(1)


def calendars(count: int = 5, **values: Any) -> list[BusinessCalendar]:
    made = [
        BusinessCalendar(name=f"cal-{n}", **{"country": "FR", "time_zone": "UTC", **values})
        for n in range(count)
    ]
    return lifecycle.create_many(made)


def test_filters_change_the_list_in_place_and_the_address_with_it(opened: Any) -> None:
    calendars()
    page = opened("/cal/")
    page.evaluate("window.still = true")
    page.fill("#q", "cal-3")
    page.wait_for_url("**/cal/?q=cal-3")
    one_row(page)
    assert page.input_value("#q") == "cal-3"
    assert page.inner_text("#count") == "1 row"
    page.click(".filters details.menu summary")
    page.click(".filters .pop a:has-text('Country')")
    page.fill(".editor [name=_v]", "DE")
    page.select_option(".editor [name=_op]", "eq")
    page.click(".editor button")
    page.wait_for_url("**/cal/?q=cal-3&country=DE")
    assert "No row matches" in page.inner_text("#list")
    assert page.evaluate("window.still")
    page.go_back()
    one_row(page)


def test_rows_are_walked_selected_and_opened_by_keys(opened: Any) -> None:
    from playwright.sync_api import expect

    calendars()
    page = opened("/cal/")
    for key in ("j", "x", "j", "j", "X"):
        page.keyboard.press(key)
    expect(page.locator("[data-selected]")).to_have_text("3")
    assert page.is_visible(".bulk")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cal/cal-1/")
    page.wait_for_selector("[data-around] [rel=next]")
    page.keyboard.press("]")
    page.wait_for_url("**/cal/cal-2/")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_selector("h1:has-text('Home')")
    page.keyboard.press("?")
    assert page.is_visible("#help")


def test_keys_can_be_turned_off(opened: Any) -> None:
    calendars()
    page = opened("/cal/")
    User.objects.update(shortcuts=False)
    page.reload()
    page.keyboard.press("j")
    assert page.locator("tr.at").count() == 0
    page.keyboard.press("Control+k")
    assert page.is_visible("#palette")


def test_the_palette_finds_and_opens(opened: Any) -> None:
    calendars()
    page = opened("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("cal-4")
    page.wait_for_selector("#palette-hits a:has-text('cal-4')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cal/cal-4/")
    page.keyboard.press("Control+k")
    page.keyboard.type("dark")
    page.click("#palette-hits a:has-text('Theme: dark')")
    page.wait_for_selector("html[data-bs-theme=dark]")


def test_a_dialog_keeps_errors_inside_and_gives_the_focus_back(opened: Any) -> None:
    calendars(1)
    page = opened("/cal/cal-0/")
    page.click("a:has-text('Set country')")
    page.wait_for_selector("#dialog[open]")
    assert page.evaluate("document.activeElement.id") == "id_country"
    page.keyboard.press("Escape")
    assert not page.is_visible("#dialog")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Set country"
    page.click("a:has-text('Set country')")
    page.click("#dialog .fa button")
    page.wait_for_selector("#dialog .errors")
    page.fill("#dialog #id_country", "IT")
    page.click("#dialog .fa .btn-primary")
    page.wait_for_selector(".toast-line:has-text('Set country: done')")
    assert BusinessCalendar.objects.get().country == "IT"


def test_a_draft_is_saved_while_typing(opened: Any) -> None:
    page = opened("/cal/new/")
    page.fill("#id_name", "Half a calendar")
    page.wait_for_selector("[data-saved]:has-text('Draft saved')")
    assert Draft.objects.get().data["name"] == ["Half a calendar"]


def test_errors_take_the_focus_and_lead_to_their_field(opened: Any) -> None:
    page = opened("/cal/new/")
    page.click("button:has-text('Save')")
    page.wait_for_selector(".errors")
    assert page.evaluate("document.activeElement.className") == "errors"
    assert page.title().startswith("Error: ")
    page.click(".errors a")
    assert page.evaluate("document.activeElement.id") == "id_name"


def test_a_live_list_follows_but_never_under_the_users_hands(opened: Any) -> None:
    calendars(2)
    events.drain()
    page = opened("/cal/")
    page.wait_for_selector("#live-dot.live")
    lifecycle.create(BusinessCalendar(name="arrived"))
    events.drain()
    page.wait_for_selector("#list tbody tr:has-text('arrived')")
    page.check("#list tbody tr:first-child .ck input")
    lifecycle.create(BusinessCalendar(name="while selecting"))
    events.drain()
    page.wait_for_selector(".pill")
    assert page.locator("tr:has-text('while selecting')").count() == 0
    assert page.is_checked("#list tbody tr:first-child .ck input")
    page.click(".pill")
    page.wait_for_selector("tr:has-text('while selecting')")


def test_twelve_tabs_share_one_stream(opened: Any, hub: live.Hub) -> None:
    calendars(1)
    events.drain()
    first = opened("/cal/")
    first.wait_for_selector("#live-dot.live")
    tabs = [first.context.new_page() for _ in range(11)]
    for tab in tabs:
        tab.goto("/cal/")
    lifecycle.create(BusinessCalendar(name="for all"))
    events.drain()
    for tab in tabs:
        tab.bring_to_front()
        tab.wait_for_selector("tr:has-text('for all')")
    assert len([stream for stream in hub._streams if not stream.ended.is_set()]) == 1


def test_core_tasks_without_javascript(opened: Any) -> None:
    calendars()
    page = opened("/cal/?q=cal", java_script_enabled=False)
    page.click("thead a:has-text('Name')")
    assert page.inner_text("#list tbody tr:first-child th") == "cal-4"
    page.check("#list tbody tr:first-child .ck input")
    page.click(".bulk button:has-text('Set country')")
    page.fill("#id_country", "IT")
    page.click("button:has-text('Set country (1)')")
    assert "Succeeded" in page.inner_text("main")
    page.click("a:has-text('Back to the list')")
    page.goto("/cal/new/")
    page.fill("#id_name", "plain")
    page.click("button:has-text('Save')")
    page.wait_for_url("**/cal/plain/")
    page.fill("#say", "a remark")
    page.click("button:has-text('Comment')")
    assert "a remark" in page.inner_text("#timeline")
    page.click("summary[aria-label='More actions']")
    page.click("a:has-text('Drop')")
    page.click(".fa .btn-danger")
    assert not BusinessCalendar.objects.filter(name="plain").exists()
    page.fill("#find", "cal-2")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cal/cal-2/")
    page.click("summary[aria-label='Your menu']")
    page.click("button:has-text('Français')")
    assert page.get_attribute("html", "lang") == "fr"
    assert BusinessCalendar.objects.get(name="cal-4").country == "IT"


@pytest.mark.parametrize("path", ["/", "/cal/", "/cal/cal-0/", "/cal/new/", "/inbox/", "/developers/"])
@pytest.mark.parametrize("width", [320, 390])
def test_nothing_is_wider_than_a_small_screen(opened: Any, path: str, width: int) -> None:
    calendars(3)
    page = opened(path, viewport={"width": width, "height": 800})
    page.wait_for_load_state("load")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, summary, input[type=checkbox]")].filter((e) => {
          const box = e.getBoundingClientRect();
          return box.width && (box.height < 16 || box.width < 16);
        }).map((e) => e.outerHTML)"""
    )
    assert small == []


def test_signing_out_leaves_nothing_behind_the_back_button(opened: Any) -> None:
    calendars(1)
    page = opened("/cal/")
    page.click("summary[aria-label='Your menu']")
    page.click("button:has-text('Sign out')")
    page.wait_for_url("**/login/")
    page.go_back()
    page.wait_for_url("**/login/**")
    assert "cal-0" not in page.content()
