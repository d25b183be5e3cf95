"""Celery entry points of addressing."""

from celery import shared_task

from oss.addressing import services


@shared_task(name="oss.addressing.expire_reservations")
def expire_reservations() -> int:
    """Every minute: reservations that ended and numbers that have rested are free again."""
    return services.expire_reservations()
