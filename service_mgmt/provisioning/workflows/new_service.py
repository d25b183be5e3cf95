"""A new service: reserve → render → validate → commit → verify → test → activate → bill."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from service_mgmt.provisioning.services import steps
from service_mgmt.provisioning.services.workflow import Context, Done, Step, Workflow, register
from service_mgmt.services import services as inventory

HOLD = timedelta(days=14)


def reserve(step: Context) -> Done:
    """Take ports, VLANs, addresses and numbers for the service and what it rests on."""
    rows = inventory.reserve(service=step.service, until=step.at + HOLD)
    return Done(
        {"resources": [{"role": row.role, "resource": str(row.thing), "id": row.thing.pk} for row in rows]}
    )


def unreserve(step: Context) -> Done:
    """Give every reservation back."""
    inventory.give_back_all(service=step.service, at=step.at)
    return Done()


NEW_SERVICE = register(
    Workflow(
        "new_service",
        revision=1,
        title=_("New service"),
        steps=(
            Step("reserve", _("Reserve resources"), reserve, undo=unreserve, seconds=2),
            Step("render", _("Render configuration"), steps.render, no_undo="reads only", seconds=2),
            Step(
                "validate",
                _("Validate on the element"),
                steps.validate,
                no_undo="candidate is dropped",
                seconds=5,
            ),
            Step("commit", _("Commit and confirm"), steps.commit, undo=steps.withdraw, seconds=10),
            Step("verify", _("Verify"), steps.verify, no_undo="reads only", seconds=5),
            Step("test", _("Test the service"), steps.test_service, no_undo="reads only", seconds=5),
            Step(
                "activate",
                _("Activate the product"),
                steps.activate,
                no_undo="the point of no return",
                seconds=2,
                point_of_no_return=True,
            ),
            Step("bill", _("Start billing"), steps.billing_started, no_undo="follows the product", seconds=5),
        ),
    )
)
