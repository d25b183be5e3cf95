"""What was used: where records come from, whose they are, what became of each, and what it costs."""

from bss.usage.models.accounting import AccountingPacket, AccountingSession
from bss.usage.models.bucket import Bucket
from bss.usage.models.identifier import UsageIdentifier
from bss.usage.models.intake import SuspendedRecord, UsageBatch, UsageFile, UsageSource
from bss.usage.models.record import UsageRecord, UsageSpecification, UsageTotal

__all__ = [
    "AccountingPacket",
    "AccountingSession",
    "Bucket",
    "SuspendedRecord",
    "UsageBatch",
    "UsageFile",
    "UsageIdentifier",
    "UsageRecord",
    "UsageSource",
    "UsageSpecification",
    "UsageTotal",
]
