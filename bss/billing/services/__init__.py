"""Doors of billing."""

from bss.billing.services.adjustments import approve_adjustment, propose_adjustment, reject_adjustment
from bss.billing.services.books import audit_books
from bss.billing.services.corrections import credit_note, creditable, write_off
from bss.billing.services.credit import use_credit
from bss.billing.services.documents import content_of, pdf_of, unit_name
from bss.billing.services.drafting import (
    accounts_of,
    bill_on_demand,
    discard_run,
    draft_batches,
    draft_run,
    exclude_account,
    finish_draft,
    retry_failed,
    select_run,
)
from bss.billing.services.dunning import (
    end_hold,
    hold,
    next_step,
    overdue,
    reconnection_confirmed,
    run_dunning,
    suspension_confirmed,
)
from bss.billing.services.explain import Explanation, why
from bss.billing.services.ledger import balance, owing
from bss.billing.services.payments import allocate, payable, receive_payment, refund
from bss.billing.services.posting import approve_run, check_run, deliver_run, post_run
from bss.billing.services.standing import (
    dispute_invoice,
    hold_invoice,
    release_invoice,
    send_invoice,
    settle_dispute,
    standing_of,
)
from bss.billing.services.subscriptions import pause_charges, start_charges, stop_charges
from bss.billing.services.taxes import add_tax_rate, end_tax_rate
from bss.billing.services.variance import Variance, previous, variance

__all__ = [
    "Explanation",
    "Variance",
    "accounts_of",
    "add_tax_rate",
    "allocate",
    "approve_adjustment",
    "approve_run",
    "audit_books",
    "balance",
    "bill_on_demand",
    "check_run",
    "content_of",
    "credit_note",
    "creditable",
    "deliver_run",
    "discard_run",
    "dispute_invoice",
    "draft_batches",
    "draft_run",
    "end_hold",
    "end_tax_rate",
    "exclude_account",
    "finish_draft",
    "hold",
    "hold_invoice",
    "next_step",
    "overdue",
    "owing",
    "pause_charges",
    "payable",
    "pdf_of",
    "post_run",
    "previous",
    "propose_adjustment",
    "receive_payment",
    "reconnection_confirmed",
    "refund",
    "reject_adjustment",
    "release_invoice",
    "retry_failed",
    "run_dunning",
    "select_run",
    "send_invoice",
    "settle_dispute",
    "standing_of",
    "start_charges",
    "stop_charges",
    "suspension_confirmed",
    "unit_name",
    "use_credit",
    "variance",
    "why",
    "write_off",
]
