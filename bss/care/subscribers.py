"""What customers are told when billing and orders have something to tell."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID, uuid5

from bss.billing.events import DunningNoticeDue, InvoiceSent, ReconnectionRequested, SuspensionRequested
from bss.billing.models import DunningCase, DunningStep, Invoice
from bss.care import services
from bss.care.models import Notice, NoticeTemplate
from bss.care.services.texts import TEXTS
from bss.customers.models import BillingAccount
from bss.orders.events import ProductActivated
from bss.orders.models import Product
from kernel.events import Event
from kernel.money import Money

REMINDER, SUSPENSION, RECONNECTION = "dunning-reminder", "suspension", "reconnection"


def mail_invoice(event: InvoiceSent) -> None:
    """An invoice is out: the payer gets the link, if the account wants it by e-mail."""
    invoice = Invoice.objects.select_related("account").get(pk=event.invoice_id)
    account = invoice.account
    if account.delivery != BillingAccount.Delivery.EMAIL or invoice.kind != Invoice.Kind.INVOICE:
        return
    services.notify(
        customer_ids=[account.customer_id],
        template="invoice",
        story_kind=invoice._meta.label,
        # Sent again it is a message of its own; the same event told twice is not.
        story_id=uuid5(invoice.pk, event.at.isoformat()) if event.again else invoice.pk,
        story_label=str(invoice),
        context={
            "invoice": str(invoice),
            "account": account.number,
            "amount": Money(invoice.gross, invoice.currency),
            "due": invoice.due,
            "link": services.link_to(str(invoice)),
        },
        account=account,
        at=event.at,
    )


def remind_debtor(event: DunningNoticeDue) -> None:
    """A step of dunning is due: its text, or the general reminder where it has none."""
    case = _case(event.case_id)
    if case.policy.steps.filter(position=event.position).exclude(action=DunningStep.Action.NOTICE).exists():
        return  # told by the request to suspend itself, which knows the services
    known = NoticeTemplate.objects.filter(code=event.template).exists()
    ours = any(text.code == event.template for text in TEXTS)
    services.notify(
        customer_ids=[case.account.customer_id],
        template=event.template if known or ours else REMINDER,
        story_kind=case._meta.label,
        # Each step is a message of its own; the case is the story of the suspension.
        story_id=uuid5(case.pk, f"step {event.position}"),
        story_label=case.number,
        context=_debt(case, ()),
        account=case.account,
        at=event.at,
    )


def announce_suspension(event: SuspensionRequested) -> None:
    """Services are about to be cut off for a debt: say which, and how to prevent or undo it."""
    case = _case(event.case_id)
    services.notify(
        customer_ids=[case.account.customer_id],
        template=SUSPENSION,
        story_kind=case._meta.label,
        story_id=case.pk,
        story_label=case.number,
        context=_debt(case, event.product_ids),
        account=case.account,
        at=event.at,
    )


def announce_reconnection(event: ReconnectionRequested) -> None:
    """The debt is paid: services come back."""
    case = _case(event.case_id)
    services.notify(
        customer_ids=[case.account.customer_id],
        template=RECONNECTION,
        story_kind=case._meta.label,
        story_id=case.pk,
        story_label=case.number,
        phase=Notice.Phase.END,
        context=_debt(case, event.product_ids),
        account=case.account,
        at=event.at,
    )


def welcome(event: ProductActivated) -> None:
    """What was ordered works. Members of a bundle are told with the bundle."""
    product = Product.objects.select_related("offering", "site").get(pk=event.product_id)
    if product.parent_id is not None:
        return
    services.notify(
        customer_ids=[product.customer_id],
        template="welcome",
        story_kind=product._meta.label,
        story_id=product.pk,
        story_label=product.number,
        context={
            "product": {language: product.offering.name_in(language) for language in ("en", "fr")},
            "number": product.number,
            "site": product.site.address if product.site else "–",
            "since": event.at,
        },
        at=event.at,
    )


def _case(case_id: UUID) -> DunningCase:
    return DunningCase.objects.select_related("account", "policy").get(pk=case_id)


def _debt(case: DunningCase, product_ids: Collection[UUID]) -> dict[str, Any]:
    products = Product.objects.filter(pk__in=product_ids).select_related("offering").order_by("pk")
    return {
        "account": case.account.number,
        "amount": Money(case.amount, case.currency),
        "since": case.oldest_due,
        "reference": case.number,
        "link": services.link_to(case.account.number),
        "services": {
            language: ", ".join(f"{p.offering.name_in(language)} ({p.number})" for p in products)
            for language in ("en", "fr")
        },
    }


SUBSCRIBERS: dict[type[Event], list[Callable[[Any], None]]] = {
    InvoiceSent: [mail_invoice],
    DunningNoticeDue: [remind_debtor],
    SuspensionRequested: [announce_suspension],
    ReconnectionRequested: [announce_reconnection],
    ProductActivated: [welcome],
}
