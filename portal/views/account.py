"""Signing in and out, and what a person sets for themselves."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from kernel import access, journal, logins, pages
from kernel.models import User
from kernel.pages import formats
from kernel.pages.fields import bind
from kernel.pages.respond import back, go, open_to_anyone, say

COOKIE_AGE = 365 * 24 * 3600


def address_of(request: HttpRequest) -> str:
    """Where a request comes from; behind the proxy of the installation, what that proxy says."""
    if settings.BEHIND_PROXY:
        # The last entry is the one our own proxy wrote; those before it are the client's word.
        return str(request.headers.get("X-Forwarded-For", "")).rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


@open_to_anyone
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Name and password; after too many failures both must wait, and the page says how long."""
    target = back(request, "/")
    if request.user.is_authenticated and request.method != "POST":
        return HttpResponseRedirect(target)
    form = bind(AuthenticationForm(request, request.POST or None), None)
    wait = None
    if request.method == "POST":
        name, address = request.POST.get("username", ""), address_of(request)
        wait = logins.locked_until(name, address)
        if wait is None and form.is_valid():
            user = form.get_user()
            login(request, user)
            logins.succeeded(name, address)
            with journal.acting(user):
                journal.record("user.signed_in", user, after={"address": address})
            return HttpResponseRedirect(target, status=303)
        if wait is None:
            logins.failed(name, address)
            wait = logins.locked_until(name, address)
    context = {
        "title": _now("Sign in"),
        "form": form,
        "next": target,
        "wait": formats.short(wait) if wait else "",
        "show_errors": request.method == "POST" and wait is None,
    }
    status = 200 if request.method != "POST" else (429 if wait else 422)
    return pages.render(request, "portal/login.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; caches of this origin are cleared, so that "back" shows nothing."""
    journal.record("user.signed_out", request.user)  # type: ignore[arg-type]
    logout(request)
    response = go(request, resolve_url(str(settings.LOGOUT_REDIRECT_URL)))
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@open_to_anyone
@require_POST
def quick(request: HttpRequest) -> HttpResponse:
    """Language and theme from the menu, the palette or the log-in page; before log-in a cookie keeps them."""
    chosen: dict[str, str] = {}
    if request.POST.get("language") in dict(settings.LANGUAGES):
        chosen["language"] = request.POST["language"]
    if request.POST.get("theme") in User.Theme.values:
        chosen["theme"] = request.POST["theme"]
    response = go(request, back(request, "/"))
    if isinstance(request.user, User):
        access.set_preferences(user=request.user, **chosen)
    for name, value in chosen.items():
        response.set_cookie(
            name, value, max_age=COOKIE_AGE, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
    return response


class PreferencesForm(forms.Form):
    """What a person sets for themselves."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=[
            (zone, zone.replace("_", " "))
            for zone in sorted(available_timezones())
            if "/" in zone or zone == "UTC"
        ],
        help_text=_("Times on pages are shown in this zone; exports and the API always use UTC."),
    )
    theme = forms.ChoiceField(label=_("Theme"), choices=User.Theme.choices)
    shortcuts = forms.BooleanField(
        label=_("Single-key shortcuts"),
        required=False,
        help_text=_("Keys such as j, k and g a. Ctrl+K works in any case."),
    )


def preferences(request: HttpRequest) -> HttpResponse:
    """Language, time zone, theme, shortcuts."""
    user: Any = request.user
    initial = {name: getattr(user, name) for name in PreferencesForm.base_fields}
    form = bind(PreferencesForm(request.POST or None, initial=initial), user)
    if request.method == "POST" and form.is_valid():
        access.set_preferences(user=user, **form.cleaned_data)
        with translation.override(user.language):
            say(request, _now("Saved"))
        return go(request, request.path)
    context = {
        "title": _now("Preferences"),
        "form": form,
        "show_errors": form.is_bound,
        "submit": _now("Save"),
    }
    return pages.render(request, "portal/form.html", context, status=422 if form.is_bound else 200)


@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; other sessions of the account end."""
    user: Any = request.user
    form = bind(PasswordChangeForm(user, request.POST or None), user)
    if request.method == "POST" and form.is_valid():
        access.set_password(user=user, password=form.cleaned_data["new_password1"])
        update_session_auth_hash(request, user)
        say(request, _now("Password changed"))
        return go(request, resolve_url("portal:preferences"))
    context = {
        "title": _now("Change password"),
        "form": form,
        "show_errors": form.is_bound,
        "submit": _now("Change password"),
    }
    return pages.render(request, "portal/form.html", context, status=422 if form.is_bound else 200)
