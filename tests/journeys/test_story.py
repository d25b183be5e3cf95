"""The story, told in one process: every chapter through the doors, on live elements, with the pump as its workers."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from django.conf import settings

from bss.care import services as care
from bss.usage import services as usage
from bss.usage.models import UsageFile
from kernel import clock, events
from oss.alarms import services as alarms
from oss.alarms.models import Source
from oss.alarms.services import Datagram, intake
from oss.incidents import services as incidents
from oss.incidents.models import Diagnosis, RunbookRun
from portal.story import people
from portal.story.run import TELL, open_calendar
from portal.story.teller import CHAPTERS, Teller
from service_mgmt.provisioning import services as provisioning
from service_mgmt.provisioning.models import WorkflowStep
from tests.running_lab import RunningLab

pytestmark = pytest.mark.django_db


class Workers:
    """What dispatcher, listeners and workers do between two looks of the teller, without their processes."""

    def __init__(self, lab: RunningLab) -> None:
        self.inboxes = {sink: self._open(lab, sink) for sink in ("traps", "syslog", "radius")}

    def _open(self, lab: RunningLab, sink: str) -> socket.socket:
        inbox = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        inbox.bind(("127.0.0.1", 0))
        inbox.setblocking(False)
        lab.ctl("sinks", sink, f"127.0.0.1:{inbox.getsockname()[1]}")
        return inbox

    def close(self) -> None:
        """Listen no more."""
        for inbox in self.inboxes.values():
            inbox.close()

    def round(self) -> None:
        """One round of everybody's work."""
        if heard := [*self._received("traps", Source.TRAP), *self._received("syslog", Source.SYSLOG)]:
            alarms.ingest(heard)
        self._usage()
        alarms.sweep()
        alarms.correlate()
        events.drain()
        for pk in Diagnosis.objects.filter(status="pending").values_list("pk", flat=True):
            incidents.run_diagnosis(diagnosis_id=pk)
        for pk in RunbookRun.objects.filter(status__in=["pending", "running"]).values_list("pk", flat=True):
            incidents.run_runbook(run_id=pk)
        ready = WorkflowStep.objects.filter(status="ready").values_list("run_id", flat=True).distinct()
        for run_id in list(ready):
            provisioning.advance(run_id=run_id)
        events.drain()
        care.send_pending()

    def _usage(self) -> None:
        for report in self._received("radius", "radius"):
            reply = usage.ingest_radius(report.data, secret=settings.RADIUS_SECRET.encode())
            assert reply is not None
            self.inboxes["radius"].sendto(reply, report.peer)
        usage.drain_accounting()
        for pk in UsageFile.objects.filter(finished=None).values_list("pk", flat=True):
            usage.process_file(pk)

    def _received(self, sink: str, source: str) -> Iterator[Datagram]:
        while True:
            try:
                data, peer = self.inboxes[sink].recvfrom(65_535)
            except BlockingIOError:
                return
            yield Datagram(source, data, peer, clock.system_now())


@pytest.fixture
def workers(lab: RunningLab) -> Iterator[Workers]:
    """The workers of a running lab."""
    running = Workers(lab)
    # Both are kept for a while in a process, and what they tell of went with the test before.
    clock.forget()
    intake.directory.forget()
    yield running
    running.close()
    intake.directory.forget()
    clock.forget()


def test_the_story_holds(lab: RunningLab, workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "LAB_STATE", str(lab.state_file))
    story = Teller(people.hire(), base_url="http://test", pump=workers.round)
    open_calendar(story)

    for name in CHAPTERS:
        assert story.tell(name, TELL[name]), story.step.error
