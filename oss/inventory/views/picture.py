"""The picture of the network: drawn on the server, with the same facts as tables below it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kernel import pages
from kernel.permissions import requires
from kernel.slots import slot
from oss.inventory.models import Link, Location, NetworkElement
from oss.inventory.services.drawing import Layout, lay_out, layers_of, within
from oss.inventory.views.links import oper_state

NODES_MAX = 250
DEPTHS = (1, 2, 3, 4, 6)
# Worst first (X.733); what an upper layer says of an element through the slot.
SEVERITIES = ("critical", "major", "minor", "warning", "indeterminate")
LETTERS = {"critical": "C", "major": "M", "minor": "m", "warning": "W", "indeterminate": "?"}
MENU = [
    pages.MenuItem(
        "network",
        gettext_lazy("Topology"),
        "oss_inventory:topology",
        "oss_inventory.view_networkelement",
        "topology-star",
        key="m",
        order=5,
    )
]


@dataclass
class Shape:
    """One thing on the picture: an element, or a site that stands for its elements."""

    key: str
    name: str
    kind: str
    url: str
    x: int = 0
    y: int = 0
    severity: str = ""
    said: str = ""
    count: int = 1

    @property
    def letter(self) -> str:
        """The severity's letter, so that colour never stands alone."""
        return LETTERS.get(self.severity, "")


@dataclass
class Line:
    """One or several links between two shapes."""

    a: Shape
    b: Shape
    links: list[Link] = field(default_factory=list)

    @property
    def state(self) -> str:
        """Worst state of the links: down, unknown, up."""
        states = {oper_state(link) for link in self.links}
        return next((state for state in ("down", "unknown", "up") if state in states), "unknown")

    @property
    def weight(self) -> int:
        """Width by capacity: 1 below 1 Gbit/s, 4 from 100 Gbit/s."""
        total = sum(link.capacity_mbps for link in self.links)
        return 1 + (total >= 1000) + (total >= 10_000) + (total >= 100_000)

    @property
    def url(self) -> str:
        """The page of the only link, or of the list of what ends on the first element."""
        if len(self.links) == 1:
            return pages.url_of(self.links[0]) or ""
        return f"{reverse('oss_inventory:link-list')}?element={self.links[0].port_a.element.name}"

    @property
    def said(self) -> str:
        """What a reader hears: names, capacity, state."""
        return ", ".join(f"{link.name} ({oper_state(link)})" for link in self.links[:5])


@dataclass
class Picture:
    """Everything the page shows."""

    shapes: list[Shape]
    lines: list[Line]
    layout: Layout
    collapsed: bool = False
    cut: bool = False


@requires("oss_inventory.view_networkelement")
def topology(request: HttpRequest) -> HttpResponse:
    """`?root=&depth=&site=`: around an element, of a site, or the whole network (by site when it is too large)."""
    asked = {name: request.GET.get(name, "").strip() for name in ("root", "site", "depth")}
    depth = int(asked["depth"]) if asked["depth"].isdigit() else 2
    elements, links = _network(request.user, asked["site"])
    root = next((e for e in elements if asked["root"] and asked["root"] in {e.name, e.number}), None)
    picture = draw(elements, links, root=root, depth=depth, together=request.GET.get("by") == "site")
    context = {
        "title": _("Topology"),
        "picture": picture,
        "asked": {**asked, "depth": depth, "by": request.GET.get("by", "")},
        "missing": asked["root"] if asked["root"] and root is None else "",
        "depths": DEPTHS,
        "full": request.get_full_path(),
    }
    if request.GET.get("format") == "svg":
        svg = render_to_string("oss/inventory/_topology.svg", {**context, "alone": True}, request)
        answer = HttpResponse(svg, content_type="image/svg+xml")
        answer["Content-Disposition"] = 'attachment; filename="topology.svg"'
        return answer
    return pages.render(
        request, "oss/inventory/topology.html", context, partial="oss/inventory/_topology_body.html"
    )


def _network(user: Any, site: str) -> tuple[list[NetworkElement], list[Link]]:
    elements = NetworkElement.objects.visible_to(user).exclude(status=NetworkElement.Status.RETIRED)
    if site:
        elements = elements.filter(location__in=Location.objects.within(Location.objects.filter(code=site)))
    listed = list(elements.select_related("location").order_by("name"))
    links = Link.objects.visible_to(user).standing().select_related("port_a__element", "port_b__element")
    if site:
        links = links.touching([element.pk for element in listed])
    return listed, list(links.order_by("name"))


def draw(
    elements: list[NetworkElement],
    links: list[Link],
    *,
    root: NetworkElement | None = None,
    depth: int = 2,
    together: bool = False,
) -> Picture:
    """The picture of these elements and links; around `root` when given, by site when asked or when there are too many."""
    pairs = [(link.port_a.element_id, link.port_b.element_id) for link in links]
    if root is not None:
        near = within(root.pk, pairs, depth)
        elements = [element for element in elements if element.pk in near]
    group = _by_site(elements) if together or len(elements) > NODES_MAX else _each(elements)
    return _picture(elements, links, group, root)


def _each(elements: Iterable[NetworkElement]) -> dict[UUID, Shape]:
    return {
        element.pk: Shape(
            str(element.pk),
            element.name,
            element.role,
            pages.url_of(element) or "",
            said=f"{element.get_role_display()}, {element.get_status_display()}",
        )
        for element in elements
    }


def _by_site(elements: Iterable[NetworkElement]) -> dict[UUID, Shape]:
    """One shape for all elements of a site (or of whatever stands in its place)."""
    parents = {place.pk: place for place in Location.objects.select_related("parent__parent__parent")}
    shapes: dict[UUID, Shape] = {}
    found: dict[UUID, Shape] = {}
    for element in elements:
        place = parents[element.location_id]
        while place.kind in {Location.Kind.BUILDING, Location.Kind.ROOM} and place.parent is not None:
            place = place.parent
        shape = shapes.get(place.pk)
        if shape is None:
            shape = shapes[place.pk] = Shape(
                str(place.pk), place.name, "site", pages.url_of(place) or "", count=0
            )
        shape.count += 1
        if element.role == NetworkElement.Role.CORE:
            shape.kind = "core"
        found[element.pk] = shape
    for shape in shapes.values():
        shape.said = _("%(n)d devices") % {"n": shape.count}
    return found


def _picture(
    elements: list[NetworkElement], links: list[Link], group: dict[UUID, Shape], root: NetworkElement | None
) -> Picture:
    shapes = {shape.key: shape for shape in group.values()}
    cut = len(shapes) > NODES_MAX
    if cut:
        shapes = dict(list(shapes.items())[:NODES_MAX])
    lines = _lines(links, group, shapes)
    _severities(elements, group)
    roots = [group[root.pk].key] if root is not None else [s.key for s in shapes.values() if s.kind == "core"]
    edges = [(line.a.key, line.b.key) for line in lines]
    order = [shape.key for shape in sorted(shapes.values(), key=lambda shape: shape.name)]
    layout = lay_out(layers_of(order, edges, sorted(roots)), edges, order)
    for key, shape in shapes.items():
        shape.x, shape.y = layout.points[key].x, layout.points[key].y
    placed = sorted(shapes.values(), key=lambda shape: (shape.y, shape.x))
    return Picture(
        placed,
        lines,
        layout,
        collapsed=any(shape.count != 1 or shape.kind == "site" for shape in placed),
        cut=cut,
    )


def _lines(links: list[Link], group: dict[UUID, Shape], shapes: dict[str, Shape]) -> list[Line]:
    found: dict[tuple[str, str], Line] = {}
    for link in links:
        a, b = group.get(link.port_a.element_id), group.get(link.port_b.element_id)
        if a is None or b is None or a is b or a.key not in shapes or b.key not in shapes:
            continue
        first, second = sorted((a, b), key=lambda shape: shape.key)
        found.setdefault((first.key, second.key), Line(first, second)).links.append(link)
    return list(found.values())


def _severities(elements: list[NetworkElement], group: dict[UUID, Shape]) -> None:
    """Ask whoever knows of alarms; a site shows its worst."""
    worst: dict[str, str] = defaultdict(str)
    for answer in slot("oss_inventory.element_severity").call([element.pk for element in elements]):
        for pk, severity in answer.items():
            shape = group.get(pk)
            if shape is not None and severity in SEVERITIES:
                worst[shape.key] = min(severity, worst[shape.key] or severity, key=SEVERITIES.index)
    for shape in group.values():
        shape.severity = worst.get(shape.key, "")
