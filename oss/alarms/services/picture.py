"""The open alarms and the network they stand in, as correlation looks at them: read once, asked many times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.db.models import Count, Q

from oss.alarms.models import Alarm, CorrelationVerdict, ProbableCause, Source
from oss.alarms.services.normalise import key
from oss.inventory.models import Link, NetworkElement, Port, PortKind
from oss.inventory.services.graph import Graph

WINDOW = timedelta(minutes=2)  # signs of one fault come within this of each other
SETTLE = timedelta(seconds=2)  # a root is named only when its first signs had time to arrive
GRACE = timedelta(seconds=10)  # a silent element waits this long for the news that explains it
TOPOLOGICAL = (ProbableCause.LOSS_OF_SIGNAL, ProbableCause.UNREACHABLE, ProbableCause.POWER)


@dataclass(frozen=True)
class Fault:
    """Something broken that explains alarms: elements and links that do not work, and the root alarm that says so.

    `root` is None as long as the alarm that shall stand for the fault has to be made (`key`, `signs`).
    """

    key: str
    rule: str
    params: dict[str, object]
    signs: tuple[Alarm, ...]
    root: Alarm | None = None
    elements: frozenset[UUID] = frozenset()
    links: frozenset[UUID] = frozenset()
    least: int = 1

    @property
    def began(self) -> datetime:
        """Event time of its first sign."""
        return min([alarm.raised for alarm in self.signs] + ([self.root.raised] if self.root else []))


@dataclass
class Picture:
    """What is open at `at`, and the lookups that the rules need."""

    at: datetime
    alarms: list[Alarm]
    verdicts: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def load(cls, at: datetime) -> Picture:
        """Everything not yet correlated, and what is open and topological."""
        rows = list(
            Alarm.objects.open()
            .filter(
                Q(correlated=None)
                | Q(probable_cause__in=TOPOLOGICAL)
                | Q(source=Source.CORRELATION)
                | Q(root_found__isnull=False)
            )
            .select_related("element__location", "port", "link", "root")
            .order_by("raised", "pk")
        )
        picture = cls(at, rows)
        pending = [alarm.key for alarm in picture.pending]
        said = CorrelationVerdict.objects.filter(symptom_key__in=pending).order_by("at", "pk")
        picture.verdicts = {(row.root_key, row.symptom_key): row.verdict for row in said}
        return picture

    @cached_property
    def pending(self) -> list[Alarm]:
        """Alarms that correlation has not decided about."""
        return [alarm for alarm in self.alarms if alarm.correlated is None]

    @cached_property
    def by_key(self) -> dict[str, Alarm]:
        """Open alarm of a key."""
        return {alarm.key: alarm for alarm in self.alarms}

    @cached_property
    def graph(self) -> Graph:
        """The network as built: what is down is told by the alarms themselves."""
        return Graph.load()

    @cached_property
    def link_signs(self) -> dict[UUID, list[Alarm]]:
        """Link → alarms of its ends that say it is down."""
        found: dict[UUID, list[Alarm]] = {}
        for alarm in self.alarms:
            if alarm.link_id and alarm.port_id and alarm.key == key("link", port=alarm.port_id):
                found.setdefault(alarm.link_id, []).append(alarm)
        return found

    @cached_property
    def silent(self) -> dict[UUID, Alarm]:
        """Element → the alarm that it does not answer."""
        return self._of_elements("reachability")

    @cached_property
    def powerless(self) -> dict[UUID, Alarm]:
        """Element → the alarm that its power was lost."""
        return self._of_elements("power")

    def _of_elements(self, condition: str) -> dict[UUID, Alarm]:
        return {
            alarm.element_id: alarm
            for alarm in self.alarms
            if alarm.element_id and alarm.key == key(condition, element=alarm.element_id)
        }

    @cached_property
    def links(self) -> dict[UUID, Link]:
        """Links that matter here: those with signs, and all links of silent or powerless elements."""
        concerned = {*self.silent, *self.powerless}
        rows = Link.objects.filter(
            Q(pk__in=self.link_signs) | Q(port_a__element__in=concerned) | Q(port_b__element__in=concerned),
            status=Link.Status.IN_SERVICE,
        ).select_related("port_a__element", "port_b__element")
        return {link.pk: link for link in rows}

    def links_of(self, element_id: UUID) -> list[Link]:
        """In-service links that end on an element (of those that matter here)."""
        return [
            link
            for link in self.links.values()
            if element_id in {link.port_a.element_id, link.port_b.element_id}
        ]

    def ends(self, link_id: UUID) -> set[UUID]:
        """Elements a link joins; empty for a link out of service."""
        link = self.links.get(link_id)
        return {link.port_a.element_id, link.port_b.element_id} if link else set()

    def customer_ports(self, elements: Iterable[UUID]) -> dict[UUID, int]:
        """Element → customer ports in use."""
        rows = (
            Port.objects.filter(element__in=list(elements), kind=PortKind.CUSTOMER, usage=Port.Usage.IN_USE)
            .values_list("element")
            .annotate(n=Count("pk"))
        )
        return dict(rows)

    def rejected(self, root_key: str, symptom_key: str) -> bool:
        """Whether an operator said that the two do not belong together."""
        return self.verdicts.get((root_key, symptom_key)) == CorrelationVerdict.Verdict.REJECT

    def taught(self, symptom: Alarm) -> Alarm | None:
        """An open root that an operator grouped this alarm with before, if it began at about the same time."""
        for (root_key, symptom_key), verdict in self.verdicts.items():
            root = self.by_key.get(root_key)
            if (
                symptom_key == symptom.key
                and verdict == CorrelationVerdict.Verdict.ACCEPT
                and root is not None
                and root.root_id is None
                and abs(root.raised - symptom.raised) <= WINDOW
            ):
                return root
        return None

    def name(self, element_id: UUID) -> str:
        """An element's name."""
        known = next((alarm.element for alarm in self.alarms if alarm.element_id == element_id), None)
        return str(known or NetworkElement.objects.filter(pk=element_id).first() or element_id)
