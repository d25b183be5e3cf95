"""Numbers, money, units and times as people of a language read them; UTC and ISO 8601 for machines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.core import Locale
from babel.numbers import format_currency, format_decimal, get_decimal_symbol, get_group_symbol
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from kernel import clock
from kernel.money import Money

DAY = timedelta(hours=24)
MINUS = "−"


@lru_cache(maxsize=16)
def locale_of(language: str) -> Locale:
    """Babel's locale of a Django language code."""
    return Locale.parse(language.replace("-", "_"))


def locale() -> Locale:
    """Locale of the present language."""
    return locale_of(get_language() or "en")


def separators() -> tuple[str, str]:
    """Decimal and group separator of the present language."""
    here = locale()
    return get_decimal_symbol(here), get_group_symbol(here)


def number(value: Any, places: int | None = None) -> str:
    """1,234.5 in English, 1 234,5 in French, with a true minus; `places` fixes the decimals."""
    if value is None:
        return ""
    pattern = None if places is None else "#,##0" + ("." + "0" * places if places else "")
    return str(format_decimal(value, format=pattern, locale=locale())).replace("-", MINUS)


def money(value: Any, currency: str = "") -> str:
    """€1,234.56 in English, 1 234,56 € in French; decimals as ISO 4217 has them for the currency."""
    if value is None or value == "":
        return ""
    if isinstance(value, Money):
        value, currency = value.amount, value.currency
    if not currency:
        return number(value, 2)
    return str(format_currency(value, currency, locale=locale())).replace("-", MINUS)


def bits(value: Any) -> str:
    """Bit/s with a decimal prefix (1 Gbit/s = 10⁹ bit/s)."""
    return _scaled(value, 1000, ("bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"))


def size(value: Any) -> str:
    """Bytes with a binary prefix (1 GiB = 2³⁰ bytes)."""
    return _scaled(value, 1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB"))


def _scaled(value: Any, step: int, units: tuple[str, ...]) -> str:
    if value is None:
        return ""
    amount, index = float(value), 0
    while abs(amount) >= step and index < len(units) - 1:
        amount, index = amount / step, index + 1
    digits = 0 if index == 0 or amount == int(amount) else (1 if abs(amount) >= 10 else 2)
    return f"{number(Decimal(str(round(amount, digits))))} {units[index]}"


def percent(value: Any, places: int = 1) -> str:
    """`value` is already in per cent."""
    return "" if value is None else f"{number(Decimal(str(round(float(value), places))))} %"


def iso(value: datetime) -> str:
    """2026-11-22T13:05:09Z."""
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def both_zones(value: datetime) -> str:
    """2026-11-22 13:05:09 UTC · 14:05:09 CET (+01:00); one half where the page is in UTC."""
    utc = value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    local = timezone.localtime(value)
    if not local.utcoffset():
        return utc
    offset = local.strftime("%z")
    return f"{utc} · {local.strftime('%H:%M:%S %Z')} ({offset[:3]}:{offset[3:]})"


def when(value: Any) -> SafeString:
    """`<time>`: relative under 24 hours, else the local date and minute."""
    if not value:
        return SafeString("")
    if not isinstance(value, datetime):
        return day(value)
    return _time(value, relative(value) or short(value))


def seconds(value: Any) -> SafeString:
    """`<time>` with date and seconds: logs, alarms, audit."""
    if not value:
        return SafeString("")
    local = timezone.localtime(value)
    return _time(value, f"{local:%Y-%m-%d %H:%M:%S}")


def day(value: date | None) -> SafeString:
    """`<time>` of a calendar day."""
    if not value:
        return SafeString("")
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), date_format(value, _("j M Y")))


def _time(value: datetime, text: str) -> SafeString:
    return format_html('<time datetime="{}" title="{}">{}</time>', iso(value), both_zones(value), text)


def short(value: datetime) -> str:
    """22 Nov 14:05, with the year when it is not the present one."""
    local = timezone.localtime(value)
    same_year = local.year == timezone.localtime(clock.now()).year
    return str(date_format(local, _("j M H:i") if same_year else _("j M Y H:i")))


def relative(value: datetime) -> str:
    """“12 min ago” or “in 3 h” within 24 hours of the business clock; empty beyond."""
    delta = clock.now() - value
    if abs(delta) >= DAY:
        return ""
    minutes = int(abs(delta).total_seconds()) // 60
    if minutes == 0:
        return _("just now") if delta >= timedelta(0) else _("in a moment")
    if minutes < 60:
        values = {"n": minutes}
        return (_("%(n)d min ago") if delta > timedelta(0) else _("in %(n)d min")) % values
    values = {"n": minutes // 60}
    return (_("%(n)d h ago") if delta > timedelta(0) else _("in %(n)d h")) % values


def duration(value: timedelta | None) -> str:
    """2 d 4 h, 3 h 05 min, 12 min, 40 s: the two largest units."""
    if value is None:
        return ""
    total = int(abs(value).total_seconds())
    days, hours, minutes = total // 86400, total % 86400 // 3600, total % 3600 // 60
    sign = MINUS if value < timedelta(0) else ""
    if days:
        return sign + _("%(d)d d %(h)d h") % {"d": days, "h": hours}
    if hours:
        return sign + _("%(h)d h %(m)02d min") % {"h": hours, "m": minutes}
    return sign + (_("%(m)d min") % {"m": minutes} if minutes else _("%(s)d s") % {"s": total})


def labelled(label: Any, text: Any) -> str:
    """“Label: text”, with the space before the colon that French wants."""
    return _("%(label)s: %(text)s") % {"label": label, "text": text}


def capped(count: int, cap: int) -> str:
    """“1,234 rows”; “10,000+ rows” where counting stopped."""
    if count > cap:
        return _("%(n)s+ rows") % {"n": number(cap)}
    return ngettext("%(n)s row", "%(n)s rows", count) % {"n": number(count)}
