"""Celery entry points of billing. Bill runs are jobs (`kernel.jobs`)."""

from celery import shared_task

from bss.billing import services


@shared_task(name="bss.billing.run_dunning")
def run_dunning() -> int:
    """Hourly: open cases and take the steps that are due."""
    return services.run_dunning()
