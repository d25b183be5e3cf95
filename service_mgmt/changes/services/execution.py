"""Carrying a change out: checks before, actions under a confirm timer, checks after, confirmed or taken back.

The actions of a change stay unconfirmed until every check after them has passed: should a check fail, or the worker
die, each element goes back by itself. Nothing runs outside the window.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from kernel import clock, lifecycle
from kernel.errors import DomainError, IllegalMove
from kernel.slots import slot
from oss.alarms import services as alarms
from oss.alarms.models import Maintenance
from oss.southbound import services as southbound
from oss.southbound.drivers.intents import PortAdmin
from service_mgmt.changes.models import ChangeRequest, ChangeStep

Status, Phase, StepStatus = ChangeRequest.Status, ChangeStep.Phase, ChangeStep.Status
CONFIRM_SECONDS = 300

# Filled by service_mgmt.problems: (change id, ok, at).
done_slot = slot("service_mgmt_changes.done")


class CheckFailed(DomainError):
    """A check before or after the change did not hold."""

    code = "change.checkFailed"


def execute(*, change: ChangeRequest, at: datetime | None = None) -> ChangeRequest:
    """Carry out a scheduled change inside its window; afterwards it is reviewed, or has been taken back.

    Raises IllegalMove outside the window or for a change that is not scheduled.
    """
    moment = at or clock.now()
    if (
        change.window_start is None
        or change.window_end is None
        or not change.window_start <= moment < change.window_end
    ):
        raise IllegalMove(_("%(n)s may only run in its window") % {"n": change}, code="change.outsideWindow")
    lifecycle.move(change, Status.IN_PROGRESS, started=moment)
    steps = list(change.steps.select_related("element").order_by("position"))
    with ExitStack() as stack:
        sessions = _open(stack, change, steps)
        touched: list[Any] = []
        try:
            for step in steps:
                _run(step, sessions[step.element_id], touched)
            for session in touched:
                session.confirm()
        except DomainError as error:
            return _take_back(change, steps, touched, error)
    lifecycle.move(change, Status.REVIEW, finished=clock.now())
    return change


def _open(stack: ExitStack, change: ChangeRequest, steps: list[ChangeStep]) -> dict[Any, Any]:
    """A session to every element of the plan, for writing where an action needs it."""
    writing = {step.element_id for step in steps if step.phase == Phase.DO}
    elements = {step.element_id: step.element for step in steps}
    return {
        pk: stack.enter_context(
            southbound.session(
                element=element, purpose=f"change {change.number}", holder=change.pk, write=pk in writing
            )
        )
        for pk, element in sorted(elements.items(), key=lambda pair: pair[1].name)
    }


def _run(step: ChangeStep, session: Any, touched: list[Any]) -> None:
    try:
        output, diff = ACTIONS[step.action](step, session, touched)
    except DomainError as error:
        _settle(step, StepStatus.FAILED, session, f"{error.code}: {error.message}")
        raise
    _settle(step, StepStatus.DONE, session, output, diff)


def _settle(step: ChangeStep, status: str, session: Any, output: str, diff: str = "") -> None:
    step.status, step.output, step.diff = status, output, diff
    step.session_id, step.finished = session.id, clock.now()
    step.save(update_fields=["status", "output", "diff", "session_id", "finished", "updated"])


def _neighbour(step: ChangeStep, session: Any, touched: list[Any]) -> tuple[str, str]:
    """The port is up and sees the right element at its other end (LLDP)."""
    port, wanted = step.params["port"], step.params["neighbour"]
    state = session.ports().get(port, {})
    if state.get("oper") != "up":
        raise CheckFailed(_("%(port)s is %(state)s") % {"port": port, "state": state.get("oper", "missing")})
    seen = {row["local_port"]: row["neighbour"] for row in session.neighbours()}.get(port)
    if seen != wanted:
        raise CheckFailed(
            _("%(port)s sees %(seen)s, not %(wanted)s") % {"port": port, "seen": seen, "wanted": wanted}
        )
    return f"{port} up, neighbour {seen}", ""


def _renew_port(step: ChangeStep, session: Any, touched: list[Any]) -> tuple[str, str]:
    """Make sure the port is administratively on, under a confirm timer, and restart it."""
    intent = PortAdmin(step.params["port"], enabled=True)
    candidate = session.render([intent])
    diff = session.diff(candidate)
    if diff.strip():
        touched.append(session)
        session.apply(candidate, confirm_s=CONFIRM_SECONDS)
    session.bounce(step.params["port"])
    return f"{step.params['port']} renewed", diff


ACTIONS: dict[str, Callable[[ChangeStep, Any, list[Any]], tuple[str, str]]] = {
    "neighbour": _neighbour,
    "renew_port": _renew_port,
}


def _take_back(
    change: ChangeRequest, steps: list[ChangeStep], touched: list[Any], error: DomainError
) -> ChangeRequest:
    """Roll every touched element back in reverse order; what we cannot reach goes back by its own timer."""
    lifecycle.move(change, Status.FALLBACK, reason=f"{error.code}: {error.message}")
    for session in reversed(touched):
        try:
            session.rollback()
        except DomainError:
            continue
    for step in steps:
        if step.phase == Phase.DO and step.status == StepStatus.DONE:
            step.status = StepStatus.UNDONE
            step.save(update_fields=["status", "updated"])
    lifecycle.move(change, Status.FAILED, finished=clock.now())
    _end(change, ok=False)
    return change


def review(*, change: ChangeRequest, text: str, ok: bool = True) -> ChangeRequest:
    """Write down how it went; a problem that waited for the change hears of it."""
    lifecycle.move(change, Status.COMPLETED if ok else Status.FAILED, review=text)
    _end(change, ok=ok)
    return change


def _end(change: ChangeRequest, *, ok: bool) -> None:
    window = Maintenance.objects.filter(change_ref=change.number).first()
    if window is not None and window.status in {"planned", "active"}:
        alarms.end_maintenance(maintenance=window, reason=f"{change.number} is over")
    done_slot.call(change.pk, ok, clock.now())
