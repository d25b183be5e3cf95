"""What would be lost with one element, port or link: services, customers, revenue; and what it needs itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, pages
from kernel.pages.fields import bind
from kernel.pages.lists.exports import chunks
from kernel.pages.respond import personal
from kernel.permissions import requires
from oss.inventory.models import Link, NetworkElement, Port
from oss.inventory.services.graph import Graph
from service_mgmt.services import forms, services
from service_mgmt.services.models import Service
from service_mgmt.services.services.chains import Line
from service_mgmt.services.services.impact import Effect, Impact, ServiceImpact
from service_mgmt.services.services.revenue import CURRENCY
from service_mgmt.services.views.instances import VIEW

# Rows of one effect on the page; the counts are always of all.
SHOWN = 200
# Rows of the export that are looked up at once.
BATCH = 1000
EFFECTS = {
    Effect.LOST: (_("Lost"), "danger"),
    Effect.DEGRADED: (_("Degraded"), "warn"),
    Effect.AT_RISK: (_("At risk: one more failure would cut them off"), ""),
}


class Word(models.TextChoices):
    """How hard one service is hit."""

    LOST = Effect.LOST.value, pgettext_lazy("one service", "Lost")
    DEGRADED = Effect.DEGRADED.value, pgettext_lazy("one service", "Degraded")
    AT_RISK = Effect.AT_RISK.value, _("At risk")


EFFECT = pages.badges(
    "service_mgmt_services.effect", Word, lost="red x", degraded="amber alert-triangle", at_risk="grey shield"
)


def _spare(line: Line) -> str:
    """Redundancy in words: how many of the supports, of which any one is enough, are left."""
    if line.spare is None:
        return ""
    left, whole = line.spare
    return _t("%(left)d of %(all)d left") % {"left": left, "all": whole}


COLUMNS = [
    pages.Column("effect", _("Effect"), lambda line: Word(line.row.effect.value).label),
    pages.Column("service", _("Service"), "service.number"),
    pages.Column("name", _("Name"), "service.name"),
    pages.Column("kind", _("Kind"), "service.get_kind_display"),
    pages.Column("customer", _("Customer"), "service.customer.number"),
    pages.Column("customer_name", _("Customer’s name"), "service.customer.party.name"),
    pages.Column("product", _("Product"), "service.product.number"),
    pages.Column("promise", _("Service level class")),
    pages.Column("revenue", _("Revenue a month"), kind="money", currency="currency"),
    pages.Column("redundancy", _("Redundancy"), _spare),
    pages.Column("because", _("Because of"), "row.because"),
]


@dataclass(frozen=True)
class Target:
    """What fails."""

    thing: Any
    kind: str

    @property
    def elements(self) -> list[NetworkElement]:
        """The element itself, that of the port, or those at both ends of the link."""
        if isinstance(self.thing, Link):
            return [self.thing.port_a.element, self.thing.port_b.element]
        return [self.thing.element if isinstance(self.thing, Port) else self.thing]

    def impact(self, graph: Graph) -> Impact:
        """What fails with it. A service may hold a link or a port at its end: both fail with the link."""
        if isinstance(self.thing, Link):
            ends = {self.thing.port_a_id, self.thing.port_b_id}
            return services.impact_of(links={self.thing.pk}, ports=ends, graph=graph)
        if isinstance(self.thing, Port):
            ends_here = Q(port_a=self.thing) | Q(port_b=self.thing)
            rows = list(Link.objects.filter(ends_here).values_list("pk", "port_a_id", "port_b_id"))
            ports = {self.thing.pk}.union(*(ends for _pk, *ends in rows))
            return services.impact_of(ports=ports, links={pk for pk, *_ends in rows}, graph=graph)
        return services.impact_of(elements={self.thing.pk}, graph=graph)


def find(text: str, user: Any) -> Target | None:
    """The element or link of that number or name, or the port written as "device port", of those the user may see."""
    same = Q(number__iexact=text) | Q(name=text)
    element = NetworkElement.objects.visible_to(user).filter(same).first()
    if element is not None:
        return Target(element, "element")
    link = (
        Link.objects.visible_to(user)
        .filter(same)
        .select_related("port_a__element", "port_b__element")
        .first()
    )
    if link is not None:
        return Target(link, "link")
    named = Q(pk=None)
    for position, letter in enumerate(text):
        if letter == " ":
            named |= Q(element__name=text[:position], name=text[position + 1 :])
    port = Port.objects.visible_to(user).filter(named).select_related("element").first()
    return Target(port, "port") if port is not None else None


@requires(VIEW)
def impact(request: HttpRequest) -> HttpResponse:
    """The impact of one element, port or link being out of service, asked with `?object=`; `&_export=csv` as a file."""
    user: Any = request.user
    form = bind(forms.ImpactForm(request.GET or None), user)
    asked = request.GET.get("object", "").strip()[:120].replace("\x00", "")
    target = find(asked, user) if asked else None
    if target is not None and request.GET.get("_export") == "csv":
        return _file(target, user)
    context: dict[str, Any] = {
        "title": _t("Impact"),
        "form": form,
        "asked": asked,
        "target": target,
        "full": request.get_full_path(),
    }
    if target is not None:
        context |= _answer(target, user)
    return pages.render(
        request, "service_mgmt/services/impact.html", context, partial="service_mgmt/services/_impact.html"
    )


def _visible(user: Any) -> QuerySet[Service]:
    return Service.objects.visible_to(user)


def _answer(target: Target, user: Any) -> dict[str, Any]:
    graph = Graph.load()
    found = target.impact(graph)
    shown = {effect: [row for row in found.services if row.effect is effect][:SHOWN] for effect in Effect}
    rows = [row for some in shown.values() for row in some]
    known = {row.service_id for row in rows}
    # What carries the services shown stands in the chain even where the list has no room for it.
    carrying = [row for row in services.supports_of(found, rows) if row.service_id not in known]
    lines = services.lines_of(found, [*rows, *carrying], visible=_visible(user))
    return {
        "groups": _groups(found, shown, lines),
        "chain": services.chain_of(found, lines),
        "needs": [
            (element, services.needs_of(element.pk, graph))
            for element in target.elements
            if element.role != NetworkElement.Role.CORE
        ],
        "customers": len(found.customers),
        "revenue": found.revenue,
        "currency": CURRENCY,
        "cut_off": NetworkElement.objects.visible_to(user)
        .filter(pk__in=found.cut_off)
        .order_by("name")[:SHOWN],
        "at": clock.now(),
        "effects": {effect.value: len(found.customer_facing(effect)) for effect in Effect},
    }


def _groups(
    found: Impact, shown: dict[Effect, list[ServiceImpact]], lines: dict[UUID, Line]
) -> list[dict[str, Any]]:
    """Services by how hard they are hit, what customers bought first."""
    groups = []
    for effect, rows in shown.items():
        label, css = EFFECTS[effect]
        known = [lines[row.service_id] for row in rows if row.service_id in lines]
        if known:
            count = sum(row.effect is effect for row in found.services)
            groups.append(
                {
                    "label": label,
                    "class": css,
                    "count": count,
                    "rows": [(line, _spare(line)) for line in known],
                    "more": count - len(known),
                }
            )
    return groups


def _file(target: Target, user: Any) -> HttpResponse:
    """Every service that is hit, as CSV, the worst first."""
    found = target.impact(Graph.load())

    def lines() -> Iterator[Line]:
        for first in range(0, len(found.services), BATCH):
            yield from services.lines_of(
                found, found.services[first : first + BATCH], visible=_visible(user)
            ).values()

    response = HttpResponse(b"".join(chunks("csv", COLUMNS, lines())), content_type="text/csv; charset=utf-8")
    name = f"impact_{slugify(str(target.thing))}_{clock.now():%Y%m%dT%H%M%SZ}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return personal(response)
