"""One merged timeline of an object: changes, comments, and whatever its app adds, newest first, by kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kernel import lifecycle
from kernel.errors import Invalid
from kernel.journal import identity
from kernel.models import Comment, JournalEntry
from kernel.pages import changes

if TYPE_CHECKING:
    from kernel.pages.details import Detail

PAGE = 30
KINDS: Mapping[str, Any] = {
    "change": gettext_lazy("Changes"),
    "comment": gettext_lazy("Comments"),
    "event": gettext_lazy("Events"),
    "job": gettext_lazy("Jobs"),
    "message": gettext_lazy("Messages"),
}


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `kind` is one of KINDS; `text` may be a SafeString; `link` an address."""

    at: datetime
    title: Any
    kind: str = "event"
    text: Any = ""
    actor: str = ""
    icon: str = "point"
    link: str | None = None
    pinned: bool = False


@dataclass(frozen=True)
class Timeline:
    """One page of the timeline and where the older ones are."""

    entries: list[Entry]
    kinds: list[tuple[str, Any, str, bool]]
    older: str
    url: str
    commentable: bool


def of(page: Detail, row: Any, request: HttpRequest) -> Timeline:
    """The newest entries, or those before `before`, of one kind or all. Two queries and the app's own."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    before = _before(request.GET.get("before", ""))
    entries = [entry for entry in _all(page, row, before, kind) if not kind or entry.kind == kind]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    url = page.url(row, "timeline")
    offered = (
        set(KINDS) if page.timeline is not None else {"change"} | ({"comment"} if page.comments else set())
    )
    older = ""
    if len(entries) > PAGE:
        entries = entries[:PAGE]
        last = entries[-1].at.isoformat().replace("+00:00", "Z")
        older = f"{url}?{f'kind={kind}&' if kind else ''}before={last}"
    return Timeline(
        [entry for entry in entries if entry.pinned] + [entry for entry in entries if not entry.pinned],
        [("", _("Everything"), url, not kind)]
        + [
            (name, label, f"{url}?kind={name}", kind == name)
            for name, label in KINDS.items()
            if name in offered
        ],
        older,
        url,
        page.comments and before is None,
    )


def _before(text: str) -> datetime | None:
    try:
        value = parse_datetime(text)
    except ValueError:
        return None
    return timezone.make_aware(value) if value is not None and timezone.is_naive(value) else value


def _all(page: Detail, row: Any, before: datetime | None, kind: str) -> Iterable[Entry]:
    if kind in {"", "change"}:
        rows = JournalEntry.objects.filter(object_id=identity(row)).order_by("-seq")
        journal = list((rows.filter(at__lt=before) if before else rows)[: PAGE + 1])
        yield from changes.entries(page.model, journal)
    if kind in {"", "comment"}:
        remarks = Comment.objects.filter(object_id=identity(row)).order_by("-created")
        for remark in (remarks.filter(created__lt=before) if before else remarks)[: PAGE + 1]:
            yield Entry(
                remark.created,
                remark.author_label,
                "comment",
                remark.text,
                icon="message",
                pinned=remark.pinned,
            )
    if page.timeline is not None:
        yield from (entry for entry in page.timeline(row) if before is None or entry.at < before)


def add_comment(row: Any, text: str, user: Any) -> Comment:
    """Add a remark of a person to an object. Raises Invalid when it is empty or longer than 10,000 characters."""
    text = text.strip()
    if not text:
        raise Invalid(_("Write something first"), code="comment.empty")
    if len(text) > 10_000:
        raise Invalid(_("A comment has at most 10,000 characters"), code="comment.tooLong")
    return lifecycle.create(Comment(author=user, author_label=str(user), object_id=identity(row), text=text))
