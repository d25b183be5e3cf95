"""Doors of tickets: opening, moving, talking, stories."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from bss.care import services, tasks
from bss.care.events import TicketOpened
from bss.care.models import Notice, TicketMessage, TicketStatusChange, TroubleTicket
from bss.customers.services import merge_customers
from kernel.errors import IllegalMove, Invalid, StaleState
from kernel.ids import uuid7
from kernel.models import JournalEntry, OutboxEvent
from tests.factories.bss_care import make_queue, make_reachable, make_target, make_ticket
from tests.factories.bss_customers import make_customer
from tests.factories.bss_orders import make_product

pytestmark = pytest.mark.django_db
Status = TroubleTicket.Status
HOUR = timedelta(hours=1)
LEGAL = [(a, b) for a, targets in TroubleTicket.MOVES.items() for b in targets]
ILLEGAL = [(a, b) for a in Status for b in Status if b not in TroubleTicket.MOVES[a]]


def in_state(status: str) -> TroubleTicket:
    """A ticket that came to a state by its doors."""
    ticket = make_ticket()
    way: dict[str, list[str]] = {"acknowledged": [], "closed": ["resolved", "closed"]}
    for step in way.get(status, [status]):
        services.set_status(ticket=ticket, to=step, reason="as it is")
    return ticket


@pytest.mark.parametrize(("before", "after"), LEGAL)
def test_a_ticket_moves_as_its_lifecycle_allows(before: str, after: str) -> None:
    ticket = in_state(before)

    services.set_status(ticket=ticket, to=after, reason="because")

    ticket.refresh_from_db()
    assert ticket.status == after
    assert (ticket.resolved is not None) == (after in {"resolved", "closed"})
    assert (ticket.ended is not None) == (after in {"closed", "rejected", "cancelled"})
    assert TicketStatusChange.objects.filter(ticket=ticket).order_by("at", "id").last().status == after  # type: ignore[union-attr]


@pytest.mark.parametrize(("before", "after"), ILLEGAL)
def test_other_moves_are_refused(before: str, after: str) -> None:
    ticket = in_state(before)

    with pytest.raises(IllegalMove):
        services.set_status(ticket=ticket, to=after, reason="because")


def test_opening_writes_journal_status_and_event(now: datetime) -> None:
    customer = make_customer()
    product = make_product(customer=customer)

    ticket = services.open_ticket(
        customer_id=customer.pk,
        subject=" No sync ",
        product_id=product.pk,
        severity="major",
        queue=make_queue(),
    )

    assert ticket.number.startswith("TKT-")
    assert (ticket.subject, ticket.opened, ticket.status) == ("No sync", now, "acknowledged")
    assert TicketStatusChange.objects.get(ticket=ticket).at == now
    assert JournalEntry.objects.filter(object_id=ticket.pk, verb="trouble_ticket.created").exists()
    event = OutboxEvent.objects.get(name=TicketOpened.name)
    assert event.payload["customer_id"] == str(customer.pk)
    assert event.payload["product_id"] == str(product.pk)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"subject": "  "}, "subject"),
        ({"product": "of another"}, "product"),
        ({"assignee": "stranger"}, "assignee"),
    ],
)
def test_bad_input_is_refused_at_its_field(
    wrong: dict[str, str], field: str, make_user: Callable[..., Any]
) -> None:
    values: dict[str, Any] = {"subject": "No sync", "customer_id": make_customer().pk}
    if "product" in wrong:
        values["product_id"] = make_product().pk
    elif "assignee" in wrong:
        values["assignee"] = make_user("noc")
    else:
        values |= wrong

    with pytest.raises(Invalid) as refusal:
        services.open_ticket(**values)

    assert set(refusal.value.fields) == {field}
    assert not TroubleTicket.objects.exists()


@pytest.mark.parametrize("to", ["pending", "resolved", "rejected", "cancelled"])
def test_a_state_that_the_customer_reads_about_needs_its_reason(to: str) -> None:
    with pytest.raises(Invalid, match="Say why"):
        services.set_status(ticket=make_ticket(), to=to)


def test_of_two_people_who_move_a_ticket_one_is_told(now: datetime) -> None:
    ticket = make_ticket()
    rival = TroubleTicket.objects.get(pk=ticket.pk)
    services.set_status(ticket=rival, to="in_progress")

    with pytest.raises(StaleState):
        services.set_status(ticket=ticket, to="held")

    assert TicketStatusChange.objects.filter(ticket=ticket).count() == 2


def test_a_step_never_lies_before_the_one_it_follows(now: datetime) -> None:
    ticket = make_ticket()

    services.set_status(ticket=ticket, to="resolved", reason="Back", at=now - HOUR)

    assert ticket.resolved == now


def test_history_cannot_be_rewritten() -> None:
    ticket = make_ticket()

    for change in (lambda rows: rows.update(at=ticket.opened - HOUR), lambda rows: rows.delete()):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change(TicketStatusChange.objects.filter(ticket=ticket))


def test_a_ticket_is_given_to_those_who_work_on_tickets(make_user: Callable[..., Any]) -> None:
    agent, ticket = make_user("care"), make_ticket()

    services.assign(ticket=ticket, to=agent)
    assert ticket.assignee == agent
    with pytest.raises(Invalid):
        services.assign(ticket=ticket, to=make_user("customer"))
    services.assign(ticket=ticket, to=None)
    assert TroubleTicket.objects.get(pk=ticket.pk).assignee is None


def test_the_first_reply_stops_the_first_clock_and_is_mailed(
    now: datetime, make_user: Callable[..., Any]
) -> None:
    make_target()
    ticket = make_ticket(customer=make_reachable("fr"), subject="Pas de synchro")

    services.reply(ticket=ticket, body="Nous mesurons votre ligne.", by=make_user("care"), at=now + HOUR / 2)
    services.reply(ticket=ticket, body="Elle est coupée.", at=now + HOUR)

    ticket.refresh_from_db()
    assert (ticket.responded, ticket.status) == (now + HOUR / 2, "in_progress")
    mails = list(Notice.objects.filter(customer=ticket.customer).order_by("at"))
    assert [mail.subject for mail in mails] == [f"[{ticket.number}] Pas de synchro"] * 2
    assert "Nous mesurons votre ligne." in mails[0].body
    assert mails[0].language == "fr"


def test_a_reply_may_pause_or_solve(now: datetime) -> None:
    asked, solved = make_ticket(), make_ticket()

    services.reply(ticket=asked, body="Which lamp is red?", then="pending")
    services.reply(ticket=solved, body="It works again.", then="resolved")

    asked.refresh_from_db()
    solved.refresh_from_db()
    assert (asked.status, asked.status_reason) == ("pending", "Which lamp is red?")
    assert (solved.status, solved.resolution) == ("resolved", "It works again.")


@pytest.mark.parametrize("status", ["pending", "resolved"])
def test_the_customers_word_brings_a_ticket_back(status: str) -> None:
    ticket = in_state(status)

    services.receive(ticket=ticket, body="Still red.", label="Jeanne Martin")

    ticket.refresh_from_db()
    assert (ticket.status, ticket.resolved) == ("in_progress", None)


@pytest.mark.parametrize("status", ["closed", "rejected", "cancelled"])
def test_an_ended_ticket_takes_no_more_words(status: str) -> None:
    ticket = in_state(status)

    for speak in (services.reply, services.receive):
        with pytest.raises(Invalid, match="over"):
            speak(ticket=ticket, body="One more thing")
    services.note(ticket=ticket, body="Filed")


def test_customers_see_the_talk_but_not_our_notes(make_user: Callable[..., Any]) -> None:
    ticket, other = make_ticket(), make_ticket()
    services.note(ticket=ticket, body="Shouted at us")
    services.reply(ticket=ticket, body="Bonjour")
    services.reply(ticket=other, body="Bonsoir")
    customer = make_user("customer", customer=ticket.customer_id)

    assert [m.body for m in TicketMessage.objects.visible_to(customer)] == ["Bonjour"]
    assert list(TroubleTicket.objects.visible_to(customer)) == [ticket]
    assert TicketMessage.objects.visible_to(make_user("care")).count() == 3


def test_silence_closes_what_was_resolved(now: datetime) -> None:
    old, fresh = make_ticket(), make_ticket()
    services.set_status(ticket=old, to="resolved", reason="Done", at=now)
    services.set_status(ticket=fresh, to="resolved", reason="Done", at=now + timedelta(days=5))

    closed = services.close_silent(at=now + timedelta(days=8))
    again = services.close_silent(at=now + timedelta(days=8))

    old.refresh_from_db()
    assert (closed, again, old.status, old.ended) == (1, 0, "closed", now + timedelta(days=8))
    tasks.close_silent()
    fresh.refresh_from_db()
    assert fresh.status == "resolved"


# --------------------------------------------------------------------------------------------------------- stories


def story(customers: list[Any], **overrides: Any) -> list[TroubleTicket]:
    values = {
        "customer_ids": [customer.pk for customer in customers],
        "story_kind": "test.Incident",
        "story_label": "INC-000001",
        "subject": _("Front desk"),
        **overrides,
    }
    return services.open_story_tickets(**values)


def test_a_story_has_one_ticket_per_customer_in_their_language(now: datetime) -> None:
    people, story_id = [make_reachable("fr"), make_reachable("en")], uuid7()

    first = story(people, story_id=story_id, told={people[0].pk})
    again = story([*people, make_customer()], story_id=story_id)

    assert (len(first), len(again)) == (2, 1)
    assert {t.customer_id: t.responded for t in first} == {people[0].pk: now, people[1].pk: None}
    assert {t.story_label for t in first} == {"INC-000001"}
    single = services.open_ticket(
        customer_id=people[0].pk, subject="Again", story_kind="test.Incident", story_id=story_id
    )
    assert single in first


def test_the_database_refuses_a_second_ticket_of_a_story() -> None:
    customer, story_id = make_customer(), uuid7()
    (ticket,) = story([customer], story_id=story_id)

    with pytest.raises(IntegrityError, match="bss_care_ticket_once_per_story"), transaction.atomic():
        TroubleTicket.objects.create(
            customer=customer, subject="Twin", story_kind="x", story_id=story_id, opened=ticket.opened,
            status_changed=ticket.opened,
        )  # fmt: skip


def test_the_end_of_a_story_resolves_its_open_tickets(now: datetime) -> None:
    make_target(severity="major")
    story_id = uuid7()
    touched, untouched, gone = story([make_customer() for _n in range(3)], story_id=story_id)
    services.set_status(ticket=touched, to="pending", reason="Asked", at=now + HOUR)
    services.set_status(ticket=gone, to="cancelled", reason="Wrong", at=now + HOUR)

    done = services.resolve_story(story_id=story_id, resolution="Mended", at=now + 9 * HOUR)
    again = services.resolve_story(story_id=story_id, resolution="Mended", at=now + 9 * HOUR)

    assert ({t.pk for t in done}, again) == ({touched.pk, untouched.pk}, [])
    touched.refresh_from_db()
    untouched.refresh_from_db()
    assert (touched.resolve_used, untouched.resolve_used) == (HOUR, 9 * HOUR)
    assert (untouched.resolved, untouched.responded, untouched.resolution) == (now + 9 * HOUR,) * 2 + (
        "Mended",
    )
    assert OutboxEvent.objects.filter(name="bss_care.TicketResolved").count() == 2


def test_a_story_that_comes_back_takes_its_tickets_up_again(now: datetime) -> None:
    story_id = uuid7()
    (ticket,) = story([make_customer()], story_id=story_id)
    services.resolve_story(story_id=story_id, resolution="Mended", at=now)

    (back,) = services.reopen_story(story_id=story_id, reason="Down again", at=now + HOUR)

    assert (back.pk, back.status) == (ticket.pk, "in_progress")


def test_stories_of_many_customers_cost_a_constant_number_of_statements(
    django_assert_max_num_queries: Any, now: datetime
) -> None:
    make_target(severity="major")
    few, many = [make_customer() for _n in range(3)], [make_customer() for _n in range(60)]

    with django_assert_max_num_queries(20):
        story(few, story_id=uuid7())
    with django_assert_max_num_queries(20):
        story(many, story_id=(story_id := uuid7()))
    with django_assert_max_num_queries(20):
        assert len(services.resolve_story(story_id=story_id, resolution="Mended", at=now)) == 60


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_opening_a_story_one_waits_and_opens_nothing() -> None:
    customer, story_id = make_customer(), uuid7()
    ready, counts = threading.Barrier(2), []

    def work() -> None:
        try:
            ready.wait()
            counts.append(len(story([customer], story_id=story_id)))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(counts) == [0, 1]


def test_tickets_and_notices_follow_a_merged_customer(now: datetime) -> None:
    keep, drop, story_id = make_reachable(), make_reachable(), uuid7()
    story([keep, drop], story_id=story_id)
    own = make_ticket(customer=drop)
    services.reply(ticket=own, body="Bonjour")

    merge_customers(keep=keep, drop=drop, reason="twice")

    assert TroubleTicket.objects.filter(customer=keep).count() == 3
    assert TroubleTicket.objects.filter(customer=keep, story_id=story_id).count() == 1
    assert Notice.objects.get(story_label=own.number).customer == keep
    with pytest.raises(ObjectDoesNotExist):
        TroubleTicket.objects.get(customer=drop)
