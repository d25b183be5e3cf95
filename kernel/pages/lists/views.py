"""Saved views: named states of a list, private or shared; they never keep the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from kernel import lifecycle
from kernel.errors import DomainError, Invalid
from kernel.models import SavedView
from kernel.pages.lists.state import State, View, key_of
from kernel.pages.respond import complain, go, person, say

if TYPE_CHECKING:
    from typing import Any

    from kernel.pages.lists import List

NAME_MAX = 80


def saved_views(page: str, user: Any) -> list[View]:
    """The user's own views of a list and those others share."""
    rows = SavedView.objects.filter(Q(owner=user) | Q(shared=True), page=page).order_by("name", "pk")
    return [View(key_of(row), row.name, row.query, row, row.owner_id == user.pk) for row in rows]


def change(page: List, state: State, request: HttpRequest) -> HttpResponse:
    """POST `_view=new|save|delete|default|share`: change the user's views, then back to the list in that view."""
    try:
        target = _change(page, state, request)
    except DomainError as error:
        complain(request, error)
        target = state.url(keep_place=True)
    return go(request, target)


def _change(page: List, state: State, request: HttpRequest) -> str:
    verb = request.POST["_view"]
    if verb == "new":
        return _new(page, state, request)
    saved = state.view.saved if state.view else None
    if saved is None or saved.owner_id != request.user.pk:
        raise Invalid(
            _("Only your own view can be changed; save yours under another name"), code="view.notYours"
        )
    if verb == "save":
        lifecycle.change(saved, query=state.saving)
        say(request, _("View saved"))
    elif verb == "default":
        wanted = not saved.default
        SavedView.objects.filter(owner=saved.owner, page=page.name).update(default=False)
        lifecycle.change(saved, default=wanted)
    elif verb == "share":
        lifecycle.change(saved, shared=not saved.shared)
    elif verb == "delete":
        lifecycle.remove(saved)
        say(request, _("View deleted"))
        return state.path
    return f"{state.path}?view={key_of(saved)}"


def _new(page: List, state: State, request: HttpRequest) -> str:
    name = request.POST.get("name", "").strip()[:NAME_MAX]
    if not name:
        raise Invalid(_("Give the view a name"), code="view.name")
    if SavedView.objects.filter(owner=person(request), page=page.name, name=name).exists():
        raise Invalid(_("You already have a view of that name"), code="view.nameTaken")
    saved = lifecycle.create(
        SavedView(
            owner=person(request),
            page=page.name,
            name=name,
            query=state.saving,
            shared=bool(request.POST.get("shared")),
        )
    )
    say(request, _("View saved"))
    return f"{state.path}?view={key_of(saved)}"
