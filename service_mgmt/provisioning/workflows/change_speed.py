"""Change of a characteristic of a live service (speed, channels): same resources, new configuration, proven again."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from service_mgmt.provisioning.services import steps
from service_mgmt.provisioning.services.workflow import Step, Workflow, register

CHANGE_SPEED = register(
    Workflow(
        "change_speed",
        revision=1,
        title=_("Change speed"),
        steps=(
            Step(
                "prepare",
                _("Set the new characteristics"),
                steps.prepare_change,
                undo=steps.undo_change,
                seconds=2,
            ),
            Step("render", _("Render configuration"), steps.render, no_undo="reads only", seconds=2),
            Step(
                "validate",
                _("Validate on the element"),
                steps.validate,
                no_undo="candidate is dropped",
                seconds=5,
            ),
            Step("commit", _("Commit and confirm"), steps.commit, undo=steps.recommit, seconds=10),
            Step("verify", _("Verify"), steps.verify, no_undo="reads only", seconds=5),
            Step("test", _("Test the service"), steps.test_service, no_undo="reads only", seconds=5),
            Step(
                "activate",
                _("Change the product"),
                steps.finish_change,
                no_undo="the point of no return",
                seconds=2,
                point_of_no_return=True,
            ),
        ),
    )
)
