"""Benchmarks: each builds its data, runs the product's own code path beside a named baseline, and prints both.

    python -m benchmarks NAME [--rows N] [--json]

A benchmark is a module of this package with `TITLE`, `ROWS` (default size) and `run(rows) -> harness.Measured`.
Figures are only ever printed, never asserted: goals stand in docs.
"""
