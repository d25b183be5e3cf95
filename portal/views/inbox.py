"""What waits for a person: approvals (from the apps, through the slot `portal.approvals`), their jobs, their drafts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from kernel import clock, pages
from kernel.models import Draft, Job
from kernel.pages import registry
from kernel.pages.panels import Todo
from kernel.pages.respond import person, personal
from kernel.slots import slot
from portal.views.jobs import OPEN, STATUS

# Filled by apps with `function(user) -> list[Waiting | Todo]`: what this person may approve, made by somebody else.
FAILED_SHOWN = timedelta(days=7)
APPROVALS = slot("portal.approvals")


def approvals(user: Any) -> list[Todo]:
    """Everything the user may approve now, oldest first."""
    items = [item for items in APPROVALS.call(user) for item in items]
    found = [item for item in items if isinstance(item, Todo)]
    found += pages.gathered([item for item in items if isinstance(item, pages.Waiting)])
    return sorted(found, key=lambda todo: todo.at)


def waiting_card(user: Any) -> dict[str, Any]:
    """The home card: the five oldest approvals."""
    found = approvals(user)
    return {"todos": found[:5], "count": len(found)}


def inbox(request: HttpRequest) -> HttpResponse:
    """Approvals, running and failed jobs, drafts."""
    user = person(request)
    mine = Job.objects.filter(owner=user).defer("params", "state", "result").order_by("-created")
    context = {
        "title": _("Inbox"),
        "approvals": approvals(user),
        "jobs": list(mine.filter(status__in=[*OPEN, Job.Status.FAILED])[:20]),
        "drafts": drafts_of(user),
        "status": STATUS,
    }
    return pages.render(request, "portal/inbox.html", context)


def drafts_of(user: Any) -> list[tuple[Any, str, Draft]]:
    """(title, address, draft) of the forms the user has begun and not sent."""
    found = []
    for draft in Draft.objects.filter(owner=user).exclude(form__startswith="bulk:").order_by("-updated")[:20]:
        form = registry.FORMS.get(draft.form)
        if form is None:
            continue
        try:
            url = reverse(form.name, args=[draft.object_key] if draft.object_key else [])
        except NoReverseMatch:
            continue
        found.append((form.title, f"{url}?draft=1", draft))
    return found


def count(request: HttpRequest) -> HttpResponse:
    """The number on the bell: approvals and failed jobs."""
    since = clock.system_now() - FAILED_SHOWN
    failed = Job.objects.filter(owner=person(request), status=Job.Status.FAILED, finished__gt=since).count()
    return personal(JsonResponse({"count": len(approvals(request.user)) + failed}))
