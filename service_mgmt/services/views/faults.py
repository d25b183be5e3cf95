"""What would be lost with one element or link: services, customers, revenue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import clock, pages
from kernel.pages.fields import bind
from kernel.permissions import requires
from oss.inventory.models import Link, NetworkElement
from service_mgmt.services import forms, services
from service_mgmt.services.models import Service
from service_mgmt.services.services.impact import Effect, Impact
from service_mgmt.services.services.revenue import CURRENCY
from service_mgmt.services.views.instances import VIEW

# Rows of one effect on the page; the counts are always of all.
SHOWN = 200
EFFECTS = {
    Effect.LOST: (_("Lost"), "danger"),
    Effect.DEGRADED: (_("Degraded"), "warn"),
    Effect.AT_RISK: (_("At risk: one more failure would cut them off"), ""),
}


@dataclass(frozen=True)
class Target:
    """What fails."""

    thing: Any
    kind: str


def find(text: str, user: Any) -> Target | None:
    """The element or link of that number or name, among those the user may see."""
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
    return Target(link, "link") if link is not None else None


@requires(VIEW)
def impact(request: HttpRequest) -> HttpResponse:
    """The impact of one element or link being out of service, asked with `?object=`."""
    user: Any = request.user
    form = bind(forms.ImpactForm(request.GET or None), user)
    asked = request.GET.get("object", "").strip()[:120].replace("\x00", "")
    target = find(asked, user) if asked else None
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


def _answer(target: Target, user: Any) -> dict[str, Any]:
    key = {target.thing.pk}
    found = services.impact_of(
        elements=key if target.kind == "element" else (), links=key if target.kind == "link" else ()
    )
    return {
        "groups": _groups(found, user),
        "customers": len(found.customers),
        "revenue": found.revenue,
        "currency": CURRENCY,
        "cut_off": NetworkElement.objects.visible_to(user)
        .filter(pk__in=found.cut_off)
        .order_by("name")[:SHOWN],
        "at": clock.now(),
        "effects": {effect.value: len(found.customer_facing(effect)) for effect in Effect},
    }


def _groups(found: Impact, user: Any) -> list[dict[str, Any]]:
    """Services by how hard they are hit, what customers bought first."""
    chosen = {effect: [row for row in found.services if row.effect is effect] for effect in Effect}
    wanted = [row.service_id for rows in chosen.values() for row in rows[:SHOWN]]
    known = (
        Service.objects.visible_to(user).select_related("customer__party", "product", "site").in_bulk(wanted)
    )
    groups = []
    for effect, rows in chosen.items():
        label, css = EFFECTS[effect]
        shown = [
            {"row": row, "service": known[row.service_id]} for row in rows[:SHOWN] if row.service_id in known
        ]
        if shown:
            groups.append(
                {
                    "label": label,
                    "class": css,
                    "count": len(rows),
                    "customer_facing": sum(row.kind == "cfs" for row in rows),
                    "rows": shown,
                    "more": len(rows) - len(shown),
                }
            )
    return groups
