"""Celery entry points of change management. Each is safe to run twice."""

from uuid import UUID

from celery import shared_task

from service_mgmt.changes import services


@shared_task(name="service_mgmt.changes.run")
def run(change_id: str) -> None:
    """Carry out a started change, or take back what is left of it."""
    services.run_change(change_id=UUID(change_id))


@shared_task(name="service_mgmt.changes.sweep")
def sweep() -> int:
    """Every 15 s: changes whose message was lost or whose worker died."""
    return services.sweep()
