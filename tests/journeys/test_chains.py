"""Every link of the chains is a row that can be clicked, in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from bss.billing.models import Invoice, Payment
from bss.care.models import Notice, TroubleTicket
from bss.orders.models import ProductOrder, Quote
from bss.usage.models import UsageFile, UsageRecord
from oss.alarms.models import Alarm
from oss.incidents.models import Incident, RunbookRun
from oss.southbound.models import ElementSession
from portal.story import people
from portal.story.run import TELL, open_calendar
from portal.story.teller import CHAPTERS, Teller
from service_mgmt.changes.models import ChangeRequest
from service_mgmt.levels.models import CreditProposal
from service_mgmt.problems.models import KnownError, Problem
from service_mgmt.provisioning.models import ServiceOrder, WorkflowRun
from service_mgmt.services import services as inventory
from service_mgmt.services.models import ServiceLink, ServiceResource
from tests.journeys.chains import Walker
from tests.journeys.test_story import Workers
from tests.journeys.test_story import workers as workers
from tests.running_lab import RunningLab

pytestmark = pytest.mark.django_db

Pair = tuple[Any, Any]


def order_to_cash(story: Teller) -> Iterator[Pair]:
    """From the quote to what was configured for it, and to the money."""
    order: ProductOrder = story.things["order"]
    quote = Quote.objects.get(order=order)
    service_order = ServiceOrder.objects.get(product_order=order)
    run = WorkflowRun.objects.filter(item__order=service_order).order_by("number").first()
    assert run is not None
    service = run.item.service
    session = ElementSession.objects.get(pk=run.steps.get(name="commit").session_id)
    held = ServiceResource.objects.exclude(port=None).get(service__in=inventory.family(service=service))
    invoice: Invoice = Invoice.objects.get(pk=story.things["invoice"].pk)
    payment: Payment = Payment.objects.get(pk=story.things["payment"].pk)
    yield quote, order
    yield order, service.product
    yield order, service_order
    yield service_order, run
    yield run, service
    yield run, session
    yield service, session
    yield service, service.product
    yield from _down_to(held.service, service)
    yield held.service, held.port
    yield service.product, invoice
    yield invoice, payment
    yield invoice, invoice.account
    yield payment, invoice.account


def _down_to(holder: Any, service: Any) -> Iterator[Pair]:
    """The services between what was sold and what holds the port."""
    while holder != service:
        above = ServiceLink.objects.get(supporting=holder).service
        yield above, holder
        holder = above


def usage_to_invoice(story: Teller) -> Iterator[Pair]:
    """From the file of the network to the line that bills it. Of many records the newest: it stands on the first page."""
    file: UsageFile = UsageFile.objects.get(pk=story.things["usage file"].pk)
    record = UsageRecord.objects.filter(batch__file=file).order_by("-started", "-id").first()
    assert record is not None
    yield file, record
    yield record, record.product
    yield record, story.things["invoice"]


def fault_to_credit(story: Teller) -> Iterator[Pair]:
    """From the alarm to the money that the customer gets back."""
    incident = Incident.objects.get(pk=story.things["incident"].pk)
    credit = CreditProposal.objects.get(pk=story.things["credit"].pk)
    agreement = credit.result.agreement
    service, customer = agreement.service, agreement.service.customer
    yield incident.root_alarm, Alarm.objects.filter(root=incident.root_alarm).first()
    yield incident.root_alarm, incident
    yield incident, RunbookRun.objects.filter(incident=incident).first()
    yield incident, service
    yield incident, customer
    yield incident, TroubleTicket.objects.get(story_id=incident.pk, customer=customer)
    yield incident, Notice.objects.get(story_id=incident.pk, customer=customer, phase="start")
    yield TroubleTicket.objects.get(story_id=incident.pk, customer=customer), customer
    yield service, agreement
    yield agreement, credit.result
    yield credit.result, credit
    yield credit, credit.adjustment
    yield credit.adjustment, story.things["invoice"]


def repetition_to_fix(story: Teller) -> Iterator[Pair]:
    """From the fault that came back to the change that removed its cause."""
    problem = Problem.objects.get(pk=story.things["problem"].pk)
    change = ChangeRequest.objects.get(pk=story.things["change"].pk)
    yield problem, story.things["incident"]
    yield problem, KnownError.objects.get(problem=problem)
    yield problem, change
    yield change, story.things["maintenance window"]
    yield change, ElementSession.objects.get(pk=change.steps.get(phase="do").session_id)
    yield change, change.targets.exclude(link=None).get().link


CHAINS = (order_to_cash, usage_to_invoice, fault_to_credit, repetition_to_fix)


def missing(story: Teller, client: Client) -> list[str]:
    """What does not lead to its neighbour in a chain, in words."""
    walker = Walker(client)
    pairs = [pair for chain in CHAINS for pair in chain(story)]
    both = [*pairs, *((there, here) for here, there in pairs)]
    return [f"{_name(here)} → {_name(there)}" for here, there in both if not walker.leads(here, there)]


def _name(thing: Any) -> str:
    return f"{type(thing).__name__} {getattr(thing, 'number', '') or thing}"


def test_every_link_of_the_chains_leads_there_and_back(
    lab: RunningLab, workers: Workers, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LAB_STATE", str(lab.state_file))
    story = Teller(people.hire(), base_url="http://test", pump=workers.round)
    open_calendar(story)
    for name in CHAPTERS:
        assert story.tell(name, TELL[name]), story.step.error
    client.force_login(story.people["admin"])

    assert missing(story, client) == []
