"""The stages of a bill run, with when, by whom, how long and how much: read from the journal, kept nowhere twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bss.billing.models import BillRun
from kernel.models import JournalEntry

STAGES = (
    BillRun.Status.SELECTED,
    BillRun.Status.DRAFTED,
    BillRun.Status.CHECKED,
    BillRun.Status.APPROVED,
    BillRun.Status.POSTED,
    BillRun.Status.DELIVERED,
)


@dataclass(frozen=True)
class Stage:
    """One stage: `at` and `by` are None until it is reached, `took` is the time since the stage before."""

    status: str
    at: datetime | None
    by: str
    took: timedelta | None
    count: str


def of(run: BillRun, totals: Sequence[dict[str, Any]]) -> list[Stage]:
    """Every stage in order, in one query; what was done again (a second draft) counts with its last time."""
    verbs = [f"bill_run.{stage}" for stage in STAGES]
    entries = JournalEntry.objects.filter(object_id=run.pk, verb__in=["bill_run.created", *verbs])
    last = {entry.verb.removeprefix("bill_run."): entry for entry in entries.order_by("seq")}
    if "created" in last:
        last[str(BillRun.Status.SELECTED)] = last["created"]
    reached = STAGES.index(run.status) if run.status in STAGES else len(STAGES)
    counts = _counts(run, totals)
    found: list[Stage] = []
    before: datetime | None = None
    for index, stage in enumerate(STAGES):
        entry = last.get(str(stage)) if index <= reached else None
        took = entry.at - before if entry is not None and before is not None else None
        before = entry.at if entry is not None else before
        found.append(
            Stage(
                str(stage),
                entry.at if entry is not None else None,
                entry.actor_label if entry is not None else "",
                took,
                counts.get(stage, "") if entry is not None else "",
            )
        )
    return found


def _counts(run: BillRun, totals: Sequence[dict[str, Any]]) -> dict[Any, str]:
    sent, held = (sum(row[name] for row in totals) for name in ("sent", "held"))
    drafted = ngettext("%(count)d invoice", "%(count)d invoices", run.invoices_count)
    return {
        BillRun.Status.SELECTED: ngettext("%(count)d account", "%(count)d accounts", run.accounts)
        % {"count": run.accounts},
        BillRun.Status.DRAFTED: f"{drafted % {'count': run.invoices_count}}, "
        + _("left out: %(count)d") % {"count": run.failures},
        BillRun.Status.CHECKED: ngettext("%(count)d finding", "%(count)d findings", len(run.checks))
        % {"count": len(run.checks)},
        BillRun.Status.POSTED: drafted % {"count": run.invoices_count},
        BillRun.Status.DELIVERED: _("sent: %(count)d, on hold: %(held)d") % {"count": sent, "held": held},
    }
