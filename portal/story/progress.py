"""The story's progress as a job: in the terminal, on the home page and under /jobs/ alike."""

from __future__ import annotations

import time
from typing import Any

from django.template.loader import render_to_string

from bss.catalog.models import ProductOffering
from kernel import clock
from kernel.models import Job, JobLine
from oss.inventory.models import NetworkElement
from portal.story.teller import CHAPTERS, Step, Teller

KIND = "portal.story"
BEAT_SECONDS = 5.0


class Progress:
    """Keeps the job's row true while a teller tells."""

    def __init__(self) -> None:
        now = clock.system_now()
        # A story that an earlier process left unfinished will not go on: it was told on another state of the world.
        Job.objects.filter(kind=KIND, status=Job.Status.RUNNING).update(
            status=Job.Status.FAILED, finished=now, error="interrupted"
        )
        self.job = Job.objects.create(
            kind=KIND,
            title="The story of a small operator",
            status=Job.Status.RUNNING,
            owner_label="demo",
            started=now,
            heartbeat=now,
            total=len(CHAPTERS),
        )
        self._beaten = time.monotonic()

    def beat(self) -> None:
        """Say that the teller is alive, now and then."""
        if time.monotonic() - self._beaten > BEAT_SECONDS:
            self._beaten = time.monotonic()
            Job.objects.filter(pk=self.job.pk).update(heartbeat=clock.system_now())

    def told(self, step: Step) -> None:
        """A chapter is over."""
        outcome = JobLine.Outcome.SUCCEEDED if step.ok else JobLine.Outcome.FAILED
        JobLine.objects.create(
            job=self.job, outcome=outcome, label=step.name, message=step.error or f"{step.seconds:.1f} s"
        )
        Job.objects.filter(pk=self.job.pk).update(done=self.job.lines.count(), heartbeat=clock.system_now())

    def over(self, story: Teller) -> None:
        """The whole story is told, or stopped."""
        account = story.account()
        Job.objects.filter(pk=self.job.pk).update(
            status=Job.Status.SUCCEEDED if account["ok"] else Job.Status.FAILED,
            finished=clock.system_now(),
            error="" if account["ok"] else story.step.error,
            result={"seconds": account["seconds"]},
        )


def played() -> bool:
    """Whether this installation has a finished story."""
    return Job.objects.filter(kind=KIND).exclude(status=Job.Status.RUNNING).exists()


def interrupted() -> bool:
    """Whether an earlier process stopped in the middle: half a story cannot be gone on with, and is marked as failed."""
    running = Job.objects.filter(kind=KIND, status=Job.Status.RUNNING)
    if not running.exists() or not (NetworkElement.objects.exists() or ProductOffering.objects.exists()):
        return False
    running.update(status=Job.Status.FAILED, finished=clock.system_now(), error="interrupted")
    return True


def banner(request: Any) -> str | None:
    """The panel on the home page while the story is being told; None afterwards."""
    job = Job.objects.filter(kind=KIND).order_by("-created").first()
    if job is None or job.status == Job.Status.SUCCEEDED:
        return None
    lines = list(job.lines.order_by("id"))
    done = {line.label for line in lines}
    waiting = [name for name in CHAPTERS if name not in done]
    return render_to_string(
        "portal/_story.html", {"job": job, "lines": lines, "waiting": waiting}, request=request
    )
