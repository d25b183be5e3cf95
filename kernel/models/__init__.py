"""Models of the kernel, by topic."""

from kernel.models.base import Identified, NumberField, PublicNumber, Stamped, Versioned
from kernel.models.hub import ApiTask, HubDelivery, HubSubscription
from kernel.models.records import (
    ClockSetting,
    EventReceipt,
    IdempotencyKey,
    JournalEntry,
    NumberSeries,
    OutboxEvent,
)
from kernel.models.user import ApiToken, LoginFailure, Scope, User
from kernel.models.work import BusinessCalendar, Comment, Draft, Holiday, Job, JobLine, SavedView

__all__ = [
    "ApiTask",
    "ApiToken",
    "BusinessCalendar",
    "ClockSetting",
    "Comment",
    "Draft",
    "EventReceipt",
    "Holiday",
    "HubDelivery",
    "HubSubscription",
    "IdempotencyKey",
    "Identified",
    "Job",
    "JobLine",
    "JournalEntry",
    "LoginFailure",
    "NumberField",
    "NumberSeries",
    "OutboxEvent",
    "PublicNumber",
    "SavedView",
    "Scope",
    "Stamped",
    "User",
    "Versioned",
]
