"""The lab's elements, known to the inventory and reachable."""

from __future__ import annotations

import pytest

from oss.inventory.models import NetworkElement
from oss.inventory.services import import_topology
from oss.southbound import services
from tests.running_lab import RunningLab


@pytest.fixture
def elements(lab: RunningLab, db: None) -> dict[str, NetworkElement]:
    import_topology(lab.topology)
    services.register_lab(lab.state)
    return {element.name: element for element in NetworkElement.objects.all()}
