"""Services: list, page, and the tabs on the pages of elements and customers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from oss.southbound.models import ElementSession
from oss.southbound.services import purpose_slot
from service_mgmt.design.models import ServiceSpecification
from service_mgmt.services.models import Service, ServiceLink, ServiceResource

VIEW = "service_mgmt_services.view_service"
# Levels between an element and what a customer bought; deeper stacks are not designed.
LEVELS = 4
SESSIONS_SHOWN = 50
RESOURCES = ("element__location", "port__element", "link", "vlan", "address__prefix", "number")

SERVICE_STATE = pages.badges(
    "service_mgmt_services.service",
    Service.State,
    feasibilityChecked="grey circle-dot",
    designed="grey clock",
    reserved="blue clock",
    inactive="amber player-stop",
    active="green check",
    suspended="red ban",
    terminated="grey x end",
)


def _services(user: Any) -> QuerySet[Service]:
    return Service.objects.visible_to(user).select_related(
        "customer__party", "product__offering", "site", "specification"
    )


def on_element(operator: str, values: tuple[str, ...]) -> Q:
    """Condition: services that hold something on an element of that name, and those that rest on them."""
    held = ServiceResource.objects.filter(
        Q(element__name__in=values)
        | Q(port__element__name__in=values)
        | Q(link__port_a__element__name__in=values)
        | Q(link__port_b__element__name__in=values),
        released=None,
    ).values("service")
    match = Q(pk__in=held)
    below: QuerySet[Any, Any] = held
    for _level in range(LEVELS):
        below = ServiceLink.objects.filter(supporting__in=below).values("service")
        match |= Q(pk__in=below)
    return ~match if operator == "not" else match


def on_port(operator: str, values: tuple[str, ...]) -> Q:
    """Condition: services that hold the port of that id."""
    held = ServiceResource.objects.filter(port__in=[PORT.convert(value) for value in values], released=None)
    return Q(pk__in=held.values("service"))


PORT = Filter("port", "pk", "uuid", _("Port"), operators=("eq",), build=on_port)

SERVICES = pages.List(
    name="service_mgmt_services:service-list",
    model=Service,
    title=_("Services"),
    icon="sitemap",
    section="service",
    order=10,
    rows=_services,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("name", _("Name"), sort=True),
        pages.Column("kind", _("Kind"), "get_kind_display", sort="kind"),
        pages.Column("state", _("State"), badge=SERVICE_STATE, sort=True),
        pages.Column("customer", _("Customer"), link="customer", sort="customer__party__name"),
        pages.Column("product", _("Product"), "product.number", link="product", sort="product__number"),
        pages.Column("site", _("Site"), "site.name", sort="site__name"),
        pages.Column(
            "specification", _("Specification"), "specification.name", link="specification", hidden=True
        ),
        pages.Column("started", _("In service since"), kind="when", sort=True),
        pages.Column("ended", _("Ended"), kind="when", sort=True, hidden=True),
        pages.Column("created", _("Added"), kind="when", sort=True, hidden=True),
    ],
    filters=[
        Filter("state", "state", "choice", _("State"), choices=Service.State.choices),
        Filter("kind", "kind", "choice", _("Kind"), choices=ServiceSpecification.Kind.choices),
        Filter("customer", "customer__number", "text", _("Customer")),
        Filter("product", "product__number", "text", _("Product")),
        Filter("specification", "specification__code", "text", _("Specification")),
        Filter("element", "pk", "text", _("Device"), operators=("eq", "not"), build=on_element),
        PORT,
        Filter("started", "started", "datetime", _("In service since")),
    ],
    search=("number", "name", "customer__party__name", "customer__number", "product__number"),
    default_sort="-created",
    views=[
        ("customer-facing", _("Customer-facing"), "kind=cfs"),
        ("suspended", _("Suspended"), "state=suspended"),
        ("on-the-way", _("On the way"), "state=designed&state=reserved&state=inactive"),
    ],
    live=True,
    row_class=lambda row: {"suspended": "warn", "terminated": "muted"}.get(row.state, ""),
    empty=pages.Empty(_("A service is what a product becomes in the network. Ordering one makes it.")),
)


def _overview(service: Service, user: Any) -> dict[str, Any]:
    held = service.resources.select_related(*RESOURCES).order_by("released", "role")
    rows = list(held)
    return {
        "characteristics": _characteristics(service),
        "held": [row for row in rows if row.released is None],
        "given_back": [row for row in rows if row.released is not None],
    }


def _characteristics(service: Service) -> list[tuple[str, Any, str]]:
    """(name, value, unit) in the order of the specification, further ones after them."""
    declared = service.specification.characteristics
    names = [*declared, *(name for name in service.characteristics if name not in declared)]
    return [
        (name, service.characteristics[name], declared.get(name, {}).get("unit", ""))
        for name in names
        if name in service.characteristics
    ]


def neighbours(service: Service, user: Any, *, up: bool) -> list[dict[str, Any]]:
    """What it rests on (or what rests on it) as nested branches: one query a level, whatever the number of services."""
    key, other = ("supporting_id", "service") if up else ("service_id", "supporting")
    seen: set[Any] = {service.pk}
    roots: list[dict[str, Any]] = []
    under: dict[Any, list[dict[str, Any]]] = {service.pk: roots}
    for _level in range(LEVELS):
        links = (
            ServiceLink.objects.filter(**{f"{key}__in": list(under)})
            .select_related(f"{other}__customer__party", f"{other}__specification")
            .order_by(f"{other}__number")
        )
        deeper: dict[Any, list[dict[str, Any]]] = {}
        for link in links:
            found = getattr(link, other)
            branch: dict[str, Any] = {"service": found, "redundancy": link.redundancy, "branches": []}
            under[getattr(link, key)].append(branch)
            if found.pk not in seen:
                seen.add(found.pk)
                deeper[found.pk] = branch["branches"]
        if not deeper:
            break
        under = deeper
    return roots


def _structure(service: Service, user: Any) -> dict[str, Any]:
    return {"down": neighbours(service, user, up=False), "up": neighbours(service, user, up=True)}


def _sessions(service: Service, user: Any) -> dict[str, Any]:
    """Sessions in which this service was configured, proven or tested."""
    held = ElementSession.objects.visible_to(user).filter(holder=service.pk).select_related("element")
    return {"sessions": held.order_by("-started").prefetch_related("commands")[:SESSIONS_SHOWN]}


SERVICE = pages.Detail(
    name="service_mgmt_services:service-detail",
    model=Service,
    title="name",
    rows=_services,
    list=SERVICES,
    status=("state", SERVICE_STATE),
    overview="service_mgmt/services/_service.html",
    context=_overview,
    identify=("number",),
    find=("name",),
    states={"live": {"state__in": ["active", "suspended"]}, "suspended": {"state": "suspended"}},
    words=("service",),
    facts=[
        pages.Fact(_("Customer"), "customer", link=True),
        pages.Fact(_("Product"), "product.number", link="product"),
        pages.Fact(_("Site"), "site.name", link="site"),
        pages.Fact(_("Specification"), "specification.name", link="specification"),
        pages.Fact(_("Kind"), "get_kind_display"),
        pages.Fact(_("In service since"), "started", kind="when"),
    ],
    tabs=[
        pages.Tab(
            "structure", _("Rests on"), template="service_mgmt/services/_structure.html", context=_structure
        ),
        pages.Tab(
            "sessions",
            _("Sessions"),
            template="service_mgmt/services/_sessions.html",
            context=_sessions,
            permission="oss_southbound.view_elementsession",
        ),
    ],
    live=True,
)


def _locked(name: str, path: str) -> Callable[[Any], dict[str, Any]]:
    return lambda row: {name: getattr(row, path)}


ON_ELEMENT = pages.Tab("services", _("Services"), list=SERVICES, lock=_locked("element", "name"))
ON_PORT = pages.Tab("services", _("Services"), list=SERVICES, lock=lambda port: {"port": str(port.pk)})
OF_PRODUCT = pages.Tab("services", _("Services"), list=SERVICES, lock=_locked("product", "number"))
OF_CUSTOMER = pages.Tab("services", _("Services"), list=SERVICES, lock=_locked("customer", "number"))
IF_IT_FAILS = pages.Panel(
    "impact", _("If it fails"), "service_mgmt/services/_impact_link.html", permission=VIEW,
    # A port has no number: it is asked for by its device and name.
    context=lambda row, _user: {"asked": getattr(row, "number", "") or str(row)},
)  # fmt: skip
pages.extend("oss_inventory:element-detail", tabs=[ON_ELEMENT], rail=[IF_IT_FAILS])
pages.extend("oss_inventory:link-detail", rail=[IF_IT_FAILS])
pages.extend("oss_inventory:port-detail", tabs=[ON_PORT], rail=[IF_IT_FAILS])
pages.extend("bss_orders:product-detail", tabs=[OF_PRODUCT])
pages.extend("bss_customers:customer-detail", tabs=[OF_CUSTOMER])


def served(session: ElementSession) -> Service | None:
    """The service that an element was spoken to for."""
    return Service.objects.filter(pk=session.holder).first() if session.holder else None


purpose_slot.fill(served)
