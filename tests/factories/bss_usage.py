"""Makers of usage: a feed like the voice gateway's, subscribers with a tariff, call records."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from bss.orders.models import Product
from bss.usage import services
from bss.usage.models import UsageFile, UsageIdentifier, UsageSource
from kernel import clock
from tests.factories.bss_catalog import (
    launch_offering,
    make_allowance,
    make_offering,
    make_price,
    make_tariff,
)
from tests.factories.bss_orders import make_product

_serial = count(1)

FIELDS = [
    "call_id", "a_number", "b_number", "start", "answer_seconds", "duration_seconds", "cause", "direction", "trunk",
]  # fmt: skip
MAPPING: dict[str, Any] = {
    "fields": FIELDS,
    "columns": {
        "key": "call_id",
        "caller": "a_number",
        "called": "b_number",
        "start": "start",
        "duration": "duration_seconds",
        "direction": "direction",
    },
    "charged": ["out", "onnet"],
    "not_charged": ["in"],
    "country": "33",
    "trunk": "0",
    "time_zone": "Europe/Paris",
}


def make_source(**overrides: Any) -> UsageSource:
    """The voice gateway's feed."""
    number = next(_serial)
    values = {
        "code": f"sbc-{number}",
        "name": f"Gateway {number}",
        "format": "csv",
        "mapping": MAPPING,
        **overrides,
    }
    return UsageSource.objects.create(**values)


def make_radius_source(**overrides: Any) -> UsageSource:
    """The broadband gateway's accounting."""
    return make_source(format="radius", mapping={}, **overrides)


def make_voice_offering(*, tariff: Any = None, allowance: dict[str, Any] | None = None) -> Any:
    """A voice offer priced by a tariff, with an allowance if `allowance` says which."""
    offering = make_offering(launch=False)
    make_price(offering=offering, kind="usage", tariff=tariff or make_tariff())
    if allowance is not None:
        make_allowance(offering=offering, **allowance)
    return launch_offering(offering)


def make_subscriber(number: str = "", **overrides: Any) -> UsageIdentifier:
    """A number that has led to an active voice product for a year."""
    product = overrides.pop("product", None) or make_voice_product(**overrides)
    value = number or f"+3329900{next(_serial):04d}"
    return UsageIdentifier.objects.create(
        kind="e164", value=value, product=product, start=clock.now() - timedelta(days=365)
    )


def make_voice_product(**overrides: Any) -> Product:
    """An active product of a voice offer."""
    offering = overrides.pop("offering", None) or make_voice_offering(
        tariff=overrides.pop("tariff", None), allowance=overrides.pop("allowance", None)
    )
    return make_product(offering=offering, active_from=clock.now() - timedelta(days=365), **overrides)


def call(
    caller: str,
    called: str = "+33140000000",
    *,
    at: datetime | None = None,
    seconds: int = 60,
    key: str = "",
    **cells: Any,
) -> str:
    """One line of a call-record file."""
    at = at or clock.now() - timedelta(hours=2)
    values = {
        "call_id": key or f"c-{next(_serial):06d}",
        "a_number": caller,
        "b_number": called,
        "start": at.isoformat(),
        "answer_seconds": 4,
        "duration_seconds": seconds,
        "cause": 16,
        "direction": "out",
        "trunk": "a",
        **cells,
    }
    return ",".join(str(values[name]) for name in FIELDS)


def make_file(*lines: str, source: UsageSource | None = None, header: bool = True) -> UsageFile:
    """Take a file of these lines in, not yet worked off."""
    text = "\n".join([*([",".join(FIELDS)] if header else []), *lines]) + "\n"
    return services.ingest_file(text.encode(), source=source or make_source(), name="calls.csv")


def rate_lines(*lines: str, source: UsageSource | None = None) -> UsageFile:
    """Take a file of these lines in and work it off."""
    return services.process_file(make_file(*lines, source=source).pk)
