"""Disconnection: take the service off its elements, prove it gone, give its resources back."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from service_mgmt.provisioning.services import steps
from service_mgmt.provisioning.services.workflow import Step, Workflow, register

DISCONNECT = register(
    Workflow(
        "disconnect",
        revision=1,
        title=_("Disconnect"),
        steps=(
            Step("render", _("Render removal"), steps.render_removal, no_undo="reads only", seconds=2),
            Step(
                "validate",
                _("Validate on the element"),
                steps.validate,
                no_undo="candidate is dropped",
                seconds=5,
            ),
            Step(
                "commit",
                _("Remove from the element"),
                steps.commit,
                undo=steps.restore,
                seconds=10,
            ),
            Step("prove", _("Prove it gone"), steps.prove_gone, no_undo="reads only", seconds=5),
            Step(
                "finish",
                _("Release resources and end the product"),
                steps.finish_termination,
                no_undo="the point of no return",
                seconds=2,
                point_of_no_return=True,
            ),
        ),
    )
)
