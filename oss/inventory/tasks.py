"""Celery entry points of the inventory."""

from celery import shared_task

from oss.inventory import services


@shared_task(name="oss.inventory.expire_reservations")
def expire_reservations() -> int:
    """Every minute: ports whose reservation has ended are free again."""
    return services.expire_reservations()
