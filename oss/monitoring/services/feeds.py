"""Sources of news and whether they still speak."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from kernel import clock
from oss.monitoring.models import Feed

HEARD = """
INSERT INTO oss_monitoring_feed (name, last_heard, last_message, messages, expected_every)
VALUES (%s, %s, %s, %s, make_interval(secs => %s))
ON CONFLICT (name) DO UPDATE SET
    last_heard = greatest(oss_monitoring_feed.last_heard, EXCLUDED.last_heard),
    last_message = greatest(oss_monitoring_feed.last_message, EXCLUDED.last_message),
    messages = oss_monitoring_feed.messages + EXCLUDED.messages,
    expected_every = EXCLUDED.expected_every
"""


def heard(
    feed: str,
    at: datetime | None = None,
    *,
    messages: int = 0,
    expected_every: timedelta = timedelta(seconds=60),
) -> None:
    """Note a sign of life of a feed at `at` (system time), with the number of messages it brought."""
    moment = at or clock.system_now()
    with connection.cursor() as cursor:
        seconds = expected_every.total_seconds()
        cursor.execute(HEARD, [feed, moment, moment if messages else None, messages, seconds])


def silent_feeds(at: datetime | None = None) -> list[Feed]:
    """Feeds that should have spoken by `at` (system time) and have not."""
    return list(Feed.objects.silent(at or clock.system_now()).order_by("name"))
