"""The served API and, beside it, the barest views Django allows over the same rows."""

import json
from typing import Any

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from oss.addressing.models import Resource
from oss.inventory.models import NetworkElement

COLUMNS = (
    "id", "kind", "name", "category", "administrative", "operational", "usage", "status", "specification_id",
    "specification__model", "location_id", "location__name", "parent", "end_a", "end_b", "characteristics", "version",
)  # fmt: skip


def many(request: HttpRequest, count: int) -> JsonResponse:
    """The newest ports."""
    rows = Resource.objects.filter(kind="port").order_by("-pk").values(*COLUMNS)[:count]
    return JsonResponse(list(rows), safe=False)


def one(request: HttpRequest, key: str) -> JsonResponse:
    """One resource."""
    return JsonResponse(Resource.objects.values(*COLUMNS).get(pk=key))


@csrf_exempt
def create(request: HttpRequest) -> JsonResponse:
    """Elements without any check, journal or event."""
    with transaction.atomic():
        made = NetworkElement.objects.bulk_create(
            NetworkElement(
                name=body["name"],
                role=body["resourceCharacteristic"][0]["value"],
                device_type_id=body["resourceSpecification"]["id"],
                location_id=body["place"]["id"],
            )
            for body in json.loads(request.body)
        )
    return JsonResponse([{"id": row.pk, "name": row.name} for row in made], safe=False)


def bare(view: Any) -> Any:
    """Reachable without log-in."""
    view.login_exempt = True
    return view


urlpatterns = [
    path("bare/list/<int:count>", bare(many)),
    path("bare/create", bare(create)),
    path("bare/<str:key>", bare(one)),
    path("", include("portal.api")),
]
