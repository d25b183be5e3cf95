"""What workflows do for the business: characteristics, identifiers, the product's state, the start of billing."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from bss.billing.models import Subscription
from bss.orders import services as bss_orders
from bss.usage import services as bss_usage
from kernel import events
from oss.southbound.drivers.intents import AccessService, Intent, VoiceLine
from service_mgmt.provisioning.events import ServiceActivated, ServiceBlocked, ServiceRestored
from service_mgmt.provisioning.services.workflow import Context, Done, Wait
from service_mgmt.services import services as inventory

# Elements stamp what they count by their own clocks, RADIUS in whole seconds (RFC 2866 §5.7): a first report may seem to
# begin a little before the commit. Nobody else has the name then: user names are new, numbers come out of quarantine.
CLOCK_SKEW = timedelta(seconds=30)


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
