"""Tasks are routed by name to the queues of their kind of work, and sweepers are on the beat."""

from __future__ import annotations

import pytest

from kernel import tasks
from portal.celery import app


@pytest.mark.parametrize("queue", ["default", "provisioning", "rating", "billing", "polling"])
def test_a_job_goes_to_the_queue_it_was_registered_for(queue: str) -> None:
    name = f"kernel.run_job_{queue}"
    assert name in app.tasks
    route = app.amqp.router.route({}, name)
    assert getattr(route.get("queue"), "name", route.get("queue") or app.conf.task_default_queue) == queue


def test_every_sweeper_is_on_the_beat() -> None:
    app.loader.import_default_modules()  # what a worker does before its first task
    planned = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {tasks.sweep_jobs.name, tasks.sweep_events.name, tasks.sweep_webhooks.name} <= planned
    assert planned <= set(app.tasks)
