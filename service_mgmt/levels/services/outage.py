"""From an incident to its customers: what is lost, who is told, whose clock runs; and back again.

The rows that tie them (`OutageImpact`) can be read in both directions. Every door may be called again: what is written
down stays, what is told is told once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from bss.care import services as care
from bss.care.models import Notice, TroubleTicket
from kernel import clock, events
from oss.alarms.models import Alarm, ProbableCause
from oss.incidents import services as incidents
from oss.incidents.models import Incident, IncidentEntry
from oss.inventory.models import Link, NetworkElement
from service_mgmt.levels.events import OutageBegan, OutageEnded
from service_mgmt.levels.models import OutageImpact, SlaClockEvent
from service_mgmt.levels.services import clocks
from service_mgmt.services.models import Service
from service_mgmt.services.services.impact import Effect, Impact, impact_of

Lost = OutageImpact.Effect.LOST
# An element of which an alarm with one of these causes tells is out of service as a whole.
ELEMENT_DOWN = {ProbableCause.UNREACHABLE, ProbableCause.POWER, ProbableCause.EQUIPMENT}


@dataclass(frozen=True)
class Fault:
    """What does not work, as far as the alarms tell; `harmless`: it works, but something may come of it."""

    elements: frozenset[UUID] = frozenset()
    links: frozenset[UUID] = frozenset()
    ports: frozenset[UUID] = frozenset()
    harmless: bool = False

    def __bool__(self) -> bool:
        return bool(self.elements or self.links or self.ports)


@dataclass
class _Hit:
    """A service and how an incident hits it."""

    effect: str
    because: str
    customer_id: UUID
    product_id: UUID | None = None


@dataclass
class Scope:
    """What an incident does to customer-facing services: service id → effect and reason."""

    services: dict[UUID, _Hit] = field(default_factory=dict)

    def of(self, effect: str) -> list[UUID]:
        """Services hit that hard."""
        return [pk for pk, hit in self.services.items() if hit.effect == effect]


def fault_of(*, root: Alarm | None, element_id: UUID | None = None, link_id: UUID | None = None) -> Fault:
    """What is out of service by a root alarm and its open symptoms; without one, the element or link named by hand."""
    if root is None:
        if link_id is not None:
            return Fault(links=frozenset({link_id}))
        return Fault(elements=frozenset({element_id})) if element_id is not None else Fault()
    symptoms = Alarm.objects.open().filter(root=root)
    silent = symptoms.filter(probable_cause__in=[ProbableCause.UNREACHABLE, ProbableCause.POWER], port=None)
    elements = {pk for pk in silent.values_list("element_id", flat=True) if pk is not None}
    ports = {pk for pk in symptoms.filter(link=None).values_list("port_id", flat=True) if pk is not None}
    links = {root.link_id} if root.link_id is not None else set()
    if root.link_id is None and root.port_id is not None:
        ports.add(root.port_id)
    elif root.link_id is None and root.location_id is not None and root.element_id is None:
        here = NetworkElement.objects.filter(location_id=root.location_id)
        elements |= set(here.values_list("pk", flat=True))
    elif root.link_id is None and root.element_id is not None:
        down = root.service_affecting and root.probable_cause in ELEMENT_DOWN
        if not down and not elements and not ports:
            return Fault(elements=frozenset({root.element_id}), harmless=True)
        elements |= {root.element_id} if down else set()
    return Fault(frozenset(elements), frozenset(links), frozenset(ports))


def scope_of(fault: Fault) -> tuple[Scope, Impact | None]:
    """The live customer-facing services that a fault hits."""
    if not fault:
        return Scope(), None
    impact = impact_of(elements=fault.elements, links=fault.links, ports=_with_ends(fault))
    scope = Scope()
    for row in impact.services:
        if row.kind != "cfs":
            continue
        effect = Effect.AT_RISK.value if fault.harmless else row.effect.value
        scope.services[row.service_id] = _Hit(effect, row.because[:200], row.customer_id, row.product_id)
    return scope, impact


def apply_incident(*, incident_id: UUID, at: datetime, since: datetime | None = None) -> Scope:
    """Work out what an open incident affects, and bring rows, clocks, notices, tickets and the incident in line.

    Services newly lost are down since `since` (default `at`). Services that are no longer hit are up since `at`.
    """
    incident = Incident.objects.select_related("root_alarm", "merged_into").get(pk=incident_id)
    if not incident.is_open:
        return Scope()
    # The graph is read before the transaction's locks are taken.
    scope, _impact = scope_of(
        fault_of(root=incident.root_alarm, element_id=incident.element_id, link_id=incident.link_id)
    )
    with transaction.atomic():
        incident = Incident.objects.locked().get(pk=incident_id)
        if not incident.is_open:
            return Scope()
        began, ended = _bring_in_line(incident, scope, since or at, at)
        lost, now = scope.of(Lost), clock.now()
        told = _tell_start(incident, lost, now)
        _open_tickets(incident, lost, told, now)
        customers = {scope.services[pk].customer_id for pk in lost}
        incidents.set_impact(incident=incident, services=len(lost), customers=len(customers), at=now)
        if began:
            events.publish(OutageBegan(incident.pk, tuple(began), since or at))
        if ended:
            events.publish(OutageEnded(incident.pk, tuple(ended), at))
    return scope


def end_incident(*, incident_id: UUID, at: datetime) -> int:
    """Service is back since `at`: close the rows, stop the clocks, tell those who were told, resolve their tickets.

    A merged incident only stops its clocks: its customers belong to the other one's story now. Returns how many
    services were still down.
    """
    incident = Incident.objects.get(pk=incident_id)
    with transaction.atomic():
        rows = list(OutageImpact.objects.locked().filter(incident=incident, until=None))
        lost = [row.service_id for row in rows if row.effect == Lost]
        clocks.stop_clock(service_ids=lost, at=at, incident_id=incident.pk)
        for row in rows:
            row.until = max(at, row.since)
        OutageImpact.objects.bulk_update(rows, ["until"], batch_size=1000)
        if incident.merged_into_id is None:
            _tell_end(incident, at)
        if lost:
            events.publish(OutageEnded(incident.pk, tuple(lost), at))
    return len(lost)


def reopen_incident(*, incident_id: UUID, at: datetime) -> Scope:
    """It came back: what it affects is down again since `at`, and its tickets are taken up again."""
    incident = Incident.objects.get(pk=incident_id)
    with transaction.atomic():
        stories = _stories(incident)
        for story in stories:
            care.reopen_story(story_id=story, reason=_("The outage came back"), at=at)
        care.notify(
            customer_ids=_told(stories),
            template="outage-update",
            story_kind=incident._meta.label,
            story_id=_chapter(incident),
            story_label=incident.number,
            phase=Notice.Phase.UPDATE,
            context={
                "reference": incident.number,
                "text": _("The fault has come back: your service is interrupted again."),
                "eta": incident.eta or _("not known yet"),
            },
        )
        return apply_incident(incident_id=incident_id, at=at)


def publish_update(*, incident_id: UUID, entry_id: UUID, eta: datetime | None, at: datetime) -> None:
    """Pass an update meant for customers on to those who know of the outage; each entry once."""
    incident = Incident.objects.get(pk=incident_id)
    entry = IncidentEntry.objects.get(pk=entry_id)
    care.notify(
        customer_ids=_told(_stories(incident)),
        template="outage-update",
        story_kind=entry._meta.label,
        # Every update is a message of its own; the label ties it to the incident's story.
        story_id=entry.pk,
        story_label=incident.number,
        phase=Notice.Phase.UPDATE,
        context={"reference": incident.number, "text": entry.text, "eta": eta or _("not known yet")},
        at=at,
    )


def planned_outage(*, alarm_id: UUID, at: datetime) -> int:
    """A root alarm in planned work opens no incident, but its services are down all the same: their clocks run.

    Whether it counts is decided when the month is measured, by the proof that customers had notice.
    """
    root = Alarm.objects.get(pk=alarm_id)
    if not root.planned_outage or root.root_id is not None:
        return 0
    scope, _impact = scope_of(fault_of(root=root))
    return clocks.start_clock(
        service_ids=scope.of(Lost),
        at=root.raised,
        cause_id=root.pk,
        label=root.number,
        evidence={"alarm": root.number, "planned": True},
    )


def planned_over(*, alarm_id: UUID, at: datetime) -> int:
    """The alarm of a planned outage is over: its services are up since `at`."""
    down = SlaClockEvent.objects.filter(cause_id=alarm_id, kind=SlaClockEvent.Kind.DOWN)
    found = list(down.values_list("service_id", "cause_label").distinct())
    if not found:
        return 0
    return clocks.stop_clock(
        service_ids=[pk for pk, _label in found], at=at, cause_id=alarm_id, label=found[0][1]
    )


def known_outages(*, customer_id: UUID) -> list[OutageImpact]:
    """Incidents that hit a customer's services now, worst first; for the person who has the customer on the line."""
    rows = (
        OutageImpact.objects.filter(service__customer_id=customer_id, until=None)
        .select_related("incident", "service")
        .order_by("since", "id")
    )
    order = {effect: position for position, effect in enumerate(OutageImpact.Effect.values)}
    return sorted(rows, key=lambda row: (order[row.effect], row.since))


# ---------------------------------------------------------------------------------------------------- in line with it


def _bring_in_line(
    incident: Incident, scope: Scope, since: datetime, at: datetime
) -> tuple[list[UUID], list[UUID]]:
    """Rows and clocks as the scope says; returns services newly lost and no longer lost."""
    present = {row.service_id: row for row in OutageImpact.objects.filter(incident=incident, until=None)}
    over = [
        row
        for pk, row in present.items()
        if pk not in scope.services or scope.services[pk].effect != row.effect
    ]
    for row in over:
        row.until = max(at, row.since)
    OutageImpact.objects.bulk_update(over, ["until"], batch_size=1000)
    ended = [row.service_id for row in over if row.effect == Lost]
    fresh = {
        pk: hit for pk, hit in scope.services.items() if pk not in present or present[pk].effect != hit.effect
    }
    OutageImpact.objects.bulk_create(
        [
            OutageImpact(
                incident=incident, service_id=pk, effect=hit.effect, because=hit.because,
                since=max(at, present[pk].since) if pk in present else since,
            )
            for pk, hit in fresh.items()
        ],
        batch_size=1000,
    )  # fmt: skip
    began = [pk for pk, hit in fresh.items() if hit.effect == Lost]
    evidence = {"alarm": incident.root_alarm.number} if incident.root_alarm else {}
    clocks.start_clock(service_ids=began, at=since, incident_id=incident.pk, evidence=evidence)
    clocks.stop_clock(service_ids=ended, at=at, incident_id=incident.pk)
    return began, ended


def _with_ends(fault: Fault) -> set[UUID]:
    """The ports of the fault and both ends of its links: services may hold either."""
    ends = Link.objects.filter(pk__in=fault.links).values_list("port_a_id", "port_b_id")
    return set(fault.ports) | {port for pair in ends for port in pair}


# -------------------------------------------------------------------------------------------------------- telling them


def _stories(incident: Incident) -> list[UUID]:
    """The incident and those merged into it: one story for their customers."""
    return [incident.pk, *Incident.objects.filter(merged_into=incident).values_list("pk", flat=True)]


def _chapter(incident: Incident) -> UUID:
    """The story for what is told once a life: an incident that was reopened has more than one end."""
    lives = incident.entries.filter(code="reopened").count()
    return uuid5(incident.pk, f"reopened {lives}") if lives else incident.pk


def _told(stories: Collection[UUID]) -> set[UUID]:
    rows = Notice.objects.filter(story_id__in=stories, phase=Notice.Phase.START).told()
    return set(rows.values_list("customer_id", flat=True))


def _active(service_ids: Iterable[UUID]) -> list[Service]:
    """Those a customer misses: a service that we suspended is not missed because of a fault."""
    rows = Service.objects.filter(pk__in=list(service_ids), state=Service.State.ACTIVE)
    return list(rows.select_related("product__offering", "site").order_by("pk"))


def _tell_start(incident: Incident, lost: Collection[UUID], now: datetime) -> frozenset[UUID]:
    known = _told([pk for pk in _stories(incident) if pk != incident.pk])
    names: dict[UUID, dict[str, list[str]]] = defaultdict(lambda: {"en": [], "fr": []})
    for service in _active(lost):
        if service.customer_id not in known:
            for language in ("en", "fr"):
                names[service.customer_id][language].append(_name(service, language))
    if not names:
        return frozenset()
    return care.notify(
        customer_ids=names,
        template="outage-start",
        story_kind=incident._meta.label,
        story_id=incident.pk,
        story_label=incident.number,
        context={
            "reference": incident.number,
            "since": incident.opened,
            "eta": incident.eta or _("not known yet"),
        },
        each={
            customer: {"services": {language: ", ".join(texts) for language, texts in both.items()}}
            for customer, both in names.items()
        },
        at=now,
    ).told


def _open_tickets(
    incident: Incident, lost: Collection[UUID], told: Collection[UUID], at: datetime
) -> list[TroubleTicket]:
    stories = _stories(incident)
    has = set(TroubleTicket.objects.filter(story_id__in=stories).values_list("customer_id", flat=True))
    products: dict[UUID, UUID] = {}
    customers: set[UUID] = set()
    for service in _active(lost):
        if service.customer_id not in has:
            customers.add(service.customer_id)
            if service.product_id is not None:
                products.setdefault(service.customer_id, service.product_id)
    if not customers:
        return []
    return care.open_story_tickets(
        customer_ids=customers,
        story_kind=incident._meta.label,
        story_id=incident.pk,
        story_label=incident.number,
        subject=format_lazy(_("Outage {number}: your service is interrupted"), number=incident.number),
        description=format_lazy(
            _("Opened by us because of {number}. You need not do anything."), number=incident.number
        ),
        products=products,
        told=told,
        at=at,
    )


def _tell_end(incident: Incident, at: datetime) -> None:
    stories = _stories(incident)
    care.notify(
        customer_ids=_told(stories),
        template="outage-end",
        story_kind=incident._meta.label,
        story_id=_chapter(incident),
        story_label=incident.number,
        phase=Notice.Phase.END,
        context={"reference": incident.number, "ended": at},
        at=clock.now(),
    )
    for story in stories:
        care.resolve_story(
            story_id=story,
            resolution=format_lazy(
                _("The outage {number} is over: your service works again."), number=incident.number
            ),
            at=at,
        )


def _name(service: Service, language: str) -> str:
    product: Any = service.product
    name = product.offering.name_in(language) if product else service.name
    where = f", {service.site.name}" if service.site else ""
    return f"{name} ({product.number if product else service.number}{where})"
