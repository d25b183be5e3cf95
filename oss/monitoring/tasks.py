"""Celery entry points of monitoring."""

from uuid import UUID

from celery import shared_task

from kernel import clock
from oss.monitoring import services


@shared_task(name="oss.monitoring.poll_all")
def poll_all() -> int:
    """Every POLL_SECONDS: one task a batch of elements."""
    return services.poll_all()


@shared_task(name="oss.monitoring.poll_batch")
def poll_batch(element_ids: list[str]) -> int:
    """Read a batch of elements."""
    return services.poll(element_ids=[UUID(pk) for pk in element_ids])


@shared_task(name="oss.monitoring.roll_up")
def roll_up() -> int:
    """Every minute: the roll-ups of the last quarter of an hour."""
    return services.roll_up(at=clock.now())
