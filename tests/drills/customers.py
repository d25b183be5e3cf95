"""New customers and their orders, for one drill each."""

from __future__ import annotations

from datetime import date, timedelta

from bss.billing.models import BillRun
from bss.catalog.models import ProductOffering
from bss.customers import services as customers
from bss.customers.models import BillingAccount
from bss.orders import services as orders
from bss.orders.models import ProductOrder
from bss.orders.services import Line
from kernel import clock
from kernel.periods import anchored_on_or_after
from oss.inventory.models import Location
from service_mgmt.provisioning.models import Fallout, ServiceOrder, WorkflowStep
from tests.drills.house import House

ZONE = "Europe/Paris"


def place_order(house: House, name: str, *, place: str = "Kervalan", cycle_day: int = 1) -> ProductOrder:
    """A new customer orders the story's offer for one place; not accepted yet."""
    offer = ProductOffering.objects.get(code="business-internet-100", status="launched")
    location = Location.objects.sites().get(name=place)
    with house.story.as_("sales"):
        customer = customers.create_customer(
            trading_name=name, segment="business", language="en", email=f"{name.lower()}@example.com"
        )
        account = customers.open_account(customer=customer, name=name, cycle_day=cycle_day, payment_days=14)
        site = customers.add_site(
            customer=customer,
            name="Workshop",
            street="2 quai Sud",
            postcode="22998",
            city=place,
            location_code=location.code,
        )
        return orders.place_order(customer=customer, account=account, items=[Line(offering=offer, site=site)])


def accept(house: House, order: ProductOrder) -> ProductOrder:
    """Take an order on: from here the processes work on it."""
    with house.story.as_("sales"):
        return orders.accept_order(order=order)


def step_of(order: ProductOrder, name: str) -> WorkflowStep | None:
    """The step of the order's only workflow run; None before it is planned."""
    return WorkflowStep.objects.filter(run__item__order__product_order=order, name=name).first()


def status_of(order: ProductOrder, name: str) -> str:
    """State of a step."""
    step = step_of(order, name)
    return step.status if step is not None else ""


def running(order: ProductOrder, name: str) -> WorkflowStep | None:
    """The step while a worker is at it."""
    step = step_of(order, name)
    return step if step is not None and step.status == "running" else None


def completed(order: ProductOrder) -> bool | None:
    """Whether both halves have finished an order."""
    order.refresh_from_db()
    work = ServiceOrder.objects.filter(product_order=order).first()
    return True if (order.state, work and work.state) == ("completed", "completed") else None


def wait_until_completed(house: House, order: ProductOrder, *, seconds: float = 90.0) -> None:
    """Until an order is complete, which nobody helped it to be: no person was asked."""
    house.wait(f"{order} to be complete", lambda: completed(order), seconds=seconds)
    assert not Fallout.objects.filter(step__run__item__order__product_order=order).exists()


def bill_day(days: int) -> date:
    """A day so many days ahead, whose number makes a cycle of its own."""
    return clock.today(ZONE) + timedelta(days=days)


def next_bill(account: BillingAccount) -> date:
    """The next day on which an account is billed."""
    return anchored_on_or_after(clock.today(account.time_zone), account.cycle_day)


def invoice_numbers(run: BillRun) -> list[str | None]:
    """Numbers of a run's invoices."""
    return list(run.invoices.order_by("number").values_list("number", flat=True))
