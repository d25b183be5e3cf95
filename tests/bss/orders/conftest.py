"""These tests look at this app alone: what the apps above fill in is left out."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from bss.catalog.models import ProductOffering
from bss.orders import services
from bss.orders.models import ProductOrder, ProductOrderItem
from bss.orders.services import Line
from kernel.models import OutboxEvent
from kernel.slots import SLOTS
from tests.factories.bss_catalog import (
    launch_offering,
    make_bundle_item,
    make_offering,
    make_price,
)
from tests.factories.bss_customers import make_account
from tests.factories.bss_orders import make_sellable

AREA = ("bss.customers.", "bss.catalog.", "bss.orders.")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty the slots of customers, catalogue and orders of whoever stands above them."""
    for name, slot in SLOTS.items():
        if name.startswith(("bss_customers.", "bss_catalog.", "bss_orders.")):
            below = {key: filler for key, filler in slot._fillers.items() if key.startswith(AREA)}
            monkeypatch.setattr(slot, "_fillers", below)


def make_bundle() -> ProductOffering:
    """Internet always, voice channels as an add-on, a fee on the bundle itself."""
    access, voice = make_sellable(code="access"), make_sellable(code="voice")
    bundle = make_offering(launch=False, is_bundle=True, code="business")
    make_price(offering=bundle, code="bundle", amount=Decimal(5))
    make_bundle_item(bundle=bundle, offering=access)
    make_bundle_item(bundle=bundle, offering=voice, minimum=0, default=0, maximum=30, position=2)
    return launch_offering(bundle)


def place(*lines: Line, **overrides: Any) -> ProductOrder:
    """An accepted order of these lines."""
    account = overrides.pop("account", None) or make_account()
    return services.place_order(
        customer=account.customer, account=account, items=list(lines), **{"accept": True, **overrides}
    )


def deliver(item: ProductOrderItem, at: datetime | None = None) -> ProductOrderItem:
    services.item_in_progress(item=item, at=at)
    return services.activate_item(item=item, at=at)


def heard(event: Any) -> list[dict[str, Any]]:
    return list(OutboxEvent.objects.filter(name=event.name).order_by("seq").values_list("payload", flat=True))
