"""Pages of service design: specifications, and design packages with the network's facts beside price and margin."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from service_mgmt.design import forms, services
from service_mgmt.design.models import ServiceDesign, ServiceSpecification

CHANGE = "service_mgmt_design.change_servicedesign"
APPROVE = "service_mgmt_design.approve_servicedesign"
S = ServiceDesign.Status

SPECIFICATION_STATUS = pages.badges(
    "service_mgmt_design.specification",
    ServiceSpecification.Status,
    in_design="grey edit",
    active="green check",
    retired="grey x end",
)
DESIGN_STATUS = pages.badges(
    "service_mgmt_design.design",
    ServiceDesign.Status,
    draft="grey edit",
    in_review="blue eye",
    approved="green clipboard-check",
    released="green check",
    retired="grey x end",
)

SPECIFICATIONS = pages.List(
    name="service_mgmt_design:specification-list",
    model=ServiceSpecification,
    title=_("Service specifications"),
    icon="book",
    section="service",
    order=30,
    rows=lambda user: ServiceSpecification.objects.visible_to(user).annotate(uses=Count("instances")),
    columns=[
        pages.Column("code", _("Code"), link=True, sort=True),
        pages.Column("name", _("Name"), sort="name_en"),
        pages.Column("kind", _("Kind"), "get_kind_display", sort="kind"),
        pages.Column("revision", _("Version"), kind="number", sort=True),
        pages.Column("status", _("Status"), badge=SPECIFICATION_STATUS, sort=True),
        pages.Column("workflow", _("Workflow"), sort=True),
        pages.Column("uses", _("Services"), kind="number", sort=True),
        pages.Column("updated", _("Changed"), kind="when", sort=True, hidden=True),
    ],
    filters=[
        Filter("kind", "kind", "choice", _("Kind"), choices=ServiceSpecification.Kind.choices),
        Filter("status", "status", "choice", _("Status"), choices=ServiceSpecification.Status.choices),
        Filter("code", "code", "text", _("Code")),
    ],
    search=("code", "name_en", "name_fr", "description"),
    default_sort="code",
    live=True,
    row_class=lambda row: "muted" if row.status == "retired" else "",
    empty=pages.Empty(
        _("A specification says what a kind of service is, what it rests on and how it is tested.")
    ),
)


def _specification(row: ServiceSpecification, user: Any) -> dict[str, Any]:
    return {
        "characteristics": sorted(row.characteristics.items()),
        "down": list(row.supported_by.select_related("child").order_by("child__code")),
        "up": list(row.supports.select_related("parent").order_by("parent__code")),
        "roles": list(row.resource_roles.order_by("created")),
        "profiles": list(row.profiles.order_by("technology", "down_kbps")),
        "products": list(row.decompositions.select_related("product_specification")),
    }


SPECIFICATION = pages.Detail(
    name="service_mgmt_design:specification-detail",
    model=ServiceSpecification,
    title="name",
    list=SPECIFICATIONS,
    status=("status", SPECIFICATION_STATUS),
    overview="service_mgmt/design/_specification.html",
    context=_specification,
    find=("code", "name_en", "name_fr"),
    facts=[
        pages.Fact(_("Code"), "code", kind="code"),
        pages.Fact(_("Kind"), "get_kind_display"),
        pages.Fact(_("Version"), "revision", kind="number"),
        pages.Fact(_("Workflow"), "workflow", kind="code"),
    ],
    fields=[pages.Fact(_("Description"), "description")],
    tabs=[
        pages.Tab(
            "services",
            _("Services"),
            list="service_mgmt_services:service-list",
            lock=lambda row: {"specification": row.code},
        )
    ],
    live=True,
)


def _designs(user: Any) -> QuerySet[ServiceDesign]:
    return ServiceDesign.objects.visible_to(user).select_related("offering", "author", "approver")


DESIGNS = pages.List(
    name="service_mgmt_design:design-list",
    model=ServiceDesign,
    title=_("Service designs"),
    icon="flask",
    section="service",
    order=20,
    rows=_designs,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("offering", _("Offer"), "offering.name", link="offering", sort="offering__name_en"),
        pages.Column("status", _("Status"), badge=DESIGN_STATUS, sort=True),
        pages.Column(
            "price",
            _("Price a month"),
            "monthly_price",
            kind="money",
            currency="currency",
            sort="monthly_price",
        ),
        pages.Column(
            "cost", _("Cost a month"), "monthly_cost", kind="money", currency="currency", sort="monthly_cost"
        ),
        pages.Column("margin", _("Margin"), kind="money", currency="currency"),
        pages.Column("author", _("Author"), sort="author__username"),
        pages.Column("approver", _("Approved by"), sort="approver__username"),
        pages.Column("created", _("Made"), kind="when", sort=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=S.choices),
        Filter("offering", "offering__code", "text", _("Offer")),
        Filter("author", "author__username", "text", _("Author")),
    ],
    search=("number", "offering__code", "offering__name_en", "offering__name_fr"),
    default_sort="-created",
    views=[("review", _("To be reviewed"), "status=in_review")],
    create="service_mgmt_design:design-create",
    live=True,
    empty=pages.Empty(
        _("A design puts the network's facts beside the price of an offer before it is released.")
    ),
)


def _package(design: ServiceDesign, user: Any) -> dict[str, Any]:
    return {
        "facts": design.facts,
        "simulation": design.simulation,
        "margin": design.margin,
        "percent": 100 * design.margin / design.monthly_price
        if design.margin is not None and design.monthly_price
        else None,
    }


def _cannot(to: str) -> Any:
    def reason(design: ServiceDesign, user: Any) -> str:
        if ServiceDesign.lifecycle.allows(design.status, to):
            return ""
        return _t("It is %(status)s") % {"status": str(design.get_status_display()).lower()}

    return reason


def _cannot_submit(design: ServiceDesign, user: Any) -> str:
    """What the last simulation found; submitting simulates again."""
    if refusal := _cannot(S.IN_REVIEW)(design, user):
        return str(refusal)
    return "; ".join(design.simulation.get("problems", []))


def _cannot_approve(design: ServiceDesign, user: Any) -> str:
    if refusal := _cannot(S.APPROVED)(design, user):
        return str(refusal)
    return _t("The person who made this may not approve it") if design.author_id == user.pk else ""


def _released_with(design: ServiceDesign, user: Any) -> list[str]:
    """Offers that go on sale with a release."""
    return [
        _t("%(offer)s goes on sale") % {"offer": offering.name}
        for offering in [*services.parts(offering=design.offering), design.offering]
    ]


DESIGN = pages.Detail(
    name="service_mgmt_design:design-detail",
    model=ServiceDesign,
    title="offering.name",
    rows=_designs,
    list=DESIGNS,
    status=("status", DESIGN_STATUS),
    overview="service_mgmt/design/_design.html",
    context=_package,
    identify=("number",),
    states={"open": {"status__in": ["draft", "in_review", "approved"]}},
    words=("design",),
    facts=[
        pages.Fact(_("Offer"), "offering.name", link="offering"),
        pages.Fact(_("Price a month"), "monthly_price", kind="money", currency="currency"),
        pages.Fact(_("Cost a month"), "monthly_cost", kind="money", currency="currency"),
        pages.Fact(_("Margin"), "margin", kind="money", currency="currency"),
        pages.Fact(_("Author"), "author"),
        pages.Fact(_("Approved by"), "approver"),
    ],
    actions=[
        pages.Action(
            "submit",
            _("Submit for review"),
            permission=CHANGE,
            why_not=_cannot_submit,
            run=lambda call: services.submit(design=call.object),
            primary=True,
            icon="send",
        ),
        pages.Action(
            "approve",
            _("Approve"),
            permission=APPROVE,
            form=forms.ReasonForm,
            why_not=_cannot_approve,
            run=lambda call: services.approve(design=call.object, by=call.user, reason=call.data["reason"]),
            secondary=True,
            icon="clipboard-check",
        ),
        pages.Action(
            "release",
            _("Release"),
            permission=CHANGE,
            why_not=_cannot(S.RELEASED),
            effects=_released_with,
            run=lambda call: services.release(design=call.object),
            secondary=True,
            icon="check",
        ),
        pages.Action(
            "simulate",
            _("Ask the network again"),
            permission=CHANGE,
            why_not=lambda design, user: "" if design.status == S.DRAFT else _t("Only a draft changes"),
            run=lambda call: services.simulate(design=call.object),
            icon="refresh",
        ),
        pages.Action(
            "reject",
            _("Send back"),
            permission=APPROVE,
            form=forms.RejectForm,
            why_not=_cannot(S.DRAFT),
            run=lambda call: services.send_back(design=call.object, reason=call.data["reason"]),
            icon="arrow-back-up",
        ),
        pages.Action(
            "retire",
            _("Retire"),
            permission=CHANGE,
            form=forms.RejectForm,
            why_not=_cannot(S.RETIRED),
            run=lambda call: services.retire(design=call.object, reason=call.data["reason"]),
            danger=True,
        ),
    ],
    live=True,
)

DESIGN_CREATE = pages.FormPage(
    name="service_mgmt_design:design-create",
    title=_("New service design"),
    form=forms.DesignForm,
    permission="service_mgmt_design.add_servicedesign",
    door=lambda call: services.draft_design(offering=call.data["offering"], author=call.user),
)
