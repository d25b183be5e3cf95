"""Long work: the list, one job with progress, its rows and its file."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import F, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kernel import clock, jobs, pages
from kernel.filtering import Filter
from kernel.models import Job, JobLine
from kernel.pages import registry
from kernel.pages.lists import bulk, exports
from kernel.pages.respond import personal

STATUS = pages.badges(
    "kernel.job",
    Job.Status,
    pending="grey hourglass",
    running="blue player-play",
    succeeded="green check end",
    failed="red alert-circle",
    cancelled="grey ban end",
)
OUTCOME = pages.badges(
    "kernel.outcome",
    JobLine.Outcome,
    info="grey info-circle",
    succeeded="green check",
    skipped="amber minus",
    failed="red x",
)
OPEN = (Job.Status.PENDING, Job.Status.RUNNING)


def visible(user: Any) -> QuerySet[Job]:
    """A person's own jobs; all of them for who may see jobs."""
    rows = Job.objects.select_related("owner").defer("params", "state", "result")
    return rows if user.has_perm("kernel.view_job") else rows.filter(owner=user)


def card(user: Any) -> dict[str, Any]:
    """The user's newest jobs."""
    rows = Job.objects.filter(owner=user).defer("params", "state", "result").order_by("-created")
    return {"jobs": list(rows[:5]), "status": STATUS}


def percent(job: Job) -> int | None:
    """Progress in per cent; None while the total is unknown."""
    return min(100, job.done * 100 // job.total) if job.total else None


LINES = pages.List(
    name="portal:jobline-list",
    model=JobLine,
    title=gettext_lazy("Rows and log"),
    rows=lambda user: JobLine.objects.filter(job__in=visible(user).values("pk")).select_related("job"),
    columns=[
        pages.Column("label", gettext_lazy("Row"), link=lambda line: line_url(line), sort=True),
        pages.Column("outcome", gettext_lazy("Result"), badge=OUTCOME, sort=True),
        pages.Column("message", gettext_lazy("Message")),
        pages.Column("code", gettext_lazy("Code"), kind="code"),
        pages.Column("at", gettext_lazy("At"), kind="time", sort="id"),
    ],
    filters=[
        Filter("job", "job_id", "uuid", gettext_lazy("Job")),
        Filter("outcome", "outcome", "choice", gettext_lazy("Result"), choices=JobLine.Outcome.choices),
        Filter("code", "code", "text", gettext_lazy("Code")),
    ],
    search=("label", "message"),
    default_sort="at",
    open_to_all=True,
    empty=pages.Empty(gettext_lazy("This job has written no rows yet.")),
)


def line_url(line: JobLine) -> str | None:
    """Page of the row a line tells of: bulk work knows its list, the list its kind of object."""
    if line.job.kind != "kernel.bulk" or line.object_id is None:
        return None
    listed = registry.LISTS.get(line.job.params.get("page", ""))
    page = registry.page_of(listed.model) if listed else None
    if page is None:
        return None
    return reverse(page.name, args=[line.label if page.key != "pk" else line.object_id])


def _over(job: Job, _user: Any) -> str:
    return "" if job.status in OPEN else _("It is over")


def _cannot_retry(job: Job, _user: Any) -> str:
    return (
        "" if job.status in {Job.Status.FAILED, Job.Status.CANCELLED} else _("Only a failed or cancelled job")
    )


def _no_failed_rows(job: Job, _user: Any) -> str:
    if job.kind == "kernel.bulk" and job.result.get("failed"):
        return ""
    return _("No row of this job can be tried again")


def _mine(call: pages.Call) -> None:
    """Own jobs need no permission; those of others do."""
    if call.object.owner_id != call.user.pk and not call.user.has_perm("kernel.cancel_job"):
        from kernel.permissions import require

        require(call.user, "kernel.cancel_job")


def cancel(call: pages.Call) -> Job:
    """Ask a job to stop."""
    _mine(call)
    jobs.cancel(call.object, by=call.user)
    return call.object


def retry(call: pages.Call) -> Job:
    """Send a failed or cancelled job again."""
    _mine(call)
    jobs.retry(call.object)
    return call.object


JOBS = pages.List(
    name="portal:job-list",
    model=Job,
    title=gettext_lazy("Jobs"),
    icon="list-check",
    section="admin",
    order=70,
    key="j",
    rows=visible,
    columns=[
        pages.Column("title", gettext_lazy("Job"), link=True, sort=True),
        pages.Column("status", gettext_lazy("Status"), badge=STATUS, sort=True),
        pages.Column("done", gettext_lazy("Done"), kind="number"),
        pages.Column("total", gettext_lazy("Of"), kind="number"),
        pages.Column("owner", gettext_lazy("Started by"), "owner_label", sort=True),
        pages.Column("created", gettext_lazy("Created"), kind="when", sort=True),
        pages.Column("finished", gettext_lazy("Finished"), kind="when", sort=True),
        pages.Column("kind", gettext_lazy("Kind"), kind="text", hidden=True, sort=True),
        pages.Column("error", gettext_lazy("Error"), hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", gettext_lazy("Status"), choices=Job.Status.choices),
        Filter("kind", "kind", "text", gettext_lazy("Kind")),
        Filter("owner", "owner__username", "text", gettext_lazy("Started by")),
        Filter("created", "created", "datetime", gettext_lazy("Created")),
    ],
    search=("title", "owner_label"),
    default_sort="-created",
    views=[("mine", gettext_lazy("Mine"), lambda user: f"owner={user.username}")],
    bulk=[
        pages.Bulk(
            "cancel",
            gettext_lazy("Cancel"),
            permission="kernel.cancel_job",
            each=cancel,
            why_not=_over,
            danger=True,
            icon="player-stop",
        )
    ],
    live=True,
    open_to_all=True,
    empty=pages.Empty(gettext_lazy("Exports, bulk work and bill runs appear here with their progress.")),
)

JOB = pages.Detail(
    name="portal:job-detail",
    model=Job,
    title="title",
    rows=lambda user: visible(user).defer(None),
    list=JOBS,
    status=("status", STATUS),
    open_to_all=True,
    comments=False,
    live=True,
    overview="portal/jobs/_overview.html",
    context=lambda job, user: progress_context(job),
    facts=[
        pages.Fact(gettext_lazy("Started by"), "owner_label"),
        pages.Fact(gettext_lazy("Created"), "created", kind="when"),
        pages.Fact(gettext_lazy("Started"), "started", kind="when"),
        pages.Fact(gettext_lazy("Finished"), "finished", kind="when"),
        pages.Fact(gettext_lazy("Attempts"), "attempts", kind="number"),
    ],
    actions=[
        pages.Action(
            "retry-rows", gettext_lazy("Retry failed rows"), "", lambda call: bulk.retry_failed(call.object, call.user),
            why_not=_no_failed_rows, primary=True, icon="refresh", goto=registry.url_of,
        ),
        pages.Action("retry", gettext_lazy("Retry"), "", retry, why_not=_cannot_retry, secondary=True, icon="refresh"),
        pages.Action("cancel", gettext_lazy("Cancel"), "", cancel, why_not=_over, secondary=True, icon="player-stop"),
    ],
    tabs=[
        pages.Tab("rows", gettext_lazy("Rows and log"), list=LINES, lock=lambda job: {"job": str(job.pk)}),
    ],
    find=("title",),
    states={"open": {"status__in": OPEN}, "failed": {"status": Job.Status.FAILED}},
)  # fmt: skip


def progress_context(job: Job) -> dict[str, Any]:
    """What the progress card shows, and when it asks again: after 1 s at first, 5 s later, never once it is over."""
    running = job.status in OPEN
    age = (clock.system_now() - job.created).total_seconds()
    expires = parse_datetime(job.result.get("expires", "")) if job.result.get("expires") else None
    return {
        "job": job,
        "status": STATUS,
        "percent": percent(job),
        "again": (1 if age < 15 else 5) if running else 0,
        "file": job.result.get("name") if expires and expires > clock.system_now() else "",
        "expires": expires,
        "outcomes": [(badge, job.result[badge.value]) for badge in OUTCOME if badge.value in job.result],
        "log": list(job.lines.filter(outcome=JobLine.Outcome.INFO).order_by("-id")[:10]),
        "back": job.params.get("back", ""),
    }


def progress(request: HttpRequest, key: str) -> HttpResponse:
    """The progress card alone; polled while the job runs."""
    return pages.render(request, "portal/jobs/_overview.html", progress_context(JOB.get(key, request.user)))


def file(request: HttpRequest, key: str) -> FileResponse | HttpResponse:
    """The file of an export job: for its owner, until it expires."""
    job = JOB.get(key, request.user)
    expires = parse_datetime(str(job.result.get("expires", "")))
    path = exports.folder() / Path(str(job.result.get("file", "-"))).name
    if job.owner_id != getattr(request.user, "pk", None) or not _alive(expires) or not path.is_file():
        raise Http404
    response = FileResponse(path.open("rb"), as_attachment=True, filename=job.result["name"])
    return personal(response)


def _alive(expires: datetime | None) -> bool:
    return expires is not None and expires > clock.system_now()


def failures(request: HttpRequest, key: str) -> HttpResponse:
    """CSV of the rows a job failed on or skipped."""
    job = JOB.get(key, request.user)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="failures_{job.pk}.csv"'
    writer = csv.writer(response)
    writer.writerow([str(_("Row")), str(_("Result")), str(_("Code")), str(_("Message"))])
    rows = job.lines.filter(outcome__in=[JobLine.Outcome.FAILED, JobLine.Outcome.SKIPPED]).order_by(F("id"))
    for line in rows.iterator(chunk_size=1000):
        writer.writerow(
            [
                exports.safe(text)
                for text in (line.label, str(OUTCOME[line.outcome].label), line.code, line.message)
            ]
        )
    return personal(response)
