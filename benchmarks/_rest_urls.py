"""The served API and, beside it, the barest views Django allows over the same rows.

What makes them comparable: the same middleware, the same rows and columns, one row inserted in a transaction of its own,
and the caller's token looked up for every call as in the product, here by one plain `get()` of token and user. What they
leave out is what the product adds, and what the ratio tells: permissions and scopes, rates, validation, references that
must exist, journal, events, headers and ETags, and an answer that shows the whole of what was created.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from kernel import clock
from kernel.models import ApiToken
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


def bare(view: Callable[..., JsonResponse]) -> Any:
    """The view for who brings a token that counts."""

    @wraps(view)
    def guarded(request: HttpRequest, **named: Any) -> JsonResponse:
        secret = request.META["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
        token = ApiToken.objects.select_related("user").get(digest=ApiToken.digest_of(secret))
        if token.revoked or token.expires <= clock.system_now() or not token.user.is_active:
            return JsonResponse({"code": "token"}, status=401)
        return view(request, **named)

    guarded.login_exempt = True  # type: ignore[attr-defined]
    return guarded


urlpatterns = [
    path("bare/list/<int:count>", bare(many)),
    path("bare/create", bare(create)),
    path("bare/<str:key>", bare(one)),
    path("", include("portal.api")),
]
