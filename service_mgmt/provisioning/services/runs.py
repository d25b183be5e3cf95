"""Starting a workflow: the plan is written down, step by step, before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import translation

from kernel import jobs, journal, lifecycle
from service_mgmt.provisioning.models import ServiceOrderItem, WorkflowRun, WorkflowStep
from service_mgmt.provisioning.services.workflow import workflow

TASK = "service_mgmt.provisioning.advance"
Step = WorkflowStep.Status

# A step's stored English title in the reader's language: workflows declare their titles with gettext_lazy.
in_words: Callable[[str], str] = translation.gettext


def start_run(*, item: ServiceOrderItem, at: datetime) -> WorkflowRun:
    """Plan the item's workflow: one row a step, with planned times, and send it to a worker. One open run an item."""
    plan = workflow(item.workflow)
    with transaction.atomic():
        run = lifecycle.create(
            WorkflowRun(
                workflow=plan.name,
                revision=plan.revision,
                item=item,
                correlation_id=journal.correlate(),
                actor=journal.context().actor,
            )
        )
        begin, rows = at, []
        # Titles are stored in the language of the house; the plan that ran keeps its words.
        with translation.override("en"):
            for index, step in enumerate(plan.steps):
                end = begin + timedelta(seconds=step.seconds)
                rows.append(
                    WorkflowStep(
                        run=run,
                        name=step.name,
                        title=str(step.title),
                        position=index + 1,
                        needs=plan.needs(index),
                        planned_start=begin,
                        planned_end=end,
                        status=Step.PENDING if plan.needs(index) else Step.READY,
                    )
                )
                begin = end
        WorkflowStep.objects.bulk_create(rows)
        jobs.enqueue(TASK, run.pk)
    return run
