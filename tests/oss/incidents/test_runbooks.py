"""Runbooks: asked for, approved, carried out step by step, resumed, verified."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kernel import clock, lifecycle
from kernel.errors import Busy, IllegalMove, Invalid, NotAllowed, Unreachable
from kernel.models import User
from oss.incidents import services, tasks
from oss.incidents.models import Diagnosis, Incident, Runbook, RunbookRun, RunbookStep
from oss.incidents.services import rectifying, remedies
from oss.incidents.services.remedies import NotYet
from tests.factories.oss_alarms import AT, make_network
from tests.factories.oss_incidents import make_incident, make_link_root, make_run

pytestmark = pytest.mark.django_db
Status = RunbookRun.Status


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Steps that do nothing but what a test tells them: a function, or an error to raise."""
    told: dict[str, Any] = {"calls": []}

    def step(name: str) -> Any:
        def run(_run: RunbookRun) -> dict[str, Any]:
            told["calls"].append(name)
            wanted = told.get(name)
            if isinstance(wanted, list):
                wanted = wanted.pop(0) if wanted else None
            if isinstance(wanted, Exception):
                raise wanted
            return wanted or {"did": name}

        return run

    monkeypatch.setattr(
        rectifying,
        "STEPS",
        {
            action: tuple((name, step(name)) for name, _f in listed)
            for action, listed in remedies.STEPS.items()
        },
    )
    return told


def due(run: RunbookRun) -> None:
    RunbookRun.objects.filter(pk=run.pk).update(not_before=None)


def runbook(code: str) -> Runbook:
    return Runbook.objects.get(code=code)


def test_a_run_goes_through_its_steps_and_mitigates(steps: dict[str, Any], admin: User) -> None:
    incident = make_incident()

    run = services.rectify(incident=incident, runbook=runbook("bounce-port"), by=admin)
    tasks.run_runbook(str(run.pk))
    tasks.run_runbook(str(run.pk))

    run.refresh_from_db()
    incident.refresh_from_db()
    assert (run.status, run.outcome, run.number[:4]) == (Status.SUCCEEDED, "did: verify", "RBR-")
    assert steps["calls"] == ["look", "bounce", "verify"]
    assert incident.status == Incident.Status.MITIGATED
    codes = list(incident.entries.order_by("created").values_list("code", flat=True))
    assert codes[-3:] == ["run_started", "run_succeeded", "mitigated"]


def test_without_a_target_it_acts_on_what_was_diagnosed() -> None:
    network = make_network()
    incident = make_incident(root_alarm=make_link_root(network.backbone))
    assert services.rectify(incident=incident, runbook=runbook("bounce-port")).port == network.backbone.port_a
    RunbookRun.objects.update(status=Status.FAILED, finished=AT)
    Diagnosis.objects.create(
        incident=incident, requested=AT, finished=AT, status="done", port=network.backbone.port_b,
        element=network.core2,
    )  # fmt: skip

    run = services.rectify(incident=incident, runbook=runbook("bounce-port"))

    assert (run.port, run.element) == (network.backbone.port_b, network.core2)


def test_a_step_that_must_wait_is_tried_again_and_only_that_step(steps: dict[str, Any]) -> None:
    steps["verify"] = [NotYet("still down"), Unreachable("gone"), {"up": "both"}]
    run = make_run()

    tasks.run_runbook(str(run.pk))
    run.refresh_from_db()
    assert (run.status, run.heartbeat) == (Status.RUNNING, None)
    assert run.not_before is not None
    assert run.not_before > clock.system_now()
    tasks.run_runbook(str(run.pk))
    assert steps["calls"].count("verify") == 1
    for _ in range(2):
        due(run)
        tasks.run_runbook(str(run.pk))

    run.refresh_from_db()
    assert run.status == Status.SUCCEEDED
    assert steps["calls"] == ["look", "bounce", "verify", "verify", "verify"]
    assert run.steps.get(name="verify").attempts == 3


def test_patience_ends(steps: dict[str, Any]) -> None:
    steps["verify"] = NotYet("still down")
    run = make_run()

    for _ in range(rectifying.ATTEMPTS):
        due(run)
        tasks.run_runbook(str(run.pk))

    run.refresh_from_db()
    assert (run.status, run.outcome) == (Status.FAILED, "still down")


@pytest.mark.parametrize("error", [Invalid("no such port"), RuntimeError("a fault of ours")])
def test_what_cannot_be_mended_by_waiting_fails_at_once(steps: dict[str, Any], error: Exception) -> None:
    steps["bounce"] = error
    run = make_run()

    tasks.run_runbook(str(run.pk))

    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert str(error) in run.outcome
    assert run.steps.get(name="bounce").status == RunbookStep.Status.FAILED
    assert run.incident.entries.filter(code="run_failed").exists()


def test_a_run_whose_worker_died_is_resumed_at_its_step(steps: dict[str, Any]) -> None:
    run = make_run()
    lifecycle.move(run, Status.RUNNING, started=AT)
    run.steps.filter(name="look").update(status=RunbookStep.Status.DONE)
    tasks.run_runbook(str(run.pk))
    assert steps["calls"] == []

    RunbookRun.objects.update(heartbeat=clock.system_now() - rectifying.STALE - timedelta(seconds=1))
    tasks.run_runbook(str(run.pk))

    assert steps["calls"] == ["bounce", "verify"]


def test_the_sweeper_sends_again_what_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run()
    diagnosis = services.diagnose(incident=run.incident)
    sent: list[Any] = []
    monkeypatch.setattr("kernel.jobs.enqueue", lambda task, pk: sent.append((task, pk)))
    assert tasks.sweep() == 0

    old = clock.system_now() - timedelta(minutes=1)
    RunbookRun.objects.update(heartbeat=old)
    Diagnosis.objects.update(created=old)

    assert tasks.sweep() == 2
    assert {pk for _task, pk in sent} == {run.pk, diagnosis.pk}


def test_risk_wants_somebody_elses_word(steps: dict[str, Any], admin: User, make_user: Any) -> None:
    incident = make_incident()
    run = services.rectify(incident=incident, runbook=runbook("reboot"), by=admin)
    with pytest.raises(NotAllowed):
        services.approve_runbook(run=run, by=admin)
    tasks.run_runbook(str(run.pk))
    assert steps["calls"] == []

    other = make_user("engineer")
    services.approve_runbook(run=run, by=other)
    tasks.run_runbook(str(run.pk))

    run.refresh_from_db()
    assert (run.status, run.approved_by) == (Status.SUCCEEDED, other)


def test_a_proposal_may_be_rejected(admin: User) -> None:
    run = make_run(runbook=runbook("reboot"))

    services.reject_runbook(run=run, by=admin, reason="not at noon")

    assert (run.status, run.outcome) == (Status.REJECTED, "not at noon")
    with pytest.raises(IllegalMove):
        services.approve_runbook(run=run, by=admin)


def test_one_run_at_a_time_on_an_element(admin: User, make_user: Any) -> None:
    run = make_run()
    with pytest.raises(Busy):
        services.rectify(incident=run.incident, runbook=runbook("bounce-port"))
    proposed = services.rectify(
        incident=run.incident, runbook=runbook("reboot"), element=run.element, by=admin
    )
    with pytest.raises(Busy):
        services.approve_runbook(run=proposed, by=make_user("noc"))


def test_what_cannot_be_run_is_refused() -> None:
    incident = make_incident()
    with pytest.raises(Invalid):
        services.rectify(incident=incident, runbook=runbook("switch-protection"))
    with pytest.raises(Invalid):
        services.rectify(incident=make_incident(title="Somewhere"), runbook=runbook("bounce-port"))
    with pytest.raises(Invalid):
        services.rectify(incident=make_incident(title="Somewhere"), runbook=runbook("reboot"))
    services.resolve(incident=incident, cause_code="cable")
    with pytest.raises(Invalid):
        services.rectify(incident=incident, runbook=runbook("bounce-port"))


def test_a_filled_slot_makes_its_runbook_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remedies.push_configuration, "_fillers", {})
    assert not remedies.possible(runbook("push-configuration"))

    remedies.push_configuration.fill(lambda *, incident, element, port: {"lines": 3})

    assert remedies.possible(runbook("push-configuration"))
    run = make_run(runbook=runbook("push-configuration"))
    assert remedies.push(run) == {"lines": 3}


@pytest.mark.parametrize("before", list(Status))
@pytest.mark.parametrize("after", list(Status))
def test_the_lifecycle_pair_by_pair(before: Status, after: Status) -> None:
    run = make_run(runbook=runbook("reboot"))
    ended = {"finished": AT}
    way = {
        Status.PROPOSED: [], Status.PENDING: [Status.PENDING], Status.RUNNING: [Status.PENDING, Status.RUNNING],
        Status.SUCCEEDED: [Status.PENDING, Status.RUNNING, Status.SUCCEEDED],
        Status.FAILED: [Status.PENDING, Status.RUNNING, Status.FAILED], Status.REJECTED: [Status.REJECTED],
    }  # fmt: skip
    terminal = {Status.SUCCEEDED, Status.FAILED, Status.REJECTED}
    for step in way[before]:
        lifecycle.move(run, step, **(ended if step in terminal else {}))
    changes: dict[str, Any] = ended if after in terminal else {"finished": None}
    if after in RunbookRun.MOVES[before]:
        assert lifecycle.move(run, after, **changes).status == after
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(run, after, **changes)


def test_one_round_of_tests_at_a_time() -> None:
    incident = make_incident()
    assert services.diagnose(incident=incident) == services.diagnose(incident=incident)


def test_a_round_without_anything_to_ask_ends_without_a_place() -> None:
    diagnosis = services.diagnose(incident=make_incident(title="Somewhere"))

    services.run_diagnosis(diagnosis_id=diagnosis.pk)

    diagnosis.refresh_from_db()
    assert (diagnosis.status, diagnosis.because["rule"]) == (Diagnosis.Status.DONE, "nothing_answers")
    assert diagnosis.incident.status == Incident.Status.OPEN
