"""What the steps of a plan can do: checks that only look, and actions that put intents on an element.

An action names its parameters; what a plan holds is checked against them before anything is kept, because it ends up
on the command line of an element.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kernel.errors import DomainError, Invalid
from oss.southbound.drivers.intents import Intent, PortAdmin
from service_mgmt.changes.models import ChangeStep

Phase = ChangeStep.Phase
# Long enough for every check after the change; then the element takes an unconfirmed change back by itself.
CONFIRM_SECONDS = 300
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9./:_-]{0,59}\Z")
STATES = ("up", "down")


class CheckFailed(DomainError):
    """A check before or after the change did not hold."""

    code = "change.checkFailed"


class Hold:
    """A session with one element in the course of a change, and the intents that wait there for confirmation."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.intents: list[Intent] = []

    def configure(self, step: ChangeStep, intents: Sequence[Intent], undo: Sequence[Intent]) -> str:
        """Put intents on the element under the confirm timer; returns the difference they make, maybe none.

        `undo` is kept with the step before the element is touched. A second change on one element is applied together
        with the first, because an element holds one waiting commit and takes the earlier one back.
        """
        candidate = self.session.render([*self.intents, *intents])
        diff = str(self.session.diff(candidate))
        if not diff.strip():
            return diff
        ChangeStep.objects.filter(pk=step.pk).update(undo=[stored(intent) for intent in undo])
        self.intents.extend(intents)
        self.session.apply(candidate, confirm_s=CONFIRM_SECONDS)
        return diff


def stored(intent: Intent) -> dict[str, Any]:
    """An intent as kept in a step; `load_intent` reads it back."""
    return {"kind": type(intent).__name__, **asdict(intent)}


@dataclass(frozen=True)
class Action:
    """One kind of step: `changes` says whether it touches the element; `run` returns what was seen, and the diff."""

    label: Any
    params: Mapping[str, str]
    run: Callable[[ChangeStep, Hold], tuple[str, str]]
    changes: bool = False


def _neighbour(step: ChangeStep, hold: Hold) -> tuple[str, str]:
    """The port is up and sees the right element at its other end (LLDP)."""
    port, wanted = step.params["port"], step.params["neighbour"]
    _expect(hold, port, "up")
    seen = {row["local_port"]: row["neighbour"] for row in hold.session.neighbours()}.get(port)
    if seen != wanted:
        raise CheckFailed(
            _("%(port)s sees %(seen)s, not %(wanted)s") % {"port": port, "seen": seen, "wanted": wanted}
        )
    return f"{port} up, neighbour {seen}", ""


def _expect(hold: Hold, port: str, wanted: str) -> None:
    state = hold.session.ports().get(port, {}).get("oper", "missing")
    if state != wanted:
        raise CheckFailed(_("%(port)s is %(state)s") % {"port": port, "state": state})


def _port_state(step: ChangeStep, hold: Hold) -> tuple[str, str]:
    """The port is in the wanted operational state."""
    port, wanted = step.params["port"], step.params["state"]
    _expect(hold, port, wanted)
    return f"{port} {wanted}", ""


def _ping(step: ChangeStep, hold: Hold) -> tuple[str, str]:
    """The element reaches an address: every echo is answered."""
    address = step.params["address"]
    found = hold.session.ping(address)
    if not found.sent or found.received < found.sent:
        raise CheckFailed(
            _("%(address)s answered %(received)d of %(sent)d")
            % {"address": address, "received": found.received, "sent": found.sent}
        )
    return f"{address}: {found.received}/{found.sent}", ""


def _set_port(step: ChangeStep, hold: Hold) -> tuple[str, str]:
    """Switch a port on or off, under the confirm timer."""
    port, wanted = step.params["port"], step.params["state"]
    return f"{port} {wanted}", _administer(step, hold, port, enabled=wanted == "up")


def _renew_port(step: ChangeStep, hold: Hold) -> tuple[str, str]:
    """Make sure the port is administratively on, under a confirm timer, and restart it."""
    port = step.params["port"]
    diff = _administer(step, hold, port, enabled=True)
    hold.session.bounce(port)
    return f"{port} renewed", diff


def _administer(step: ChangeStep, hold: Hold, port: str, *, enabled: bool) -> str:
    state = hold.session.ports().get(port)
    if state is None:
        raise CheckFailed(_("%(port)s is %(state)s") % {"port": port, "state": "missing"})
    was = PortAdmin(port, enabled=state["admin"] == "up")
    return hold.configure(step, [PortAdmin(port, enabled=enabled)], undo=[was])


ACTIONS: dict[str, Action] = {
    "neighbour": Action(
        gettext_lazy("Port is up and sees its neighbour"), {"port": "name", "neighbour": "name"}, _neighbour
    ),
    "port_state": Action(gettext_lazy("Port is up or down"), {"port": "name", "state": "state"}, _port_state),
    "ping": Action(gettext_lazy("Address answers"), {"address": "address"}, _ping),
    "set_port": Action(
        gettext_lazy("Switch a port on or off"), {"port": "name", "state": "state"}, _set_port, changes=True
    ),
    "renew_port": Action(gettext_lazy("Renew a port"), {"port": "name"}, _renew_port, changes=True),
}


def check_step(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step {phase, action, element, params} as it may be kept. Raises Invalid with the field that is wrong."""
    action = ACTIONS.get(step["action"])
    if action is None:
        raise _wrong("action", _("There is no action %(name)s") % {"name": step["action"]})
    if step["phase"] not in Phase.values or action.changes != (step["phase"] == Phase.DO):
        raise _wrong("phase", _("Checks stand before or after; only an action changes something"))
    params = {name: str(value).strip() for name, value in step.get("params", {}).items() if value}
    if unknown := set(params) - set(action.params):
        raise _wrong(min(unknown), _("“%(label)s” does not take this") % {"label": action.label})
    for name, kind in action.params.items():
        if name not in params:
            raise _wrong(name, _("Needed for “%(label)s”") % {"label": action.label})
        if not KINDS[kind](params[name]):
            raise _wrong(name, _("“%(value)s” does not fit here") % {"value": params[name][:60]})
    return {"phase": step["phase"], "action": step["action"], "element": step["element"], "params": params}


def check_plan(steps: Iterable[Mapping[str, Any]], *, elements: Iterable[Any]) -> list[dict[str, Any]]:
    """A whole plan, in its order: checks before, actions, checks after, none on an element that is no target.

    Raises Invalid for a step that does not hold, or for a plan whose action has no check after it.
    """
    allowed = {element.pk for element in elements}
    found = []
    for number, step in enumerate(steps, start=1):
        try:
            found.append(check_step(step))
        except Invalid as error:
            raise Invalid(
                _("Step %(number)d: %(why)s") % {"number": number, "why": error.message},
                code=error.code,
                fields={"steps": _("Step %(number)d: %(why)s") % {"number": number, "why": error.message}},
            ) from error
        if step["phase"] == Phase.DO and step["element"].pk not in allowed:
            raise Invalid(
                _("%(element)s is changed but is no target of the change") % {"element": step["element"]},
                code="change.stepElsewhere",
                fields={"steps": _("Only what the change names may be changed")},
            )
    phases = [step["phase"] for step in found]
    if Phase.DO in phases and Phase.POST not in phases:
        raise Invalid(
            _("What is changed is checked afterwards"),
            code="change.noPostCheck",
            fields={"steps": _("What is changed is checked afterwards")},
        )
    return sorted(found, key=lambda step: Phase.values.index(step["phase"]))


def _wrong(field: str, why: str) -> Invalid:
    return Invalid(why, code="change.step", fields={field: why})


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


KINDS: dict[str, Callable[[str], Any]] = {
    "name": NAME.match,
    "state": lambda text: text in STATES,
    "address": _is_address,
}
