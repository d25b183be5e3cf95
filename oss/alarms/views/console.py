"""The alarm console and an alarm’s page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from oss.alarms import forms, services
from oss.alarms.models import (
    AckState,
    Alarm,
    AlarmNotification,
    AlarmType,
    ProbableCause,
    Severity,
    State,
)
from oss.alarms.views.badges import ACK, CLEAR, COMMENT, GROUP, STATE
from oss.monitoring.services import silent_feeds

NOTES_SHOWN = 200


def _alarms(user: Any) -> QuerySet[Alarm]:
    symptoms = (
        Alarm.objects.filter(root=OuterRef("pk"))
        .order_by()
        .values("root")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return (
        Alarm.objects.visible_to(user)
        .select_related("element", "port__element", "link", "location", "acked_by", "root")
        .annotate(symptom_count=Coalesce(Subquery(symptoms, output_field=IntegerField()), 0))
    )


def subject(alarm: Alarm) -> Any:
    """The most exact object an alarm is about."""
    return alarm.port or alarm.link or alarm.element or alarm.location


def feeds_banner(request: HttpRequest) -> Any:
    """Which sources are silent: then "no alarm" is not "all green"."""
    silent = silent_feeds()
    if not silent:
        return ""
    names = ", ".join(f"{feed.name} ({feed.last_heard:%H:%M:%S} UTC)" for feed in silent)
    return _t("Silent feeds: %(names)s. What they would tell is unknown.") % {"names": names}


def _acked(alarm: Alarm) -> Any:
    if not alarm.is_acknowledged:
        return ""
    note = alarm.ack_note or str(alarm.acked_by or "")
    return format_html('<span title="{}">{}</span>', note, alarm.acked_by or _t("Yes"))


def _only_open(alarm: Alarm, user: Any) -> str:
    return "" if alarm.is_open else _t("The alarm is over")


def _only_acked(alarm: Alarm, user: Any) -> str:
    return _only_open(alarm, user) or ("" if alarm.is_acknowledged else _t("It is not acknowledged"))


def _only_symptom(alarm: Alarm, user: Any) -> str:
    return "" if alarm.root_id else _t("It belongs to no root")


def _acknowledge(call: pages.Call) -> Iterable[Alarm]:
    services.acknowledge(call.objects, by=call.user, symptoms=True, **call.data)
    return call.objects


def _unacknowledge(call: pages.Call) -> Iterable[Alarm]:
    services.unacknowledge(call.objects, symptoms=True, reason=call.data.get("reason", ""))
    return call.objects


def _clear(call: pages.Call) -> Iterable[Alarm]:
    services.clear_many(list(call.objects), evidence=call.data["evidence"])
    return call.objects


def _group(call: pages.Call) -> Iterable[Alarm]:
    services.group(root=call.data["root"], alarms=call.objects, by=call.user, note=call.data["note"])
    return call.objects


def _of_element(operator: str, values: tuple[str, ...]) -> Q:
    """On an element, its ports, or a link that ends there."""
    match = (
        Q(element__name__in=values)
        | Q(link__port_a__element__name__in=values)
        | Q(link__port_b__element__name__in=values)
    )
    return ~match if operator == "not" else match


ALARMS = pages.List(
    name="oss_alarms:alarm-list",
    model=Alarm,
    title=_("Alarms"),
    icon="bell",
    section="assurance",
    order=10,
    key="a",
    rows=_alarms,
    columns=[
        pages.Column("severity", _("Severity"), "perceived_severity", badge="severity", sort="severity_rank"),
        pages.Column("number", _("Number"), link=True, sort=True, hidden=True),
        pages.Column("problem", _("Problem"), "specific_problem", link=True, sort="specific_problem"),
        pages.Column("object", _("Object"), "object_name", link=subject, sort=("element__name", "port__name")),
        pages.Column("symptoms", _("Symptoms"), "symptom_count", kind="number", sort="symptom_count"),
        pages.Column("raised", _("First raised"), kind="time", sort=True),
        pages.Column("last_raised", _("Last raised"), kind="time", sort=True, hidden=True),
        pages.Column("count", _("Count"), kind="number", sort=True),
        pages.Column("acked", _("Acknowledged"), _acked, kind="html", sort="acked_by__username"),
        pages.Column("cause", _("Probable cause"), "get_probable_cause_display", sort="probable_cause", hidden=True),
        pages.Column("type", _("Type"), "get_alarm_type_display", sort="alarm_type", hidden=True),
        pages.Column("state", _("State"), badge=STATE, sort=True, hidden=True),
        pages.Column("cleared", _("Cleared"), kind="time", sort=True, hidden=True),
        pages.Column("root", _("Root"), "root.number", link="root", sort="root__number", hidden=True),
        pages.Column("planned", _("In maintenance"), "planned_outage", kind="bool", sort="planned_outage", hidden=True),
        pages.Column("flapping", _("Flapping"), kind="bool", sort=True, hidden=True),
        pages.Column("source", _("Source"), "get_source_display", sort="source", hidden=True),
    ],
    filters=[
        Filter("severity", "perceived_severity", "choice", _("Severity"), choices=Severity.choices),
        Filter("state", "state", "choice", _("State"), choices=State.choices),
        Filter("ack", "ack_state", "choice", _("Acknowledgement"), choices=AckState.choices),
        Filter("element", "element__name", "text", _("Device"), operators=("eq", "not", "in"), build=_of_element),
        Filter("site", "element__location__code", "text", _("Site")),
        Filter("vendor", "element__device_type__manufacturer__name", "text", _("Manufacturer")),
        Filter("port", "port", "uuid", _("Port"), operators=("eq",)),
        Filter("link", "link__name", "text", _("Link")),
        Filter("root", "root__number", "text", _("Root")),
        Filter("cause", "probable_cause", "choice", _("Probable cause"), choices=ProbableCause.choices),
        Filter("type", "alarm_type", "choice", _("Type"), choices=AlarmType.choices),
        Filter("planned", "planned_outage", "bool", _("In maintenance")),
        Filter("affecting", "service_affecting", "bool", _("Service affecting")),
        Filter("raised", "raised", "datetime", _("First raised")),
        Filter("system", "system", "text", _("Source system")),
    ],
    search=("number", "specific_problem", "element__name", "port__name", "link__name", "external_id"),
    default_sort="severity,-raised",
    default_view="state__not=cleared&root__empty=true&planned=false",
    views=[
        ("open", _("All open"), "state__not=cleared"),
        ("unacked", _("Not acknowledged"), "state__not=cleared&root__empty=true&planned=false&ack=unacknowledged"),
        ("planned", _("In maintenance"), "state__not=cleared&planned=true"),
        ("cleared", _("Cleared"), "state=cleared&sort=-cleared"),
    ],
    live=True,
    subtitle=feeds_banner,
    row_class=lambda row: "muted" if row.planned_outage or not row.is_open else "",
    empty=pages.Empty(
        _("Alarms are what the network says is wrong; each stands here until its end is seen."),
        nothing_wrong=_("No open alarm, and every feed is alive."),
    ),
    bulk=[
        pages.Bulk(
            "ack", _("Acknowledge"), permission=ACK, form=forms.AckForm, run=_acknowledge, why_not=_only_open,
            icon="check", shortcut="a",
        ),
        pages.Bulk(
            "unack", _("Take acknowledgement back"), permission=ACK, form=forms.ReasonForm, run=_unacknowledge,
            why_not=_only_acked, shortcut="u",
        ),
        pages.Bulk(
            "clear", _("Clear by hand"), permission=CLEAR, form=forms.ClearForm, run=_clear, why_not=_only_open,
            danger=True,
        ),
        pages.Bulk("group", _("Group under a root"), permission=GROUP, form=forms.GroupForm, run=_group),
    ],
)  # fmt: skip


def _overview(alarm: Alarm, user: Any) -> Mapping[str, Any]:
    return {
        "because": services.because(alarm.because),
        "details": [(name, value) for name, value in alarm.details.items() if value],
        "sources": [
            dict(Alarm._meta.get_field("source").choices or ()).get(name, name) for name in alarm.sources
        ],
    }


def _timeline(alarm: Alarm) -> Iterable[pages.Entry]:
    for remark in alarm.remarks.order_by("-at")[:50]:
        yield pages.Entry(remark.at, _("Comment"), "comment", remark.text, remark.author_label, "message")
    for note in AlarmNotification.objects.filter(alarm_id=alarm.pk).order_by("-arrived")[:50]:
        yield pages.Entry(
            note.at, note.get_outcome_display(), "event", note.text, note.get_source_display(), "bell"
        )


def _notifications(alarm: Alarm, user: Any) -> Mapping[str, Any]:
    rows = list(AlarmNotification.objects.filter(alarm_id=alarm.pk).order_by("-arrived")[: NOTES_SHOWN + 1])
    return {"rows": rows[:NOTES_SHOWN], "more": len(rows) > NOTES_SHOWN}


def _one(door: Any) -> Any:
    """A bulk door called for the one alarm of a page."""

    def run(call: pages.Call) -> Any:
        return door(replace(call, objects=[call.object]))

    return run


ALARM = pages.Detail(
    name="oss_alarms:alarm-detail",
    model=Alarm,
    title="specific_problem",
    rows=_alarms,
    list=ALARMS,
    status=("perceived_severity", "severity"),
    identify=("number",),
    find=("specific_problem",),
    states={"open": {"state__in": ["raised", "updated"]}, "cleared": {"state": "cleared"}},
    words=("alarm",),
    facts=[
        pages.Fact(_("Object"), "object_name", link=subject),
        pages.Fact(_("State"), "state", badge=STATE),
        pages.Fact(_("First raised"), "raised", kind="time"),
        pages.Fact(_("Cleared"), "cleared", kind="time"),
        pages.Fact(_("Count"), "count", kind="number"),
        pages.Fact(_("Root"), "root.number", link="root"),
    ],
    overview="oss/alarms/_alarm.html",
    context=_overview,
    actions=[
        pages.Action(
            "ack", _("Acknowledge"), permission=ACK, form=forms.AckForm, run=_one(_acknowledge), why_not=_only_open,
            primary=True, icon="check", shortcut="a",
        ),
        pages.Action(
            "unack", _("Take acknowledgement back"), permission=ACK, form=forms.ReasonForm, run=_one(_unacknowledge),
            why_not=_only_acked, shortcut="u",
        ),
        pages.Action(
            "clear", _("Clear by hand"), permission=CLEAR, form=forms.ClearForm, run=_one(_clear), why_not=_only_open,
            secondary=True, danger=True, icon="circle-check",
        ),
        pages.Action(
            "comment", _("Comment"), permission=COMMENT, form=forms.CommentForm, secondary=True, icon="message",
            run=lambda call: services.comment(alarm=call.object, text=call.data["text"], by=call.user),
        ),
        pages.Action("group", _("Group under a root"), permission=GROUP, form=forms.GroupForm, run=_one(_group)),
        pages.Action(
            "ungroup", _("Does not belong to its root"), permission=GROUP, form=forms.ReasonForm, why_not=_only_symptom,
            run=lambda call: services.ungroup(alarms=[call.object], by=call.user, note=call.data["reason"]),
        ),
        pages.Action(
            "accept", _("Belongs to its root"), permission=GROUP, why_not=_only_symptom,
            run=lambda call: services.accept_grouping(alarms=[call.object], by=call.user),
        ),
    ],
    tabs=[
        pages.Tab("symptoms", _("Symptoms"), list=ALARMS, lock=lambda alarm: {"root": alarm.number}),
        pages.Tab("messages", _("Messages"), template="oss/alarms/_messages.html", context=_notifications),
    ],
    timeline=_timeline,
    comments=False,
    live=True,
)  # fmt: skip
