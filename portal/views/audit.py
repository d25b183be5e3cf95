"""The journal as a list: who changed what, when, why, in which request and story."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from kernel.models import JournalEntry
from kernel.pages import registry
from kernel.pages.changes import HIDDEN, secret


def _changes(entry: JournalEntry) -> str:
    shown = []
    for name, value in list(entry.after.items())[:12]:
        if secret(name):
            shown.append(f"{name}: {HIDDEN}")
        elif name in entry.before:
            shown.append(f"{name}: {entry.before[name]} → {value}")
        else:
            shown.append(f"{name}: {value}")
    return "; ".join(shown)[:300]


def _page(entry: JournalEntry) -> pages.Guarded | None:
    try:
        model = apps.get_model(entry.object_type)
    except LookupError:
        return None
    page = registry.page_of(model)
    if page is None or entry.object_id.int == 0:
        return None
    url = registry.url("portal:audit-object", entry.object_type, entry.object_id)
    return pages.Guarded(url, page.permission)


AUDIT = pages.List(
    name="portal:audit-list",
    model=JournalEntry,
    title=_("Audit"),
    icon="shield-check",
    section="admin",
    order=60,
    permission="kernel.view_audit",
    rows=lambda user: JournalEntry.objects.all(),
    columns=[
        pages.Column("seq", _("No."), kind="number", sort=True, hidden=True),
        pages.Column("at", _("At"), kind="time"),
        pages.Column("actor", _("Who"), "actor_label"),
        pages.Column("verb", _("What"), kind="code"),
        pages.Column("object", _("Object"), "object_label", link=_page),
        pages.Column("changes", _("Changes"), _changes),
        pages.Column("reason", _("Reason")),
        pages.Column("type", _("Type"), "object_type", hidden=True),
        pages.Column("business", _("Business time"), "business_at", kind="time", hidden=True),
        pages.Column("request", _("Request"), "request_id", kind="code", hidden=True),
        pages.Column("story", _("Story"), "correlation_id", kind="code", hidden=True),
    ],
    filters=[
        Filter("actor", "actor_label", "text", _("Who")),
        Filter("verb", "verb", "text", _("What")),
        Filter("type", "object_type", "text", _("Type")),
        Filter("object", "object_label", "text", _("Object")),
        Filter("at", "at", "datetime", _("At")),
        Filter("request", "request_id", "text", _("Request")),
        Filter("story", "correlation_id", "uuid", _("Story")),
        Filter("reason", "reason", "text", _("Reason")),
    ],
    search=("object_label", "verb", "actor_label"),
    default_sort="-seq",
    keyset=True,
    empty=pages.Empty(_("Every change of every object appears here; nothing can be removed.")),
)


def audited(request: HttpRequest, kind: str, pk: Any) -> HttpResponse:
    """From an entry to the page of its object; 404 when it is gone or invisible to the reader."""
    try:
        page = registry.page_of(apps.get_model(kind))
    except (LookupError, ValueError):
        raise Http404 from None
    row = page.source(request.user).filter(pk=pk).first() if page is not None else None
    if page is None or row is None:
        raise Http404
    return HttpResponseRedirect(page.url(row, "changes"))
