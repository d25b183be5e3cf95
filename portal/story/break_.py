"""Chapter five: a cable is cut — one root, one incident, one notice each, a clock, a mend, a problem, a change."""

from __future__ import annotations

from datetime import timedelta

from bss.care.models import Notice, TroubleTicket
from kernel import clock
from oss.alarms.models import Alarm
from oss.incidents import services as incidents
from oss.incidents.models import Diagnosis, Incident, Runbook, RunbookRun
from portal.story.lab import Lab
from portal.story.teller import Teller

CUT = "cr2-ag2"
OUTAGE = timedelta(minutes=95)


def tell(story: Teller) -> None:
    """From the cut to the credit."""
    incident = _outage(story, first=True)
    story.made("incident", incident)


def _outage(story: Teller, *, first: bool) -> Incident:
    """Cut, correlate, tell, diagnose, rectify, clear. Returns the resolved incident."""
    lab = Lab.here()
    known = set(Incident.objects.values_list("pk", flat=True))
    lab.ctl("cut", CUT, "--latched")
    incident = story.wait("an incident", lambda: Incident.objects.exclude(pk__in=known).first())
    root = incident.root_alarm
    story.check("one root alarm", root is not None, str(root))
    story.wait("its symptoms", lambda: Alarm.objects.filter(root=root).exists() or None)
    symptoms = Alarm.objects.filter(root=root).count()
    story.check("symptoms under the root", symptoms >= 1, symptoms)
    story.wait("the impact", lambda: _counted(incident))
    story.check("customers affected", incident.affected_customers == 2, incident.affected_customers)
    if first:
        story.made("incident (open)", incident)
        story.made("root alarm", root)
        _told(story, incident)
    _diagnose(story, incident)
    clock.move_to(clock.now() + OUTAGE)
    _rectify(story, incident)
    story.wait("the incident to be resolved", lambda: _resolved(incident))
    open_left = Alarm.objects.filter(root=root).exclude(state="cleared").count()
    story.check("its alarms are cleared", open_left == 0, open_left)
    return incident


def _counted(incident: Incident) -> bool | None:
    incident.refresh_from_db()
    return True if incident.affected_customers else None


def _resolved(incident: Incident) -> bool | None:
    incident.refresh_from_db()
    return True if incident.status in {"resolved", "closed"} else None


def _told(story: Teller, incident: Incident) -> None:
    """One notice each in their language, really sent, and one ticket each."""
    notices = story.wait(
        "the notices to be sent",
        lambda: _both(Notice.objects.filter(story_id=incident.pk, phase="start", status="sent")),
    )
    story.check("one notice each", len(notices) == 2, len(notices))
    story.check(
        "each in its language",
        {n.language for n in notices} == {"en", "fr"},
        sorted(n.language for n in notices),
    )
    tickets = TroubleTicket.objects.filter(story_id=incident.pk)
    story.check("one ticket each", tickets.count() == 2, tickets.count())
    for notice in notices:
        story.made(f"notice {notice.language}", notice)
    story.made("ticket", tickets.first())


def _both(rows: object) -> list[Notice] | None:
    found = list(rows)  # type: ignore[call-overload]
    return found if len(found) >= 2 else None


def _diagnose(story: Teller, incident: Incident) -> None:
    with story.as_("noc") as operator:
        diagnosis = incidents.diagnose(incident=incident, by=operator)
    story.wait("the diagnosis", lambda: _diagnosed(diagnosis))
    story.made("diagnosis", diagnosis)
    story.check("the fault is located", diagnosis.status == "done", incidents.finding(diagnosis.because))


def _diagnosed(diagnosis: Diagnosis) -> bool | None:
    diagnosis.refresh_from_db()
    return True if diagnosis.status in {"done", "failed"} else None


def _rectify(story: Teller, incident: Incident) -> None:
    """The laser is latched: bouncing the port brings it back, by a runbook from the portal."""
    Lab.here().ctl("mend", CUT)
    with story.as_("noc") as operator:
        run = incidents.rectify(
            incident=incident, runbook=Runbook.objects.get(code="bounce-port"), by=operator
        )
    story.wait("the runbook", lambda: _ran(run))
    story.made("runbook run", run)
    story.check("the runbook succeeded", run.status == "done", run.outcome)


def _ran(run: RunbookRun) -> bool | None:
    run.refresh_from_db()
    return True if run.status not in {"proposed", "pending", "running"} else None
