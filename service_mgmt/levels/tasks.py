"""Celery entry points of service levels."""

from celery import shared_task

from service_mgmt.levels import services


@shared_task(name="service_mgmt.levels.close_months")
def close_months() -> None:
    """Hourly: months that are over somewhere and not closed yet."""
    services.close_due_months()


@shared_task(name="service_mgmt.levels.record_windows")
def record_windows() -> None:
    """Every minute: planned work that began or ended."""
    services.record_windows()
