"""Events of billing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.events import Event


@dataclass(frozen=True)
class InvoicePosted(Event):
    """An invoice got its legal number."""

    invoice_id: UUID
    account_id: UUID
    at: datetime


@dataclass(frozen=True)
class InvoiceSent(Event):
    """An invoice is ready for the customer, with its document; `again` when it was sent before."""

    invoice_id: UUID
    account_id: UUID
    at: datetime
    again: bool = False


@dataclass(frozen=True)
class PaymentReceived(Event):
    """Money came in."""

    payment_id: UUID
    account_id: UUID
    at: datetime


@dataclass(frozen=True)
class DunningNoticeDue(Event):
    """The customer is to be reminded: template of the step, amount overdue."""

    case_id: UUID
    account_id: UUID
    template: str
    position: int
    at: datetime


@dataclass(frozen=True)
class SuspensionRequested(Event):
    """Dunning decided: these products are to be cut off, proven on the network."""

    case_id: UUID
    product_ids: tuple[UUID, ...]
    at: datetime


@dataclass(frozen=True)
class ReconnectionRequested(Event):
    """What was owed is paid: these products are to work again."""

    case_id: UUID
    product_ids: tuple[UUID, ...]
    at: datetime


@dataclass(frozen=True)
class AdjustmentApplied(Event):
    """A credit or charge stands on a posted invoice."""

    adjustment_id: UUID
    invoice_id: UUID
    at: datetime
