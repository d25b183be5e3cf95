"""Badges and permissions of changes."""

from kernel import pages
from service_mgmt.changes.models import Approval, ChangeRequest, ChangeStep

APPROVE = "service_mgmt_changes.approve_changerequest"
EXECUTE = "service_mgmt_changes.execute_changerequest"
CHANGE = "service_mgmt_changes.change_changerequest"
VIEW = "service_mgmt_changes.view_changerequest"

STATUS = pages.badges(
    "service_mgmt_changes.change", ChangeRequest.Status, acknowledged="grey edit", waitForApproval="amber hourglass",
    approved="blue check", scheduled="blue calendar", inProgress="blue refresh", fallbackExecution="amber arrow-back-up",
    postImplementationReview="amber eye", completed="green check end", failed="red x end", cancelled="grey ban end",
    rejected="grey x end",
)  # fmt: skip
KIND = pages.badges(
    "service_mgmt_changes.kind", ChangeRequest.Kind, standard="grey list-check", normal="blue git-branch",
    emergency="red bolt",
)  # fmt: skip
PRIORITY = pages.badges(
    "service_mgmt_changes.priority", ChangeRequest.Priority, critical="red arrow-up", high="amber arrow-up",
    medium="blue minus", low="grey arrow-down",
)  # fmt: skip
STEP = pages.badges(
    "service_mgmt_changes.step", ChangeStep.Status, pending="grey clock", running="blue refresh", done="green check",
    failed="red x", undone="amber arrow-back-up",
)  # fmt: skip
DECISION = pages.badges(
    "service_mgmt_changes.decision", Approval.Decision, approved="green check end", rejected="red x end"
)
