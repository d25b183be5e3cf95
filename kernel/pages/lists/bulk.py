"""Bulk work: preview → job → result per row. It never reaches past what was previewed and never stops at a bad row."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django import forms
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kernel import jobs
from kernel.errors import DomainError, Invalid
from kernel.models import Draft, Job, JobLine
from kernel.pages import formats, registry
from kernel.pages.call import Call, Effects, WhyNot
from kernel.pages.lists import selection
from kernel.pages.lists.state import State
from kernel.pages.respond import back, complain, go, render

if TYPE_CHECKING:
    from kernel.pages.lists import List

logger = logging.getLogger(__name__)

BATCH = 200
EACH_BATCH = 50
PREVIEW_NAMES = 10
# So many rows are asked for exclusions before the job; every row is asked again when it runs.
PREVIEW_CHECKED = 1000
# Up to here the job runs in the request, so that the answer is there at once.
AT_ONCE = 20


@dataclass(frozen=True)
class Bulk:
    """One thing that can be done to many rows; see docs/pages.md."""

    key: str
    label: Any
    permission: str
    each: Callable[[Call], Any] | None = None
    run: Callable[[Call], Iterable[Any] | None] | None = None
    form: type[forms.Form] | None = None
    why_not: WhyNot | None = None
    effects: Callable[[Sequence[Any], Any], Sequence[Any]] | None = None
    danger: bool = False
    icon: str = ""
    shortcut: str = ""

    def __post_init__(self) -> None:
        if (self.each is None) == (self.run is None):
            raise ValueError(f"bulk action {self.key}: give each= or run=, not both")

    def denied(self, user: Any) -> str:
        """Why the user may not do this at all; empty when they may."""
        if user.has_perm(self.permission):
            return ""
        return _("You need the permission %(name)s for this") % {"name": self.permission}


def answer(page: List, state: State, request: HttpRequest) -> HttpResponse:
    """The steps of one bulk action: preview, then (with `_confirm`) the job."""
    action = next((one for one in page.bulk if one.key == request.POST.get("_bulk")), None)
    if action is None:
        raise Invalid(_("This list has no such bulk action"), code="bulk.unknown")
    if reason := action.denied(request.user):
        raise Invalid(reason, code="permission.denied")
    if "_confirm" in request.POST:
        return _confirm(page, state, action, request)
    try:
        draft, asked = _select(page, action, request)
    except DomainError as error:
        complain(request, error)
        return go(request, state.url(keep_place=True))
    form = action.form() if action.form else None
    return _preview(page, state, action, request, draft, form, asked=asked)


def _select(page: List, action: Bulk, request: HttpRequest) -> tuple[Draft, int]:
    """Freeze the ids that were ticked, or all that the signed statement selects; and how many were meant."""
    if request.POST.get("_all"):
        statement = selection.unseal(request.POST.get("_token", ""), page.name, request.user)
        rows = selection.chosen(page, statement, request.user)
        ids = list(rows.values_list("pk", flat=True)[: selection.BULK_MAX + 1])
        asked = statement.count
    else:
        ticked = request.POST.getlist("_ids")
        ids = list(page.source(request.user).filter(pk__in=_valid(page, ticked)).values_list("pk", flat=True))
        asked = len(ticked)
    if not ids:
        raise Invalid(_("Select at least one row"), code="selection.empty")
    if len(ids) > selection.BULK_MAX:
        raise Invalid(
            _("At most %(n)d rows at once; narrow your filter") % {"n": selection.BULK_MAX},
            code="selection.tooMany",
        )
    back_to = request.get_full_path()
    return selection.freeze(page.name, ids, request.user, action=action.key, back=back_to), asked


def _valid(page: List, raw: Sequence[str]) -> list[Any]:
    field: Any = page.model._meta.pk
    valid: list[Any] = []
    for text in raw[: selection.BULK_MAX]:
        try:
            valid.append(field.to_python(text))
        except forms.ValidationError:
            continue
    return valid


def _preview(
    page: List,
    state: State,
    action: Bulk,
    request: HttpRequest,
    draft: Draft,
    form: forms.Form | None,
    *,
    asked: int,
    status: int = 200,
) -> HttpResponse:
    ids = draft.data["ids"]
    sample = list(page.source(request.user).filter(pk__in=ids[:PREVIEW_CHECKED]))
    excluded = [
        (page.label_of(row), str(reason))
        for row in sample
        if action.why_not and (reason := action.why_not(row, request.user))
    ]
    names = [page.label_of(row) for row in sample[:PREVIEW_NAMES]]
    context = {
        "title": action.label,
        "list": page,
        "action": action,
        "form": form,
        "draft": draft,
        "count": len(ids),
        "asked": asked,
        "names": names,
        "more": len(ids) - len(names),
        "excluded": excluded[:PREVIEW_NAMES],
        "excluded_count": len(excluded),
        "checked_all": len(ids) <= PREVIEW_CHECKED,
        "effects": action.effects(sample, request.user) if action.effects else [],
        "back": draft.data["back"],
        "url": state.url(keep_place=True),
    }
    return render(request, "pages/bulk.html", context, status=status)


def _confirm(page: List, state: State, action: Bulk, request: HttpRequest) -> HttpResponse:
    draft = selection.frozen(page.name, request.POST.get("_selection", ""), request.user)
    data: dict[str, Any] = {}
    if action.form is not None:
        form = action.form(request.POST)
        form.user = request.user  # type: ignore[attr-defined]
        if not form.is_valid():
            asked = len(draft.data["ids"])
            return _preview(page, state, action, request, draft, form, asked=asked, status=422)
        # Cleaned again inside the job: what is stored is what was typed.
        data = {name: request.POST.getlist(name) for name in form.fields if name in request.POST}
    count = len(draft.data["ids"])
    job = jobs.start(
        "kernel.bulk",
        formats.labelled(page.title, action.label),
        owner=request.user,
        total=count,
        page=page.name,
        action=action.key,
        selection=draft.object_key,
        data=data,
        back=back(request, draft.data["back"]),
    )
    if count <= AT_ONCE:
        jobs.execute(job.pk)
    return go(request, registry.url_of(job) or "/")


@jobs.job("kernel.bulk")
def run_bulk(run: jobs.Run) -> dict[str, Any]:
    """Do one bulk action to the frozen ids, batch by batch; resumes after the last finished batch."""
    user, params = owner(run), run.params
    page = registry.list_named(params["page"])
    action = next(one for one in page.bulk if one.key == params["action"])
    if action.denied(user):
        raise Invalid(action.denied(user), code="permission.denied")
    ids = params.get("ids") or selection.frozen(page.name, params["selection"], user).data["ids"]
    with translation.override(user.language), timezone.override(ZoneInfo(user.time_zone)):
        data = _cleaned(action, params.get("data", {}), user)
        start = int(run.state.get("next", 0))
        step = EACH_BATCH if action.each else BATCH
        while start < len(ids):
            batch = ids[start : start + step]
            # Effects, result lines and the place to resume commit together: a killed worker repeats nothing.
            with transaction.atomic():
                run.lines(_batch(page, action, run, user, batch, data))
                start += len(batch)
                run.checkpoint(next=start)
            run.advance(len(batch))
    outcomes = {
        row["outcome"]: row["n"]
        for row in run.row.lines.values("outcome").annotate(n=models.Count("id")).order_by()
    }
    return {"succeeded": 0, "skipped": 0, "failed": 0, **outcomes}


def owner(run: jobs.Run) -> Any:
    """Bulk work and exports see with the eyes of a person."""
    if run.row.owner is None:
        raise Invalid(_("This work needs a person who started it"), code="job.noOwner")
    return run.row.owner


def _cleaned(action: Bulk, typed: dict[str, list[str]], user: Any) -> dict[str, Any]:
    if action.form is None:
        return {}
    from django.http import QueryDict

    post = QueryDict(mutable=True)
    for name, values in typed.items():
        post.setlist(name, values)
    form = action.form(post)
    form.user = user  # type: ignore[attr-defined]
    if not form.is_valid():
        raise Invalid(_("The form of this bulk action is no longer valid"), code="bulk.form")
    return dict(form.cleaned_data)


def _batch(
    page: List, action: Bulk, run: jobs.Run, user: Any, ids: Sequence[str], data: dict[str, Any]
) -> list[JobLine]:
    found = {str(row.pk): row for row in page.source(user).filter(pk__in=ids)}
    lines, ready = [], []
    for pk in ids:
        row = found.get(pk)
        if row is None:
            message = _("It no longer exists, or is no longer visible to you")
            lines.append(_line(run, page, JobLine.Outcome.SKIPPED, pk, None, message, "object.notFound"))
        elif action.why_not and (reason := action.why_not(row, user)):
            lines.append(_line(run, page, JobLine.Outcome.SKIPPED, pk, row, str(reason), "bulk.excluded"))
        else:
            ready.append(row)
    if action.each is not None:
        return lines + [_one(page, action.each, run, user, row, data) for row in ready]
    return lines + _set(page, action, run, user, ready, data)


def _set(
    page: List, action: Bulk, run: jobs.Run, user: Any, rows: list[Any], data: dict[str, Any]
) -> list[JobLine]:
    """One call for the whole batch; if it is refused, row by row, so that one bad row spoils nothing."""
    if not rows or action.run is None:
        return []
    try:
        with transaction.atomic():
            changed = action.run(Call(user, data, objects=rows))
    except Exception as error:  # whatever a door raises is reported per row below
        if len(rows) == 1:
            return [_failed(page, run, rows[0], error)]
        return [line for row in rows for line in _set(page, action, run, user, [row], data)]
    done = None if changed is None else {str(getattr(one, "pk", one)) for one in changed}
    message = _("Its state does not allow this")
    return [
        _line(run, page, JobLine.Outcome.SUCCEEDED, str(row.pk), row)
        if done is None or str(row.pk) in done
        else _line(run, page, JobLine.Outcome.SKIPPED, str(row.pk), row, message, "bulk.unchanged")
        for row in rows
    ]


def _one(
    page: List, each: Callable[[Call], Any], run: jobs.Run, user: Any, row: Any, data: dict[str, Any]
) -> JobLine:
    try:
        with transaction.atomic():
            each(Call(user, data, object=row))
    except Exception as error:  # whatever a door raises is reported for this row alone
        return _failed(page, run, row, error)
    return _line(run, page, JobLine.Outcome.SUCCEEDED, str(row.pk), row)


def _failed(page: List, run: jobs.Run, row: Any, error: Exception) -> JobLine:
    if isinstance(error, DomainError):
        return _line(run, page, JobLine.Outcome.FAILED, str(row.pk), row, error.message, error.code)
    logger.error("bulk job %s failed on %s", run.row.pk, row.pk, exc_info=error)
    return _line(
        run, page, JobLine.Outcome.FAILED, str(row.pk), row, _("An unexpected error occurred"), "error"
    )


def _line(
    run: jobs.Run, page: List, outcome: str, pk: str, row: Any, message: str = "", code: str = ""
) -> JobLine:
    label = page.label_of(row) if row is not None else pk
    object_id = pk if isinstance(page.model._meta.pk, models.UUIDField) else None
    return run.line(outcome, label, message=message, code=code, object_id=object_id)


def retry_failed(job: Job, user: Any) -> Job:
    """Start the same bulk action again for the rows that failed. Raises Invalid when none did."""
    failed = job.lines.filter(outcome=JobLine.Outcome.FAILED, object_id__isnull=False)
    ids = [str(pk) for pk in failed.order_by("id").values_list("object_id", flat=True)]
    if job.kind != "kernel.bulk" or not ids:
        raise Invalid(_("No row of this job can be tried again"), code="bulk.nothingToRetry")
    params = {key: value for key, value in job.params.items() if key != "ids"}
    title = ngettext("%(title)s (%(n)d row again)", "%(title)s (%(n)d rows again)", len(ids))
    again = jobs.start(
        job.kind, title % {"title": job.title, "n": len(ids)}, owner=user, total=len(ids), ids=ids, **params
    )
    if len(ids) <= AT_ONCE:
        jobs.execute(again.pk)
    return again


__all__ = ["Bulk", "Effects", "answer", "retry_failed"]
