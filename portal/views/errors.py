"""Pages of last resort: each says what happened, under which request id, and what to do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _


def _page(request: HttpRequest, status: int, title: str, text: str, hint: str = "") -> HttpResponse:
    context = {"title": title, "text": text, "hint": hint, "status": status}
    return render(request, "errors/page.html", context, status=status)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """404: missing and invisible look the same."""
    del exception
    return _page(
        request, 404, _("Not found"), _("There is nothing here, or you may not see it."),
        _("Check the number, or search for it."),
    )  # fmt: skip


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """403 raised by the framework."""
    return _page(request, 403, _("Not allowed"), str(exception or _("You may not do this.")))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 of the forgery check: mostly a page left open over a log-in."""
    del reason
    return _page(
        request, 403, _("This page is too old"),
        _("You signed in or out since it was opened. Nothing was changed."),
        _("Go back, reload the page and send it again; drafts are kept."),
    )  # fmt: skip


def server_error(request: HttpRequest) -> HttpResponse:
    """500: drawn without database and context processors, because either may be what failed."""
    request_id = getattr(request, "request_id", "")
    return HttpResponseServerError(render_to_string("errors/500.html", {"request_id": request_id}))
