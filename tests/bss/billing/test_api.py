"""Bills, payments and refunds over REST, where they do more than the kit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bss.billing import services
from bss.billing.models import BillRun, Invoice, Payment
from kernel.models import OutboxEvent
from tests.factories.bss_billing import (
    AT,
    METHOD,
    make_due_account,
    make_invoice,
    make_paid_invoice,
    make_payment,
    make_person,
)
from tests.factories.bss_customers import make_account
from tests.kernel.tmf.conftest import Caller, make_caller

__all__ = ["make_caller"]
pytestmark = pytest.mark.django_db
BILLS = "/tmf-api/customerBillManagement/v4"
PAYMENTS = "/paymentManagement/v4"
ACCOUNTS = "/tmf-api/accountManagement/v4"


@pytest.fixture
def billing(make_caller: Callable[..., Caller]) -> Caller:
    return make_caller("billing", "finance")


def bill(invoice: Invoice) -> str:
    return f"{BILLS}/customerBill/{invoice.pk}"


def test_a_bill_says_what_it_is_what_is_left_and_where_its_document_is(billing: Caller) -> None:
    invoice = make_paid_invoice()

    shown = billing.get(bill(invoice)).json()

    assert (shown["billNo"], shown["state"], shown["category"]) == (invoice.number, "partiallyPaid", "normal")
    assert (shown["runType"], shown["amountDue"]) == ("onCycle", {"unit": "EUR", "value": 49.2})
    assert shown["remainingAmount"]["value"] == float(invoice.open_amount)
    assert shown["billingPeriod"] == {
        "startDateTime": "2026-01-05T00:00:00.000000Z",
        "endDateTime": "2026-02-15T00:00:00.000000Z",
    }
    assert shown["taxItem"][0]["taxAmount"] == {"unit": "EUR", "value": 8.2}
    assert [row["appliedAmount"]["value"] for row in shown["appliedPayment"]] == [5.0]
    document = shown["billDocument"][0]
    assert (document["name"], document["mimeType"]) == (f"{invoice.number}.pdf", "application/pdf")
    assert document["url"].endswith(f"/billing/invoices/{invoice.number}/pdf/")


def test_a_credit_note_is_a_bill_outside_the_cycle(billing: Caller) -> None:
    note = make_paid_invoice().corrected_by.get()
    shown = billing.get(bill(note)).json()
    assert (shown["category"], shown["runType"]) == ("credit note", "offCycle")
    assert shown["amountDue"]["value"] < 0


def test_a_bill_goes_on_hold_and_back_to_where_it_stood(billing: Caller) -> None:
    invoice = make_invoice()

    assert billing.patch(bill(invoice), {"state": "onHold"}).json()["state"] == "onHold"
    wrong = billing.patch(bill(invoice), {"state": "settled"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "invoice.state.illegalMove")
    assert billing.patch(bill(invoice), {"state": "sent"}).json()["state"] == "sent"


def test_what_only_money_or_a_run_can_reach_is_refused(billing: Caller) -> None:
    draft, sent = make_invoice(status="draft"), make_invoice()
    for invoice, state in ((draft, "onHold"), (draft, "validated"), (sent, "settled"), (sent, "validated")):
        answer = billing.patch(bill(invoice), {"state": state})
        assert answer.status_code == 409, state
        assert answer.json()["code"].startswith("invoice.state.")
    assert billing.patch(bill(sent), {"amountDue": {"unit": "EUR", "value": 1}}).status_code == 400


def test_sending_a_validated_bill_tells_the_customer(billing: Caller) -> None:
    account = make_due_account()
    draft = services.bill_on_demand(account=account, at=AT, by=make_person("a"))
    run = BillRun.objects.get(pk=draft.run_id)
    services.check_run(run=run)
    services.approve_run(run=run, by=make_person("b"))
    services.post_run(run=run, at=AT)

    assert billing.patch(bill(draft), {"state": "sent"}).json()["state"] == "sent"
    assert OutboxEvent.objects.filter(name="bss_billing.InvoiceSent").count() == 1


def test_changing_a_bill_needs_the_permission(make_caller: Callable[..., Caller]) -> None:
    invoice = make_invoice()
    care = make_caller("care")
    assert care.get(bill(invoice)).status_code == 200
    assert care.patch(bill(invoice), {"state": "onHold"}).status_code == 403


def test_a_customer_sees_their_own_bills_and_lines_alone(make_caller: Callable[..., Caller]) -> None:
    mine, other = make_invoice(), make_invoice()
    caller = make_caller("customer", scopes={"customer": mine.account.customer_id})

    assert [row["id"] for row in caller.get(f"{BILLS}/customerBill").json()] == [str(mine.pk)]
    assert caller.get(bill(other)).status_code == 404
    lines = caller.get(f"{BILLS}/appliedCustomerBillingRate").json()
    assert {row["bill"]["id"] for row in lines} == {str(mine.pk)}


def test_rates_say_whether_they_are_billed_and_why_they_are_this_amount(billing: Caller) -> None:
    draft, posted = make_invoice(status="draft"), make_invoice()
    url = f"{BILLS}/appliedCustomerBillingRate"

    billed = billing.get(f"{url}?isBilled=true").json()
    waiting = billing.get(f"{url}?isBilled=false").json()

    assert {row["bill"]["id"] for row in billed} == {str(posted.pk)}
    assert {row["bill"]["id"] for row in waiting} == {str(draft.pk)}
    why = {one["name"]: one["value"] for one in billed[0]["characteristic"]}
    assert why["rule"] == "recurring"
    assert billed[0]["appliedTax"] == [{"taxCategory": "S", "taxRate": 20.0}]
    assert billing.get(f"{url}?type=appliedBillingCredit").json() == []


def test_a_bill_on_demand_is_new_until_somebody_else_approves(billing: Caller) -> None:
    account = make_due_account()
    body = {"billingAccount": {"id": str(account.pk)}, "name": "moving out"}

    first = billing.post(f"{BILLS}/customerBillOnDemand", body).json()
    made = billing.get(f"{BILLS}/customerBill/{first['customerBill']['id']}").json()

    assert (first["state"], made["state"], made["runType"]) == ("done", "new", "offCycle")
    again = billing.post(f"{BILLS}/customerBillOnDemand", body)
    assert (again.status_code, again.json()["code"]) == (400, "billing.runOpen")
    nothing = billing.post(
        f"{BILLS}/customerBillOnDemand", {"billingAccount": {"id": str(make_account().pk)}}
    ).json()
    assert (nothing["state"], "customerBill" in nothing) == ("terminatedWithError", False)
    assert "Nothing is due" in nothing["errorMessage"]


def payment_body(invoice: Invoice, value: float, **more: Any) -> dict[str, Any]:
    return {
        "account": {"id": str(invoice.account_id)},
        "totalAmount": {"unit": "EUR", "value": value},
        "paymentMethod": METHOD,
        **more,
    }


def test_a_payment_pays_the_bills_it_names_and_is_booked_once(billing: Caller) -> None:
    invoice = make_invoice()
    body = payment_body(
        invoice,
        20,
        correlatorId="camt-1",
        paymentItem=[{"item": {"id": str(invoice.pk)}, "totalAmount": {"unit": "EUR", "value": 20}}],
    )

    made = billing.post(f"{PAYMENTS}/payment", body)
    again = billing.post(f"/tmf-api{PAYMENTS}/payment", body)

    assert made.status_code == 201
    assert again.json()["id"] == made.json()["id"]
    assert made.json()["paymentItem"][0]["item"]["name"] == invoice.number
    assert (made.json()["status"], made.json()["unallocatedAmount"]["value"]) == ("done", 0)
    invoice.refresh_from_db()
    assert invoice.paid == 20


@pytest.mark.parametrize(
    ("wrong", "attribute"),
    [
        ({"totalAmount": {"unit": "USD", "value": 5}}, "totalAmount.unit"),
        ({"totalAmount": {"unit": "EUR", "value": 0}}, "amount"),
        ({"totalAmount": {"unit": "EUR", "value": 1.005}}, "amount"),
        ({"paymentMethod": {"name": "shells"}}, "paymentMethod.name"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(billing: Caller, wrong: dict[str, Any], attribute: str) -> None:
    answer = billing.post(f"{PAYMENTS}/payment", {**payment_body(make_invoice(), 5), **wrong})
    assert answer.status_code == 400
    assert attribute in {one["attribute"] for one in answer.json().get("errors", [])}
    assert not Payment.objects.exists()


def test_a_refund_opens_the_bill_again_and_only_finance_may(
    billing: Caller, make_caller: Callable[..., Caller]
) -> None:
    payment = make_payment()
    body = {
        "account": {"id": str(payment.account_id)},
        "payment": {"id": str(payment.pk)},
        "totalAmount": {"unit": "EUR", "value": float(payment.amount)},
        "paymentMethod": METHOD,
    }
    assert make_caller("billing").post(f"{PAYMENTS}/refund", body).status_code == 403
    too_much = {**body, "totalAmount": {"unit": "EUR", "value": 99}}
    assert billing.post(f"{PAYMENTS}/refund", too_much).status_code == 400
    other_way = {**body, "paymentMethod": {"name": "cash"}}
    assert billing.post(f"{PAYMENTS}/refund", other_way).status_code == 400

    made = billing.post(f"{PAYMENTS}/refund", body)

    assert made.status_code == 201, made.content
    assert made.json()["totalAmount"] == {"unit": "EUR", "value": float(payment.amount)}
    assert billing.get(f"{PAYMENTS}/payment/{payment.pk}").json()["status"] == "canceled"
    assert Invoice.objects.get().paid == 0
    assert services.audit_books() == []


def test_accounts_carry_their_balance_and_only_wholesale_ones_settle(billing: Caller) -> None:
    invoice = make_invoice()
    services.receive_payment(account=invoice.account, amount=Decimal(9), at=AT)

    for path in ("billingAccount", "financialAccount"):
        shown = billing.get(f"{ACCOUNTS}/{path}/{invoice.account_id}").json()
        assert shown["accountBalance"][0]["amount"] == {"unit": "EUR", "value": 40.2}, path
    assert billing.get(f"{ACCOUNTS}/settlementAccount").json() == []


def test_billing_days_count_their_accounts(billing: Caller) -> None:
    make_account(cycle_day=17)
    found = {row["id"]: row for row in billing.get(f"{ACCOUNTS}/billingCycleSpecification").json()}
    assert len(found) == 31
    assert (found["monthly-17"]["accounts"], found["monthly-17"]["billingDateShift"]) == (1, 17)
    account = make_account(cycle_day=9, delivery="paper")
    shown = billing.get(f"{ACCOUNTS}/billingAccount/{account.pk}").json()["billStructure"]
    assert found[shown["cycleSpecification"]["id"]]["name"] == shown["cycleSpecification"]["name"]
    for path, refs in (
        ("billPresentationMedia", shown["presentationMedia"]),
        ("billFormat", [shown["format"]]),
    ):
        for ref in refs:
            assert billing.get(f"{ACCOUNTS}/{path}/{ref['id']}").json()["name"] == ref["name"]
    assert {row["id"] for row in billing.get(f"{ACCOUNTS}/billPresentationMedia").json()} == {
        "email",
        "portal",
        "paper",
    }
