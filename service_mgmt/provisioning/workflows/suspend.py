"""Suspension: block the service on every element it stands on, prove it, then say so."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from service_mgmt.provisioning.services import steps
from service_mgmt.provisioning.services.workflow import Step, Workflow, register

SUSPEND = register(
    Workflow(
        "suspend",
        revision=1,
        title=_("Suspend"),
        steps=(
            Step("render", _("Render blocking"), steps.render_blocked, no_undo="reads only", seconds=2),
            Step(
                "validate",
                _("Validate on the element"),
                steps.validate,
                no_undo="candidate is dropped",
                seconds=5,
            ),
            Step("commit", _("Block on the element"), steps.commit, undo=steps.unblock, seconds=10),
            Step(
                "prove", _("Prove that nothing passes"), steps.prove_blocked, no_undo="reads only", seconds=5
            ),
            Step(
                "finish",
                _("Record the suspension"),
                steps.finish_suspension,
                no_undo="resume reverses it",
                seconds=2,
            ),
        ),
    )
)
