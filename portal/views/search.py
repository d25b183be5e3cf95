"""Search, palette, suggestions for pick fields, and the number resolver."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _

from kernel import pages
from kernel.pages import menus, registry, search
from kernel.pages.fields import candidates
from kernel.pages.respond import personal

PICKED = 12


def page(request: HttpRequest) -> HttpResponse:
    """`/search?q=`: an exact identifier opens at once, the rest is grouped."""
    text = request.GET.get("q", "").strip()[: search.QUERY_MAX]
    query = search.parse(text)
    groups: list[search.Group] = []
    if text:
        if not query.kinds and not query.states and len(found := search.resolve(text, request.user)) == 1:
            return HttpResponseRedirect(found[0])
        groups = search.suggest(query, request.user, limit=search.LISTED)
    kinds = [each for each in search.pages_for(search.Query(""), request.user) if each.identify or each.find]
    return pages.render(
        request, "portal/search.html", {"title": _("Search"), "query": text, "groups": groups, "kinds": kinds}
    )


def palette(request: HttpRequest) -> HttpResponse:
    """Suggestions while typing: objects, pages to go to, commands. One query beyond who is asking."""
    text = request.GET.get("q", "").strip()
    query = search.parse(text)
    words = text.lower().split()
    context = {
        "query": text,
        "groups": search.suggest(query, request.user) if len(text) > 1 else [],
        "commands": [one for one in menus.commands(request.user) if _fits(one[0], words)][:8],
        "places": [
            (item.label, url, item.icon)
            for item, url in menus.items(request.user)
            if _fits(item.label, words)
        ][: 8 if words else 30],
        "switches": [one for one in switches() if _fits(one[0], words)][:6] if words else [],
    }
    return personal(pages.render(request, "portal/_palette.html", context))


def _fits(label: Any, words: list[str]) -> bool:
    text = str(label).lower()
    return all(word in text for word in words)


def switches() -> list[tuple[str, str, str]]:
    """(label, what it sets, icon): preferences the palette changes at once."""
    return [
        (_("Theme: dark"), "theme=dark", "moon"),
        (_("Theme: light"), "theme=light", "sun"),
        (_("Theme: automatic"), "theme=auto", "moon"),
        ("Language: English", "language=en", "language"),
        ("Langue : français", "language=fr", "language"),
        (_("Show times in UTC and back"), "tz=UTC", "clock"),
    ]


def go(request: HttpRequest, text: str) -> HttpResponse:
    """`/go/<anything>`: the page of that number, else the search for it."""
    found = search.resolve(text, request.user)
    if len(found) == 1:
        return HttpResponseRedirect(found[0])
    return HttpResponseRedirect(f"{reverse('portal:search')}?{urlencode({'q': text})}")


def pick(request: HttpRequest, detail: str) -> HttpResponse:
    """Options for a pick field: objects of one kind that the user may see and whose key or name holds the text."""
    page_ = registry.DETAILS.get(detail)
    if page_ is None or (page_.permission and not request.user.has_perm(page_.permission)):
        raise Http404
    text = str(next((value for value in request.GET.values() if value), "")).strip()[: search.QUERY_MAX]
    rows = candidates(detail, request.user)
    if text := text.replace("\x00", ""):
        rows = rows.filter(search.containing(page_, text))
    options = (
        (page_.key_of(row), page_.title_of(row) if page_.title_of(row) != page_.key_of(row) else "")
        for row in rows.order_by("-pk")[:PICKED]
    )
    return personal(HttpResponse(format_html_join("", '<option value="{}">{}</option>', options)))
