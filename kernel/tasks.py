"""Celery entry points of the kernel: jobs on each queue, and the sweepers that restore what the broker lost."""

from typing import Any

from celery import shared_task

from kernel import events, jobs, partitions


def _runner(queue: str) -> Any:
    @shared_task(name=f"kernel.run_job_{queue}", queue=queue)
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
