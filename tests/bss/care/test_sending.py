"""Sending over real SMTP: once each, whatever the server and the other workers do."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core.mail.backends.smtp import EmailBackend
from django.db import connection

from bss.care import services, tasks
from bss.care.models import Notice
from bss.care.services import sending
from kernel import clock
from tests.factories.bss_care import make_notice, make_template

pytestmark = pytest.mark.django_db


class Postbox:
    """A mail server that refuses as it is told: address → reply."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.replies: dict[str, str] = {}
        self.close_after = 0

    async def handle_RCPT(  # noqa: N802 - named by the protocol
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if reply := self.replies.get(address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.close_after and len(self.mails) % self.close_after == 0:
            asyncio.get_running_loop().call_soon(server.transport.close)
        return "250 stored"

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]


class AnyPort(Controller):
    """Listens where the system has a port free."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def postbox(settings: Any) -> Iterator[Postbox]:
    box = Postbox()
    controller = AnyPort(box, hostname="127.0.0.1", port=0)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    yield box
    controller.stop(no_assert=True)


def test_a_notice_arrives_as_it_was_written(postbox: Postbox, now: datetime) -> None:
    notice = make_notice(
        subject="Panne\u00a0: rétablie\nBcc: all@example.net", body="Ça marche.\n", language="fr"
    )

    outcome = services.send_pending()

    (mail,) = postbox.mails
    notice.refresh_from_db()
    assert (outcome.sent, notice.status, notice.sent, notice.attempts) == (1, "sent", now, 1)
    assert mail["Subject"] == "Panne\u00a0: rétablie Bcc: all@example.net"
    assert mail["Bcc"] is None
    assert mail["To"] == notice.address
    assert mail["Message-ID"] == f"<{notice.pk}@trunkline.invalid>"
    assert (mail["Content-Language"], mail["Auto-Submitted"]) == ("fr", "auto-generated")
    assert mail.get_content().strip() == "Ça marche."
    assert services.send_pending().sent == 0


def test_the_task_may_run_twice(postbox: Postbox) -> None:
    make_notice()

    tasks.send_pending()
    tasks.send_pending()

    assert len(postbox.mails) == 1


def test_one_bad_address_does_not_hold_up_the_others(postbox: Postbox) -> None:
    template = make_template()
    rows = [
        make_notice(template=template, address=f"{name}@example.net") for name in ("a", "nobody", "full", "b")
    ]
    postbox.replies = {"nobody@example.net": "550 no such user", "full@example.net": "452 mailbox full"}

    outcome = services.send_pending()

    for row in rows:
        row.refresh_from_db()
    assert (outcome.sent, outcome.failed, outcome.later) == (2, 1, 1)
    assert [row.status for row in rows] == ["sent", "failed", "pending", "sent"]
    assert rows[1].error == "550 no such user"
    assert rows[2].error == "452 mailbox full"
    assert rows[2].next_attempt is not None
    assert rows[2].claimed_until is None


def test_a_refusal_for_now_is_tried_again_with_growing_pauses_and_then_given_up(postbox: Postbox) -> None:
    notice = make_notice(address="full@example.net")
    postbox.replies = {"full@example.net": "452 mailbox full"}
    pauses = []

    for _attempt in range(6):
        Notice.objects.update(next_attempt=None)
        before = clock.system_now()
        services.send_pending()
        notice.refresh_from_db()
        if notice.next_attempt:
            pauses.append(round((notice.next_attempt - before).total_seconds() / 60))

    assert pauses == [1, 5, 15, 60, 240]
    assert (notice.status, notice.attempts) == ("failed", 6)
    postbox.replies.clear()
    services.repeat(notice=notice)
    assert services.send_pending().sent == 1


def test_a_pause_is_kept(postbox: Postbox) -> None:
    make_notice(next_attempt=clock.system_now() + timedelta(minutes=1))

    assert services.send_pending().sent == 0


def test_a_server_that_closes_after_some_messages_gets_them_all(postbox: Postbox) -> None:
    template = make_template()
    for _n in range(7):
        make_notice(template=template)
    postbox.close_after = 3

    assert services.send_pending().sent == 7
    assert len(postbox.mails) == 7


def test_a_server_that_is_not_there_costs_no_attempt(settings: Any, caplog: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    make_notice()

    outcome = services.send_pending()

    notice = Notice.objects.get()
    assert (outcome.later, notice.status, notice.attempts, notice.claimed_until) == (1, "pending", 0, None)
    assert notice.next_attempt is not None
    assert "ConnectionRefusedError" in notice.error


def test_a_server_that_dies_halfway_leaves_the_rest_for_later(
    postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = make_template()
    for _n in range(4):
        make_notice(template=template)
    real, calls = EmailBackend.send_messages, iter(range(99))

    def dying(self: Any, messages: Any) -> Any:
        if next(calls) >= 1:
            raise smtplib.SMTPServerDisconnected("gone")
        return real(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", dying)

    outcome = services.send_pending()

    assert (outcome.sent, outcome.later) == (1, 3)
    assert Notice.objects.filter(status="pending", claimed_until=None).count() == 3


def test_what_another_worker_holds_is_left_alone_until_its_lease_ends(postbox: Postbox) -> None:
    notice = make_notice(claimed_until=clock.system_now() + timedelta(minutes=1))

    assert services.send_pending().sent == 0
    Notice.objects.filter(pk=notice.pk).update(claimed_until=clock.system_now() - timedelta(seconds=1))
    assert services.send_pending().sent == 1


def test_nothing_is_begun_on_a_lease_about_to_end(postbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
    make_notice()
    monkeypatch.setattr(sending, "MARGIN", sending.LEASE + timedelta(seconds=1))

    outcome = services.send_pending()

    assert (outcome.sent, outcome.later, postbox.mails) == (0, 1, [])


def test_a_notice_that_is_being_sent_cannot_be_stopped() -> None:
    notice = make_notice(claimed_until=clock.system_now() + timedelta(minutes=1))

    assert services.stop(story_id=notice.story_id) == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_work_and_send_nothing_twice(postbox: Postbox) -> None:
    template = make_template()
    for number in range(120):
        make_notice(template=template, subject=f"Notice {number}")
    ready, sent = threading.Barrier(2), []

    def work() -> None:
        try:
            ready.wait()
            sent.append(services.send_pending().sent)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sum(sent) == 120
    assert sorted(postbox.subjects) == sorted(f"Notice {number}" for number in range(120))
    assert Notice.objects.filter(status="sent").count() == 120
