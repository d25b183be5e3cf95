"""Product specifications."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.catalog import forms, services
from bss.catalog.models import ProductSpecification
from bss.catalog.models.offering import Status
from bss.catalog.views.badges import SEE, STATUS
from kernel import pages
from kernel.filtering import Filter

CHANGE = "bss_catalog.change_productspecification"


def name(row: Any) -> str:
    """The name in the language of the page."""
    return str(row.name)


def why_not(to: str) -> Any:
    """Reason why a row cannot move to a state now."""

    def reason(row: Any, user: Any) -> str:
        if row.lifecycle.allows(row.status, to):
            return ""
        return _t("It is %(status)s") % {"status": row.get_status_display().lower()}

    return reason


def _move(to: str, label: Any, icon: str) -> pages.Action:
    return pages.Action(
        to.replace("_", "-"),
        label,
        permission=CHANGE,
        run=lambda call: services.move_specification(specification=call.object, to=to),
        why_not=why_not(to),
        icon=icon,
    )


SPECIFICATIONS = pages.List(
    name="bss_catalog:specification-list",
    model=ProductSpecification,
    title=_("Specifications"),
    icon="package",
    section="catalog",
    order=30,
    permission=SEE,
    rows=lambda user: ProductSpecification.objects.visible_to(user),
    columns=[
        pages.Column("code", _("Code"), link=True, sort=True),
        pages.Column("name", _("Name"), name, link=True, sort="name_en"),
        pages.Column("status", _("Status"), badge=STATUS, sort=True),
        pages.Column("changed", _("Changed"), "updated", kind="when", sort=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=Status.choices),
        Filter("code", "code", "text", _("Code")),
    ],
    search=("code", "name_en", "name_fr"),
    default_sort="code",
    create="bss_catalog:specification-create",
    live=True,
    empty=pages.Empty(_("Specifications say what a product technically is, before it is priced.")),
)
SPECIFICATION = pages.Detail(
    name="bss_catalog:specification-detail",
    model=ProductSpecification,
    title=name,
    list=SPECIFICATIONS,
    key="code",
    permission=SEE,
    status=("status", STATUS),
    edit="bss_catalog:specification-edit",
    find=("code", "name_en", "name_fr"),
    facts=[
        pages.Fact(_("Code"), "code", kind="code"),
        pages.Fact(_("Offers"), lambda row: row.offerings.count(), kind="number"),
        pages.Fact(_("Changed"), "updated", kind="when"),
    ],
    fields=[
        pages.Fact(_("Name (English)"), "name_en"),
        pages.Fact(_("Name (French)"), "name_fr"),
        pages.Fact(_("Description"), "description"),
    ],
    overview="bss/catalog/_specification.html",
    context=lambda row, user: {"offers": row.offerings.order_by("code", "-revision")[:50]},
    actions=[
        _move("in_test", _("Start the test"), "flask"),
        _move("active", _("Activate"), "check"),
        _move("launched", _("Launch"), "shopping-cart"),
        _move("retired", _("Retire"), "flag"),
    ],
)
SPECIFICATION_CREATE = pages.FormPage(
    name="bss_catalog:specification-create",
    title=_("New specification"),
    form=forms.SpecificationForm,
    permission="bss_catalog.add_productspecification",
    door=lambda call: services.create_specification(**call.data),
)
SPECIFICATION_EDIT = pages.FormPage(
    name="bss_catalog:specification-edit",
    title=_("Edit specification"),
    form=forms.SpecificationEditForm,
    detail=SPECIFICATION,
    permission=CHANGE,
    door=lambda call: services.change_specification(
        specification=call.object, version=call.version, **call.data
    ),
)
