"""Badges of care, and what several of its pages show."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from bss.care.models import Notice, TroubleTicket
from bss.care.models.tickets import Severity
from bss.care.services import State
from kernel import pages

CHANGE, SEND = "bss_care.change_troubleticket", "bss_care.send_notice"

STATUS = pages.badges(
    "bss_care.ticket", TroubleTicket.Status, acknowledged="grey flag", in_progress="blue loader",
    pending="amber hourglass", held="amber player-pause", resolved="green check", closed="grey check end",
    rejected="grey ban end", cancelled="grey x end",
)  # fmt: skip
SEVERITY = pages.badges(
    "bss_care.severity", Severity, critical="red arrow-up", major="amber arrow-up", minor="grey minus"
)
CLOCK = pages.badges(
    "bss_care.clock", State,
    running="blue clock", paused="amber player-pause", met="green check", missed="red x",
)  # fmt: skip
NOTICE = pages.badges(
    "bss_care.notice", Notice.Status, pending="grey clock", sent="green check", failed="red x",
    suppressed="grey ban end",
)  # fmt: skip
CLOCK_NAMES = {"respond": _("First answer"), "resolve": _("Solution")}


def story_link(row: Any) -> Any:
    """The story of a ticket or notice, by its public number."""
    if not row.story_label:
        return ""
    return format_html('<a href="/go/{0}">{0}</a>', row.story_label)
