"""What workflows do on the elements: render, validate, commit, verify, test, prove, and the way back."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from oss.inventory.models import NetworkElement
from oss.southbound import services as southbound
from oss.southbound.drivers.base import NO_SESSION
from oss.southbound.drivers.intents import AccessService, Intent, VoiceLine, load_intent
from service_mgmt.provisioning.services.applying import NotProven, Work, apply_all, demand, sessions
from service_mgmt.provisioning.services.workflow import Context, Done, Wait
from service_mgmt.services import services as inventory
from service_mgmt.services.models import Service

DIAL_IN = timedelta(seconds=90)


# -- rendering: what is wanted, kept on the step so that every later step means the same


def render(step: Context) -> Done:
    """Intents of the service and its supports, by element, as they are in normal service."""
    return _rendered(step.service, blocked=False)


def render_blocked(step: Context) -> Done:
    """The same, blocked."""
    return _rendered(step.service, blocked=True)


def render_removal(step: Context) -> Done:
    """The intents that are to be taken off."""
    done = _rendered(step.service, blocked=False)
    return Done({**done.outputs, "remove": True})


def _rendered(service: Service, *, blocked: bool) -> Done:
    wanted: dict[UUID, list[Intent]] = {}
    for one in inventory.family(service=service):
        for element_id, intents in inventory.intents_of(service=one, blocked=blocked).items():
            wanted.setdefault(element_id, []).extend(intents)
    names = dict(NetworkElement.objects.filter(pk__in=wanted).values_list("pk", "name"))
    return Done(
        {
            "remove": False,
            "elements": [
                {
                    "id": str(element_id),
                    "name": names[element_id],
                    "intents": [{"kind": type(intent).__name__, **asdict(intent)} for intent in intents],
                }
                for element_id, intents in sorted(wanted.items(), key=lambda pair: names[pair[0]])
            ],
        }
    )


def _work(step: Context) -> tuple[list[Work], bool]:
    """What `render` found, with the elements loaded, in one order for every worker."""
    found = step.found("render")
    elements = NetworkElement.objects.in_bulk([UUID(row["id"]) for row in found["elements"]])
    return [
        Work(elements[UUID(row["id"])], [load_intent(intent) for intent in row["intents"]])
        for row in found["elements"]
    ], bool(found["remove"])


# -- on the elements


def _sessions(step: Context, purpose: str) -> AbstractContextManager[list[tuple[Work, Any]]]:
    return sessions(_work(step)[0], purpose, step.service.pk)


def validate(step: Context) -> Done:
    """Ask each element whether it would take the change, and keep the difference it would make."""
    _work_list, remove = _work(step)
    diffs, session_id = [], None
    with _sessions(step, "validate") as open_sessions:
        for one, session in open_sessions:
            candidate = session.render(one.intents, remove=remove)
            session.validate(candidate)
            diffs.append(f"# {one.element.name}\n{session.diff(candidate)}".rstrip())
            session_id = session.id
    return Done({"elements": [one.element.name for one, _s in open_sessions]}, "\n\n".join(diffs), session_id)


def commit(step: Context) -> Done:
    """Apply on every element under a confirm timer, verify, then confirm all; or roll all back in reverse order.

    An element whose configuration already agrees is left alone, so that a second run changes nothing.
    """
    return _commit(step, remove=_work(step)[1])


def _commit(step: Context, *, remove: bool) -> Done:
    work, _remove = _work(step)
    done = apply_all(work, holder=step.service.pk, remove=remove)
    return Done({"changed": done.changed, "confirmed": True}, done.diff, done.session_id)


def _dialling(states: dict[str, dict[str, Any]]) -> bool:
    return any((row or {}).get("state") == NO_SESSION for found in states.values() for row in found.values())


def verify(step: Context) -> Done | Wait:
    """After confirmation: the running configuration and the counters of each element agree with the intents."""
    states, session_id = {}, None
    with _sessions(step, "verify") as open_sessions:
        for one, session in open_sessions:
            verification = session.verify(one.intents)
            demand(verification, one.element)
            states[one.element.name] = verification.state
            session_id = session.id
    if _dialling(states):
        if step.at - (step.step.started or step.at) > DIAL_IN:
            raise NotProven(_("The subscriber has not dialled in"), session_id=session_id)
        return Wait(1, "the subscriber dials in")
    with transaction.atomic():
        inventory.commit(service=step.service)
    return Done({"state": states}, session_id=session_id)


def test_service(step: Context) -> Done:
    """The specification's test plan: ping through the service, line test, counters that move (kept as the proof)."""
    results, session_id = [], None
    with _sessions(step, "test") as open_sessions:
        for one, session in open_sessions:
            session_id = session.id
            for intent in one.intents:
                results += [{**result, "element": one.element.name} for result in _tests(session, intent)]
    failed = [f"{row['test']} on {row['element']}: {row['found']}" for row in results if not row["passed"]]
    if failed:
        raise NotProven(
            _("The service test failed: %(why)s") % {"why": "; ".join(failed)}, session_id=session_id
        )
    return Done({"tests": results}, session_id=session_id)


def _tests(session: Any, intent: Intent) -> list[dict[str, Any]]:
    if isinstance(intent, AccessService):
        line = session.test_port(intent.port)
        rows = [{"test": "line", "passed": line.result in {"ok", "degraded"}, "found": line.result}]
        if intent.gateway:
            address = intent.gateway.split("/")[0]
            reply = session.ping(address)
            rows.append(
                {
                    "test": f"ping {address}",
                    "passed": reply.received > 0,
                    "found": f"{reply.received}/{reply.sent}",
                }
            )
        rows.append({"test": "counters", "passed": True, "found": session.counters(intent.port)})
        return rows
    if isinstance(intent, VoiceLine):
        verification = session.verify([intent])
        return [
            {
                "test": f"line {intent.number}",
                "passed": verification.ok,
                "found": "; ".join(verification.findings),
            }
        ]
    return []


def prove_blocked(step: Context) -> Done:
    """Nothing passes any more: the elements show the block, and the BNG has no session of the subscriber left."""
    return _prove(step, remove=False)


def prove_gone(step: Context) -> Done:
    """The elements no longer show the service, and the BNG has no session of it."""
    return _prove(step, remove=True)


def _prove(step: Context, *, remove: bool) -> Done:
    states, session_id = {}, None
    with _sessions(step, "prove") as open_sessions:
        for one, session in open_sessions:
            verification = session.verify(one.intents, remove=remove)
            demand(verification, one.element)
            states[one.element.name] = verification.state
            session_id = session.id
    for one, _session in open_sessions:
        for intent in one.intents:
            name = getattr(intent, "subscriber", "")
            if name and not southbound.disconnect_session(subscriber=name):
                raise NotProven(
                    _("%(name)s still has a session on the BNG") % {"name": name}, session_id=session_id
                )
    return Done({"state": states}, session_id=session_id)


# -- undoing


def withdraw(step: Context) -> Done:
    """Take a new service off the elements again."""
    return _commit(step, remove=True)


def restore(step: Context) -> Done:
    """Put a removed service back."""
    return _commit(step, remove=False)


def unblock(step: Context) -> Done:
    """Lift a block that is not wanted after all."""
    return _recommit(step, blocked=False)


def block_again(step: Context) -> Done:
    """Put the block back."""
    return _recommit(step, blocked=True)


def recommit(step: Context) -> Done:
    """Configure what the service's characteristics say now (they were set back first)."""
    return _recommit(step, blocked=False)


def _recommit(step: Context, *, blocked: bool) -> Done:
    rendered = _rendered(step.service, blocked=blocked)
    render_row = step.run.steps.get(name="render")
    # The undo means another configuration than the run did; what later undos read must say so.
    type(render_row).objects.filter(pk=render_row.pk).update(outputs=rendered.outputs)
    return _commit(step, remove=False)
