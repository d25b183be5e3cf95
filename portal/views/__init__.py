"""The portal's own pages: home, search, inbox, jobs, account, developers, audit, access."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel import pages
from portal.views import access, audit, jobs
from portal.views.inbox import waiting_card

__all__ = ["CARDS", "MENU", "access", "audit", "jobs"]

MENU = [
    pages.MenuItem("admin", _("Developers"), "portal:developers", "", "api", order=80),
]
CARDS = [
    pages.Card(
        "waiting",
        _("Waiting for me"),
        "portal/cards/_waiting.html",
        waiting_card,
        link="portal:inbox",
        topics=("kernel",),
    ),
    pages.Card(
        "jobs", _("My jobs"), "portal/cards/_jobs.html", jobs.card, link="portal:job-list", topics=("kernel",)
    ),
]
