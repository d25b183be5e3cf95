"""Celery entry points of incidents."""

from uuid import UUID

from celery import shared_task

from oss.incidents import services


@shared_task(name="oss.incidents.run_diagnosis")
def run_diagnosis(diagnosis_id: str) -> None:
    """One round of tests."""
    services.run_diagnosis(diagnosis_id=UUID(diagnosis_id))


@shared_task(name="oss.incidents.run_runbook")
def run_runbook(run_id: str) -> None:
    """The steps of a run that are not done yet."""
    services.run_runbook(run_id=UUID(run_id))


@shared_task(name="oss.incidents.sweep")
def sweep() -> int:
    """Every 5 s: what the broker lost, what waits for the network."""
    return services.sweep()
