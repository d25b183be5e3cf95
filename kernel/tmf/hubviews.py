"""`<base>/hub` and `<base>/hub/{id}` of every API that announces events."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from kernel.models import HubSubscription
from kernel.tmf import hub, sentences
from kernel.tmf.auth import Forbidden
from kernel.tmf.errors import Faults
from kernel.tmf.fields import Intake, Text
from kernel.tmf.fields.base import load_all
from kernel.tmf.render import CONTENT_TYPE, answer
from kernel.tmf.views import Endpoint

FIELDS = (Text("callback", required=True, max_length=500), Text("query", max_length=1000))


class Hub(Endpoint):
    """Subscribe."""

    http_method_names = ["post", "options"]

    def post(self, request: Any, **_kwargs: Any) -> HttpResponse:
        """201 with `{id, callback, query}`; the signing secret stands once in `X-Webhook-Secret`."""
        seen = [resource.permission("view") for resource in self.api.resources.values()]
        if not any(request.user.has_perm(name) for name in seen):
            raise Forbidden(_("You may see nothing of this API"), "permission.denied")
        data = _body(self.body())
        with self.acting():
            row, secret = hub.subscribe(
                api=self.api, owner=request.user, callback=data["callback"], query=data.get("query", "")
            )
        location = f"{self.base()}{self.api.path}/hub/{row.pk}"
        body = {"id": str(row.pk), "callback": row.callback, "query": row.query}
        return answer(body, status=201, headers={"Location": location, "X-Webhook-Secret": secret})


class HubItem(Endpoint):
    """Unsubscribe."""

    http_method_names = ["delete", "options"]

    def delete(self, request: Any, identifier: str, **_kwargs: Any) -> HttpResponse:
        """204; 404 for a subscription that is not the caller's."""
        try:
            key = UUID(identifier)
        except ValueError:
            raise Http404 from None
        row = HubSubscription.objects.filter(pk=key, owner=request.user, api=self.api.number).first()
        if row is None:
            raise Http404
        with self.acting():
            hub.unsubscribe(row)
        return HttpResponse(status=204, content_type=CONTENT_TYPE)


def _body(body: Any) -> dict[str, Any]:
    intake = Intake()
    data: dict[str, Any] = {}
    if isinstance(body, dict):
        load_all(FIELDS, body, data, intake)
    else:
        intake.fault("", "request.shape", sentences.NOT_AN_OBJECT)
    if intake.faults:
        raise Faults(intake.faults)
    return data
