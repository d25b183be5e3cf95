"""Sending what waits: claimed in batches, one connection a batch, each message on its own.

A claim is a compare-and-set with a lease. Nothing is sent on a lease that is about to end, so two workers never send the
same notice; what a dead worker held is free again when its lease is over. The Message-ID is the notice's own id.
"""

from __future__ import annotations

import logging
import smtplib
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import connection
from django.db.models import F
from django.utils.translation import gettext as _

from bss.care.models import Notice
from bss.care.services import wording
from kernel import clock, journal, lifecycle
from kernel.errors import DomainError, Unreachable

logger = logging.getLogger(__name__)

BATCH = 50
LEASE = timedelta(minutes=5)
# A message begun with less than this left on the lease might still be on its way when the lease ends.
MARGIN = timedelta(seconds=2 * settings.EMAIL_TIMEOUT + 10)
# Pauses after the first, second … failed attempt; after the last one the notice has failed.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
PERMANENT = 500
DISCONNECTED = (smtplib.SMTPServerDisconnected, ConnectionError, TimeoutError)

CLAIM = """
UPDATE bss_care_notice SET claimed_until = %(until)s, attempts = attempts + 1
WHERE id IN (
    SELECT id FROM bss_care_notice
    WHERE status = 'pending' AND (next_attempt IS NULL OR next_attempt <= %(now)s)
      AND (claimed_until IS NULL OR claimed_until < %(now)s)
    ORDER BY next_attempt NULLS FIRST, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED
) RETURNING id
"""


@dataclass
class Outcome:
    """What came of a run: sent, failed for good, to be tried again."""

    sent: int = 0
    failed: int = 0
    later: int = 0


def send_pending(*, limit: int = 1000, at: datetime | None = None) -> Outcome:
    """Send waiting mail, at most about `limit`; any number of workers may run at once. Not inside a transaction.

    A mail server that cannot be reached costs nobody an attempt that counts: the rest waits for the next run.
    """
    outcome = Outcome()
    while outcome.sent + outcome.failed + outcome.later < limit:
        batch = _claim(min(BATCH, limit))
        if not batch:
            break
        if not _send_batch(batch, at or clock.now(), outcome):
            break
    return outcome


def _claim(size: int) -> list[Notice]:
    now = clock.system_now()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "until": now + LEASE, "batch": size})
        ids = [row[0] for row in cursor.fetchall()]
    return list(Notice.objects.filter(pk__in=ids).order_by("id"))


def _send_batch(batch: list[Notice], at: datetime, outcome: Outcome) -> bool:
    """Send one claimed batch; False when the mail server is not there and the rest was given back."""
    mail: Any = get_connection()
    try:
        mail.open()
        with journal.acting(label="mail"):
            left = _send_each(mail, batch, at, outcome)
    except (OSError, smtplib.SMTPException) as error:
        left = _give_back(batch, error)
    finally:
        mail.close()
    outcome.later += left
    return not left


def _send_each(mail: Any, batch: list[Notice], at: datetime, outcome: Outcome) -> int:
    """Send one after the other; returns how many were given back because the server went away or is too slow."""
    give_up = time.monotonic() + (LEASE - MARGIN).total_seconds()
    broken = False
    for position, notice in enumerate(batch):
        if time.monotonic() > give_up:
            return _give_back(batch[position:], Unreachable(_("The mail server is too slow")))
        trouble = _send(mail, notice)
        if isinstance(trouble, DISCONNECTED):
            if broken:
                return _give_back(batch[position:], trouble)
            # Servers close after so many messages: one more try, over a new connection.
            trouble = _again(mail, notice)
            broken = trouble is not None
        _settle(notice, trouble, at, outcome)
    return 0


def _send(mail: Any, notice: Notice) -> Exception | None:
    message = EmailMessage(
        subject=wording.one_line(notice.subject),
        body=notice.body,
        to=[notice.address],
        headers={
            "Message-ID": f"<{notice.pk}@{_domain()}>",
            "Content-Language": notice.language,
            # RFC 3834: answering machines keep quiet.
            "Auto-Submitted": "auto-generated",
        },
        connection=mail,
    )
    try:
        message.send()
    except Exception as error:  # one message's trouble, whatever it is, is never another's
        return error
    return None


def _again(mail: Any, notice: Notice) -> Exception | None:
    try:
        mail.close()
        mail.open()
    except (OSError, smtplib.SMTPException) as error:
        return error
    return _send(mail, notice)


def _settle(notice: Notice, error: Exception | None, at: datetime, outcome: Outcome) -> None:
    try:
        if error is None:
            lifecycle.move(
                notice, Notice.Status.SENT, sent=at, claimed_until=None, next_attempt=None, error=""
            )
            outcome.sent += 1
        elif _is_permanent(error) or notice.attempts > len(PAUSES):
            lifecycle.move(
                notice, Notice.Status.FAILED, claimed_until=None, error=_text(error), reason=_text(error)
            )
            outcome.failed += 1
        else:
            pause = PAUSES[min(notice.attempts, len(PAUSES)) - 1]
            Notice.objects.filter(pk=notice.pk, status=Notice.Status.PENDING).update(
                next_attempt=clock.system_now() + pause, claimed_until=None, error=_text(error)
            )
            outcome.later += 1
    except DomainError:
        # Stopped or settled by somebody else meanwhile: what happened is in the journal.
        logger.warning("notice %s was settled by somebody else", notice.number)


def _give_back(batch: list[Notice], error: Exception) -> int:
    logger.warning("mail server not available, %d notices wait: %s", len(batch), error)
    Notice.objects.filter(pk__in=[notice.pk for notice in batch], status=Notice.Status.PENDING).update(
        attempts=F("attempts") - 1,
        claimed_until=None,
        next_attempt=clock.system_now() + PAUSES[0],
        error=_text(error),
    )
    return len(batch)


def _is_permanent(error: Exception) -> bool:
    """Whether the server, or the message itself, says that trying again is useless (RFC 5321 §4.2.1: 5yz)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _reply in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code >= PERMANENT
    return not isinstance(error, OSError)


def _text(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{code} {_plain(reply)}" for code, reply in error.recipients.values())[:300]
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_plain(error.smtp_error)}"[:300]
    return f"{type(error).__name__}: {error}"[:300]


def _plain(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
