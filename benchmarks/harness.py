"""What every benchmark shares: a database of its own, a child process a size, and one way to print.

Each size runs in a process of its own, so that peak memory is that of this size alone.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Measured:
    """One size of one benchmark. Seconds of wall clock; `ratio` = baseline ÷ product, 1 means as fast as the baseline."""

    rows: int
    product_s: float
    baseline_s: float
    baseline: str
    unit: str = "rows"
    notes: dict[str, Any] = field(default_factory=dict)
    peak_mb: float = 0.0
    cores: int = 0

    @property
    def ratio(self) -> float:
        """How much of the baseline's speed the product reaches."""
        return self.baseline_s / self.product_s if self.product_s else 0.0

    @property
    def rate(self) -> float:
        """Units a second."""
        return self.rows / self.product_s if self.product_s else 0.0


@contextmanager
def database(name: str) -> Iterator[None]:
    """An empty, migrated database on the configured server, dropped at the end."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ["TEST_DATABASE_NAME"] = f"bench_{name}_{os.getpid()}"
    import django

    django.setup()
    from django.db import connection

    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds a call took, and its result."""
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


def analyse(*tables: str) -> None:
    """Give the planner statistics of tables that were just filled, as autovacuum does on a living system."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'ANALYZE "{table}"')


def copy_again(table: str, *, columns: str = "", where: str = "") -> float:
    """Seconds that a plain COPY of the rows of `table` into an equal empty table with the same indexes takes."""
    import tempfile

    from django.db import connection, transaction

    with tempfile.TemporaryFile() as rows, connection.cursor() as cursor:
        raw: Any = cursor
        raw.copy_expert(f'COPY (SELECT * FROM "{table}" {where}) TO STDOUT', rows)
        rows.seek(0)
        cursor.execute(f'DROP TABLE IF EXISTS "{table}_again"')
        cursor.execute(f'CREATE TABLE "{table}_again" (LIKE "{table}" INCLUDING ALL)')

        def again() -> None:
            with transaction.atomic():
                raw.copy_expert(f'COPY "{table}_again" FROM STDIN', rows, 1 << 20)

        seconds, _nothing = timed(again)
        cursor.execute(f'DROP TABLE "{table}_again"')
    return seconds


def run_child(name: str, rows: int) -> Measured:
    """Measure one size in a process of its own."""
    command = [sys.executable, "-m", "benchmarks", name, "--rows", str(rows), "--child"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} with {rows} rows failed:\n{done.stderr[-4000:]}")
    values = json.loads(done.stdout.strip().splitlines()[-1])
    return Measured(**values)


def child(run: Callable[[int], Measured], rows: int) -> None:
    """What the child process does: measure and print one line of JSON."""
    measured = run(rows)
    measured.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    measured.cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    print(json.dumps(asdict(measured)))


def summary(name: str, title: str, sizes: list[Measured]) -> dict[str, Any]:
    """All that is known of a benchmark, ready for JSON."""
    report: dict[str, Any] = {"name": name, "title": title, "sizes": []}
    for size in sizes:
        report["sizes"].append(
            {**asdict(size), "ratio": round(size.ratio, 3), "per_second": round(size.rate)}
        )
    if len(sizes) > 1:
        small, large = sizes[0], sizes[-1]
        factor = large.rows / small.rows
        report["growth"] = {
            "rows": factor,
            "seconds": round(large.product_s / small.product_s, 2),
            "memory": round(large.peak_mb / small.peak_mb, 2),
        }
    return report


def show(report: dict[str, Any]) -> None:
    """The report for people."""
    print(f"{report['name']}: {report['title']}")
    for size in report["sizes"]:
        print(
            f"  {size['rows']:>12,} {size['unit']}  {size['cores']} cores  peak {size['peak_mb']:.0f} MB  "
            f"product {size['product_s']:.2f} s ({size['per_second']:,}/s)  "
            f"baseline {size['baseline_s']:.2f} s ({size['baseline']})  ratio {size['ratio']:.2f}"
        )
        for key, value in size["notes"].items():
            print(f"               {key}: {value}")
    if growth := report.get("growth"):
        print(
            f"  {growth['rows']:g} × the rows: {growth['seconds']} × the time, {growth['memory']} × the memory"
        )
