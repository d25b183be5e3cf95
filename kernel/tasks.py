"""Celery entry points of the kernel: jobs on each queue, and the sweepers that restore what the broker lost."""

from typing import Any

from celery import shared_task

from kernel import events, jobs, partitions
from kernel.tmf import delivery, idempotency


def _runner(queue: str) -> Any:
    @shared_task(name=f"kernel.run_job_{queue}")  # portal.celery routes it to its queue
    def run(job_id: str) -> None:
        jobs.execute(job_id)

    return run


run_job_default = _runner("default")
run_job_billing = _runner("billing")
run_job_rating = _runner("rating")
run_job_provisioning = _runner("provisioning")
run_job_polling = _runner("polling")


@shared_task(name="kernel.sweep_jobs")
def sweep_jobs() -> int:
    """Every 15 s."""
    return jobs.sweep()


@shared_task(name="kernel.sweep_events")
def sweep_events() -> int:
    """Every 30 s: what the dispatcher missed."""
    return events.deliver_pending()


@shared_task(name="kernel.ensure_partitions")
def ensure_partitions() -> None:
    """Daily: partitions of the coming months."""
    partitions.ensure_all()


@shared_task(name="kernel.deliver_webhooks")
def deliver_webhooks(delivery_id: str) -> None:
    """One webhook delivery."""
    delivery.deliver(delivery_id)


@shared_task(name="kernel.sweep_webhooks")
def sweep_webhooks() -> int:
    """Every 15 s: deliveries whose pause is over, or that the broker lost."""
    return delivery.sweep()


@shared_task(name="kernel.sweep_idempotency_keys")
def sweep_idempotency_keys() -> int:
    """Hourly: keys older than a day."""
    return idempotency.sweep()
