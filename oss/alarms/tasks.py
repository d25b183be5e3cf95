"""Celery entry points of alarms."""

from celery import shared_task

from oss.alarms import services


@shared_task(name="oss.alarms.correlate")
def correlate() -> None:
    """After intake: judge what is undecided, and come back when something was too fresh."""
    if services.correlate().waiting:
        correlate.apply_async(countdown=services.SETTLE.total_seconds())


@shared_task(name="oss.alarms.sweep")
def sweep() -> None:
    """Every 5 s: what time brings about, and what the broker lost."""
    services.sweep()
    services.correlate()
