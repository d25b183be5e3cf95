"""The steps that workflows are made of. Each may run twice: it looks first, and does only what is still missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from bss.billing.models import Subscription
from bss.orders import services as bss_orders
from bss.usage import services as bss_usage
from kernel import events
from kernel.errors import DomainError
from oss.inventory.models import NetworkElement
from oss.southbound import services as southbound
from oss.southbound.drivers.base import NO_SESSION
from oss.southbound.drivers.intents import AccessService, Intent, VoiceLine, load_intent
from service_mgmt.provisioning.events import ServiceActivated, ServiceBlocked, ServiceRestored
from service_mgmt.provisioning.services.workflow import Context, Done, Wait
from service_mgmt.services import services as inventory
from service_mgmt.services.models import Service

CONFIRM_SECONDS = 120
DIAL_IN = timedelta(seconds=90)
# Elements stamp what they count by their own clocks, RADIUS in whole seconds (RFC 2866 §5.7): a first report may seem to
# begin a little before the commit. Nobody else has the name then: user names are new, numbers come out of quarantine.
CLOCK_SKEW = timedelta(seconds=30)


class NotProven(DomainError):
    """The element accepted the configuration, but the service does not show what it should."""

    code = "service.notProven"


@dataclass(frozen=True)
class _Work:
    """What one element is to be told."""

    element: NetworkElement
    intents: list[Intent]


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


def _work(step: Context) -> tuple[list[_Work], bool]:
    """What `render` found, with the elements loaded, in one order for every worker."""
    found = step.found("render")
    elements = NetworkElement.objects.in_bulk([UUID(row["id"]) for row in found["elements"]])
    return [
        _Work(elements[UUID(row["id"])], [load_intent(intent) for intent in row["intents"]])
        for row in found["elements"]
    ], bool(found["remove"])


# -- on the elements


@contextmanager
def _sessions(step: Context, purpose: str) -> Iterator[list[tuple[_Work, Any]]]:
    """An open session to every element the step works on; all are closed, whatever happens."""
    work, _remove = _work(step)
    with ExitStack() as stack:
        yield [
            (
                one,
                stack.enter_context(
                    southbound.session(
                        element=one.element,
                        purpose=purpose,
                        holder=step.service.pk,
                        write=purpose == "commit",
                    )
                ),
            )
            for one in work
        ]


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
    touched: list[tuple[_Work, Any]] = []
    diffs, session_id = [], None
    with _sessions(step, "commit") as open_sessions:
        try:
            for one, session in open_sessions:
                session_id = session.id
                session.settle()  # a worker may have died here before it confirmed
                candidate = session.render(one.intents, remove=remove)
                difference = session.diff(candidate)
                if not difference.strip():
                    continue
                diffs.append(f"# {one.element.name}\n{difference}".rstrip())
                touched.append((one, session))
                session.apply(candidate, confirm_s=CONFIRM_SECONDS)
            for one, session in touched:
                _demand(session.verify(one.intents, remove=remove), one.element)
            for _one, session in touched:
                session.confirm()
        except DomainError:
            for _one, session in reversed(touched):
                _roll_back(session)
            raise
    return Done(
        {"changed": [one.element.name for one, _s in touched], "confirmed": True},
        "\n\n".join(diffs),
        session_id,
    )


def _roll_back(session: Any) -> None:
    """Undo one element now; should that fail too, its own confirm timer does it."""
    try:
        session.rollback()
    except DomainError:
        return


def _demand(verification: Any, element: NetworkElement) -> None:
    if not verification.ok:
        raise NotProven(
            _("%(element)s does not show the service: %(why)s")
            % {"element": element.name, "why": "; ".join(verification.findings)},
            session_id=None,
        )


def _dialling(states: dict[str, dict[str, Any]]) -> bool:
    return any((row or {}).get("state") == NO_SESSION for found in states.values() for row in found.values())


def verify(step: Context) -> Done | Wait:
    """After confirmation: the running configuration and the counters of each element agree with the intents."""
    states, session_id = {}, None
    with _sessions(step, "verify") as open_sessions:
        for one, session in open_sessions:
            verification = session.verify(one.intents)
            _demand(verification, one.element)
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
            _demand(verification, one.element)
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


# -- the business side


def activate(step: Context) -> Done:
    """The service is active, its usage belongs to the product, and the product is active: one transaction."""
    service, item = step.service, step.item.product_order_item
    with transaction.atomic():
        inventory.activate(service=service, at=step.at)
        identifiers = _assign_identifiers(step)
        if item is not None and service.product is not None:
            bss_orders.activate_item(item=item, at=step.at)
            events.publish(ServiceActivated(service.pk, service.product.pk, step.at))
    return Done({"identifiers": identifiers, "product": service.product and service.product.number})


def _assign_identifiers(step: Context) -> list[str]:
    """Who pays for what the elements count: user names and numbers of this service, since the elements know them.

    A session opens the moment its configuration is committed, and its first report begins then: were the name the
    product's only from the activation on, that report would belong to nobody.
    """
    if step.service.product_id is None:
        return []
    commit = step.run.steps.filter(name="commit").first()
    since = (commit.started if commit and commit.started else step.at) - CLOCK_SKEW
    assigned = []
    for one in inventory.family(service=step.service):
        for intents in inventory.intents_of(service=one).values():
            for intent in intents:
                kind, value = _identifier(intent)
                if value:
                    bss_usage.assign_identifier(
                        kind=kind, value=value, product_id=step.service.product_id, start=since
                    )
                    assigned.append(f"{kind} {value}")
    return assigned


def _identifier(intent: Intent) -> tuple[str, str]:
    if isinstance(intent, AccessService):
        return "user_name", intent.subscriber
    if isinstance(intent, VoiceLine):
        return "e164", intent.number
    return "", ""


def billing_started(step: Context) -> Done | Wait:
    """Wait until billing has opened the product's charges (it follows the product's activation by event)."""
    product = step.service.product
    if product is None or not product.prices.exclude(price__kind="usage").exists():
        return Done({"subscriptions": []})
    opened = Subscription.objects.filter(product=product).values_list("pk", flat=True)
    if not opened:
        return Wait(1, "billing has not opened the charges yet")
    return Done({"subscriptions": [str(pk) for pk in opened]})


def finish_suspension(step: Context) -> Done:
    """Record that the service is blocked, proven; the product follows."""
    service = step.service
    with transaction.atomic():
        inventory.suspend(service=service, reason=step.item.order.description)
        if service.product is not None:
            bss_orders.suspend_product(
                product=service.product, at=step.at, reason=step.item.order.description
            )
            events.publish(ServiceBlocked(service.pk, service.product.pk, step.item.order.origin_id, step.at))
    return Done({"state": service.state})


def finish_resumption(step: Context) -> Done:
    """Record that the service works again, proven; the product follows."""
    service = step.service
    with transaction.atomic():
        inventory.resume(service=service, reason=step.item.order.description)
        if service.product is not None:
            bss_orders.resume_product(product=service.product, at=step.at)
            events.publish(
                ServiceRestored(service.pk, service.product.pk, step.item.order.origin_id, step.at)
            )
    return Done({"state": service.state})


def finish_termination(step: Context) -> Done:
    """End the service, give its resources back, end its identifiers and the product."""
    service, item = step.service, step.item.product_order_item
    with transaction.atomic():
        for one in inventory.family(service=service):
            for intents in inventory.intents_of(service=one).values():
                for intent in intents:
                    kind, value = _identifier(intent)
                    if value:
                        bss_usage.end_identifier(kind=kind, value=value, at=step.at)
        inventory.terminate(service=service, at=step.at)
        if service.product is not None:
            bss_orders.terminate_product(product=service.product, at=step.at)
        if item is not None:
            bss_orders.activate_item(item=item, at=step.at)
    return Done({"state": service.state})


def prepare_change(step: Context) -> Done:
    """Set the ordered characteristics, keeping the old ones for the way back."""
    item = step.item.product_order_item
    wanted = dict(item.characteristics) if item is not None else {}
    before = {name: step.service.characteristics.get(name) for name in wanted}
    inventory.change_characteristics(service=step.service, **wanted)
    return Done({"before": before, "after": wanted})


def undo_change(step: Context) -> Done:
    """Set the old characteristics back."""
    inventory.change_characteristics(service=step.service, **step.found("prepare")["before"])
    return Done()


def finish_change(step: Context) -> Done:
    """The product now is what was ordered."""
    item = step.item.product_order_item
    if item is not None:
        bss_orders.activate_item(item=item, at=step.at)
    return Done()
