"""Page or partial: one URL answers both, chosen by the htmx headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render as django_render
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from kernel.errors import DomainError


def wants_partial(request: HttpRequest) -> bool:
    """Whether htmx asks for a fragment: a boosted link and the back button want the whole page."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


if TYPE_CHECKING:
    from kernel.models import User

R = TypeVar("R", bound=HttpResponseBase)


def personal(response: R) -> R:
    """Keep the answer out of every cache and apart by htmx header: it shows what this user may see."""
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response


def render(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    partial: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page, or its fragment `partial` when htmx asks for one."""
    name = partial if partial and wants_partial(request) else template
    return personal(django_render(request, name, context, status=status))


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to `url`: a redirect, or its htmx form."""
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url, status=303)


def back(request: HttpRequest, default: str) -> str:
    """Where to return to: `next` of the form if it is a path of this site, else `default`."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else default


def person(request: HttpRequest) -> User:
    """Who asks; pages are behind the log-in, so it is always somebody."""
    return cast("User", request.user)


def say(request: HttpRequest, text: Any) -> None:
    """A toast on the next page."""
    messages.success(request, str(text))


def complain(request: HttpRequest, error: DomainError) -> None:
    """A refusal as a toast on the next page, with its stable code."""
    messages.error(request, error.message, extra_tags=error.code)


def open_to_anyone(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that needs no log-in (kernel.middleware.LoginRequiredMiddleware)."""
    view.login_exempt = True  # type: ignore[attr-defined]
    return view
