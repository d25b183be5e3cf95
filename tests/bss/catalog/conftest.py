"""These tests look at this app alone: what the apps above fill in is left out."""

from __future__ import annotations

import pytest

from kernel.slots import SLOTS

AREA = ("bss.customers.", "bss.catalog.", "bss.orders.")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty the slots of customers, catalogue and orders of whoever stands above them."""
    for name, slot in SLOTS.items():
        if name.startswith(("bss_customers.", "bss_catalog.", "bss_orders.")):
            below = {key: filler for key, filler in slot._fillers.items() if key.startswith(AREA)}
            monkeypatch.setattr(slot, "_fillers", below)
