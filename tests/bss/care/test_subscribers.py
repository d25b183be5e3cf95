"""What billing and orders tell reaches the customer once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from bss.billing.events import DunningNoticeDue, InvoiceSent, ReconnectionRequested, SuspensionRequested
from bss.billing.models import DunningCase, DunningPolicy, Invoice
from bss.care.models import Notice
from bss.orders.events import ProductActivated
from kernel import events
from kernel.events import Event
from kernel.ids import uuid7
from tests.factories.bss_care import make_reachable
from tests.factories.bss_customers import make_account, make_site
from tests.factories.bss_orders import make_product

pytestmark = pytest.mark.django_db


def tell(*told: Event) -> list[Notice]:
    """Publish, deliver, and read what was written."""
    with transaction.atomic():
        events.publish(*told)
    events.drain()
    return list(Notice.objects.order_by("at", "id"))


def make_invoice(account: Any, **overrides: Any) -> Invoice:
    values = {
        "number": "FR2026-000007", "status": "validated", "bill_date": date(2026, 1, 1), "issued": date(2026, 1, 1),
        "due": date(2026, 1, 31), "currency": "EUR", "language": "fr", "net": Decimal(50), "tax": Decimal(10),
        "gross": Decimal(60), **overrides,
    }  # fmt: skip
    return Invoice.objects.create(account=account, **values)


@pytest.fixture
def case(now: datetime) -> DunningCase:
    account = make_account(customer=make_reachable("en"), language="en")
    return DunningCase.objects.create(
        account=account, policy=DunningPolicy.objects.create(code="standard", name="Standard"),
        oldest_due=date(2026, 1, 31), amount=Decimal(60), currency="EUR", opened=now,
    )  # fmt: skip


def test_an_invoice_is_mailed_with_its_amount_due_date_and_link(now: datetime) -> None:
    account = make_account(customer=make_reachable("fr"))
    invoice = make_invoice(account)
    sent = InvoiceSent(invoice.pk, account.pk, now)

    (notice,) = tell(sent, sent)

    assert notice.subject == "Votre facture FR2026-000007\u00a0: 60,00\u00a0€"
    assert "31 janvier 2026" in notice.body
    assert "/go/FR2026-000007" in notice.body
    assert (notice.story_id, notice.story_label) == (invoice.pk, "FR2026-000007")


def test_an_invoice_sent_again_is_mailed_again_but_once_for_each_time(now: datetime) -> None:
    account = make_account(customer=make_reachable())
    invoice = make_invoice(account)
    again = InvoiceSent(invoice.pk, account.pk, now + timedelta(days=2), again=True)

    notices = tell(InvoiceSent(invoice.pk, account.pk, now), again, again)

    assert [notice.story_label for notice in notices] == [invoice.number] * 2
    assert notices[0].story_id != notices[1].story_id


@pytest.mark.parametrize(
    ("delivery", "kind"), [("paper", "invoice"), ("portal", "invoice"), ("email", "credit_note")]
)
def test_who_does_not_want_mail_gets_none(delivery: str, kind: str, now: datetime) -> None:
    account = make_account(customer=make_reachable(), delivery=delivery)
    invoice = make_invoice(account, kind=kind)

    assert tell(InvoiceSent(invoice.pk, account.pk, now)) == []


def test_each_step_of_dunning_is_a_reminder_of_its_own(case: DunningCase, now: datetime) -> None:
    case.policy.steps.create(position=3, days=20, action="suspend", template="suspension")
    steps = [
        DunningNoticeDue(case.pk, case.account_id, template, position, now)
        for position, template in (
            (1, "reminder-1"),
            (2, "dunning-last"),
            (2, "dunning-last"),
            (3, "suspension"),
        )
    ]

    notices = tell(*steps)

    assert [notice.subject for notice in notices] == [
        f"Reminder: €60.00 is overdue on account {case.account.number}",
        f"Last reminder before suspension: €60.00 on account {case.account.number}",
    ]
    assert {notice.story_label for notice in notices} == {case.number}


def test_suspension_and_reconnection_are_one_story(case: DunningCase, now: datetime) -> None:
    product = make_product(account=case.account)

    notices = tell(
        SuspensionRequested(case.pk, (product.pk,), now), ReconnectionRequested(case.pk, (product.pk,), now)
    )

    assert [(notice.phase, notice.story_id) for notice in notices] == [("start", case.pk), ("end", case.pk)]
    assert all(product.number in notice.body for notice in notices)


def test_a_new_product_is_welcomed_and_members_of_a_bundle_are_not(now: datetime) -> None:
    customer = make_reachable("fr")
    bundle = make_product(customer=customer, site=make_site(customer=customer))
    member = make_product(account=bundle.account, parent=bundle)

    notices = tell(*(ProductActivated(product.pk, uuid7(), now) for product in (bundle, member)))

    (notice,) = [notice for notice in notices if notice.template.code == "welcome"]
    assert notice.customer == customer
    assert bundle.number in notice.body
    assert "12 rue de la République" in notice.body
