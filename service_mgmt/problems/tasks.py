"""Celery entry points of problem management."""

from celery import shared_task

from service_mgmt.problems import services


@shared_task(name="service_mgmt.problems.verify_fixes")
def verify_fixes() -> int:
    """Hourly: close what stayed away long enough."""
    return len(services.verify_fix())
