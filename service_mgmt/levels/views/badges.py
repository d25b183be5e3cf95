"""Badges of service levels, and how an availability is written."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any

from babel.numbers import format_decimal
from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.pages import formats
from service_mgmt.levels.models import CreditProposal, OutageImpact, SlaClockEvent

APPROVE, CHANGE = "service_mgmt_levels.approve_credit", "service_mgmt_levels.change_sladefinition"
VOID = "service_mgmt_levels.void_clock"


class Verdict(models.TextChoices):
    """Whether a month kept its promise."""

    KEPT = "kept", _("Kept")
    BREACHED = "breached", _("Breached")
    RISK = "risk", _("At risk")


VERDICT = pages.badges(
    "service_mgmt_levels.verdict",
    Verdict,
    kept="green shield-check",
    breached="red x",
    risk="amber alert-triangle",
)
CREDIT = pages.badges(
    "service_mgmt_levels.credit", CreditProposal.Status, proposed="amber hourglass", credited="green check end",
    rejected="grey ban end",
)  # fmt: skip
EFFECT = pages.badges(
    "service_mgmt_levels.effect", OutageImpact.Effect, lost="red x", degraded="amber alert-triangle",
    at_risk="grey shield",
)  # fmt: skip
EVENT = pages.badges(
    "service_mgmt_levels.event", SlaClockEvent.Kind, down="red arrow-down", up="green arrow-up",
    maintenance_start="amber tool", maintenance_end="grey tool", pause="amber player-pause", resume="grey player-play",
    void="grey x end",
)  # fmt: skip


def availability(value: Any) -> str:
    """Percent to four decimals, cut: 99.99996 is never shown as 100."""
    if value is None:
        return ""
    cut = Decimal(value).quantize(Decimal("0.0001"), rounding=ROUND_DOWN)
    return f"{format_decimal(cut, format='#,##0.####', locale=formats.locale())} %"


def month_name(value: Any) -> str:
    """2026-11: sorts, and means the same in every language."""
    return f"{value:%Y-%m}"
