"""From a cut cable to its repair, on live elements: traps and syslog in, root, incident, diagnosis, remedy, proof."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from kernel import clock, events
from kernel.models import User
from oss.alarms import services as alarms
from oss.alarms.models import Alarm, Source
from oss.alarms.services import intake
from oss.alarms.services.intake import Datagram
from oss.incidents import services, tasks
from oss.incidents.models import CauseCode, Diagnosis, Incident, Runbook, RunbookRun
from oss.inventory.models import Link, NetworkElement, Port
from oss.inventory.services import import_topology
from oss.monitoring import services as monitoring
from oss.monitoring.models import ElementHealth
from oss.southbound.services import register_lab, session
from tests.running_lab import RunningLab

pytestmark = pytest.mark.django_db


class Ears:
    """Sockets where the lab's elements send what they have to say, and the pipeline behind them."""

    def __init__(self, lab: RunningLab) -> None:
        self.lab = lab
        self.sockets = {source: self._open(source) for source in (Source.TRAP, Source.SYSLOG)}

    def _open(self, source: str) -> socket.socket:
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(0.3)
        self.lab.ctl(
            "sinks", {"trap": "traps", "syslog": "syslog"}[source], f"127.0.0.1:{ear.getsockname()[1]}"
        )
        return ear

    def close(self) -> None:
        for name, ear in zip(("traps", "syslog"), self.sockets.values(), strict=True):
            self.lab.ctl("sinks", name, "off")
            ear.close()

    def hear(self) -> int:
        """Take in everything that was sent until now."""
        batch = []
        for source, ear in self.sockets.items():
            try:
                while True:
                    data, peer = ear.recvfrom(65535)
                    batch.append(Datagram(source, data, peer, clock.system_now()))
            except TimeoutError:
                continue
        alarms.ingest(batch)
        events.drain()
        return len(batch)


@pytest.fixture
def elements(lab: RunningLab) -> dict[str, NetworkElement]:
    import_topology(lab.topology)
    register_lab(lab.state)
    found = {element.name: element for element in NetworkElement.objects.all()}
    poll(found, clock.now() - timedelta(minutes=10))
    return found


@pytest.fixture
def ears(lab: RunningLab, elements: dict[str, NetworkElement]) -> Iterator[Ears]:
    intake.directory.forget()
    ears = Ears(lab)
    yield ears
    ears.close()
    intake.directory.forget()


def poll(elements: dict[str, NetworkElement], *times: datetime) -> None:
    for at in times:
        monitoring.poll(element_ids=[element.pk for element in elements.values()], at=at)
        events.drain()


def correlate(seconds: float) -> None:
    with clock.frozen(clock.now() + timedelta(seconds=seconds)):
        alarms.correlate()
        events.drain()


def test_a_cut_link_is_one_incident_located_and_over_when_mended(
    lab: RunningLab, elements: dict[str, NetworkElement], ears: Ears
) -> None:
    link = Link.objects.get(name="cr2-ag2")

    lab.ctl("cut", "cr2-ag2")
    assert ears.hear() >= 2
    correlate(5)
    incident = Incident.objects.get()
    now = clock.now()
    poll(elements, *[now + timedelta(seconds=n) for n in (1, 2, 3)])
    correlate(20)

    root = incident.root_alarm
    assert root is not None
    assert (incident.link, root.source, root.perceived_severity) == (link, Source.CORRELATION, "critical")
    silent = {
        alarm.element.name
        for alarm in Alarm.objects.filter(root=root, probable_cause="communicationsSubsystemFailure")
        if alarm.element
    }
    assert silent == {"ag2-kvl", "asw1-kvl"}
    assert Incident.objects.count() == 1

    tasks.run_diagnosis(str(incident.diagnoses.get().pk))
    found = incident.diagnoses.get()
    assert (found.status, found.link, found.cause_code) == (Diagnosis.Status.DONE, link, CauseCode.CABLE)
    assert found.because["rule"] == "line_open_one"
    assert int(found.because["params"]["from_a"]) > 0
    assert {(test.test, test.result) for test in found.tests.filter(element=elements["ag2-kvl"])} == {
        ("answer", "silent")
    }
    before = list(found.tests.values())
    tasks.run_diagnosis(str(found.pk))
    assert list(found.tests.values()) == before

    lab.ctl("mend", "cr2-ag2")
    ears.hear()
    poll(elements, clock.now())

    incident.refresh_from_db()
    assert (incident.status, incident.cause_code) == (Incident.Status.RESOLVED, CauseCode.CABLE)
    assert not Alarm.objects.open().exclude(perceived_severity="warning").exists()


def test_latched_lasers_are_bounced_from_the_portal_and_proven_up(
    lab: RunningLab, elements: dict[str, NetworkElement], ears: Ears, admin: User
) -> None:
    lab.ctl("cut", "cr1-cr2", "--latched")
    lab.ctl("mend", "cr1-cr2")
    ears.hear()
    correlate(5)
    incident = Incident.objects.get()
    tasks.run_diagnosis(str(incident.diagnoses.get().pk))
    diagnosis = incident.diagnoses.get()
    assert (diagnosis.because["rule"], diagnosis.remedy) == (
        "line_good_ports_down",
        Runbook.Action.BOUNCE_PORT,
    )

    run = services.rectify(incident=incident, runbook=Runbook.objects.get(action=diagnosis.remedy), by=admin)
    tasks.run_runbook(str(run.pk))
    events.drain()

    run.refresh_from_db()
    assert (run.status, run.outcome[:2]) == (RunbookRun.Status.SUCCEEDED, "up")
    assert list(run.steps.values_list("name", "status")) == [
        ("look", "done"),
        ("bounce", "done"),
        ("verify", "done"),
    ]
    assert run.session is not None
    link = Link.objects.select_related("port_a", "port_b").get(name="cr1-cr2")
    assert (link.port_a.oper_state, link.port_b.oper_state) == (Port.OperState.UP, Port.OperState.UP)
    incident.refresh_from_db()
    assert (incident.status, incident.cause_code) == (Incident.Status.RESOLVED, CauseCode.TRANSMISSION)
    tasks.run_runbook(str(run.pk))
    assert run.steps.get(name="bounce").attempts == 1


def test_a_port_switched_off_is_told_from_a_break(
    lab: RunningLab, elements: dict[str, NetworkElement], ears: Ears
) -> None:
    lab.ctl("drift", "cr1-pam", "set interfaces xe-0/0/0 disable")
    ears.hear()
    correlate(5)
    incident = Incident.objects.get()

    services.run_diagnosis(diagnosis_id=incident.diagnoses.get().pk)

    found = incident.diagnoses.get()
    assert (found.because["rule"], found.cause_code) == ("switched_off", CauseCode.CONFIGURATION)
    assert str(found.port) == "cr1-pam xe-0/0/0"


def test_a_dying_gasp_is_the_cause_and_the_boot_the_end(
    lab: RunningLab, elements: dict[str, NetworkElement], ears: Ears
) -> None:
    lab.ctl("power-off", "ag1-pam")
    ears.hear()
    correlate(5)
    incident = Incident.objects.open().get()
    assert (incident.category, incident.element) == (Incident.Category.POWER, elements["ag1-pam"])

    services.run_diagnosis(diagnosis_id=incident.diagnoses.get().pk)
    assert incident.diagnoses.get().because["rule"] == "power_lost"

    lab.ctl("reset")
    ears.hear()
    incident.refresh_from_db()
    assert (incident.status, incident.cause_code) == (Incident.Status.RESOLVED, CauseCode.POWER)


def test_polls_measure_and_hear_what_no_trap_told(
    lab: RunningLab, elements: dict[str, NetworkElement]
) -> None:
    element = elements["asw1-pam"]
    lab.ctl("hang", "asw1-pam")
    now = clock.now()
    poll({"x": element}, *[now + timedelta(seconds=n) for n in (1, 2, 3)])

    assert ElementHealth.objects.get(element=element).state == "silent"
    assert Alarm.objects.get(element=element, state="raised").source == Source.POLL
    lab.ctl("reset")
    poll({"x": element}, now + timedelta(seconds=4))

    assert ElementHealth.objects.get(element=element).state == "up"
    assert not Alarm.objects.open().filter(element=element).exists()


def test_a_reboot_needs_somebody_elses_word_and_is_proven_by_an_answer(
    lab: RunningLab, elements: dict[str, NetworkElement], make_user: object, admin: User
) -> None:
    incident = services.open_incident(title="Leaks memory", element=elements["sbc1-pam"], by=admin)
    run = services.rectify(incident=incident, runbook=Runbook.objects.get(code="reboot"), by=admin)
    assert run.status == RunbookRun.Status.PROPOSED
    tasks.run_runbook(str(run.pk))
    run.refresh_from_db()
    assert run.status == RunbookRun.Status.PROPOSED

    services.approve_runbook(run=run, by=make_user("engineer"))  # type: ignore[operator]
    for _ in range(60):
        RunbookRun.objects.filter(pk=run.pk).update(not_before=None)
        tasks.run_runbook(str(run.pk))
        run.refresh_from_db()
        if run.status != RunbookRun.Status.RUNNING:
            break

    assert run.status == RunbookRun.Status.SUCCEEDED, run.outcome
    with session(element=elements["sbc1-pam"], purpose="test") as opened:
        assert opened.facts()["uptime_s"] < 30
