"""What was promised, what happened, what it cost."""

from service_mgmt.levels.models.agreements import CreditBand, SlaAgreement, SlaDefinition
from service_mgmt.levels.models.clocks import OutageImpact, SlaClockEvent
from service_mgmt.levels.models.results import CreditProposal, SlaResult

__all__ = [
    "CreditBand",
    "CreditProposal",
    "OutageImpact",
    "SlaAgreement",
    "SlaClockEvent",
    "SlaDefinition",
    "SlaResult",
]
