"""What each runbook does, step by step. A step may be run again after a crash: it looks before it acts.

A step is a function of the run; it returns what it found, raises NotYet to be tried again later, or a DomainError.
Steps talk to elements and run outside transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from kernel import clock
from kernel.errors import DomainError, Invalid
from kernel.slots import slot
from oss.incidents.models import Runbook, RunbookRun
from oss.inventory.models import Link, Port
from oss.monitoring.services import poll
from oss.southbound.services import session

# Filled by layers that know more: (incident, element, port) → facts of what was done, or a DomainError.
push_configuration = slot("oss_incidents.push_configuration")
switch_protection = slot("oss_incidents.switch_protection")

Output = dict[str, Any]
Step = Callable[[RunbookRun], Output]


class NotYet(DomainError):
    """The network has not settled; the step is tried again."""

    code = "runbook.notYet"


def look(run: RunbookRun) -> Output:
    """The element answers, and has the port; how it stands before."""
    with session(element=run.element, purpose="runbook", holder=run.pk) as opened:
        facts = opened.facts()
        found: Output = {"version": str(facts.get("version", "")), "session": str(opened.id)}
        if run.port is not None:
            state = opened.ports().get(run.port.name)
            if state is None:
                raise Invalid(
                    _("%(element)s has no port %(port)s") % {"element": run.element, "port": run.port.name}
                )
            found |= {"admin": state["admin"], "oper": state["oper"]}
        return found


def bounce(run: RunbookRun) -> Output:
    """Switch the port off and on. A port that is up by now is left alone: it may carry traffic again."""
    port = _port(run)
    with session(element=run.element, purpose="runbook", holder=run.pk, write=True) as opened:
        if opened.ports()[port.name]["oper"] == "up":
            return {"skipped": "the port is up", "session": str(opened.id)}
        opened.bounce(port.name)
        return {"bounced": port.name, "session": str(opened.id)}


def port_up(run: RunbookRun) -> Output:
    """Both ends read up, by a poll that the alarms hear too."""
    ends = _ends(_port(run))
    poll(element_ids=[end.element_id for end in ends])
    states = {
        str(end): end.oper_state
        for end in Port.objects.filter(pk__in=[e.pk for e in ends]).select_related("element")
    }
    if any(state != Port.OperState.UP for state in states.values()):
        raise NotYet(
            _("still down: %(ports)s") % {"ports": ", ".join(n for n, s in states.items() if s != "up")}
        )
    return {"up": sorted(states)}


def reboot(run: RunbookRun) -> Output:
    """Restart the element, unless it restarted since the step was first tried."""
    step = run.steps.get(name="reboot")
    with session(element=run.element, purpose="runbook", holder=run.pk, write=True) as opened:
        uptime = float(opened.facts()["uptime_s"])
        since = (clock.now() - step.started).total_seconds() if step.started and step.attempts > 1 else 0.0
        if step.attempts > 1 and uptime < since:
            return {"skipped": "it has restarted already", "session": str(opened.id)}
        opened.reboot()
        return {"restarted": run.element.name, "session": str(opened.id)}


def answers(run: RunbookRun) -> Output:
    """The element answers a poll again."""
    if not poll(element_ids=[run.element_id]):
        raise NotYet(_("%(element)s does not answer yet") % {"element": run.element})
    return {"answers": run.element.name}


def push(run: RunbookRun) -> Output:
    """Bring the element back to what is intended; how, a higher layer knows."""
    return _filled(push_configuration, run)


def switch(run: RunbookRun) -> Output:
    """Move traffic to the protecting path; how, a higher layer knows."""
    return _filled(switch_protection, run)


STEPS: Mapping[str, tuple[tuple[str, Step], ...]] = {
    Runbook.Action.BOUNCE_PORT: (("look", look), ("bounce", bounce), ("verify", port_up)),
    Runbook.Action.REBOOT: (("look", look), ("reboot", reboot), ("verify", answers)),
    Runbook.Action.PUSH_CONFIGURATION: (("look", look), ("push", push), ("verify", answers)),
    Runbook.Action.SWITCH_PROTECTION: (("look", look), ("switch", switch), ("verify", answers)),
}
PORT_NEEDED = {Runbook.Action.BOUNCE_PORT}
SLOTS = {
    Runbook.Action.PUSH_CONFIGURATION: push_configuration,
    Runbook.Action.SWITCH_PROTECTION: switch_protection,
}


def possible(runbook: Runbook) -> bool:
    """Whether somebody here knows how to do it."""
    needed = SLOTS.get(Runbook.Action(runbook.action))
    return runbook.active and (needed is None or needed.filled)


def available_runbooks() -> QuerySet[Runbook]:
    """Runbooks that can be carried out here, the least risky first."""
    missing = [action for action, place in SLOTS.items() if not place.filled]
    return Runbook.objects.filter(active=True).exclude(action__in=missing).order_by("needs_approval", "code")


def target(run: RunbookRun) -> str:
    """What a run acts on, in the network's own names."""
    return str(run.port or run.element)


def _port(run: RunbookRun) -> Port:
    if run.port is None:
        raise Invalid(_("This runbook acts on a port"), code="runbook.port")
    return run.port


def _ends(port: Port) -> list[Port]:
    link = Link.objects.filter(Q(port_a=port) | Q(port_b=port), status=Link.Status.IN_SERVICE).first()
    return [port] if link is None else [link.port_a, link.port_b]


def _filled(place: Any, run: RunbookRun) -> Output:
    done = place.one(incident=run.incident, element=run.element, port=run.port)
    return dict(done or {})
