"""TMF642 Alarm Management: alarms, and the tasks that act on many of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When, Window
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, RowNumber
from django.utils.translation import gettext as _

from kernel import filtering, tmf
from kernel.errors import Invalid
from oss.alarms import services
from oss.alarms.models import AckState, Alarm, AlarmType, Severity, State

ALARMS = tmf.Api("642", "Alarm Management", "/tmf-api/alarmManagement/v4", document="4.0.0")

SYMPTOMS_SHOWN = 100
REF = {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}
OBJECT_TYPES = (("port", "Port"), ("link", "Link"), ("element", "NetworkElement"), ("location", "Location"))


def _symptoms(keys: list[Any], user: tmf.User) -> dict[Any, list[dict[str, str]]]:
    """The first symptoms of each root."""
    ranked = (
        Alarm.objects.visible_to(user)
        .filter(root__in=keys)
        .annotate(rank=Window(RowNumber(), partition_by=F("root"), order_by=["raised", "pk"]))
        .filter(rank__lte=SYMPTOMS_SHOWN)
        .values_list("root_id", "pk", "number")
    )
    found: dict[Any, list[dict[str, str]]] = defaultdict(list)
    for root, pk, number in ranked:
        found[root].append({"id": str(pk), "name": number})
    return found


def _crossed(source: str, details: Mapping[str, Any], problem: str) -> dict[str, str] | None:
    if source != "threshold":
        return None
    return {
        "indicatorName": str(details.get("metric", "")),
        "observedValue": str(details.get("value", "")),
        "thresholdCrossingDescription": problem,
    }


@ALARMS.resource
class AlarmResource(tmf.Resource[Alarm]):
    """A condition of a managed object, from its first sign to its last. `correlatedAlarm` holds the first symptoms."""

    path, model, order, keyset = "alarm", Alarm, ("-raised", "-pk"), "raised"
    events = ("Create", "AttributeValueChange", "StateChange", "Delete")
    fields = (
        tmf.Text("sourceSystemId", "system", max_length=80, required=True, mandatory=True, create_only=True),
        tmf.Text("externalAlarmId", "external_id", max_length=120, create_only=True),
        tmf.Object(
            "alarmedObject", (tmf.Text("id", "object_id", required=True),), flat=True, required=True, mandatory=True,
            create_only=True,
        ),
        tmf.Text("alarmedObjectType", "object_type", read_only=True),
        tmf.Choice("alarmType", words=AlarmType, required=True, mandatory=True, create_only=True),
        tmf.Text("probableCause", max_length=40, required=True, mandatory=True, create_only=True),
        tmf.Choice("perceivedSeverity", words=Severity, required=True, mandatory=True),
        tmf.State("state", words=State, mandatory=True, required=True, create_only=True),
        tmf.DateTime("alarmRaisedTime", "raised", required=True, mandatory=True, create_only=True),
        tmf.DateTime("alarmChangedTime", "changed", read_only=True),
        tmf.DateTime("alarmClearedTime", "cleared", read_only=True),
        tmf.DateTime("alarmReportingTime", "arrived", read_only=True),
        tmf.Text("specificProblem", max_length=300),
        tmf.Text("proposedRepairedActions", "proposed_repair", max_length=300),
        tmf.Text("alarmDetails", "details__text", max_length=2000, create_only=True, sort=False, filter=False),
        tmf.Bool("serviceAffecting"),
        tmf.Choice("ackState", words=AckState),
        tmf.Text("ackUserId", "acked_by__username", read_only=True),
        tmf.Bool("isRootCause", "is_root", read_only=True),
        tmf.Choice(
            "plannedOutageIndicator", "planned_outage", words={True: "inPlannedMaintenance", False: "inService"},
            read_only=True,
        ),
        tmf.Number("count", integer=True, read_only=True, extension=True),
        tmf.Const("reportingSystemId", "trunkline"),
        tmf.Array(
            "parentAlarm", (tmf.Text("id", "root_id"), tmf.Text("name", "root__number"))
        ),
        tmf.Batch("correlatedAlarm", _symptoms, schema={"type": "array", "items": REF}),
        tmf.Many(
            "comment",
            "remarks",
            (
                tmf.Text("comment", "text"),
                tmf.Text("userId", "author_label"),
                tmf.Text("systemId", "system"),
                tmf.DateTime("time", "at"),
            ),
            order=("at",),
            read_only=True,
        ),
        tmf.Computed(
            "crossedThresholdInformation", ("source", "details", "specific_problem"), _crossed, schema={"type": "object"}
        ),
    )  # fmt: skip

    def queryset(self, user: tmf.User) -> QuerySet[Alarm]:
        ids = [Cast(f"{name}_id", CharField()) for name, _type in OBJECT_TYPES]
        kinds = [When(**{f"{name}__isnull": False}, then=Value(word)) for name, word in OBJECT_TYPES]
        rows: QuerySet[Alarm] = Alarm.objects.visible_to(user).annotate(
            object_id=Coalesce(*ids, KT("details__object"), "key", output_field=CharField()),
            object_type=Case(*kinds, default=Value("External"), output_field=CharField()),
            is_root=Q(root_found__isnull=False),
        )
        return rows

    def create(self, data: tmf.Data, user: tmf.User) -> Alarm:
        return services.report(
            system=data["system"],
            external_id=data.get("external_id", ""),
            object_id=data["object_id"],
            alarm_type=data["alarm_type"],
            probable_cause=data["probable_cause"],
            perceived_severity=data["perceived_severity"],
            raised=data["raised"],
            cleared=data["state"] == State.CLEARED,
            specific_problem=data.get("specific_problem", ""),
            service_affecting=data.get("service_affecting", False),
            proposed_repair=data.get("proposed_repair", ""),
            details=data.get("text", ""),
        )

    def update(self, obj: Alarm, data: tmf.Data, user: tmf.User) -> None:
        values = dict(data)
        wanted = values.pop("ack_state", None)
        if values:
            services.revise(alarm=obj, **values)
        if wanted == AckState.ACKNOWLEDGED:
            services.acknowledge([obj], by=user)
        elif wanted == AckState.UNACKNOWLEDGED:
            services.unacknowledge([obj])

    moves = {
        State.CLEARED: lambda alarm, data, user: services.clear(
            alarm=alarm, evidence=_("cleared by a client")
        )
    }


PATTERN = tmf.Json("alarmPattern", required=True, arg="patterns", schema={"type": "array", "items": {"type": "object"}},
                   doc="An alarm matches that has all attributes of any pattern")  # fmt: skip


def matching(patterns: Any, user: tmf.User) -> list[Alarm]:
    """Visible alarms that have all attributes of any of the patterns. Raises Invalid for an empty or unknown pattern."""
    resource = AlarmResource(ALARMS)
    conditions = []
    for pattern in patterns:
        terms = [(name, [value]) for name, value in _flat(pattern) if not name.startswith("@")]
        found, unknown = filtering.parse(resource.filters, terms, separator=" ")
        if unknown or not found:
            raise Invalid(
                _("A pattern names attributes of alarms, at least one: %(names)s")
                % {"names": ", ".join(unknown) or "–"},
                code="alarm.pattern",
                fields={"alarmPattern": _("Not understood")},
            )
        conditions.append(
            resource.queryset(user).filter(reduce(lambda q, c: q & c.q(), found, Q())).values("pk")
        )
    if not conditions:
        raise Invalid(
            _("Give at least one pattern"), code="alarm.pattern", fields={"alarmPattern": _("Empty")}
        )
    return list(Alarm.objects.filter(reduce(or_, (Q(pk__in=each) for each in conditions))).order_by("pk"))


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _flat(inner, f"{prefix}{name}.")
        elif isinstance(inner, bool):
            yield prefix + name, json.dumps(inner)
        else:
            yield prefix + name, str(inner)


def _refs(alarms: list[Alarm]) -> list[dict[str, str]]:
    return [{"id": str(alarm.pk), "name": alarm.number} for alarm in alarms]


@ALARMS.task
class AckAlarms(tmf.Task):
    """Acknowledge the alarms that match."""

    path, permission_name = "ackAlarms", "oss_alarms.ack_alarm"
    fields = (
        tmf.Text("ackSystemId", required=True, mandatory=True),
        tmf.Text("ackUserId", required=True, mandatory=True),
        PATTERN,
        tmf.Json("ackedAlarm", read_only=True, schema={"type": "array", "items": REF}),
    )

    own_fields = (tmf.DateTime("ackTime", "created", read_only=True),)

    def run(self, data: tmf.Data, user: tmf.User) -> dict[str, Any]:
        note = f"{data['ack_user_id']} ({data['ack_system_id']})"
        done = services.acknowledge(matching(data["patterns"], user), by=user, note=note)
        return {"ackedAlarm": _refs(done)}


@ALARMS.task
class UnAckAlarms(tmf.Task):
    """Take acknowledgements back."""

    path, permission_name = "unAckAlarms", "oss_alarms.ack_alarm"
    fields = (
        tmf.Text("ackSystemId", required=True, mandatory=True),
        tmf.Text("ackUserId", required=True, mandatory=True),
        PATTERN,
        tmf.Json("unAckedAlarm", read_only=True, schema={"type": "array", "items": REF}),
    )

    own_fields = (tmf.DateTime("ackTime", "created", read_only=True),)

    def run(self, data: tmf.Data, user: tmf.User) -> dict[str, Any]:
        note = f"{data['ack_user_id']} ({data['ack_system_id']})"
        done = services.unacknowledge(matching(data["patterns"], user), reason=note)
        return {"unAckedAlarm": _refs(done)}


@ALARMS.task
class ClearAlarms(tmf.Task):
    """Clear the alarms that match, by hand."""

    path, permission_name = "clearAlarms", "oss_alarms.clear_alarm"
    fields = (
        tmf.Text("clearSystemId", required=True, mandatory=True),
        tmf.Text("clearUserId", required=True, mandatory=True),
        tmf.DateTime("alarmClearedTime", required=True, mandatory=True),
        PATTERN,
        tmf.Json("clearedAlarm", read_only=True, schema={"type": "array", "items": REF}),
    )

    def run(self, data: tmf.Data, user: tmf.User) -> dict[str, Any]:
        rows = [alarm for alarm in matching(data["patterns"], user) if alarm.is_open]
        evidence = f"{data['clear_user_id']} ({data['clear_system_id']})"
        services.clear_many(rows, at=data["alarm_cleared_time"], evidence=evidence)
        return {"clearedAlarm": _refs(rows)}


@ALARMS.task
class CommentAlarms(tmf.Task):
    """Remark on the alarms that match."""

    path, permission_name = "commentAlarms", "oss_alarms.comment_alarm"
    fields = (
        tmf.Json("comment", required=True, mandatory=True, schema={
            "type": "object", "required": ["comment"], "properties": {
                "comment": {"type": "string"}, "userId": {"type": "string"}, "systemId": {"type": "string"},
            },
        }),
        PATTERN,
        tmf.Json("commentedAlarm", read_only=True, schema={"type": "array", "items": REF}),
    )  # fmt: skip

    def run(self, data: tmf.Data, user: tmf.User) -> dict[str, Any]:
        said, rows = data["comment"], matching(data["patterns"], user)
        for alarm in rows:
            services.comment(
                alarm=alarm,
                text=said["comment"],
                by=user,
                author=said.get("userId", ""),
                system=said.get("systemId", ""),
            )
        return {"commentedAlarm": _refs(rows)}


GROUPING = (
    tmf.Text("sourceSystemId", required=True, mandatory=True),
    tmf.DateTime("alarmChangedTime", required=True, mandatory=True),
    tmf.Ref("parentAlarm", type="Alarm", to="642/alarm", required=True, mandatory=True),
    tmf.List("correlatedAlarm", (tmf.Text("id", "alarm", required=True),), required=True, mandatory=True),
)


@ALARMS.task
class GroupAlarms(tmf.Task):
    """Say that alarms are symptoms of one; remembered for the next time."""

    path, permission_name = "groupAlarms", "oss_alarms.group_alarm"
    fields = (*GROUPING, tmf.Json("groupedAlarm", read_only=True, schema={"type": "array", "items": REF}))

    def run(self, data: tmf.Data, user: tmf.User) -> dict[str, Any]:
        done = services.group(
            root=data["parent_alarm"], alarms=_named(data, user), by=user, note=data["source_system_id"]
        )
        return {"groupedAlarm": _refs(done)}


@ALARMS.task
class UnGroupAlarms(tmf.Task):
    """Say that alarms are not symptoms of one; remembered too."""

    path, permission_name = "unGroupAlarms", "oss_alarms.group_alarm"
    fields = (*GROUPING, tmf.Json("unGroupedAlarm", read_only=True, schema={"type": "array", "items": REF}))

    def run(self, data: tmf.Data, user: tmf.User) -> dict[str, Any]:
        rows = [alarm for alarm in _named(data, user) if alarm.root_id == data["parent_alarm"].pk]
        done = services.ungroup(alarms=rows, by=user, note=data["source_system_id"])
        return {"unGroupedAlarm": _refs(done)}


def _named(data: tmf.Data, user: tmf.User) -> list[Alarm]:
    """The alarms of `correlatedAlarm`; raises Invalid when one is not there for this user."""
    wanted = {each["alarm"] for each in data["correlated_alarm"]}
    found = {
        str(row.pk): row
        for row in Alarm.objects.visible_to(user).filter(pk__in=[pk for pk in wanted if _is_id(pk)])
    }
    if missing := sorted(wanted - set(found)):
        raise Invalid(
            _("There is no alarm %(id)s") % {"id": missing[0][:80]},
            code="reference.unknown",
            fields={"correlatedAlarm": ", ".join(missing)[:200]},
        )
    return list(found.values())


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
