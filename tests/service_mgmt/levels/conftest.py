"""An agreement, and what happens to its service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel.ids import uuid7
from service_mgmt.levels import services
from service_mgmt.levels.models import SlaAgreement
from tests.factories.service_mgmt_levels import (
    make_agreement,
    make_fee,
    make_service,
)

HOUR = timedelta(hours=1)


def down(agreement: SlaAgreement, hours: float, *, day: int = 10, **more: Any) -> None:
    """Out for so many hours on a day of December."""
    start, cause = datetime(2025, 12, day, 8, tzinfo=UTC), uuid7()
    for door, at in ((services.start_clock, start), (services.stop_clock, start + hours * HOUR)):
        door(service_ids=[agreement.service_id], at=at, cause_id=cause, label="INC-000009", **more)


@pytest.fixture
def agreement() -> SlaAgreement:
    """99.9 %, 100 € a month."""
    service = make_service()
    assert service.product is not None
    make_fee(service.product)
    return make_agreement(service=service)


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())
