"""Chapter three: workflows on live elements. One element refuses a line first: rollback, fallout, mended, resumed."""

from __future__ import annotations

from bss.billing.models import Subscription
from bss.orders.models import Product, ProductOrder
from bss.usage.models import UsageIdentifier
from oss.southbound import services as southbound
from oss.southbound.models import ElementSession
from portal.story import order as order_chapter
from portal.story.lab import Lab
from portal.story.teller import Teller
from service_mgmt.provisioning import services as provisioning
from service_mgmt.provisioning.models import Fallout, ServiceOrder, WorkflowRun
from service_mgmt.services import services as inventory
from service_mgmt.services.models import Service

REFUSING = "asw1-kvl"


def tell(story: Teller) -> None:
    """From the accepted order to proven services, active products and open charges."""
    lab = Lab.here()
    lab.ctl("refuse", REFUSING, "rate-limit down", "1")
    order = order_chapter.accept(story)
    service_order = story.wait(
        "the service order", lambda: ServiceOrder.objects.filter(product_order=order).first()
    )
    story.made("service order", service_order)
    # Both customers are served by this element: whoever came first met the refusal.
    fallout = story.wait(
        "the fallout of the refused line", lambda: Fallout.objects.filter(status="open").first()
    )
    order = fallout.step.run.item.order.product_order or order
    story.made("fallout", fallout)
    story.check("the element's own words are kept", "refused" in fallout.detail, fallout.detail[:120])
    service = fallout.step.run.item.service
    story.check("nothing of it is left on the element", _is_clean(service))
    order.refresh_from_db()
    story.check("sales sees the promise at risk", bool(order.jeopardy), order.jeopardy[:80])
    with story.as_("engineer") as engineer:
        retried = provisioning.bulk_retry(cause=fallout.cause, by=engineer)
        story.check("steps retried after the element was mended", retried == 1, retried)
    for name in ("order", "second order"):
        _wait_for(story, story.things[name])
    story.check("both orders are complete", True)
    _check_runs(story, service_order)
    _check_products(story)


def _is_clean(service: Service) -> bool:
    """Whether the elements of a service show nothing of it."""
    for one in inventory.family(service=service):
        for element_id, intents in inventory.intents_of(service=one).items():
            element = next(e for e in inventory.elements_of(service=one) if e.pk == element_id)
            with southbound.session(element=element, purpose="look") as session:
                if not session.verify(intents, remove=True).ok:
                    return False
    return True


def _wait_for(story: Teller, order: ProductOrder) -> None:
    """Wait until both halves have finished an order."""
    story.wait(f"{order} to be complete", lambda: _completed(order))
    service_order = ServiceOrder.objects.get(product_order=order)
    story.wait(f"{service_order} to be complete", lambda: _completed(service_order))


def _completed(order: ProductOrder | ServiceOrder) -> bool | None:
    order.refresh_from_db()
    return True if order.state == "completed" else None


def _check_runs(story: Teller, service_order: ServiceOrder) -> None:
    runs = WorkflowRun.objects.filter(item__order=service_order)
    for run in runs.order_by("number"):
        story.made(f"run {run.item.service.name}", run)
        commit = run.steps.get(name="commit")
        story.check(
            f"{run} left a diff and a transcript", bool(commit.diff) and commit.session_id is not None
        )
    sessions = ElementSession.objects.filter(holder__in=Service.objects.filter(kind="cfs").values("pk"))
    elements = set(sessions.values_list("element__name", flat=True))
    story.check("elements configured over SSH", len(elements) >= 2, sorted(elements))
    story.check("a refused session is on record", sessions.filter(ok=False).exists())


def _check_products(story: Teller) -> None:
    for product in Product.objects.filter(pk__in=[p.pk for p in story.things["products"]]).order_by("number"):
        story.made(
            f"product {product.offering.name_en} {product.site.name if product.site else ''}".strip(), product
        )
        story.check(f"{product} is active", product.status == Product.Status.ACTIVE, product.status)
        identifier = UsageIdentifier.objects.filter(product=product, end=None).first()
        story.check(f"{product}: who pays for usage is known", identifier is not None, str(identifier))
        charges = _charges(story, product)
        story.check(f"{product}: charges opened", len(charges) >= 1, len(charges))


def _charges(story: Teller, product: Product) -> list[Subscription]:
    return story.wait(
        f"charges of {product}", lambda: list(Subscription.objects.filter(product=product)) or None
    )
