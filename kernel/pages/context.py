"""Template context of the portal shell; everything is worked out only if the template asks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from kernel import clock
from kernel.pages import formats, menus

THEMES = ("auto", "light", "dark")


class Shell:
    """What the frame around every page shows."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @property
    def user(self) -> Any:
        """Who is signed in; anonymous on the log-in and error pages."""
        return getattr(self.request, "user", None)

    @property
    def signed_in(self) -> bool:
        """Whether navigation and search make sense."""
        return bool(self.user is not None and self.user.is_authenticated)

    @cached_property
    def sections(self) -> list[dict[str, Any]]:
        """The navigation."""
        return list(menus.sections(self.user, self.request.path)) if self.signed_in else []

    @property
    def keys(self) -> Iterator[tuple[str, str, Any]]:
        """(letter after `g`, address, label) of the pages that have one."""
        for section in self.sections:
            for entry in section["items"]:
                if entry["item"].key:
                    yield entry["item"].key, entry["url"], entry["item"].label

    @property
    def theme(self) -> str:
        """The user's theme; before log-in the browser's cookie."""
        theme = self.user.theme if self.signed_in else self.request.COOKIES.get("theme", "auto")
        return theme if theme in THEMES else "auto"

    @property
    def ribbon(self) -> str:
        """Name of the environment wherever it is not production, so that nobody bills in the wrong one."""
        return "" if settings.PRODUCTION else str(settings.ENVIRONMENT)

    @property
    def language(self) -> str:
        """Code of the page's language."""
        return get_language() or "en"

    @cached_property
    def now(self) -> Any:
        """Business time."""
        return clock.now()

    @property
    def now_iso(self) -> str:
        """Business time for the ticking clock."""
        return formats.iso(self.now)

    @property
    def zone(self) -> str:
        """Zone in which this page shows times."""
        return timezone.get_current_timezone_name()

    @property
    def clock_moved(self) -> bool:
        """Whether the business clock of this demo has been moved."""
        return abs((self.now - clock.system_now()).total_seconds()) > 90

    @property
    def request_id(self) -> str:
        """The id under which logs and journal know this request."""
        return str(getattr(self.request, "request_id", ""))


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: one lazy object."""
    return {"shell": Shell(request)}
