"""Makers of usage: a feed like the voice gateway's, subscribers with a tariff, call records."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from bss.orders.models import Product
from bss.usage import services
from bss.usage.models import (
    AccountingSession,
    Bucket,
    SuspendedRecord,
    UsageFile,
    UsageIdentifier,
    UsageRecord,
    UsageSource,
    UsageSpecification,
)
from kernel import clock
from tests.factories.bss_catalog import (
    launch_offering,
    make_allowance,
    make_offering,
    make_price,
    make_tariff,
)
from tests.factories.bss_orders import make_product
from tests.factories.rest import sample

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


def make_record(**overrides: Any) -> UsageRecord:
    """A rated call, a quarter of it from a shared allowance."""
    line = make_subscriber(allowance={"quantity": 1})
    rate_lines(call(line.value, seconds=240))
    return UsageRecord.objects.get(product=line.product)


def make_suspended(**overrides: Any) -> SuspendedRecord:
    """A call of a number nobody has."""
    file = rate_lines(call(f"+3319900{next(_serial):04d}"))
    return file.suspense.get()


def make_bucket(**overrides: Any) -> Bucket:
    """An allowance of which something is used."""
    record = make_record()
    return Bucket.objects.get(account=record.account)


def make_session(**overrides: Any) -> AccountingSession:
    """A session that has reported once."""
    source = make_radius_source()
    values = {
        "user": "site-1",
        "seconds": 300,
        "up": 10,
        "down": 90,
        "started": clock.now(),
        "reported": clock.now(),
    }
    return AccountingSession.objects.create(
        source=source, session=f"bng1/{next(_serial)}", **{**values, **overrides}
    )


SAMPLES = {
    "bss_usage.UsageSource": make_source,
    "bss_usage.UsageFile": lambda: make_file(call("+33299000101")),
    "bss_usage.SuspendedRecord": make_suspended,
    "bss_usage.UsageRecord": make_record,
    "bss_usage.UsageIdentifier": make_subscriber,
    "bss_usage.Bucket": make_bucket,
    "bss_usage.AccountingSession": make_session,
}


@sample("635/usageSpecification", patch=lambda row: {"description": "Changed"})
def usage_specifications(count: int) -> list[UsageSpecification]:
    """The kinds there are."""
    return list(UsageSpecification.objects.order_by("code")[:count])


def _usage_body() -> dict[str, Any]:
    line = make_subscriber()
    return {
        "usageDate": (clock.now() - timedelta(hours=1)).isoformat().replace("+00:00", "Z"),
        "usageSpecification": {"id": "voice"},
        "usageCharacteristic": [
            {"name": "caller", "value": line.value},
            {"name": "called", "value": "+33140000000"},
            {"name": "duration", "value": 60},
        ],
    }


@sample("635/usage", body=_usage_body)
def usage_records(count: int) -> list[UsageRecord]:
    """Calls of one number, an hour apart."""
    line = make_subscriber()
    rate_lines(
        *[call(line.value, at=clock.now() - timedelta(hours=n + 1), seconds=60 + n) for n in range(count)]
    )
    return list(UsageRecord.objects.filter(product=line.product).order_by("-started"))
