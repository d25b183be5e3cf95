"""Service orders: list, page, and the plan shown on product orders."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from kernel.permissions import requires
from service_mgmt.provisioning import forms, services
from service_mgmt.provisioning.models import ServiceOrder
from service_mgmt.provisioning.views.badges import ORDER_STATE
from service_mgmt.provisioning.views.plan import plan, tree

VIEW = "service_mgmt_provisioning.view_serviceorder"
OVERRIDE = "service_mgmt_provisioning.override_order_step"
OPEN = [str(state) for state in ServiceOrder.State.values if not ServiceOrder.lifecycle.terminal(str(state))]


def _orders(user: Any) -> QuerySet[ServiceOrder]:
    return ServiceOrder.objects.visible_to(user).select_related("customer__party", "product_order")


def _listed(user: Any) -> QuerySet[ServiceOrder]:
    done = Count("items", filter=Q(items__state="completed"), distinct=True)
    return _orders(user).annotate(item_count=Count("items", distinct=True), done_count=done)


ORDERS = pages.List(
    name="service_mgmt_provisioning:order-list",
    model=ServiceOrder,
    title=_("Service orders"),
    icon="list-check",
    section="orders",
    order=40,
    rows=_listed,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("customer", _("Customer"), link="customer", sort="customer__party__name"),
        pages.Column("product_order", _("Product order"), link="product_order", sort="product_order__number"),
        pages.Column("state", _("State"), badge=ORDER_STATE, sort=True),
        pages.Column("progress", _("Items done"), lambda row: f"{row.done_count}/{row.item_count}"),
        pages.Column("promised", _("Promised"), kind="when", sort=True),
        pages.Column("ordered", _("Ordered"), kind="when", sort=True),
        pages.Column("completed", _("Completed"), kind="when", sort=True),
        pages.Column("description", _("Description"), hidden=True),
        pages.Column("external_id", _("External reference"), sort=True, hidden=True),
    ],
    filters=[
        Filter("state", "state", "choice", _("State"), choices=ServiceOrder.State.choices),
        Filter("customer", "customer__number", "text", _("Customer")),
        Filter("product_order", "product_order__number", "text", _("Product order")),
        Filter("promised", "promised", "datetime", _("Promised")),
        Filter("ordered", "ordered", "datetime", _("Ordered")),
    ],
    search=("number", "description", "external_id", "customer__party__name", "product_order__number"),
    default_sort="-ordered",
    views=[("open", _("Open"), "&".join(f"state={state}" for state in OPEN))],
    live=True,
    row_class=lambda row: {"held": "warn", "failed": "danger"}.get(row.state, ""),
    empty=pages.Empty(_("A service order is made of every product order that the network must fulfil.")),
)


def _cannot_cancel(order: ServiceOrder, user: Any) -> str:
    if ServiceOrder.lifecycle.terminal(order.state):
        return _t("It is %(state)s") % {"state": str(order.get_state_display()).lower()}
    return ""


def _overview(order: ServiceOrder, user: Any) -> dict[str, Any]:
    context = plan(order)
    return {**context, "branches": tree(context["items"])}


ORDER = pages.Detail(
    name="service_mgmt_provisioning:order-detail",
    model=ServiceOrder,
    title="description",
    rows=_orders,
    list=ORDERS,
    status=("state", ORDER_STATE),
    overview="service_mgmt/provisioning/_plan.html",
    context=_overview,
    identify=("number", "external_id"),
    find=("description",),
    states={"open": {"state__in": OPEN}},
    words=("service order",),
    facts=[
        pages.Fact(_("Customer"), "customer", link=True),
        pages.Fact(_("Product order"), "product_order", link=True),
        pages.Fact(_("Ordered"), "ordered", kind="when"),
        pages.Fact(_("Promised"), "promised", kind="when"),
        pages.Fact(_("Completed"), "completed", kind="when"),
        pages.Fact(_("At risk"), "product_order.jeopardy"),
    ],
    actions=[
        pages.Action(
            "cancel",
            _("Cancel and undo"),
            permission=OVERRIDE,
            form=forms.ReasonForm,
            why_not=_cannot_cancel,
            effects=lambda order, user: [_t("What was configured for it is taken off the elements again")],
            run=lambda call: services.cancel_order(order=call.object, reason=call.data["reason"]),
            danger=True,
            icon="arrow-back-up",
        )
    ],
    live=True,
)


def _plan_of(product_order: Any, user: Any) -> dict[str, Any]:
    """The plan of a product order's service order, when it has one."""
    order = _orders(user).filter(product_order_id=product_order.pk).first()
    if order is None:
        return {"service_order": None}
    context = plan(order)
    return {**context, "branches": tree(context["items"])}


PLAN = pages.Tab(
    "plan", _("Plan"), template="service_mgmt/provisioning/_plan.html", context=_plan_of, permission=VIEW
)
pages.extend("bss_orders:order-detail", tabs=[PLAN])


@requires(VIEW)
def plan_fragment(request: HttpRequest, number: str) -> HttpResponse:
    """The plan of one service order alone, for pages that keep it fresh."""
    order = _orders(request.user).filter(number=number).first()
    if order is None:
        raise Http404
    context = plan(order)
    return pages.render(
        request, "service_mgmt/provisioning/_plan_body.html", {**context, "branches": tree(context["items"])}
    )
