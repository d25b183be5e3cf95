"""Classes of service level, and the agreements made by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, pages
from kernel.filtering import Filter
from service_mgmt.levels import forms, services
from service_mgmt.levels.models import SlaAgreement, SlaClockEvent, SlaDefinition
from service_mgmt.levels.views.badges import CHANGE, EVENT, VOID, availability, month_name

EVENTS_SHOWN = 100


def _definitions(user: Any) -> QuerySet[SlaDefinition]:
    return SlaDefinition.objects.visible_to(user).select_related("calendar")


def _hours(definition: SlaDefinition) -> str:
    return str(definition.calendar) if definition.calendar else "24 × 7"


DEFINITIONS = pages.List(
    name="service_mgmt_levels:definition-list", model=SlaDefinition, title=_("Service level classes"), icon="gauge",
    section="service", order=60, rows=_definitions,
    columns=[
        pages.Column("code", _("Code"), link=True, sort=True),
        pages.Column("name", _("Name"), sort="name_en"),
        pages.Column("target", _("Availability"), lambda row: availability(row.availability_target),
                     sort="availability_target", export=lambda row: row.availability_target),
        pages.Column("hours", _("Agreed hours"), _hours),
        pages.Column("restore", _("Time to restore"), "time_to_restore", kind="duration", sort="time_to_restore"),
        pages.Column("cap", _("Most a month"), "cap_percent", kind="percent", sort="cap_percent"),
        pages.Column("pre_agreed", _("Without approval"), kind="bool", sort=True),
    ],
    filters=[Filter("code", "code", "text", _("Code"))],
    search=("code", "name_en", "name_fr"), default_sort="code", create="service_mgmt_levels:definition-create",
    empty=pages.Empty(_("A class of service level says what is promised and what a broken promise is worth.")),
)  # fmt: skip

DEFINITION = pages.Detail(
    name="service_mgmt_levels:definition-detail", model=SlaDefinition, title="name", rows=_definitions,
    list=DEFINITIONS, edit="service_mgmt_levels:definition-edit", find=("code", "name_en", "name_fr"),
    overview="service_mgmt/levels/_definition.html", words=("sla",),
    facts=[
        pages.Fact(_("Code"), "code", kind="code"),
        pages.Fact(_("Availability"), lambda row: availability(row.availability_target)),
        pages.Fact(_("Agreed hours"), _hours),
        pages.Fact(_("Time to restore"), "time_to_restore", kind="duration"),
        pages.Fact(_("Most a month"), "cap_percent", kind="percent"),
        pages.Fact(_("Without approval"), "pre_agreed", kind="bool"),
    ],
    tabs=[
        pages.Tab("agreements", pgettext_lazy("service level", "Agreements"), list="service_mgmt_levels:agreement-list",
                  lock=lambda definition: {"class": definition.code}),
    ],
)  # fmt: skip

DEFINITION_CREATE = pages.FormPage(
    name="service_mgmt_levels:definition-create", title=_("New service level class"), form=forms.DefinitionForm,
    permission="service_mgmt_levels.add_sladefinition", door=lambda call: services.define(**call.data),
)  # fmt: skip
DEFINITION_EDIT = pages.FormPage(
    name="service_mgmt_levels:definition-edit", title=_("Edit"), form=forms.DefinitionEditForm, detail=DEFINITION,
    permission=CHANGE, initial=forms.values_of,
    door=lambda call: services.change_definition(definition=call.object, version=call.version, **call.data),
)  # fmt: skip


def _agreements(user: Any) -> QuerySet[SlaAgreement]:
    return SlaAgreement.objects.visible_to(user).select_related(
        "customer__party", "service", "product__offering", "definition__calendar"
    )


AGREEMENTS = pages.List(
    name="service_mgmt_levels:agreement-list", model=SlaAgreement, title=_("Service level agreements"),
    icon="heart-handshake", section="service", order=50, rows=_agreements,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("customer", _("Customer"), "customer.party", link="customer", sort="customer__party__name"),
        pages.Column("service", _("Service"), link="service", sort="service__number"),
        pages.Column("class", _("Class"), "definition.code", link="definition", sort="definition__code"),
        pages.Column("target", _("Availability"), lambda row: availability(row.definition.availability_target),
                     sort="definition__availability_target"),
        pages.Column("starts", pgettext_lazy("period", "From"), kind="time", sort=True),
        pages.Column("ends", _("Until"), kind="time", sort=True),
        pages.Column("product", _("Product"), link="product", hidden=True),
    ],
    filters=[
        Filter("customer", "customer__number", "text", _("Customer")),
        Filter("service", "service__number", "text", _("Service")),
        Filter("product", "product__number", "text", _("Product")),
        Filter("class", "definition__code", "text", _("Class")),
        Filter("starts", "starts", "datetime", pgettext_lazy("period", "From")),
        Filter("ends", "ends", "datetime", _("Until")),
    ],
    search=("number", "customer__party__name", "service__number"), default_sort="-starts",
    views=[("running", _("Running"), "ends__empty=true")],
    empty=pages.Empty(_("An agreement begins when a service with a promised level is activated.")),
)  # fmt: skip


def _standing(agreement: SlaAgreement, user: Any) -> Mapping[str, Any]:
    """This month so far, and the latest lines of the log."""
    now = clock.now()
    forecast = services.forecast(agreement=agreement, at=now)
    log = (
        SlaClockEvent.objects.visible_to(user)
        .filter(service=agreement.service_id)
        .select_related("incident", "voids")
        .prefetch_related("voided_by")
        .order_by("-at", "-id")
    )
    return {
        "forecast": forecast,
        "month": month_name(forecast.month),
        "measured": forecast.measured,
        "availability": availability(forecast.measured.availability),
        "likely": availability(forecast.likely),
        "target": availability(agreement.definition.availability_target),
        "log": list(log[:EVENTS_SHOWN]) if user.has_perm("service_mgmt_levels.view_slaclockevent") else [],
    }


AGREEMENT = pages.Detail(
    name="service_mgmt_levels:agreement-detail", model=SlaAgreement, title="number", rows=_agreements,
    list=AGREEMENTS, identify=("number",), words=("agreement",), overview="service_mgmt/levels/_agreement.html",
    context=_standing, live=True,
    facts=[
        pages.Fact(_("Customer"), "customer.party", link="customer"),
        pages.Fact(_("Service"), "service", link="service"),
        pages.Fact(_("Product"), "product", link="product"),
        pages.Fact(_("Class"), "definition.name", link="definition"),
        pages.Fact(pgettext_lazy("period", "From"), "starts", kind="time"),
        pages.Fact(_("Until"), "ends", kind="time"),
    ],
    tabs=[
        pages.Tab("results", _("Months"), list="service_mgmt_levels:result-list",
                  lock=lambda agreement: {"agreement": agreement.number}),
        pages.Tab("outages", _("Outages"), list="service_mgmt_levels:impact-list",
                  lock=lambda agreement: {"service": agreement.service.number}),
    ],
)  # fmt: skip


def _events(user: Any) -> QuerySet[SlaClockEvent]:
    return SlaClockEvent.objects.visible_to(user).select_related("service", "incident")


CLOCK_EVENTS = pages.List(
    name="service_mgmt_levels:event-list", model=SlaClockEvent, title=_("Clock log"), icon="stopwatch",
    section="service", order=80, rows=_events, keyset=True,
    columns=[
        pages.Column("at", _("At"), kind="time", link=True),
        pages.Column("kind", _("What"), badge=EVENT),
        pages.Column("service", _("Service"), link="service"),
        pages.Column("cause", _("Because of"), "cause_label"),
        pages.Column("notified", _("Customer told"), kind="time"),
        pages.Column("by", _("By"), "by_label"),
        pages.Column("recorded", _("Recorded"), kind="time"),
    ],
    filters=[
        Filter("kind", "kind", "choice", _("What"), choices=SlaClockEvent.Kind.choices),
        Filter("service", "service__number", "text", _("Service")),
        Filter("cause", "cause_label", "text", _("Because of")),
        Filter("at", "at", "datetime", _("At")),
    ],
    default_sort="-at",
    empty=pages.Empty(_("Here stands when which service was down, in planned work or paused.")),
)  # fmt: skip


def _voidable(event: SlaClockEvent, _user: Any) -> str:
    if event.kind == SlaClockEvent.Kind.VOID or event.voided_by.exists():
        return _t("This was taken back already")
    return ""


CLOCK_EVENT = pages.Detail(
    name="service_mgmt_levels:event-detail", model=SlaClockEvent, title=str, rows=_events, list=CLOCK_EVENTS,
    comments=False,
    facts=[
        pages.Fact(_("What"), "kind", badge=EVENT),
        pages.Fact(_("At"), "at", kind="time"),
        pages.Fact(_("Service"), "service", link="service"),
        pages.Fact(_("Incident"), "incident", link="incident"),
    ],
    fields=[
        pages.Fact(_("Because of"), "cause_label"),
        pages.Fact(_("Customer told"), "notified", kind="time"),
        pages.Fact(_("By"), "by_label"),
        pages.Fact(_("Recorded"), "recorded", kind="time"),
        pages.Fact(_("Evidence"), lambda event: ", ".join(f"{k}: {v}" for k, v in event.evidence.items())),
    ],
    actions=[
        pages.Action("void", _("Take back"), permission=VOID, danger=True, form=forms.ReasonForm, why_not=_voidable,
                     run=lambda call: services.take_back(event=call.object, **call.data)),
    ],
)  # fmt: skip
