"""Which incident hit which service, on the pages of both, and what customers were told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db.models import Count, QuerySet
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from bss.care.models import Notice, TroubleTicket
from kernel import clock, pages
from kernel.filtering import Filter
from oss.incidents.models import Incident
from oss.incidents.services import communications_slot, impact_slot
from service_mgmt.levels import services
from service_mgmt.levels.models import OutageImpact, SlaAgreement
from service_mgmt.levels.views.badges import EFFECT
from service_mgmt.levels.views.results import VIEW, report_url

SERVICES_SHOWN = 50


def _impacts(user: Any) -> QuerySet[OutageImpact]:
    return OutageImpact.objects.visible_to(user).select_related(
        "incident", "service__customer__party", "service__product"
    )


IMPACTS = pages.List(
    name="service_mgmt_levels:impact-list", model=OutageImpact, title=_("Outages by service"), icon="unlink",
    section="service", order=70, rows=_impacts,
    columns=[
        pages.Column("incident", _("Incident"), "incident.number", link="incident", sort="incident__number"),
        pages.Column("service", _("Service"), link="service", sort="service__number"),
        pages.Column("customer", _("Customer"), "service.customer.party", link="service.customer",
                     sort="service__customer__party__name"),
        pages.Column("effect", _("Effect"), badge=EFFECT, sort=True),
        pages.Column("since", _("Since"), kind="time", sort=True),
        pages.Column("until", _("Until"), kind="time", sort=True),
        pages.Column("because", _("Because of"), sort=True),
        pages.Column("product", _("Product"), "service.product", link="service.product", hidden=True),
    ],
    filters=[
        Filter("incident", "incident__number", "text", _("Incident")),
        Filter("service", "service__number", "text", _("Service")),
        Filter("customer", "service__customer__number", "text", _("Customer")),
        Filter("effect", "effect", "choice", _("Effect"), choices=OutageImpact.Effect.choices),
        Filter("since", "since", "datetime", _("Since")),
        Filter("until", "until", "datetime", _("Until")),
    ],
    search=("incident__number", "service__number", "service__customer__party__name"), default_sort="-since",
    views=[("now", _("Now"), "until__empty=true")],
    live=True,
    empty=pages.Empty(_("Here stands which incident hit which service."), nothing_wrong=_("No service is out.")),
)  # fmt: skip


def impact_of_incident(incident: Incident) -> Any:
    """The impact tab of an incident: counts, and the services with what is left of their promise."""
    counts = dict(
        OutageImpact.objects.filter(incident=incident)
        .values_list("effect")
        .annotate(n=Count("service", distinct=True))
        .order_by()
    )
    rows = list(
        OutageImpact.objects.filter(incident=incident)
        .select_related("service__customer__party", "service__product__offering")
        .order_by("until", "effect", "id")[:SERVICES_SHOWN]
    )
    agreements = SlaAgreement.objects.filter(service__in=[row.service_id for row in rows], ends=None)
    by_service = {row.service_id: row for row in agreements.select_related("definition__calendar")}
    forecasts = services.forecasts(agreements=by_service.values(), at=clock.now())
    lines = [
        {
            "row": row,
            "agreement": by_service.get(row.service_id),
            "forecast": forecasts.get(by_service[row.service_id].pk)
            if row.service_id in by_service
            else None,
        }
        for row in rows
    ]
    # What runs out of its promise first stands first.
    lines.sort(key=lambda line: (line["row"].until is not None, _left(line["forecast"])))
    total = sum(counts.values())
    return render_to_string(
        "service_mgmt/levels/_impact.html",
        {
            "object": incident,
            "counts": [
                (effect.label, effect.value, counts.get(effect.value, 0)) for effect in OutageImpact.Effect
            ],
            "lines": lines,
            "more": max(0, total - len(rows)),
        },
    )


def _left(forecast: Any) -> float:
    return float(forecast.left.total_seconds()) if forecast is not None else float("inf")


def told_of_incident(incident: Incident) -> Any:
    """The communications tab of an incident: how many customers were told what, and their tickets."""
    notices = Notice.objects.filter(story_label=incident.number).values_list("phase", "status", "language")
    tickets = (
        TroubleTicket.objects.filter(story_label=incident.number)
        .values_list("status")
        .annotate(n=Count("pk"))
    )
    labels, states = dict(Notice.Phase.choices), dict(Notice.Status.choices)
    found = Counter(notices)
    return render_to_string(
        "service_mgmt/levels/_told.html",
        {
            "object": incident,
            "notices": [
                (labels[phase], states[status], status, language, count)
                for (phase, status, language), count in sorted(found.items())
            ],
            "tickets": [
                (dict(TroubleTicket.Status.choices)[status], count) for status, count in tickets.order_by()
            ],
        },
    )


impact_slot.fill(impact_of_incident)
communications_slot.fill(told_of_incident)


def _known(customer: Any, user: Any) -> Mapping[str, Any]:
    return {
        "outages": services.known_outages(customer_id=customer.pk),
        "report": report_url(customer, clock.today()) if user.has_perm(VIEW) else "",
    }


pages.extend(
    "oss_incidents:incident-detail",
    tabs=[
        pages.Tab("services", _("Affected services"), list="service_mgmt_levels:impact-list",
                  lock=lambda incident: {"incident": incident.number}),
        pages.Tab("tickets", _("Tickets"), list="bss_care:ticket-list",
                  lock=lambda incident: {"story": incident.number}),
        pages.Tab("notices", _("Notices"), list="bss_care:notice-list",
                  lock=lambda incident: {"story": incident.number}),
    ],
)  # fmt: skip
pages.extend(
    "bss_customers:customer-detail",
    rail=[
        pages.Panel("known-outage", _("Known outages"), "service_mgmt/levels/_known.html", context=_known,
                    permission="service_mgmt_levels.view_outageimpact"),
    ],
    tabs=[
        pages.Tab("sla", _("Service levels"), list="service_mgmt_levels:result-list",
                  lock=lambda customer: {"customer": customer.number}),
        pages.Tab("outages", _("Outages"), list="service_mgmt_levels:impact-list",
                  lock=lambda customer: {"customer": customer.number}),
    ],
)  # fmt: skip
pages.extend(
    "service_mgmt_services:service-detail",
    tabs=[
        pages.Tab("agreements", _("Service levels"), list="service_mgmt_levels:agreement-list",
                  lock=lambda service: {"service": service.number}),
        pages.Tab("outages", _("Outages"), list="service_mgmt_levels:impact-list",
                  lock=lambda service: {"service": service.number}),
    ],
)  # fmt: skip
