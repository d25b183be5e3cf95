"""A network that breaks, and what correlation makes of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kernel import clock, events
from kernel.models import OutboxEvent
from oss.alarms import services
from oss.alarms.events import RootFound
from oss.alarms.models import Alarm
from oss.alarms.services.notices import Notice
from oss.inventory.models import Link
from tests.factories.oss_alarms import (
    AT,
    Network,
    make_network,
    port_down,
)


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def tell(*notices: Notice) -> None:
    """The notices arrive, each at its own time."""
    for notice in notices:
        with clock.frozen(notice.at):
            services.raise_many([notice])


def correlate(seconds: float = 30) -> services.Correlation:
    with clock.frozen(later(seconds)):
        return services.correlate()


def roots_told() -> list[RootFound]:
    rows = OutboxEvent.objects.filter(name=RootFound.name).order_by("seq")
    return [events.decode(row.name, row.payload) for row in rows]  # type: ignore[misc]


def both_ends(link: Link, seconds: float = 0) -> list[Notice]:
    return [
        port_down(port, link, at=later(seconds + n / 10)) for n, port in enumerate((link.port_a, link.port_b))
    ]


def root_of(alarm_key: str) -> Alarm:
    alarm = Alarm.objects.select_related("root").get(key=alarm_key)
    assert alarm.root is not None
    return alarm.root


@pytest.fixture
def network() -> Network:
    return make_network()
