"""Pages of provisioning: service orders, workflow runs, the fallout queue, the plan on product orders."""

from django.utils.translation import gettext_lazy as _

from kernel import pages
from service_mgmt.provisioning.views.fallout import FALLOUT, FALLOUTS, queue
from service_mgmt.provisioning.views.orders import ORDER, ORDERS, PLAN, plan_fragment
from service_mgmt.provisioning.views.runs import RUN, RUNS, steps_fragment

MENU = [
    pages.MenuItem(
        "orders",
        _("Fallout"),
        "service_mgmt_provisioning:fallout",
        "service_mgmt_provisioning.view_fallout",
        "alert-triangle",
        order=60,
    )
]

__all__ = [
    "FALLOUT",
    "FALLOUTS",
    "MENU",
    "ORDER",
    "ORDERS",
    "PLAN",
    "RUN",
    "RUNS",
    "plan_fragment",
    "queue",
    "steps_fragment",
]
