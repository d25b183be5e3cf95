"""A file of call records → de-duplicated, guided, rated (zones, bands, shared allowances), stored, buckets updated."""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.harness import Measured, analyse, copy_again, database, timed

TITLE = "call records rated in columns, beside a plain COPY of the same final rows"
ROWS = 200_000

AT = datetime(2026, 1, 20, 6, 0, tzinfo=UTC)
DAY = datetime(2026, 1, 19, 0, 0, tzinfo=UTC)
DUPLICATES, LATE, BROKEN, STRANGERS = 0.01, 0.01, 0.002, 0.002
PREFIXES = {
    "fixed": ["33", "331", "332", "333", "334", "335", "339"],
    "mobile": ["336", "337"],
    "near": ["32", "34", "39", "44", "49"],
    "far": ["1", "55", "81", "86", "91", "212", "213", "216"],
}


def run(rows: int) -> Measured:
    """Rate `rows` records of a day and measure."""
    with database("rating"), tempfile.TemporaryDirectory() as folder:
        from django.test import override_settings

        from kernel import clock

        with override_settings(MEDIA_ROOT=folder), clock.frozen(AT):
            return _measure(rows, Path(folder))


def _measure(rows: int, folder: Path) -> Measured:
    from bss.usage import services
    from bss.usage.models import Bucket

    numbers = _subscribers(min(20_000, max(200, rows // 40)))
    path = folder / "calls.csv"
    lines = _write(path, rows, numbers)
    file = services.ingest_file(path, source=_source(), name="calls.csv")
    seconds, file = timed(lambda: services.process_file(file.pk))
    baseline = copy_again("bss_usage_usagerecord")
    return Measured(
        rows=lines,
        unit="records",
        product_s=seconds,
        baseline_s=baseline,
        baseline="COPY of the final rows",
        notes={
            "rated": file.rated, "suspended": file.suspended, "duplicates": file.duplicates,
            "not charged": file.rejected, "late": file.late, "buckets": Bucket.objects.filter(used__gt=0).count(),
            "subscribers": len(numbers),
        },
    )  # fmt: skip


def _source() -> Any:
    from bss.usage import services
    from tests.factories.bss_usage import MAPPING

    return services.create_source(code="bench", name="Bench", format="csv", mapping=MAPPING)


def _subscribers(count: int) -> list[str]:
    """Voice products, four to an account, three offers with tariffs of their own, 300 shared minutes each."""
    from bss.customers.models import BillingAccount, Customer, Party
    from bss.orders.models import Product, ProductPrice
    from bss.usage.models import UsageIdentifier

    offers = [_offer(index) for index in range(3)]
    prices = [offer.prices.get() for offer in offers]
    parties = Party.objects.bulk_create(
        Party(kind="organization", trading_name=f"Firm {n}") for n in range(count // 4 + 1)
    )
    customers = Customer.objects.bulk_create(Customer(party=party, status="active") for party in parties)
    accounts = BillingAccount.objects.bulk_create(
        BillingAccount(name="Main", customer=c, payer=p, cycle_day=index % 28 + 1)
        for index, (c, p) in enumerate(zip(customers, parties, strict=True))
    )
    since = AT - timedelta(days=400)
    products = Product.objects.bulk_create(
        Product(
            account=accounts[n // 4], customer=accounts[n // 4].customer, offering=offers[n // 4 % 3], status="active",
            ordered=since, active_from=since,
        )
        for n in range(count)
    )  # fmt: skip
    ProductPrice.objects.bulk_create(
        ProductPrice(product=product, price=prices[n // 4 % 3]) for n, product in enumerate(products)
    )
    numbers = [f"+332990{n:05d}" for n in range(count)]
    UsageIdentifier.objects.bulk_create(
        UsageIdentifier(kind="e164", value=number, product=product, start=since)
        for number, product in zip(numbers, products, strict=True)
    )
    analyse(
        *(m._meta.db_table for m in (Party, Customer, BillingAccount, Product, ProductPrice, UsageIdentifier))
    )
    return numbers


def _offer(index: int) -> Any:
    from bss.catalog.models import TariffRate
    from tests.factories.bss_catalog import make_tariff, make_zone_plan
    from tests.factories.bss_usage import make_voice_offering

    tariff = make_tariff(zone_plan=make_zone_plan(PREFIXES))
    TariffRate.objects.filter(tariff=tariff).update(
        price=Decimal("0.0375") * (index + 1), first_step=30, next_step=6
    )
    return make_voice_offering(tariff=tariff, allowance={"quantity": 300})


def _write(path: Path, rows: int, numbers: list[str]) -> int:
    """A day of calls in order of time; duplicates, late, broken and unknown ones among them. Returns the lines."""
    random.seed(7)
    prefixes = [prefix for group in PREFIXES.values() for prefix in group]
    count, last = 0, ""
    with path.open("w", encoding="utf-8") as out:
        out.write("call_id,a_number,b_number,start,answer_seconds,duration_seconds,cause,direction,trunk\n")
        for n in range(rows):
            at = DAY + timedelta(seconds=86_400 * n / rows)
            luck = random.random()
            if luck < DUPLICATES and last:
                out.write(last)
                count += 1
                continue
            if luck < DUPLICATES + LATE:
                at -= timedelta(days=2)
            caller = "+33199999999" if luck > 1 - STRANGERS else random.choice(numbers)
            called = f"+{random.choice(prefixes)}{random.randrange(10**7, 10**8)}"
            duration = (
                "?"
                if luck > 1 - STRANGERS - BROKEN and luck <= 1 - STRANGERS
                else int(random.expovariate(1 / 170)) + 1
            )
            last = (
                f"sbc1-{n:09d},{caller},{called},{at.isoformat(timespec='seconds')},4,{duration},16,out,a\n"
            )
            out.write(last)
            count += 1
    return count
