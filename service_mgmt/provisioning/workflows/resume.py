"""Reconnection: lift the block, prove that the service works again, then say so."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from service_mgmt.provisioning.services import steps
from service_mgmt.provisioning.services.workflow import Step, Workflow, register

RESUME = register(
    Workflow(
        "resume",
        revision=1,
        title=_("Reconnect"),
        steps=(
            Step("render", _("Render configuration"), steps.render, no_undo="reads only", seconds=2),
            Step(
                "validate",
                _("Validate on the element"),
                steps.validate,
                no_undo="candidate is dropped",
                seconds=5,
            ),
            Step("commit", _("Lift the block"), steps.commit, undo=steps.block_again, seconds=10),
            Step("verify", _("Verify"), steps.verify, no_undo="reads only", seconds=5),
            Step("test", _("Test the service"), steps.test_service, no_undo="reads only", seconds=5),
            Step(
                "finish",
                _("Record the reconnection"),
                steps.finish_resumption,
                no_undo="suspend reverses it",
                seconds=2,
            ),
        ),
    )
)
