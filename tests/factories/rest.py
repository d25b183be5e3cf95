"""Samples of REST resources: how many rows to make, what to POST, what to PATCH.

    @sample("622/productOrder", body=lambda: {...}, patch=lambda row: {"description": "New"})
    def product_orders(count: int) -> list[ProductOrder]:
        return [make_order() for _ in range(count)]

`tests/kernel/tmf/test_conformance.py` walks every served resource with its sample. Values differ from row to row where
that is possible, so that filters and sorting have something to tell apart.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tests.factories

Make = Callable[[int], list[Any]]


@dataclass(frozen=True)
class Sample:
    """`make(count)` makes rows that an administrator sees; `body()` a valid POST; `patch(row)` a valid change."""

    make: Make
    body: Callable[[], dict[str, Any]] | None = None
    patch: Callable[[Any], dict[str, Any]] | None = None


SAMPLES: dict[str, Sample] = {}


def sample(
    name: str,
    *,
    body: Callable[[], dict[str, Any]] | None = None,
    patch: Callable[[Any], dict[str, Any]] | None = None,
) -> Callable[[Make], Make]:
    """Register the sample of the resource `<api number>/<path>`."""

    def register(make: Make) -> Make:
        SAMPLES[name] = Sample(make, body, patch)
        return make

    return register


def load() -> dict[str, Sample]:
    """Every sample; imports each factory module of an installed app."""
    from django.apps import apps

    labels = {config.label for config in apps.get_app_configs()}
    for module in pkgutil.iter_modules(tests.factories.__path__):
        if module.name in labels:
            importlib.import_module(f"tests.factories.{module.name}")
    return SAMPLES
