"""Notices: texts, who is told, once and no more."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import gettext_lazy as _
from hypothesis import given
from hypothesis import strategies as st

from bss.care import services
from bss.care.models import Notice, NoticeTemplate
from bss.care.services import templates, wording
from bss.care.services.texts import TEXTS
from bss.customers.services import record_consent
from kernel.errors import IllegalMove, Invalid
from kernel.ids import uuid7
from kernel.models import JournalEntry, OutboxEvent
from kernel.money import Money
from tests.factories.bss_care import make_notice, make_reachable, make_template
from tests.factories.bss_customers import make_account, make_contact, make_customer, make_party

OUTAGE = {"reference": "INC-000001", "services": "PRD-1", "eta": None}


def outage(customers: list[Any], **overrides: Any) -> services.Written:
    values = {
        "customer_ids": [customer.pk for customer in customers],
        "template": "outage-start",
        "story_kind": "test.Incident",
        "story_id": uuid7(),
        "story_label": "INC-000001",
        "context": {**OUTAGE, "since": datetime(2026, 1, 15, 9, 30, tzinfo=UTC)},
        **overrides,
    }
    return services.notify(**values)


# ----------------------------------------------------------------------------------------------------------- texts


@pytest.mark.parametrize(
    "text",
    [
        "{name!r}",
        "{name:>9}",
        "{name.secret}",
        "{name[0]}",
        "{}",
        "{0}",
        "{Name}",
        "{a b}",
        "open {",
        "close }",
        "{{x}",
    ],
)
def test_a_text_holds_variables_and_nothing_else(text: str) -> None:
    with pytest.raises(Invalid):
        wording.names_in(text)


def test_braces_are_written_twice() -> None:
    assert wording.render("{{{name}}} of {{}}", {"name": "x"}) == "{x} of {}"


@given(st.text())
def test_any_text_is_either_refused_or_rendered(text: str) -> None:
    try:
        names = wording.names_in(text)
    except Invalid:
        return

    assert isinstance(wording.render(text, dict.fromkeys(names, "v")), str)


@given(st.text(st.characters(exclude_characters="{}")), st.text())
def test_values_are_never_read_as_texts(before: str, value: str) -> None:
    assert wording.render(before + "{x}", {"x": value}) == before + value


@pytest.mark.parametrize(
    ("value", "language", "zone", "words"),
    [
        (datetime(2026, 1, 15, 9, 30, tzinfo=UTC), "en", "Europe/Paris", "15 January 2026, 10:30 (UTC+1)"),
        (datetime(2026, 7, 15, 9, 30, tzinfo=UTC), "fr", "Europe/Paris", "15 juillet 2026, 11:30 (UTC+2)"),
        (datetime(2026, 1, 15, 9, 30, tzinfo=UTC), "fr", "Indian/Reunion", "15 janvier 2026, 13:30 (UTC+4)"),
        (
            datetime(2026, 1, 15, 9, 30, tzinfo=UTC),
            "en",
            "America/St_Johns",
            "15 January 2026, 06:00 (UTC-3:30)",
        ),
        (date(2026, 1, 15), "fr", "UTC", "15 janvier 2026"),
        (Money(Decimal("1234.5"), "EUR"), "en", "UTC", "€1,234.50"),
        (Money(Decimal("1234.5"), "EUR"), "fr", "UTC", "1\u202f234,50\u00a0€"),
        ({"en": "line", "fr": "ligne"}, "fr", "UTC", "ligne"),
        (_("French"), "en", "UTC", "French"),
        (None, "en", "UTC", ""),
        (1234567, "fr", "UTC", "1\u202f234\u202f567"),
        ("a\ue000customer_name\ue001b", "en", "UTC", "acustomer_nameb"),
    ],
)
def test_values_speak_the_readers_language(value: Any, language: str, zone: str, words: str) -> None:
    assert wording.in_words(value, language=language, zone=zone) == words


def test_our_own_texts_use_what_they_declare_in_both_languages() -> None:
    for text in TEXTS:
        for language in ("en", "fr"):
            subject, body = text.words[language]
            used = wording.names_in(subject) | wording.names_in(body)
            assert used - templates.ALWAYS == text.variables, (text.code, language)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.code)
def test_french_texts_have_their_spaces(text: Any) -> None:
    words = "".join(text.words["fr"])

    for mark in ":;!?":
        for position, char in enumerate(words):
            if char == mark and not words[position - 1 : position].isdigit():
                assert words[position - 1] == "\u00a0", words[max(0, position - 20) : position + 1]


# ------------------------------------------------------------------------------------------------------------ doors

pytestmark = pytest.mark.django_db


def test_everybody_is_told_in_their_language_and_time(now: datetime) -> None:
    french, english, remote = make_reachable("fr"), make_reachable("en"), make_reachable("fr")
    make_account(customer=remote, time_zone="Indian/Reunion")

    written = outage([french, english, remote])

    assert (written.told, written.suppressed) == ({french.pk, english.pk, remote.pk}, {})
    by_customer = {notice.customer_id: notice for notice in Notice.objects.select_related("template")}
    fr, en, re = (by_customer[customer.pk] for customer in (french, english, remote))
    assert fr.subject == "Panne INC-000001\u00a0: votre service est interrompu"
    assert "15 janvier 2026, 10:30 (UTC+1)" in fr.body
    assert "15 janvier 2026, 13:30 (UTC+4)" in re.body
    assert "15 January 2026, 10:30 (UTC+1)" in en.body
    assert f"Dear {english.party}," in en.body
    assert (en.status, en.at, en.template.language) == ("pending", now, "en")
    assert en.number.startswith("NOT-")
    assert JournalEntry.objects.filter(object_id=en.pk, verb="notice.created").count() == 1


def test_a_story_is_told_once_however_often_it_is_asked() -> None:
    people, story_id = [make_reachable(), make_reachable()], uuid7()

    outage(people[:1], story_id=story_id)
    again = outage(people, story_id=story_id)

    assert again.told == {people[1].pk}
    assert Notice.objects.count() == 2
    assert OutboxEvent.objects.filter(name="bss_care.NoticesWritten").count() == 2
    assert outage(people, story_id=story_id).told == frozenset()
    assert OutboxEvent.objects.filter(name="bss_care.NoticesWritten").count() == 2


def test_each_customer_reads_of_their_own_services() -> None:
    people = [make_reachable("en"), make_reachable("en"), make_reachable("fr")]
    both = {"en": "line C", "fr": "ligne C"}

    outage(people, each={people[0].pk: {"services": "line A"}, people[1].pk: {"services": "line B\ue001"},
                         people[2].pk: {"services": both}},
           context={"reference": "INC-1", "eta": None, "since": None})  # fmt: skip

    bodies = [Notice.objects.get(customer=customer).body for customer in people]
    assert "Concerned: line A\n" in bodies[0]
    assert "Concerned: line B\n" in bodies[1]
    assert "concerné(s)\u00a0: ligne C\n" in bodies[2]


def test_a_value_that_is_missing_is_refused_and_nothing_is_written() -> None:
    with pytest.raises(Invalid, match="since"):
        outage([make_reachable()], context=OUTAGE)

    assert not Notice.objects.exists()


def test_a_language_without_text_reads_the_english_one() -> None:
    template = make_template()

    services.notify(
        customer_ids=[make_reachable("fr").pk], template=template.code, story_kind="t", story_id=uuid7(),
        context={"thing": "it"},
    )  # fmt: skip

    assert Notice.objects.get().language == "en"


def test_updates_and_ends_go_to_those_who_heard_the_start(now: datetime) -> None:
    told, mute, late = make_reachable("en"), make_customer(), make_reachable("en")
    story_id = uuid7()
    outage([told, mute], story_id=story_id)

    written = services.notify(
        template="outage-end", story_kind="test.Incident", story_id=story_id, phase="end",
        context={"reference": "INC-1", "ended": now},
    )  # fmt: skip

    assert written.told == {told.pk}
    assert Notice.objects.filter(phase="end").count() == 1
    assert not Notice.objects.filter(customer=late).exists()


def test_a_customer_without_address_is_counted_and_not_told() -> None:
    customer = make_customer()

    written = outage([customer])

    notice = Notice.objects.get()
    assert (written.told, written.suppressed) == (frozenset(), {"no_address": 1})
    assert (notice.status, notice.obstacle) == ("suppressed", "no_address")


def test_wishes_are_respected_but_bills_come_anyway() -> None:
    customer = make_reachable()
    services.set_preference(customer=customer, topic="outage", channel="email", wanted=False)

    assert outage([customer]).suppressed == {"declined": 1}
    with pytest.raises(Invalid):
        services.set_preference(customer=customer, topic="billing", channel="email", wanted=False)
    services.set_preference(customer=customer, topic="outage", channel="email", wanted=True)
    assert outage([customer]).told == {customer.pk}


def test_offers_need_the_latest_consent(now: datetime) -> None:
    willing, unwilling, silent = (make_reachable() for _n in range(3))
    for customer, answers in ((willing, [False, True]), (unwilling, [True, False])):
        for hours, granted in enumerate(answers):
            record_consent(
                party=customer.party, purpose="marketing_email", granted=granted, source="web",
                at=now + timedelta(hours=hours),
            )  # fmt: skip
    template = make_template(topic="marketing")

    written = services.notify(
        customer_ids=[c.pk for c in (willing, unwilling, silent)], template=template.code, story_kind="campaign",
        story_id=uuid7(), context={"thing": "fibre"},
    )  # fmt: skip

    assert (written.told, written.suppressed) == ({willing.pk}, {"no_consent": 2})


def test_a_flood_of_outages_is_throttled_for_a_day(now: datetime) -> None:
    customer = make_reachable()

    results = [outage([customer], at=now + timedelta(minutes=n)) for n in range(8)]

    assert [len(result.told) for result in results] == [1] * 6 + [0] * 2
    assert results[-1].suppressed == {"throttled": 1}
    assert outage([customer], at=now + timedelta(hours=25)).told == {customer.pk}


def test_the_contact_of_the_topic_comes_first() -> None:
    party = make_party()
    make_contact(party=party, value="general@example.net")
    make_contact(party=party, value="noc@example.net", role="technical", preferred=False)
    make_contact(party=party, value="money@example.net", role="billing", preferred=False)
    customer = make_customer(party=party)

    outage([customer])

    assert Notice.objects.get().address == "noc@example.net"


def test_what_concerns_an_account_goes_to_its_payer_in_its_language() -> None:
    customer, payer = make_reachable("fr"), make_party(trading_name="Head Office", language="fr")
    make_contact(party=payer, value="ap@example.net", role="billing")
    account = make_account(customer=customer, payer=payer, language="en")

    outage([customer], account=account)

    notice = Notice.objects.get()
    assert (notice.customer, notice.address, notice.language) == (customer, "ap@example.net", "en")
    assert "Dear Head Office," in notice.body


def test_a_portal_text_is_told_by_being_there(now: datetime) -> None:
    customer = make_reachable("en")
    template = make_template(code="hint", channel="portal")
    make_template(code="hint", channel="email")

    services.notify(
        customer_ids=[customer.pk],
        template=template.code,
        story_kind="t",
        story_id=uuid7(),
        context={"thing": "it"},
    )

    assert list(Notice.objects.order_by("channel").values_list("channel", "status", "sent")) == [
        ("email", "pending", None),
        ("portal", "sent", now),
    ]


def test_thousands_of_customers_cost_no_more_statements_than_a_few(
    django_assert_max_num_queries: Any,
) -> None:
    services.install_templates()
    few, many = [make_reachable() for _n in range(2)], [make_reachable() for _n in range(50)]

    with django_assert_max_num_queries(12):
        outage(few)
    with django_assert_max_num_queries(12):
        assert len(outage(many).told) == 50


def test_templates_are_installed_once_and_edited_ones_stay() -> None:
    services.install_templates()
    template = NoticeTemplate.objects.get(code="invoice", language="en")
    services.change_template(template=template, subject="Bill {invoice}", body="{amount} by {due}: {link}")

    assert services.install_templates() == []
    template.refresh_from_db()
    assert template.subject == "Bill {invoice}"


def test_a_template_with_an_unknown_variable_is_refused_at_its_field() -> None:
    template = make_template()

    with pytest.raises(Invalid) as refusal:
        services.change_template(template=template, subject="{secret}", body="{thing:>9}")

    assert set(refusal.value.fields) == {"subject", "body"}
    with pytest.raises(Invalid, match="exists"):
        make_template(code=template.code)
    with pytest.raises(Invalid, match="no notice template"):
        templates.of_code("nonsense")


def test_waiting_notices_of_a_story_can_be_stopped() -> None:
    story_id = uuid7()
    make_notice(story_id=story_id)
    sent = make_notice(story_id=story_id, status="sent", sent=datetime(2026, 1, 1, tzinfo=UTC))

    assert services.stop(story_id=story_id, reason="false alarm") == 1
    assert set(Notice.objects.values_list("status", "obstacle")) == {("suppressed", "stopped"), ("sent", "")}
    with pytest.raises(IllegalMove):
        services.repeat(notice=sent)


LEGAL = [(a, b) for a, targets in Notice.MOVES.items() for b in targets]


@pytest.mark.parametrize("before", Notice.Status)
@pytest.mark.parametrize("after", Notice.Status)
def test_notices_move_as_their_lifecycle_allows(before: str, after: str) -> None:
    assert Notice.lifecycle.allows(before, after) == ((before, after) in LEGAL)
