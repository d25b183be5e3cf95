"""What customers tell us and what we tell them: tickets and notices."""

from bss.care.models.notices import Notice, NoticePreference, NoticeTemplate, Topic
from bss.care.models.tickets import (
    TicketMessage,
    TicketQueue,
    TicketStatusChange,
    TicketTarget,
    TroubleTicket,
)

__all__ = [
    "Notice",
    "NoticePreference",
    "NoticeTemplate",
    "TicketMessage",
    "TicketQueue",
    "TicketStatusChange",
    "TicketTarget",
    "Topic",
    "TroubleTicket",
]
