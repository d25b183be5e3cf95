"""The home page: cards of the apps by role, each loaded by itself, arranged by each person."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kernel import access, pages
from kernel.pages import registry
from kernel.pages.respond import go
from kernel.slots import slot

SHOWN_FIRST = 9
# What stands above the cards: the demo's progress, an announcement. Fillers get the request and return HTML.
BANNER = slot("portal.home_banner")


def offered(user: Any) -> dict[str, pages.Card]:
    """Cards the user may see, by name."""
    return {
        card.name: card
        for card in registry.declared("CARDS", pages.Card)
        if not card.permission or user.has_perm(card.permission)
    }


def arrangement(user: Any, cards: dict[str, pages.Card]) -> list[str]:
    """Names of the cards on the user's board: their own choice, else those of their roles."""
    chosen = user.preferences.get("home")
    if isinstance(chosen, list):
        return [name for name in chosen if name in cards]
    roles = set(user.groups.values_list("name", flat=True))
    mine = [card for card in cards.values() if not card.roles or roles & {*card.roles} or "admin" in roles]
    mine.sort(key=lambda card: not card.roles)
    return [card.name for card in mine][:SHOWN_FIRST]


def home(request: HttpRequest) -> HttpResponse:
    """The board; its cards follow, each in a request of its own (or as links without JavaScript)."""
    cards = offered(request.user)
    names = arrangement(request.user, cards)
    shown = [(cards[name], registry.url(cards[name].link) if cards[name].link else "") for name in names]
    context = {
        "title": _("Home"),
        "cards": shown,
        "hidden": [card for card in cards.values() if card.name not in names],
        "banners": BANNER.call(request),
        "arranged": isinstance(request.user.preferences.get("home"), list),  # type: ignore[union-attr]
    }
    return pages.render(request, "portal/home.html", context)


def card(request: HttpRequest, name: str) -> HttpResponse:
    """One card: at most four queries; when it fails it says so and the others stand."""
    one = offered(request.user).get(name)
    if one is None:
        raise Http404
    url = registry.url(one.link) if one.link else ""
    context = {"card": one, "body": one.html(request), "title": one.title, "link": url}
    return pages.render(request, "portal/card.html", context, partial="portal/_card_body.html")


@require_POST
def arrange(request: HttpRequest) -> HttpResponse:
    """Add, remove or move a card; `reset` goes back to the board of the roles; `order` is a whole order (drag)."""
    user: Any = request.user
    cards = offered(user)
    names = arrangement(user, cards)
    verb, name = request.POST.get("verb", ""), request.POST.get("card", "")
    preferences = dict(user.preferences)
    if verb == "reset":
        preferences.pop("home", None)
    elif verb == "order":
        wanted = [one for one in request.POST.get("order", "").split(",") if one in names]
        preferences["home"] = [*wanted, *(one for one in names if one not in wanted)]
    elif name in cards:
        preferences["home"] = _moved(names, verb, name)
    access.set_preferences(user=user, preferences=preferences)
    return go(request, reverse("portal:home"))


def _moved(names: list[str], verb: str, name: str) -> list[str]:
    others = [one for one in names if one != name]
    place = names.index(name) if name in names else len(others)
    if verb == "remove":
        return others
    if verb == "earlier":
        place -= 1
    elif verb == "later":
        place += 1
    place = max(0, min(place, len(others)))
    return [*others[:place], name, *others[place:]]
