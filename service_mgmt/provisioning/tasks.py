"""Celery entry points of provisioning. Each names rows and calls one door; all are safe to run twice."""

from celery import shared_task

from service_mgmt.provisioning import services


@shared_task(name="service_mgmt.provisioning.advance")
def advance(run_id: str) -> None:
    """Execute what may run of one workflow run."""
    services.advance(run_id=run_id)


@shared_task(name="service_mgmt.provisioning.compensate")
def compensate(run_id: str) -> None:
    """Undo one workflow run."""
    services.compensate(run_id=run_id)


@shared_task(name="service_mgmt.provisioning.sweep")
def sweep() -> None:
    """Every few seconds: hand out again what was lost."""
    services.sweep()
