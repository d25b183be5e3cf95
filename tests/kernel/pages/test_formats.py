"""Numbers, money and times as people of each language read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from kernel import clock
from kernel.money import Money
from kernel.pages import formats

NNBSP, NBSP = "\u202f", "\u00a0"


@pytest.mark.parametrize(
    ("language", "amount", "currency", "text"),
    [
        ("en", "1234.56", "EUR", "€1,234.56"),
        ("fr", "1234.56", "EUR", f"1{NNBSP}234,56{NBSP}€"),
        ("fr", "-12", "EUR", f"−12,00{NBSP}€"),
        ("en", "-12", "EUR", "−€12.00"),
        ("en", "1234", "JPY", "¥1,234"),
        ("en", "1.5", "BHD", "BHD1.500"),
    ],
)
def test_money(language: str, amount: str, currency: str, text: str) -> None:
    with translation.override(language):
        assert formats.money(Decimal(amount), currency).replace("BHD\u00a0", "BHD") == text
        assert formats.money(Money(Decimal(amount), currency)) == formats.money(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 bit/s"),
        (999, "999 bit/s"),
        (1000, "1 kbit/s"),
        (100_000_000, "100 Mbit/s"),
        (2_500_000_000, "2.5 Gbit/s"),
    ],
)
def test_bits_are_decimal(value: int, text: str) -> None:
    assert formats.bits(value) == text


def test_bytes_are_binary_and_say_so() -> None:
    assert formats.size(1536) == "1.5 KiB"
    assert formats.size(None) == ""


def test_percent_and_duration() -> None:
    assert formats.percent(99.949) == "99.9 %"
    assert [formats.duration(timedelta(seconds=s)) for s in (40, 720, 11_100, 187_200)] == [
        "40 s", "12 min", "3 h 05 min", "2 d 4 h",
    ]  # fmt: skip
    assert formats.duration(timedelta(seconds=-60)) == "−1 min"


NOW = datetime(2026, 11, 22, 13, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "en", "fr"),
    [
        (timedelta(seconds=20), "just now", None),
        (timedelta(minutes=12), "12 min ago", "il y a 12 min"),
        (timedelta(hours=23, minutes=59), "23 h ago", "il y a 23 h"),
        (timedelta(minutes=-5), "in 5 min", "dans 5 min"),
        (timedelta(hours=-3), "in 3 h", "dans 3 h"),
        (timedelta(hours=24), "21 Nov 14:05", "21 nov. 14:05"),
        (timedelta(days=400), "18 Oct 2025 15:05", "18 oct. 2025 15:05"),
    ],
)
def test_times_are_relative_within_a_day_and_local_beyond(ago: timedelta, en: str, fr: str | None) -> None:
    at = NOW - ago
    with clock.frozen(NOW), timezone.override(ZoneInfo("Europe/Paris")):
        with translation.override("en"):
            assert f">{en}</time>" in formats.when(at)
        with translation.override("fr"):
            if fr is not None:
                assert f">{fr}</time>" in formats.when(at).replace(NBSP, " ")


def test_a_time_says_both_zones_on_both_sides_of_a_clock_change() -> None:
    with timezone.override(ZoneInfo("Europe/Paris")):
        assert formats.both_zones(NOW) == "2026-11-22 13:05:09 UTC · 14:05:09 CET (+01:00)"
        before, after = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
        assert formats.both_zones(before) == "2026-10-25 00:30:00 UTC · 02:30:00 CEST (+02:00)"
        assert formats.both_zones(after) == "2026-10-25 01:30:00 UTC · 02:30:00 CET (+01:00)"
        spring = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
        assert "03:00:00 CEST" in formats.both_zones(spring)
    with timezone.override(ZoneInfo("UTC")):
        assert formats.both_zones(NOW) == "2026-11-22 13:05:09 UTC"


def test_logs_show_seconds_and_machines_read_z() -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        html = formats.seconds(NOW)
    assert 'datetime="2026-11-22T13:05:09Z"' in html
    assert ">2026-11-22 22:05:09</time>" in html


@pytest.mark.parametrize("value", [None, ""])
def test_nothing_shows_as_nothing(value: Any) -> None:
    assert formats.when(value) == formats.seconds(value) == formats.day(value) == ""
    assert formats.money(None, "EUR") == ""


def test_a_day() -> None:
    with translation.override("fr"):
        assert "22 nov. 2026" in formats.day(date(2026, 11, 22))


def test_filters_in_templates() -> None:
    template = Template(
        "{% load pages %}{{ a|money:'EUR' }} {{ b|bits }} {% badge 'failed' 'kernel.job' %}{% icon 'bell' %}"
        "{% severity 'major' acked='AL' %}{% sparkline v %}{% barlist rows %}{% gauge 99.5 99.9 %}"
    )
    html = template.render(
        Context({"a": Decimal(5), "b": 1000, "v": [1, 2, None, 3], "rows": [("x", 3, "/x/"), ("y", 6)]})
    )
    badges = ("€5.00", "1 kbit/s", 'class="bd red"', "#bell", 'class="sv major ack"')
    pictures = ('class="spark"', 'href="/x/"', "target 99.9")
    for text in (*badges, *pictures):
        assert text in html
    assert "style=" not in html
