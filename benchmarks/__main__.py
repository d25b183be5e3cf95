"""python -m benchmarks NAME [--rows N] [--json] [--no-growth]"""

from __future__ import annotations

import argparse
import json
import pkgutil
from importlib import import_module

import benchmarks
from benchmarks import harness

PARTS = {"harness", "__main__"}


def names() -> list[str]:
    """Benchmarks there are."""
    return sorted(
        module.name
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if module.name not in PARTS and not module.name.startswith("_")
    )


def main() -> None:
    """Measure one benchmark, or all, at its size and at ten times that."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("name", nargs="?", choices=[*names(), "all"], default="all")
    parser.add_argument("--rows", type=int, help="size to begin with (default: the benchmark's own)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--no-growth", action="store_true", help="leave ten times the size out")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    wanted = names() if options.name == "all" else [options.name]
    if options.child:
        module = import_module(f"benchmarks.{wanted[0]}")
        harness.child(module.run, options.rows or module.ROWS)
        return
    reports = []
    for name in wanted:
        module = import_module(f"benchmarks.{name}")
        rows = options.rows or module.ROWS
        sizes = [rows] if options.no_growth or getattr(module, "NO_GROWTH", False) else [rows, 10 * rows]
        report = harness.summary(name, module.TITLE, [harness.run_child(name, size) for size in sizes])
        reports.append(report)
        if not options.json:
            harness.show(report)
    if options.json:
        print(json.dumps(reports if options.name == "all" else reports[0], indent=1))


if __name__ == "__main__":
    main()
