"""Chapter six: the cycle is billed, one customer pays, the other is cut off, pays, and works again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bss.billing import services as billing
from bss.billing.models import DunningCase, Invoice, InvoiceLine
from kernel import clock
from kernel.errors import NotAllowed
from kernel.periods import anchored_on_or_after, start_of
from portal.story.lab import Lab
from portal.story.teller import Teller
from service_mgmt.levels import services as levels
from service_mgmt.levels.models import CreditProposal
from service_mgmt.provisioning.models import ServiceOrder
from service_mgmt.services import services as inventory
from service_mgmt.services.models import Service


def tell(story: Teller) -> None:
    """Preview, checks, four eyes, numbers, documents; payment and dunning."""
    account = story.things["account"]
    day = anchored_on_or_after(clock.today(account.time_zone), account.cycle_day)
    # A little after midnight in the account's zone, once the day has begun there.
    story.move_clock(max(start_of(day, account.time_zone) + timedelta(hours=6), clock.now()))
    _credits(story)
    with story.as_("billing") as drafter:
        run = billing.draft_run(cycle_day=account.cycle_day, bill_date=day, by=drafter)
        story.made("bill run", run)
        story.check("invoices drafted", run.invoices_count == 2, run.invoices_count)
        story.check("preview, gross", run.gross > 0, str(run.gross))
        billing.check_run(run=run)
        story.check("checks ran", isinstance(run.checks, list), [row["check"] for row in run.checks])
        try:
            billing.approve_run(run=run, by=drafter)
            refused = False
        except NotAllowed:
            refused = True
        story.check("nobody approves their own run", refused)
    with story.as_("finance") as approver:
        billing.approve_run(run=run, by=approver)
        run = billing.post_run(run=run)
        run = billing.deliver_run(run=run)
    invoice = Invoice.objects.get(run=run, account=account)
    story.made("invoice", invoice)
    _check_invoice(story, invoice)
    _pays(story, invoice)
    _does_not_pay(story, Invoice.objects.get(run=run, account=story.things["second account"]))
    story.check("the books are right", billing.audit_books() == [], billing.audit_books())


def _credits(story: Teller) -> None:
    """The month of the outages is over: it is measured by its log, and what fell short is credited by contract."""
    with story.as_("manager"):
        levels.close_due_months()
    proposals = CreditProposal.objects.filter(result__breached=True).select_related("result", "account")
    story.check("months that fell short", proposals.count() == 2, [str(row.result) for row in proposals])
    for row in proposals:
        story.check(f"credited by contract to {row.account}", row.status == "credited", str(row.amount))
        if row.account_id == story.things["account"].pk:
            story.made("SLA result", row.result)
            story.made("credit", row)


def _check_invoice(story: Teller, invoice: Invoice) -> None:
    kinds = set(invoice.lines.values_list("kind", flat=True))
    story.check("once, monthly and usage lines", {"one_off", "recurring", "usage"} <= kinds, sorted(kinds))
    prorated = invoice.lines.filter(kind="recurring").exclude(quantity=1)
    story.check("the first days are prorated", prorated.exists(), str(prorated.first()))
    story.check("VAT", invoice.tax > 0, str(invoice.tax))
    if "credit" in story.things:
        credit = invoice.lines.filter(kind="adjustment", net__lt=0).first()
        story.check("the SLA credit stands on the invoice", credit is not None, str(credit and credit.net))
    lines = InvoiceLine.objects.filter(invoice=invoice)
    why = {line.position: billing.why(line=line).steps for line in lines}
    story.check("every line says why", all(why.values()), why[1][0])
    pdf = billing.pdf_of(invoice=invoice)
    story.check(
        "the document is a PDF in the customer's language",
        pdf.startswith(b"%PDF"),
        f"{len(pdf)} bytes, {invoice.language}",
    )


def _pays(story: Teller, invoice: Invoice) -> None:
    with story.as_("billing"):
        payment = billing.receive_payment(
            account=invoice.account,
            amount=invoice.gross,
            reference=f"virement {invoice.number}",
            external_id=f"bank-{invoice.number}",
        )
    story.made("payment", payment)
    invoice.refresh_from_db()
    story.check("matched by its reference, settled", invoice.status == Invoice.Status.SETTLED, invoice.status)


def _does_not_pay(story: Teller, invoice: Invoice) -> None:
    """Reminder, suspension proven on the element, payment, reconnection proven again."""
    story.made("unpaid invoice", invoice)
    account, due = invoice.account, invoice.due
    assert due is not None
    story.move_clock(start_of(due + timedelta(days=6), account.time_zone) + timedelta(hours=8))
    with story.as_("billing"):
        billing.run_dunning()
    case = DunningCase.objects.get(account=account)
    story.made("dunning case", case)
    story.check("reminded first", (case.status, case.done_position) == ("open", 1), case.status)
    story.move_clock(start_of(due + timedelta(days=16), account.time_zone) + timedelta(hours=8))
    with story.as_("billing"):
        billing.run_dunning()
    story.wait("the network to confirm the suspension", lambda: _at(case, "suspended"))
    story.made("suspension order", ServiceOrder.objects.get(origin_kind="dunning.suspend", origin_id=case.pk))
    service = Service.objects.get(product__account=account, kind="cfs")
    story.check(
        "suspended, shown by the element", service.state == "suspended" and _blocked(service), service.state
    )
    with story.as_("billing"):
        payment = billing.receive_payment(
            account=account, amount=invoice.gross, reference=str(invoice.number)
        )
    story.made("late payment", payment)
    story.wait("the reconnection", lambda: _at(case, "closed"))
    story.made(
        "reconnection order", ServiceOrder.objects.get(origin_kind="dunning.resume", origin_id=case.pk)
    )
    service.refresh_from_db()
    story.check(
        "connected again, shown by the element",
        service.state == "active" and not _blocked(service),
        service.state,
    )
    product = service.product
    assert product is not None
    product.refresh_from_db()
    story.check("the product is active again", product.status == "active", product.status)


def _at(case: DunningCase, status: str) -> bool | None:
    case.refresh_from_db()
    return True if case.status == status else None


def _blocked(service: Service) -> bool:
    """Whether the access element itself says that the service is suspended (past all drivers: the lab's own view)."""
    names = {one.number for one in inventory.family(service=service)}
    elements = {
        element.name
        for one in inventory.family(service=service)
        for element in inventory.elements_of(service=one)
    }
    for name in elements:
        text: Any = Lab.here().ctl("config", name)
        lines = (text["text"] if isinstance(text, dict) and "text" in text else str(text)).splitlines()
        if any("suspend" in line for line in _around(lines, names)):
            return True
    return False


def _around(lines: list[str], names: set[str]) -> list[str]:
    """Lines of a configuration that belong to the services named."""
    found: list[str] = []
    inside = False
    units = {
        line.split(" service-name ")[0]
        for line in lines
        if any(f"service-name {name}" in line for name in names)
    }
    for line in lines:
        if line.strip().startswith("service "):
            inside = any(f"service {name} " in line for name in names)
        elif inside and not line.startswith("    "):
            inside = line.startswith("  ")
        if inside or any(line.startswith(unit) for unit in units):
            found.append(line)
    return found
