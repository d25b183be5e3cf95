"""The story, told in one process: every chapter through the doors, on live elements, with the pump as its workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kernel import audit, events
from portal.story import bill, design, order, people, provision, use
from portal.story.teller import Teller
from service_mgmt.provisioning import services as provisioning
from service_mgmt.provisioning.models import WorkflowStep
from tests.running_lab import RunningLab

pytestmark = pytest.mark.django_db


def pump() -> None:
    """A round of what dispatcher and workers do."""
    events.drain()
    ready = WorkflowStep.objects.filter(status="ready").values_list("run_id", flat=True).distinct()
    for run_id in list(ready):
        provisioning.advance(run_id=run_id)
    events.drain()


def test_the_story_holds(lab: RunningLab, settings: Any, tmp_path: Path) -> None:
    settings.LAB_STATE = str(lab.state_file)
    story = Teller(people.hire(), base_url="http://test", pump=pump)
    for name, chapter in (
        ("design", design.tell),
        ("order", order.tell),
        ("provision", provision.tell),
        ("use", use.tell),
        ("bill", bill.tell),
    ):
        assert story.tell(name, chapter), story.step.error
    events.drain()
    found = "\n".join(map(str, audit.findings()))
    assert not found, found
