"""The runbooks that come with the product; operators may switch any off, rename it, or ask for approval."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from oss.incidents.models import Runbook

Action, Risk = Runbook.Action, Runbook.Risk
RUNBOOKS: tuple[tuple[str, str, str, str, str, bool], ...] = (
    # code, English, French, action, risk, needs approval
    ("bounce-port", "Bounce a port", "Réinitialiser un port", Action.BOUNCE_PORT, Risk.LOW, False),
    (
        "push-configuration", "Push the intended configuration again", "Repousser la configuration prévue",
        Action.PUSH_CONFIGURATION, Risk.MEDIUM, True,
    ),
    (
        "switch-protection", "Switch to the protecting path", "Basculer sur le chemin de secours",
        Action.SWITCH_PROTECTION, Risk.MEDIUM, True,
    ),
    ("reboot", "Reboot an element", "Redémarrer un équipement", Action.REBOOT, Risk.HIGH, True),
)  # fmt: skip


@transaction.atomic
def ensure_runbooks(**_kwargs: Any) -> None:
    """Add what is missing, and leave alone what operators have changed (after every migrate)."""
    Runbook.objects.bulk_create(
        [
            Runbook(code=code, name=name, name_fr=french, action=action, risk=risk, needs_approval=approval)
            for code, name, french, action, risk, approval in RUNBOOKS
        ],
        ignore_conflicts=True,
    )
