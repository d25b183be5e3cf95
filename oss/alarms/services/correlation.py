"""Correlation: of many alarms, which one is the cause, and why the others follow from it.

A fault (`faults`) is a link, an element or a place that broke. Its root alarm is either a sign itself (a dying gasp) or
one that is made for it (a link that is down, told by two ports). Symptoms are what the topology says must follow: the
ends of the link, elements without another way to the core, sessions over it. What nothing explains is its own root.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Min

from kernel import clock, events, journal, lifecycle, locks
from oss.alarms.events import RootFound, SymptomsJoined
from oss.alarms.models import Alarm, AlarmType, ProbableCause, Severity, Source, State
from oss.alarms.services.faults import find_faults, settled
from oss.alarms.services.normalise import key
from oss.alarms.services.notices import Notice
from oss.alarms.services.operators import attach
from oss.alarms.services.picture import GRACE, SETTLE, WINDOW, Fault, Picture
from oss.alarms.services.state import raise_many

ORPHAN_AFTER = timedelta(seconds=30)  # an alarm that outlives its root by this is looked at anew
PROBLEMS = {
    "link_down": "Link {link} down",
    "link_down_one_end": "Link {link} down",
    "site_power": "Power lost at {location}",
    "cohort": "{count} of {total} lines on {element} down together",
    "cohort_power": "{count} of {total} customers on {element} without power",
}


@dataclass
class Correlation:
    """What one round decided; `waiting` when alarms are still too fresh to judge."""

    roots: list[UUID] = field(default_factory=list)
    joined: dict[UUID, list[UUID]] = field(default_factory=dict)
    waiting: bool = False


@transaction.atomic
def correlate(*, at: datetime | None = None) -> Correlation:
    """Decide about every open alarm that is undecided; idempotent, and one at a time.

    Publishes RootFound once per root (not for planned work), SymptomsJoined for what joins a root known before.
    """
    moment = at or clock.now()
    if not locks.try_advisory(locks.key_of("oss_alarms.correlate")):
        return Correlation(waiting=True)
    _release_orphans(moment)
    if not Alarm.objects.open().filter(correlated=None).exists():
        return Correlation()
    return _Round(Picture.load(moment)).run()


def pending(*, at: datetime | None = None) -> bool:
    """Whether an undecided alarm is old enough to be judged."""
    first = Alarm.objects.open().filter(correlated=None).aggregate(first=Min("arrived"))["first"]
    return first is not None and (at or clock.now()) - first >= SETTLE


def _release_orphans(at: datetime) -> None:
    """Symptoms that go on long after their root is over had another cause too."""
    orphans = Alarm.objects.open().filter(root__state=State.CLEARED, root__cleared__lt=at - ORPHAN_AFTER)
    for alarm in orphans.locked():
        lifecycle.change(
            alarm, root=None, because={}, correlated=None, verb="released", reason="outlived its root"
        )


class _Round:
    """One round over one picture."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.at = picture.at
        self.result = Correlation()
        self.faults = find_faults(picture)
        self.ready = [fault for fault in self.faults if settled(fault, picture)]
        self.roots: dict[str, Alarm] = {}
        self.fresh: list[Alarm] = []

    def run(self) -> Correlation:
        for fault in self.ready:
            if (root := self._root_of(fault)) is not None:
                self.roots[fault.key] = root
        for fault in self.ready:
            if (root := self.roots.get(fault.key)) is not None:
                self._name(root, fault)
                self._join_signs(root, fault)
        for alarm in self.picture.pending:
            if alarm.correlated is None and alarm.root_id is None:
                self._decide(alarm)
        for alarm in self._doubtful():
            self._explain(alarm)
        self._publish()
        return self.result

    # -- roots

    def _root_of(self, fault: Fault) -> Alarm | None:
        """The alarm that stands for a fault, made where there is none yet."""
        if fault.root is not None:
            return fault.root
        times = [sign.raised for sign in fault.signs]
        at_first, at_last = min(times), max(times)
        for moments in ([at_first, at_last], [self.at]):
            # The second try is for a root whose last life ended later than these signs began.
            intake = raise_many([self._notice(fault, moment) for moment in moments], keep=False)
            if intake.alarm_ids[-1] is not None:
                root = Alarm.objects.select_related("element", "link", "location").get(
                    pk=intake.alarm_ids[-1]
                )
                self.picture.by_key[root.key] = root
                return root
        return None

    def _notice(self, fault: Fault, at: datetime) -> Notice:
        first = fault.signs[0]
        power = fault.rule in {"site_power", "cohort_power"}
        place = first.element.location_id if fault.rule == "site_power" and first.element else None
        return Notice(
            key=fault.key,
            at=at,
            source=Source.CORRELATION,
            severity=self._severity(fault),
            alarm_type=AlarmType.EQUIPMENT if power else AlarmType.COMMUNICATIONS,
            probable_cause=self._cause(fault),
            specific_problem=PROBLEMS[fault.rule].format(**fault.params),
            element_id=None if place else first.element_id,
            link_id=next(iter(fault.links), None),
            location_id=place,
            service_affecting=True,
            proposed_repair="Locate the break and splice it"
            if fault.links
            else "Restore the power"
            if power
            else "",
        )

    @staticmethod
    def _cause(fault: Fault) -> str:
        if fault.rule in {"site_power", "cohort_power"}:
            return ProbableCause.POWER
        return ProbableCause.LOSS_OF_SIGNAL if fault.links else ProbableCause.UNDERLYING

    def _severity(self, fault: Fault) -> str:
        if fault.rule == "site_power" or (fault.links and self._cuts(fault)):
            return Severity.CRITICAL
        return Severity.MAJOR

    def _cuts(self, fault: Fault) -> set[UUID]:
        """Elements that are off the network because of this fault, alone or as the last of several."""
        others = [other for other in self.faults if other.key != fault.key and other.began <= fault.began]
        before = self._off(others)
        return self._off([*others, fault]) - before

    def _off(self, faults: Iterable[Fault]) -> set[UUID]:
        faults = list(faults)
        return self.picture.graph.cut_off(
            elements=[element for fault in faults for element in fault.elements],
            links=[link for fault in faults for link in fault.links],
        )

    def _name(self, root: Alarm, fault: Fault) -> None:
        """Mark a root as such, once; what it was a symptom of before no longer counts."""
        because = {"rule": fault.rule, "params": fault.params, "least": fault.least}
        if root.source == Source.CORRELATION:
            because["signs"] = sorted({*(sign.key for sign in fault.signs), *root.because.get("signs", [])})
        if root.root_found is None or root.because != because:
            self._found(root, because)

    def _found(self, root: Alarm, because: dict[str, Any]) -> None:
        first = root.root_found is None and not root.planned_outage
        lifecycle.change(
            root,
            root=None,
            because=because,
            correlated=root.correlated or self.at,
            root_found=root.root_found or (None if root.planned_outage else self.at),
            verb="root",
        )
        root.root = None
        if first:
            self.fresh.append(root)

    def _join_signs(self, root: Alarm, fault: Fault) -> None:
        rules = {"site_power": "no_power", "cohort": "one_of_cohort", "cohort_power": "one_of_cohort"}
        for sign in fault.signs:
            if sign.pk == root.pk or sign.root_id == root.pk or self.picture.rejected(root.key, sign.key):
                continue
            params = {
                "port": str(sign.port or ""),
                "link": fault.params.get("link", ""),
                "element": str(sign.element or ""),
                "count": fault.params.get("count", len(fault.signs)),
            }
            self._join(sign, root, rules.get(fault.rule, "sign_of_link"), params)

    # -- symptoms

    def _decide(self, alarm: Alarm) -> None:
        """Find what explains an alarm; without an explanation it becomes a root when its time has come."""
        if alarm.key in self.roots or self._explain(alarm):
            return
        patience = GRACE if alarm.element_id in self.picture.silent and self._is_silence(alarm) else SETTLE
        if self.at - alarm.arrived < patience or self._awaited(alarm):
            self.result.waiting = True
        else:
            silent = {"rule": "element_silent", "params": {"element": str(alarm.element)}}
            self._found(alarm, silent if self._is_silence(alarm) else {"rule": "alone", "params": {}})

    def _explain(self, alarm: Alarm) -> bool:
        for explain in (self._by_element, self._by_cut, self._by_session, self._by_port, self._by_teaching):
            if found := explain(alarm):
                root, rule, params = found
                if root.pk != alarm.pk and not self.picture.rejected(root.key, alarm.key):
                    self._join(alarm, root, rule, params)
                    return True
        return False

    def _doubtful(self) -> list[Alarm]:
        """Roots of earlier rounds that newer signs may explain: a link to an element that is dead, a silence."""
        faults = {fault.key for fault in self.faults}
        return [
            alarm
            for alarm in self.picture.alarms
            if alarm.correlated is not None
            and alarm.root_id is None
            and alarm.key not in faults
            and (alarm.source == Source.CORRELATION or (self.fresh and self._is_silence(alarm)))
        ]

    def _is_silence(self, alarm: Alarm) -> bool:
        return alarm.element_id is not None and alarm.key == key("reachability", element=alarm.element_id)

    def _awaited(self, alarm: Alarm) -> bool:
        """Whether it is a sign of a fault that is not ripe yet."""
        return any(
            alarm.pk == sign.pk for fault in self.faults if fault not in self.ready for sign in fault.signs
        )

    def _by_element(self, alarm: Alarm) -> tuple[Alarm, str, dict[str, Any]] | None:
        """Ends of links that lead to a dead element, and what the element itself says."""
        for fault in self.ready:
            root = self.roots.get(fault.key)
            if root is None or not fault.elements or alarm.raised < root.raised - WINDOW:
                continue
            power = fault.rule != "element_down"
            if alarm.element_id in fault.elements:
                if self._is_silence(alarm) or alarm.raised - root.raised <= WINDOW:
                    return (
                        root,
                        "no_power" if power else "cut_off",
                        {"element": str(alarm.element), "root": _name(root)},
                    )
            elif alarm.link_id and (far := self.picture.ends(alarm.link_id) & fault.elements):
                rule = "far_end_of_power" if power else "far_end_of_element"
                return root, rule, {"port": str(alarm.port), "element": self.picture.name(next(iter(far)))}
        return None

    def _by_cut(self, alarm: Alarm) -> tuple[Alarm, str, dict[str, Any]] | None:
        """Silent elements that the faults leave no way to."""
        if alarm.element_id is None or not self._is_silence(alarm):
            return None
        faults = [
            fault for fault in self.ready if fault.key in self.roots and (fault.links or fault.elements)
        ]
        faults = [fault for fault in faults if fault.began - WINDOW <= alarm.raised]
        for fault in faults:
            if alarm.element_id in self._off([fault]):
                root = self.roots[fault.key]
                return root, "cut_off", {"element": str(alarm.element), "root": _name(root)}
        if alarm.element_id not in self._off(faults):
            return None
        # Redundant ways that all broke: the one that broke last, of those without which it would not be cut off.
        needed = [
            fault
            for fault in faults
            if alarm.element_id not in self._off([other for other in faults if other is not fault])
        ]
        root = self.roots[(needed or faults)[-1].key]
        return root, "cut_off_together", {"element": str(alarm.element), "root": _name(root)}

    def _by_session(self, alarm: Alarm) -> tuple[Alarm, str, dict[str, Any]] | None:
        """Protocol sessions lost within the window at an end of a broken link, or behind it."""
        if alarm.probable_cause != ProbableCause.PROTOCOL or alarm.element_id is None:
            return None
        for fault in self.ready:
            root = self.roots.get(fault.key)
            if root is None or abs(alarm.raised - fault.began) > WINDOW:
                continue
            near = {end for link in fault.links for end in self.picture.ends(link)} | fault.elements
            if alarm.element_id in near or alarm.element_id in self._cuts(fault):
                return root, "protocol", {"root": _name(root)}
        return None

    def _by_port(self, alarm: Alarm) -> tuple[Alarm, str, dict[str, Any]] | None:
        """Anything else about a port whose link is broken, within the window."""
        if alarm.port_id is None or alarm.probable_cause == ProbableCause.LOSS_OF_SIGNAL:
            return None
        for fault in self.ready:
            root = self.roots.get(fault.key)
            ports = {sign.port_id for sign in fault.signs}
            if root is not None and alarm.port_id in ports and abs(alarm.raised - fault.began) <= WINDOW:
                return root, "same_port", {}
        return None

    def _by_teaching(self, alarm: Alarm) -> tuple[Alarm, str, dict[str, Any]] | None:
        root = self.picture.taught(alarm)
        return (root, "taught", {}) if root is not None else None

    def _join(self, alarm: Alarm, root: Alarm, rule: str, params: dict[str, Any]) -> None:
        """Make `alarm` a symptom; if it was a root, its own symptoms go with it."""
        for follower in Alarm.objects.filter(root=alarm.pk).locked():
            attach(follower, root, follower.because, at=self.at)
            self.result.joined.setdefault(root.pk, []).append(follower.pk)
        attach(alarm, root, {"rule": rule, "params": params}, at=self.at)
        if alarm in self.fresh:
            self.fresh.remove(alarm)
        self.result.joined.setdefault(root.pk, []).append(alarm.pk)

    # -- telling

    def _publish(self) -> None:
        news = {root.pk for root in self.fresh}
        for root in self.fresh:
            self.result.roots.append(root.pk)
            symptoms = tuple(
                Alarm.objects.filter(root=root.pk).order_by("raised").values_list("pk", flat=True)
            )
            with journal.acting(correlation_id=root.pk):
                events.publish(RootFound(root.pk, symptoms, root.element_id, root.link_id, self.at))
        for root_id, symptoms_of in self.result.joined.items():
            if root_id not in news:
                with journal.acting(correlation_id=root_id):
                    events.publish(SymptomsJoined(root_id, tuple(symptoms_of), self.at))


def _name(root: Alarm) -> str:
    return root.specific_problem
