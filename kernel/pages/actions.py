"""Actions of a detail page: one door each, asked first where it matters, disabled with the reason where needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from kernel.errors import DomainError
from kernel.pages.call import Call, Effects, WhyNot
from kernel.pages.fields import bind, refuse
from kernel.pages.respond import complain, go, render, say

if TYPE_CHECKING:
    from kernel.pages.details import Detail


@dataclass(frozen=True)
class Action:
    """One thing a person can do to an object; see docs/pages.md."""

    key: str
    label: Any
    permission: str
    run: Callable[[Call], Any]
    form: type[forms.Form] | None = None
    why_not: WhyNot | None = None
    primary: bool = False
    secondary: bool = False
    danger: bool = False
    effects: Effects | None = None
    done: Any = ""
    goto: Callable[[Any], str | None] | None = None
    icon: str = ""
    shortcut: str = ""
    initial: Callable[[Any], dict[str, Any]] | None = None

    @property
    def asks(self) -> bool:
        """Whether a dialog comes first."""
        return bool(self.form or self.effects or self.danger)

    def reason(self, row: Any, user: Any) -> str:
        """Why it cannot be done now: the missing permission or the object's state; empty when it can."""
        if self.permission and not user.has_perm(self.permission):
            return _("You need the permission %(name)s for this") % {"name": self.permission}
        return str(self.why_not(row, user) or "") if self.why_not else ""


@dataclass(frozen=True)
class Offer:
    """An action as offered on one page to one user."""

    action: Action
    url: str
    reason: str


def offers(page: Detail, row: Any, user: Any) -> list[Offer]:
    """All actions of a page; denied ones stay, with the reason."""
    return [
        Offer(action, page.url(row, "do", action.key), action.reason(row, user))
        for action in page.all_actions()
    ]


def answer(page: Detail, row: Any, key: str, request: HttpRequest) -> HttpResponse:
    """GET asks (a dialog, or a page without JavaScript); POST calls the door."""
    action = next((one for one in page.all_actions() if one.key == key), None)
    if action is None:
        raise Http404
    home = page.url(row)
    if reason := action.reason(row, request.user):
        complain(request, DomainError(reason, code="action.refused"))
        return go(request, home)
    form = _form(action, row, request)
    if request.method != "POST":
        return _ask(page, row, action, form, request)
    if form is not None and not form.is_valid():
        return _ask(page, row, action, form, request, status=422)
    data = dict(form.cleaned_data) if form is not None else {}
    try:
        result = action.run(Call(request.user, data, object=row, version=getattr(row, "version", None)))
    except DomainError as error:
        if form is not None:
            refuse(form, error)
            return _ask(page, row, action, form, request, status=422)
        complain(request, error)
        return go(request, home)
    say(request, action.done or _("%(action)s: done") % {"action": action.label})
    return go(request, (action.goto(result) if action.goto else None) or home)


def _form(action: Action, row: Any, request: HttpRequest) -> forms.Form | None:
    if action.form is None:
        return None
    initial = action.initial(row) if action.initial else None
    form = action.form(request.POST if request.method == "POST" else None, initial=initial)
    return bind(form, request.user, row)


def _ask(
    page: Detail,
    row: Any,
    action: Action,
    form: forms.Form | None,
    request: HttpRequest,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "title": action.label,
        "page": page,
        "object": row,
        "name": page.title_of(row),
        "action": action,
        "form": form,
        "effects": action.effects(row, request.user) if action.effects else [],
        "url": page.url(row, "do", action.key),
        "back": page.url(row),
    }
    return render(request, "pages/action.html", context, partial="pages/_action.html", status=status)
