"""Chapter five: a cable is cut, twice — one root, one incident, one notice each, a clock, a mend; then its cause goes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar

from bss.care.models import Notice, TroubleTicket
from kernel import clock
from oss.alarms.models import Alarm
from oss.incidents import services as incidents
from oss.incidents.models import Diagnosis, Incident, Runbook, RunbookRun
from portal.story import fix
from portal.story.lab import Lab
from portal.story.teller import Teller
from service_mgmt.levels import services as levels
from service_mgmt.levels.models import OutageImpact, SlaAgreement

T = TypeVar("T")
CUT = "cr2-ag2"
OUTAGE = timedelta(minutes=95)
BETWEEN = timedelta(hours=26)


def tell(story: Teller) -> None:
    """From the cut to the proven repair; the second cut within a month is a problem, and problems are removed."""
    story.made("incident", _outage(story, first=True))
    story.move_clock(clock.now() + BETWEEN)
    story.made("second incident", _outage(story, first=False))
    fix.tell(story)


def _outage(story: Teller, *, first: bool) -> Incident:
    """Cut, correlate, tell, diagnose, rectify, clear. Returns the resolved incident."""
    lab = Lab.here()
    known = set(Incident.objects.values_list("pk", flat=True))
    lab.ctl("cut", CUT, "--latched")
    incident = story.wait("an incident", lambda: Incident.objects.exclude(pk__in=known).first())
    root = incident.root_alarm
    story.check("one root alarm", root is not None, str(root))
    assert root is not None
    symptoms = story.wait("its symptoms", lambda: Alarm.objects.filter(root=root).count() or None)
    story.check("symptoms under the root", symptoms >= 1, symptoms)
    story.wait("the impact", lambda: _counted(incident))
    story.check("customers affected", incident.affected_customers == 2, incident.affected_customers)
    if first:
        _burst(story, incident, root)
        _told(story, incident)
    _diagnose(story, incident)
    story.move_clock(clock.now() + OUTAGE)
    _rectify(story, incident)
    story.wait("the incident to be resolved", lambda: _resolved(incident))
    story.wait("its alarms to clear", lambda: not Alarm.objects.open().filter(root=root).exists() or None)
    story.check("its alarms are cleared", True)
    _clock_stopped(story, incident)
    return incident


def _burst(story: Teller, incident: Incident, root: Alarm) -> None:
    """What came in, and what it was folded into."""
    story.made("incident (open)", incident)
    story.made("root alarm", root)
    alarms = [root, *Alarm.objects.filter(root=root)]
    sources = sorted({source for alarm in alarms for source in alarm.sources})
    story.check("heard of in more than one way", len(sources) >= 2, sources)
    story.check(
        "priority by impact and urgency",
        bool(incident.priority),
        f"{incident.priority} ({incident.impact} × {incident.urgency})",
    )


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


def _both(rows: Iterable[T]) -> list[T] | None:
    found = list(rows)
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
    """The cable is spliced but the laser stays latched: bouncing the port brings it back, by a runbook from the portal."""
    Lab.here().ctl("mend", CUT)
    with story.as_("noc") as operator:
        run = incidents.rectify(
            incident=incident, runbook=Runbook.objects.get(code="bounce-port"), by=operator
        )
    story.wait("the runbook", lambda: _ran(run))
    story.made("runbook run", run)
    story.check("the runbook succeeded", run.status == RunbookRun.Status.SUCCEEDED, run.outcome)


def _ran(run: RunbookRun) -> bool | None:
    run.refresh_from_db()
    return True if run.status not in {"proposed", "pending", "running"} else None


def _clock_stopped(story: Teller, incident: Incident) -> None:
    """The clocks of the services it hit ran as long as it lasted, and have stopped."""
    impacts = OutageImpact.objects.filter(incident=incident, effect="lost")
    story.wait("the clocks to stop", lambda: not impacts.filter(until=None).exists() or None)
    for impact in impacts.select_related("service"):
        agreement = SlaAgreement.objects.get(service=impact.service, ends=None)
        stand = levels.forecast(agreement=agreement)
        lost = next(o for o in stand.measured.outages if str(incident.number) in o.causes)
        story.check(
            f"{agreement}: the clock stopped",
            not stand.measured.running,
            f"{(lost.end - lost.start)} counted",
        )
        story.check("all of the outage counts", lost.end - lost.start >= OUTAGE)
