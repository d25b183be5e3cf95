"""The live stream and its fallback."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from kernel.pages import live
from kernel.permissions import scopes_of


def _since(request: HttpRequest) -> int | None:
    text = request.headers.get("Last-Event-ID") or request.GET.get("since") or ""
    return int(text) if text.isdigit() and len(text) < 19 else None


@require_GET
def stream(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Server-sent events `{topic, ids, version}`; 429 when this user or process carries enough streams."""
    try:
        opened = live.HUB.open(request.user)
    except live.Full:
        response = HttpResponse(status=429)
        response["Retry-After"] = "60"
        return response
    since = _since(request)
    start = live.latest()
    missed: list[dict[str, Any]] | None = live.since(since) if since is not None else []
    if opened.bare and missed:
        missed = [{**message, "ids": []} for message in missed]
    if not connection.in_atomic_block:
        # The stream lives for minutes and asks the database nothing more.
        connection.close()
    body = live.stream(opened, max(start, since or 0), missed, lifetime=live.LIFETIME_SECONDS)
    answer = StreamingHttpResponse(body, content_type="text/event-stream")
    answer["Cache-Control"] = "no-store"
    answer["X-Accel-Buffering"] = "no"
    return answer


@require_GET
def poll(request: HttpRequest) -> HttpResponse:
    """What changed since a version; 304 while nothing did."""
    version = live.latest()
    tag = f'"{version}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    since = _since(request)
    found = live.since(since) if since is not None else []
    bare = bool(scopes_of(request.user))
    changes = [{**one, "ids": []} if bare else one for one in live.fold(found or [])]
    answer = {"version": version, "reset": found is None, "changes": changes}
    return JsonResponse(answer, headers={"ETag": tag, "Cache-Control": "no-store"})
