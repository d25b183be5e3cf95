"""Health of elements, limits, and charts of what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import clock, jobs, pages
from kernel.filtering import Filter
from kernel.permissions import requires
from kernel.slots import slot
from oss.inventory.models import NetworkElement, Port
from oss.monitoring import forms, services
from oss.monitoring.models import ElementHealth, Feed, Metric, Reachability, Threshold
from oss.monitoring.services.polling import POLL_BATCH

RANGES: Mapping[str, tuple[Any, timedelta]] = {
    "1h": (_("1 hour"), timedelta(hours=1)),
    "6h": (_("6 hours"), timedelta(hours=6)),
    "1d": (_("1 day"), timedelta(days=1)),
    "7d": (_("7 days"), timedelta(days=7)),
    "30d": (_("30 days"), timedelta(days=30)),
}
TRAFFIC = ("port.in", "port.out")
TROUBLE = ("port.in_errors", "port.out_errors", "port.in_discards", "port.out_discards")
POINTS = 400
CHART_UNITS = {"bit/s": "bits", "%": "percent"}

# (port or element id, start, end) → [(moment, words)]: what an upper layer marks on charts.
marks_slot = slot("oss_monitoring.marks")
Marks = list[tuple[datetime, Any]]

STATE = pages.badges(
    "oss_monitoring.health", Reachability, up="green check", silent="red x", never="grey minus"
)


class Activity(models.TextChoices):
    """Words for `active`."""

    ON = "on", _("Active")
    OFF = "off", _("Off")


ACTIVE = pages.badges("oss_monitoring.threshold", Activity, on="green check", off="grey minus end")


def _health(user: Any) -> QuerySet[ElementHealth]:
    return ElementHealth.objects.visible_to(user).select_related("element__location")


HEALTH = pages.List(
    name="oss_monitoring:health-list",
    model=ElementHealth,
    title=_("Element health"),
    icon="gauge",
    section="assurance",
    order=50,
    rows=_health,
    columns=[
        pages.Column("element", _("Device"), link="element", sort="element__name"),
        pages.Column("state", _("State"), badge=STATE, sort="reachable"),
        pages.Column("since", _("Since"), kind="when", sort=True),
        pages.Column("last_answered", _("Last answered"), kind="when", sort=True),
        pages.Column("misses", _("Misses"), kind="number", sort=True),
        pages.Column("booted", _("Running since"), kind="when", sort=True),
        pages.Column(
            "site", _("Site"), "element.location", link="element.location", sort="element__location__code"
        ),
        pages.Column("error", _("Last error"), sort=True, hidden=True),
    ],
    filters=[
        Filter("element", "element__name", "text", _("Device")),
        Filter("reachable", "reachable", "bool", _("Reachable")),
        Filter("site", "element__location__code", "text", _("Site")),
        Filter("since", "since", "datetime", _("Since")),
    ],
    search=("element__name",),
    default_sort="element",
    views=[("silent", _("Silent"), "reachable=false")],
    live=True,
    row_class=lambda row: "danger" if row.reachable is False else "",
    subtitle=lambda request: feeds_words(),
    empty=pages.Empty(_("Devices with a management endpoint are polled, and stand here from then on.")),
)


def feeds_words() -> str:
    """What the silent feeds are, in words; empty when all speak."""
    silent = services.silent_feeds()
    if not silent:
        return ""
    names = ", ".join(f"{feed.name} ({feed.last_heard:%H:%M:%S} UTC)" for feed in silent)
    return _t("Silent feeds: %(names)s. What they would tell is unknown.") % {"names": names}


def _thresholds(user: Any) -> QuerySet[Threshold]:
    return Threshold.objects.visible_to(user).select_related("metric", "element", "port__element")


def _object(threshold: Threshold) -> str:
    return str(threshold.port or threshold.element or _t("Everything"))


def _value(name: str) -> Any:
    def shown(threshold: Threshold) -> str:
        unit = "%" if threshold.of_speed else threshold.metric.unit
        return f"{getattr(threshold, name):g} {unit}".strip()

    return shown


THRESHOLDS = pages.List(
    name="oss_monitoring:threshold-list",
    model=Threshold,
    title=_("Limits"),
    icon="adjustments",
    section="assurance",
    order=60,
    rows=_thresholds,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True, hidden=True),
        pages.Column("name", _("Name"), link=True, sort=True),
        pages.Column("metric", _("Metric"), "metric.label", sort="metric__code"),
        pages.Column("object", _("Object"), _object),
        pages.Column("direction", _("Direction"), "get_direction_display", sort="direction"),
        pages.Column("limit", _("Limit"), _value("limit"), sort="limit"),
        pages.Column("clear_limit", _("Clears at"), _value("clear_limit"), sort="clear_limit"),
        pages.Column("samples", _("Values in a row"), kind="number", sort=True),
        pages.Column("severity", _("Severity"), badge="severity", sort=True),
        pages.Column(
            "active", _("Active"), lambda row: "on" if row.active else "off", badge=ACTIVE, sort="active"
        ),
    ],
    filters=[
        Filter("metric", "metric__code", "text", _("Metric")),
        Filter("severity", "severity", "choice", _("Severity"), choices=Threshold.Severity.choices),
        Filter("active", "active", "bool", _("Active")),
        Filter("element", "element__name", "text", _("Device")),
    ],
    search=("number", "name", "metric__code"),
    default_sort="name",
    create="oss_monitoring:threshold-create",
    empty=pages.Empty(_("A limit raises an alarm when a metric stays beyond it.")),
)

THRESHOLD = pages.Detail(
    name="oss_monitoring:threshold-detail",
    model=Threshold,
    title="name",
    rows=_thresholds,
    list=THRESHOLDS,
    status=(lambda row: "on" if row.active else "off", ACTIVE),
    edit="oss_monitoring:threshold-edit",
    identify=("number",),
    find=("name",),
    words=("limit",),
    facts=[
        pages.Fact(_("Metric"), "metric.label"),
        pages.Fact(_("Object"), _object),
        pages.Fact(_("Limit"), _value("limit")),
        pages.Fact(_("Clears at"), _value("clear_limit")),
        pages.Fact(_("Values in a row"), "samples", kind="number"),
        pages.Fact(_("Severity"), "severity", badge="severity"),
    ],
    restore=lambda call: services.change_threshold(threshold=call.object, **call.data),
)
THRESHOLD_CREATE = pages.FormPage(
    name="oss_monitoring:threshold-create",
    title=_("New limit"),
    form=forms.ThresholdForm,
    permission="oss_monitoring.add_threshold",
    door=lambda call: services.add_threshold(**call.data),
)
THRESHOLD_EDIT = pages.FormPage(
    name="oss_monitoring:threshold-edit",
    title=_("Change limit"),
    form=forms.ThresholdForm,
    detail=THRESHOLD,
    permission="oss_monitoring.change_threshold",
    door=lambda call: services.change_threshold(threshold=call.object, version=call.version, **call.data),
)


# --- charts


def chart(
    title: Any, codes: tuple[str, ...], *, start: datetime, end: datetime, port: Port | None = None,
    element: NetworkElement | None = None, marks: Marks | None = None,
) -> pages.LineChart:  # fmt: skip
    """One picture of some metrics of a port or an element over [start, end); gaps are drawn as gaps.

    `marks`: what `marks_of` said, where several pictures share it.
    """
    metrics = {metric.code: metric for metric in Metric.objects.filter(code__in=codes)}
    lines = []
    for code in codes:
        points = services.series(port=port, element=element, metric=code, start=start, end=end, points=POINTS)
        lines.append(pages.Series(metrics[code].label, [(point.at, point.value) for point in points]))
    return pages.LineChart(
        title=title,
        series=lines,
        unit=CHART_UNITS.get(metrics[codes[0]].unit, ""),
        marks=marks_of(port or element, start, end) if marks is None else marks,
    )


def marks_of(about: Port | NetworkElement | None, start: datetime, end: datetime) -> Marks:
    """What happened to a port or an element in [start, end), as those above tell it, in order of time."""
    if about is None:
        return []
    return sorted((mark for marks in marks_slot.call(about.pk, start, end) for mark in marks), key=_moment)


def _moment(mark: tuple[datetime, Any]) -> datetime:
    return mark[0]


def charts_of_port(port: Port, start: datetime, end: datetime) -> list[pages.LineChart]:
    """Traffic and trouble of a port."""
    marks = marks_of(port, start, end)
    return [
        chart(_("Traffic"), TRAFFIC, start=start, end=end, port=port, marks=marks),
        chart(_("Errors and discards, 1/s"), TROUBLE, start=start, end=end, port=port, marks=marks),
    ]


def charts_of_element(element: NetworkElement, start: datetime, end: datetime) -> list[pages.LineChart]:
    """The gauges of an element, those of one unit together."""
    by_unit: dict[str, list[str]] = {}
    for metric in (
        Metric.objects.filter(scope=Metric.Scope.ELEMENT, series__element=element).distinct().order_by("code")
    ):
        by_unit.setdefault(metric.unit, []).append(metric.code)
    names = {"%": _("Load, %"), "°C": _("Temperature, °C")}
    marks = marks_of(element, start, end) if by_unit else []
    return [
        chart(
            names.get(unit, unit or _("Number")),
            tuple(codes),
            start=start,
            end=end,
            element=element,
            marks=marks,
        )
        for unit, codes in by_unit.items()
    ]


@requires("oss_monitoring.view_metric")
def explore(request: HttpRequest) -> HttpResponse:
    """Charts of one port or device over a range that stands in the address."""
    span = request.GET.get("range", "6h")
    span = span if span in RANGES else "6h"
    end = clock.now()
    start = end - RANGES[span][1]
    name, wanted = request.GET.get("element", "").strip(), request.GET.get("port", "").strip()
    element = NetworkElement.objects.visible_to(request.user).filter(name=name).first()
    ports = (
        list(Port.objects.visible_to(request.user).filter(element=element).order_by("if_index", "name"))
        if element
        else []
    )
    port = next((row for row in ports if row.name == wanted), None)
    if port is not None and element is not None:
        port.element = element
    charts = (
        charts_of_port(port, start, end)
        if port
        else charts_of_element(element, start, end)
        if element
        else []
    )
    context = {
        "title": _t("Explore"),
        "element": element,
        "name": name,
        "port": port,
        "ports": ports,
        "range": span,
        "ranges": [(key, label) for key, (label, _span) in RANGES.items()],
        "charts": charts,
        "silent": feeds_words(),
    }
    return pages.render(
        request, "oss/monitoring/explore.html", context, partial="oss/monitoring/_explore.html"
    )


MENU = [
    pages.MenuItem(
        "assurance",
        _("Explore"),
        "oss_monitoring:explore",
        "oss_monitoring.view_metric",
        "chart-line",
        order=55,
    )
]


def _port_charts(port: Port, user: Any) -> Mapping[str, Any]:
    end = clock.now()
    return {
        # Traffic alone: the tab keeps its query budget, the explorer shows the rest.
        "charts": [chart(_("Traffic"), TRAFFIC, start=end - RANGES["6h"][1], end=end, port=port)],
        "element": port.element.name,
        "port": port.name,
    }


def _element_charts(element: NetworkElement, user: Any) -> Mapping[str, Any]:
    end = clock.now()
    return {
        "charts": charts_of_element(element, end - RANGES["6h"][1], end),
        "element": element.name,
        "port": "",
    }


def _health_panel(element: NetworkElement, user: Any) -> Mapping[str, Any]:
    health = ElementHealth.objects.filter(element=element).first()
    return {
        "health": health,
        "state": health.state if health else "never",
        "feed": Feed.objects.filter(name="poll").first(),
    }


def _poll_now(call: pages.Call) -> Any:
    jobs.enqueue(POLL_BATCH, [str(call.object.pk)])
    return call.object


pages.extend(
    "oss_inventory:port-detail",
    tabs=[
        pages.Tab(
            "charts", _("Performance"), template="oss/monitoring/_charts.html", context=_port_charts,
            permission="oss_monitoring.view_metric",
        )
    ],
)  # fmt: skip
pages.extend(
    "oss_inventory:element-detail",
    tabs=[
        pages.Tab(
            "charts", _("Performance"), template="oss/monitoring/_charts.html", context=_element_charts,
            permission="oss_monitoring.view_metric",
        )
    ],
    rail=[
        pages.Panel(
            "health", _("Health"), "oss/monitoring/_health.html", context=_health_panel,
            permission="oss_monitoring.view_elementhealth",
        )
    ],
    actions=[
        pages.Action(
            "poll", _("Poll now"), permission="oss_monitoring.poll_element", run=_poll_now, icon="refresh",
            done=_("A poll was asked for; its result appears by itself"),
        )
    ],
)  # fmt: skip
