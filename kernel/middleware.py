"""Middleware: request context, user preferences, log-in by default, domain errors as answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import resolve
from django.utils import timezone, translation

from kernel import journal
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
