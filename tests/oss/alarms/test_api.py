"""TMF642 over HTTP: report, revise, clear, and the tasks on many alarms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kernel import clock
from kernel.models import User
from kernel.tmf.tokens import issue
from oss.alarms import services
from oss.alarms.models import Alarm, CorrelationVerdict
from tests.factories.oss_alarms import AT, make_alarm, make_network

pytestmark = pytest.mark.django_db
BASE = "/tmf-api/alarmManagement/v4"


class Caller:
    """A client with a token."""

    def __init__(self, user: User) -> None:
        self.client, self.user = Client(), user
        _row, token = issue(user=user, name="test", expires=clock.system_now() + timedelta(hours=1))
        self.headers = {"Authorization": f"Bearer {token}"}

    def send(self, verb: str, path: str, body: Any = None) -> Any:
        return getattr(self.client, verb)(
            f"{BASE}/{path}", body, content_type="application/json", headers=self.headers
        )

    def get(self, path: str) -> Any:
        return self.client.get(f"{BASE}/{path}", headers=self.headers)


@pytest.fixture
def api(admin: User) -> Caller:
    return Caller(admin)


def body(**overrides: Any) -> dict[str, Any]:
    return {
        "sourceSystemId": "optical-ems",
        "externalAlarmId": "OA-7",
        "alarmedObject": {"id": "amplifier 7"},
        "alarmType": "equipmentAlarm",
        "probableCause": "equipmentMalfunction",
        "perceivedSeverity": "major",
        "state": "raised",
        "alarmRaisedTime": "2026-01-15T09:00:00Z",
        "specificProblem": "Pump laser weak",
        **overrides,
    }


def test_another_system_reports_repeats_and_clears(api: Caller) -> None:
    made = api.send("post", "alarm", body())
    assert made.status_code == 201
    assert made.json()["alarmedObject"] == {"id": "amplifier 7"}
    assert made.json()["alarmedObjectType"] == "External"

    again = api.send("post", "alarm", body(alarmRaisedTime="2026-01-15T09:05:00Z"))
    assert (again.json()["id"], again.json()["count"]) == (made.json()["id"], 2)

    over = api.send("post", "alarm", body(state="cleared", alarmRaisedTime="2026-01-15T09:10:00Z"))
    assert (over.json()["state"], over.json()["perceivedSeverity"]) == ("cleared", "cleared")
    late = api.send("post", "alarm", body(alarmRaisedTime="2026-01-15T09:09:00Z"))
    assert (late.status_code, late.json()["code"]) == (400, "alarm.late")


def test_what_is_ours_is_recognised(api: Caller) -> None:
    network = make_network()
    for object_id, kind, link in (
        (str(network.spur.port_a_id), "Port", network.spur.pk),
        (str(network.spur.pk), "Link", network.spur.pk),
        (network.leaf.name, "NetworkElement", None),
        (str(network.leaf.location_id), "Location", None),
    ):
        row = api.send("post", "alarm", body(alarmedObject={"id": object_id}, externalAlarmId=kind)).json()
        assert row["alarmedObjectType"] == kind
        assert Alarm.objects.get(pk=row["id"]).link_id == link


def test_a_client_revises_acknowledges_and_clears(api: Caller) -> None:
    alarm = make_alarm()

    revised = api.send(
        "patch", f"alarm/{alarm.pk}", {"perceivedSeverity": "critical", "ackState": "acknowledged"}
    )
    assert (revised.status_code, revised.json()["perceivedSeverity"], revised.json()["ackUserId"]) == (
        200, "critical", "ada",
    )  # fmt: skip
    assert (
        api.send("patch", f"alarm/{alarm.pk}", {"ackState": "unacknowledged"}).json()["ackState"]
        == "unacknowledged"
    )
    assert api.send("patch", f"alarm/{alarm.pk}", {"perceivedSeverity": "cleared"}).status_code == 400
    cleared = api.send("patch", f"alarm/{alarm.pk}", {"state": "cleared"})
    assert (cleared.status_code, cleared.json()["state"]) == (200, "cleared")
    assert api.send("patch", f"alarm/{alarm.pk}", {"specificProblem": "x"}).status_code == 409


def test_tasks_act_on_all_that_match_a_pattern(api: Caller) -> None:
    network = make_network()
    for index in range(3):
        make_alarm(element_id=network.leaf.pk, severity="minor" if index else "major")
    other = make_alarm()
    pattern = {"alarmedObject": {"id": str(network.leaf.pk)}, "perceivedSeverity": "minor"}

    acked = api.send(
        "post", "ackAlarms", {"ackSystemId": "noc", "ackUserId": "nora", "alarmPattern": [pattern]}
    )
    assert acked.status_code == 201
    assert (acked.json()["state"], len(acked.json()["ackedAlarm"])) == ("done", 2)
    assert api.get(f"ackAlarms/{acked.json()['id']}").json() == acked.json()
    both = [pattern, {"id": str(other.pk)}]
    said = {"comment": {"comment": "looking", "userId": "nora", "systemId": "noc"}, "alarmPattern": both}
    assert len(api.send("post", "commentAlarms", said).json()["commentedAlarm"]) == 3
    assert api.get(f"alarm/{other.pk}").json()["comment"][0]["comment"] == "looking"
    cleared = {
        "clearSystemId": "noc", "clearUserId": "nora", "alarmClearedTime": "2026-01-15T11:00:00Z", "alarmPattern": both,
    }  # fmt: skip
    assert len(api.send("post", "clearAlarms", cleared).json()["clearedAlarm"]) == 3
    assert Alarm.objects.open().count() == 1


@pytest.mark.parametrize("patterns", [[], [{}], [{"@type": "Alarm"}], [{"colour": "red"}]])
def test_a_pattern_that_says_nothing_or_nonsense_is_refused(api: Caller, patterns: list[Any]) -> None:
    make_alarm()
    answer = api.send("post", "ackAlarms", {"ackSystemId": "a", "ackUserId": "b", "alarmPattern": patterns})
    assert answer.status_code == 400
    assert not Alarm.objects.filter(ack_state="acknowledged").exists()


def test_grouping_over_the_interface_is_a_verdict(api: Caller) -> None:
    root, symptom = make_alarm(), make_alarm()
    task = {
        "sourceSystemId": "noc", "alarmChangedTime": "2026-01-15T11:00:00Z", "parentAlarm": {"id": str(root.pk)},
        "correlatedAlarm": [{"id": str(symptom.pk)}],
    }  # fmt: skip

    assert api.send("post", "groupAlarms", task).json()["groupedAlarm"] == [
        {"id": str(symptom.pk), "name": symptom.number}
    ]
    shown = api.get(f"alarm/{root.pk}").json()
    assert shown["correlatedAlarm"] == [{"id": str(symptom.pk), "name": symptom.number}]
    assert api.get(f"alarm/{symptom.pk}").json()["parentAlarm"] == [{"id": str(root.pk), "name": root.number}]
    assert len(api.send("post", "unGroupAlarms", task).json()["unGroupedAlarm"]) == 1
    assert CorrelationVerdict.objects.count() == 2
    wrong = {**task, "correlatedAlarm": [{"id": "nobody"}]}
    assert api.send("post", "groupAlarms", wrong).status_code == 400


def test_grouping_under_a_symptom_is_kept_as_failed(api: Caller) -> None:
    root, symptom, third = make_alarm(), make_alarm(), make_alarm()
    services.group(root=root, alarms=[symptom], at=AT)
    task = {
        "sourceSystemId": "noc", "alarmChangedTime": "2026-01-15T11:00:00Z", "parentAlarm": {"id": str(symptom.pk)},
        "correlatedAlarm": [{"id": str(third.pk)}],
    }  # fmt: skip
    assert api.send("post", "groupAlarms", task).status_code == 400


def test_care_sees_and_may_do_nothing(make_user: Any) -> None:
    alarm, care = make_alarm(), Caller(make_user("care"))

    assert care.get(f"alarm/{alarm.pk}").status_code == 200
    assert care.send("post", "alarm", body()).status_code == 403
    task = {"ackSystemId": "a", "ackUserId": "b", "alarmPattern": [{"id": str(alarm.pk)}]}
    assert care.send("post", "ackAlarms", task).status_code == 403
    assert care.send("patch", f"alarm/{alarm.pk}", {"state": "cleared"}).status_code == 403
