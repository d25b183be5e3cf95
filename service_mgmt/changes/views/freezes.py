"""Freezes: the list, one, and the form."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from service_mgmt.changes import forms, services
from service_mgmt.changes.models import Freeze

FREEZES = pages.List(
    name="service_mgmt_changes:freeze-list", model=Freeze, title=_("Freezes"), icon="lock", section="assurance",
    order=47, rows=lambda user: Freeze.objects.visible_to(user),
    columns=[
        pages.Column("name", _("Name"), link=True, sort=True),
        pages.Column("start", _("From"), kind="time", sort=True),
        pages.Column("end", _("Until"), kind="time", sort=True),
    ],
    filters=[
        Filter("start", "start", "datetime", _("From")),
        Filter("end", "end", "datetime", _("Until")),
    ],
    search=("name",), default_sort="-start", create="service_mgmt_changes:freeze-create", live=True,
    empty=pages.Empty(_("In a freeze nothing but emergencies is changed: the end of the year, an election, a fair.")),
)  # fmt: skip

FREEZE = pages.Detail(
    name="service_mgmt_changes:freeze-detail", model=Freeze, title="name", list=FREEZES, find=("name",),
    edit="service_mgmt_changes:freeze-edit", words=("freeze",),
    facts=[pages.Fact(_("From"), "start", kind="time"), pages.Fact(_("Until"), "end", kind="time")],
    actions=[
        pages.Action("lift", _("Lift"), permission="service_mgmt_changes.delete_freeze", danger=True, icon="trash",
                     run=lambda call: services.lift_freeze(freeze=call.object),
                     goto=lambda _result: reverse("service_mgmt_changes:freeze-list")),
    ],
)  # fmt: skip

FREEZE_CREATE = pages.FormPage(
    name="service_mgmt_changes:freeze-create",
    title=_("New freeze"),
    form=forms.FreezeForm,
    permission="service_mgmt_changes.add_freeze",
    door=lambda call: services.freeze(**call.data),
)
FREEZE_EDIT = pages.FormPage(
    name="service_mgmt_changes:freeze-edit",
    title=_("Edit"),
    form=forms.FreezeForm,
    detail=FREEZE,
    permission="service_mgmt_changes.change_freeze",
    initial=lambda freeze: {name: getattr(freeze, name) for name in ("name", "start", "end")},
    door=lambda call: services.change_freeze(freeze=call.object, version=call.version, **call.data),
)
