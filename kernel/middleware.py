"""Middleware: request context, preferences, log-in by default, time limit of reads, domain errors as answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import resolve
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from kernel import journal
from kernel.errors import DomainError, Invalid
from kernel.ids import uuid7

Next = Callable[[HttpRequest], HttpResponse]
REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,40}")


class RequestContextMiddleware:
    """Names the actor and the request for journal, events and logs; echoes the id as X-Request-Id."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid7().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        with journal.acting(request_id=request_id):
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


class PreferencesMiddleware:
    """Activates the user's language and time zone; `?tz=UTC` flips one page."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated:
            language, zone = user.language, request.GET.get("tz") or user.time_zone
        else:
            language = request.COOKIES.get("language") or translation.get_language_from_request(request)
            zone = request.GET.get("tz") or settings.TIME_ZONE
        if language not in dict(settings.LANGUAGES):
            language = settings.LANGUAGE_CODE
        try:
            timezone.activate(ZoneInfo(zone))
        except (ZoneInfoNotFoundError, ValueError):
            timezone.activate(ZoneInfo("UTC"))
        try:
            with translation.override(language), journal.acting(user=user if user.is_authenticated else None):
                response = self.get_response(request)
                # Rendering of lazy responses must happen under the override.
                if hasattr(response, "render") and not getattr(response, "is_rendered", True):
                    response = response.render()
        finally:
            timezone.deactivate()
        response.setdefault("Content-Language", language)
        return response


class LoginRequiredMiddleware:
    """Every page needs a signed-in user unless its view says `login_exempt`; REST answers for itself."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, kwargs: object
    ) -> HttpResponse | None:
        del args, kwargs
        if request.user.is_authenticated or getattr(view, "login_exempt", False):
            return None
        if getattr(resolve(request.path_info).func, "login_exempt", False):
            return None
        if request.headers.get("HX-Request"):
            # A partial cannot follow to a log-in page; the browser goes there whole and comes back.
            response = HttpResponse(status=401)
            response["HX-Redirect"] = (
                resolve_url(settings.LOGIN_URL) + f"?next={request.headers.get('HX-Current-URL', '/')}"
            )
            return response
        return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))


READ_MS, WRITE_MS = 5_000, 60_000
QUERY_CANCELED = "57014"


class StatementTimeoutMiddleware:
    """Reads of a page may take 5 s a statement: one that needs longer asks for a narrower filter, not for patience."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = READ_MS if request.method in {"GET", "HEAD", "OPTIONS"} else WRITE_MS

        def limited(
            execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
        ) -> Any:
            _limit(context["connection"], limit)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(limited):
            return self.get_response(request)


def _limit(wrapper: Any, milliseconds: int) -> None:
    """Set the limit once per connection and change of kind of request, not once per query."""
    raw = wrapper.connection
    if getattr(wrapper, "page_limit", None) == (id(raw), milliseconds):
        return
    with raw.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {milliseconds}")
    wrapper.page_limit = (id(raw), milliseconds)


class ErrorMiddleware:
    """A refusal of a door, or a read that took too long, becomes a page (or a toast) with its reason and request id."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if (
            isinstance(exception, OperationalError)
            and getattr(exception.__cause__, "pgcode", "") == QUERY_CANCELED
        ):
            exception = Invalid(_("This would take too long: narrow your filter"), code="query.tooSlow")
            return error_page(request, exception, status=422)
        if isinstance(exception, DomainError):
            return error_page(request, exception, status=exception.status)
        return None


def error_page(request: HttpRequest, error: DomainError, *, status: int) -> HttpResponse:
    """The error page of a refusal; for htmx an empty answer that raises a toast and leaves the page as it is."""
    if getattr(request, "htmx", False):
        response = HttpResponse(status=status)
        toast = {"text": f"{error.message} ({error.code})", "kind": "error"}
        response["HX-Trigger"] = json.dumps({"toast": toast})
        response["HX-Reswap"] = "none"
        return response
    context = {"error": error, "status": status, "title": _("Not possible")}
    response = render(request, "errors/refused.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response
