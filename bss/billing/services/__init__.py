"""Doors of billing."""

from bss.billing.services.adjustments import approve_adjustment, propose_adjustment, reject_adjustment
from bss.billing.services.books import audit_books
from bss.billing.services.documents import pdf_of
from bss.billing.services.drafting import discard_run, draft_batches, draft_run, finish_draft, select_run
from bss.billing.services.dunning import (
    hold,
    overdue,
    reconnection_confirmed,
    run_dunning,
    suspension_confirmed,
)
from bss.billing.services.explain import Explanation, why
from bss.billing.services.ledger import balance
from bss.billing.services.payments import allocate, receive_payment, refund
from bss.billing.services.posting import approve_run, check_run, credit_note, deliver_run, post_run
from bss.billing.services.subscriptions import pause_charges, start_charges, stop_charges

__all__ = [
    "Explanation",
    "allocate",
    "approve_adjustment",
    "approve_run",
    "audit_books",
    "balance",
    "check_run",
    "credit_note",
    "deliver_run",
    "discard_run",
    "draft_batches",
    "draft_run",
    "finish_draft",
    "hold",
    "overdue",
    "pause_charges",
    "pdf_of",
    "post_run",
    "propose_adjustment",
    "receive_payment",
    "reconnection_confirmed",
    "refund",
    "reject_adjustment",
    "run_dunning",
    "select_run",
    "start_charges",
    "stop_charges",
    "suspension_confirmed",
    "why",
]
