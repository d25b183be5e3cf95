"""Celery entry points of usage."""

from datetime import timedelta

from celery import shared_task

from bss.usage import services
from kernel import clock


@shared_task(name="bss.usage.process_file")
def process_file(file_id: str) -> None:
    """Work one file off; safe to run twice."""
    services.process_file(file_id)


@shared_task(name="bss.usage.sweep_files")
def sweep_files() -> int:
    """Every minute: files whose message or worker was lost."""
    waiting = services.unfinished(older_than=clock.system_now() - timedelta(minutes=2))
    for file_id in waiting:
        process_file.delay(str(file_id))
    return len(waiting)


@shared_task(name="bss.usage.drain_accounting")
def drain_accounting() -> int:
    """Every minute: accounting reports become a usage file."""
    return len(services.drain_accounting())
