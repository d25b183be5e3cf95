"""Orders through the whole workflow on the lab's elements, beside the same driver calls made by hand."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.harness import Measured, database, timed

TITLE = "orders accepted → reserved, configured, verified, tested, active, charged; beside the same driver calls alone"
ROWS = 20  # for each delay; the lab's access elements have 118 customer ports
NO_GROWTH = True
WORKERS = 8
DELAYS_MS = (0, 20)
LONGEST_S = 300.0


def run(rows: int) -> Measured:
    """Provision `rows` orders on elements that answer at once, and as many on elements that take 20 ms a line."""
    from tests.running_lab import RunningLab

    with database("provisioning"), tempfile.TemporaryDirectory() as folder:
        from django.test import override_settings

        lab = RunningLab(Path(folder))
        try:
            with override_settings(LAB_STATE=str(lab.state_file)):
                return _measure(rows, lab)
        finally:
            lab.stop()


def _measure(rows: int, lab: Any) -> Measured:
    story = _designed()
    figures = {delay: _round(story, lab, rows, delay) for delay in DELAYS_MS}
    (product, baseline), (at_once, alone) = figures[20], figures[0]
    return Measured(
        rows=rows,
        unit="orders",
        product_s=product,
        baseline_s=baseline,
        baseline=f"driver calls alone, {WORKERS} at a time, 20 ms a line",
        notes={
            "workers": WORKERS,
            "elements of 20 ms": f"{rows / product:.1f} orders/s, ratio {baseline / product:.2f}",
            "elements of 0 ms": f"{rows / at_once:.1f} orders/s, ratio {alone / at_once:.2f}",
        },
    )


def _designed() -> Any:
    """Network, offer and people, as the story makes them."""
    from kernel import events
    from portal.story import design, people
    from portal.story.teller import Teller

    story = Teller(people.hire(), base_url="http://bench", quiet=True, pump=events.drain)
    if not story.tell("design", design.tell):
        raise SystemExit(f"no offer: {story.step.error}")
    return story


def _round(story: Any, lab: Any, rows: int, delay: int) -> tuple[float, float]:
    """Seconds of `rows` orders through the product, and of their driver calls alone on elements put back as they were."""
    from service_mgmt.provisioning.models import WorkflowStep

    _fresh(lab, delay)
    orders = _orders(story, rows, f"round {delay}")
    product, _done = timed(lambda: _provision(story, orders))
    renders = WorkflowStep.objects.filter(
        name="render", run__item__order__product_order__in=orders
    ).values_list("outputs", flat=True)
    work = [_work(found) for found in renders]
    _fresh(lab, delay)
    return product, _alone(work)


def _fresh(lab: Any, delay: int) -> None:
    """Every element in its first configuration, answering after `delay` ms."""
    lab.ctl("reset", "config")
    for element in lab.state["elements"]:
        lab.ctl("delay", element, str(delay))


def _orders(story: Any, rows: int, label: str) -> list[Any]:
    """Orders of one access each, every one of a customer of its own."""
    from bss.catalog.models import ProductOffering
    from bss.customers import services as customers
    from bss.orders import services
    from oss.inventory.models import Location

    offer = ProductOffering.objects.get(code="business-internet-100", status="launched")
    places = list(Location.objects.sites().filter(name__in=["Port-Armel", "Kervalan"]))
    made = []
    with story.as_("sales"):
        for n in range(rows):
            place = places[n % len(places)]
            customer = customers.create_customer(
                trading_name=f"Firm {label} {n}",
                segment="business",
                language="en",
                email=f"n{n}@firm.example",
            )
            account = customers.open_account(customer=customer, name="Main", cycle_day=1, payment_days=14)
            site = customers.add_site(
                customer=customer, name="Office", street=f"{n} quai Sud", postcode="22998", city=place.name,
                location_code=place.code,
            )  # fmt: skip
            line = services.Line(offering=offer, site=site)
            made.append(services.place_order(customer=customer, account=account, items=[line]))
    return made


def _provision(story: Any, orders: list[Any]) -> None:
    """Accept the orders; a dispatcher and workers carry them to their end."""
    from bss.orders import services
    from bss.orders.models import ProductOrder
    from kernel import events

    with story.as_("sales"):
        for order in orders:
            services.accept_order(order=order)
    ids = [order.pk for order in orders]
    ends = time.monotonic() + LONGEST_S
    with _workers() as advance:
        while ProductOrder.objects.filter(pk__in=ids).exclude(state="completed").exists():
            if time.monotonic() > ends:
                raise SystemExit(_stuck(ids))
            events.drain()
            advance()


@contextmanager
def _workers() -> Iterator[Callable[[], None]]:
    """Threads that advance runs; calling what it gives hands them every run that has a step due and no worker yet."""
    from django.db import connections

    from kernel import clock
    from service_mgmt.provisioning import services
    from service_mgmt.provisioning.models import WorkflowStep

    busy: dict[UUID, Future[Any]] = {}
    idle = threading.Event()

    def work(run_id: UUID) -> None:
        services.advance(run_id=run_id)

    def hand_out() -> None:
        for run_id in [run_id for run_id, future in busy.items() if future.done()]:
            busy.pop(run_id).result()
        ready = WorkflowStep.objects.filter(status="ready").exclude(not_before__gt=clock.system_now())
        for run_id in ready.values_list("run_id", flat=True).distinct():
            if run_id not in busy:
                busy[run_id] = pool.submit(work, run_id)
        idle.wait(0.005)

    with ThreadPoolExecutor(WORKERS) as pool:
        yield hand_out
        gate = threading.Barrier(WORKERS)

        def leave() -> None:
            gate.wait()
            connections.close_all()

        for future in [pool.submit(leave) for _worker in range(WORKERS)]:
            future.result()


def _stuck(ids: list[Any]) -> str:
    from service_mgmt.provisioning.models import WorkflowStep

    steps = WorkflowStep.objects.filter(run__item__order__product_order__in=ids).exclude(status="done")
    return f"not completed in {LONGEST_S:.0f} s: {[(s.name, s.status, s.error) for s in steps[:5]]}"


# The baseline ---------------------------------------------------------------------------------------------------


def _work(found: dict[str, Any]) -> list[tuple[Any, list[Any]]]:
    """(endpoint, intents) of every element of a run."""
    from oss.southbound.drivers.intents import load_intent
    from oss.southbound.models import ManagementEndpoint

    return [
        (
            ManagementEndpoint.objects.select_related("credential").get(element=row["id"]),
            [load_intent(intent) for intent in row["intents"]],
        )
        for row in found["elements"]
    ]


def _alone(work: list[list[tuple[Any, list[Any]]]]) -> float:
    locks = {endpoint.pk: threading.Lock() for elements in work for endpoint, _intents in elements}

    def all_of_it() -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            for future in [pool.submit(_calls, elements, locks) for elements in work]:
                future.result()

    return timed(all_of_it)[0]


def _calls(elements: list[tuple[Any, list[Any]]], locks: dict[Any, threading.Lock]) -> None:
    """What the steps validate, commit, verify and test ask of the elements, in their order; one writer an element."""
    from service_mgmt.provisioning.services.steps import network

    with ExitStack() as stack:
        for driver, intents in _open(stack, elements):
            candidate = driver.render(intents)
            driver.validate(candidate)
            driver.diff(candidate)
    _commit(elements, locks)
    while _dialling(elements):
        threading.Event().wait(1)  # as the workflow does, until the subscriber has dialled in
    with ExitStack() as stack:
        for driver, intents in _open(stack, elements):
            for intent in intents:
                network._tests(driver, intent)


def _commit(elements: list[tuple[Any, list[Any]]], locks: dict[Any, threading.Lock]) -> None:
    from service_mgmt.provisioning.services import applying

    with ExitStack() as stack:
        for endpoint, _intents in elements:
            stack.enter_context(locks[endpoint.pk])
        drivers = _open(stack, elements)
        for driver, intents in drivers:
            driver.settle()
            candidate = driver.render(intents)
            driver.diff(candidate)
            driver.apply(candidate, confirm_s=applying.CONFIRM_SECONDS)
        for driver, intents in drivers:
            driver.verify(intents)
        for driver, _intents in drivers:
            driver.confirm()


def _dialling(elements: list[tuple[Any, list[Any]]]) -> bool:
    from service_mgmt.provisioning.services.steps import network

    with ExitStack() as stack:
        found = [driver.verify(intents) for driver, intents in _open(stack, elements)]
    if not all(one.ok for one in found):
        raise SystemExit(f"the baseline does not hold: {[one.findings for one in found]}")
    return network._dialling({str(n): one.state for n, one in enumerate(found)})


def _open(stack: ExitStack, elements: list[tuple[Any, list[Any]]]) -> list[tuple[Any, list[Any]]]:
    """A driver on every element, without lease, record or transcript."""
    from oss.southbound.drivers import DRIVERS
    from oss.southbound.drivers.ssh import SshShell

    found = []
    for endpoint, intents in elements:
        driver, credential = DRIVERS[endpoint.driver], endpoint.credential
        shell = SshShell(
            host=endpoint.host, port=endpoint.ssh_port, username=credential.username,
            password=credential.password, host_key=endpoint.host_key, prompt=driver.prompt,
            full=driver.full_table,
        )  # fmt: skip
        shell.open()
        stack.callback(shell.close)
        found.append((driver(_Plain(shell), mark=f"b{threading.get_ident()}"), intents))
    return found


class _Plain:
    """A shell that records nothing."""

    def __init__(self, shell: Any) -> None:
        self.send = shell.send

    def refused(self) -> None:
        """The last line was refused; nobody keeps that here."""
