"""Doors of customer care: tickets and notices."""

from bss.care.services.clocks import Clock, State, clocks_of
from bss.care.services.conversation import note, receive, reply
from bss.care.services.desk import install_desk, set_preference
from bss.care.services.notices import Written, link_to, notify, repeat, stop
from bss.care.services.sending import Outcome, send_pending
from bss.care.services.stories import open_story_tickets, reopen_story, resolve_story
from bss.care.services.templates import change_template, create_template, install_templates
from bss.care.services.tickets import assign, change_ticket, close_silent, open_ticket, set_status

__all__ = [
    "Clock",
    "Outcome",
    "State",
    "Written",
    "assign",
    "change_template",
    "change_ticket",
    "clocks_of",
    "close_silent",
    "create_template",
    "install_desk",
    "install_templates",
    "link_to",
    "note",
    "notify",
    "open_story_tickets",
    "open_ticket",
    "receive",
    "reopen_story",
    "repeat",
    "reply",
    "resolve_story",
    "send_pending",
    "set_preference",
    "set_status",
    "stop",
]
