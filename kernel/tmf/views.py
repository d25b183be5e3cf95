"""The verbs of TMF630 over any resource."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from rest_framework import exceptions
from rest_framework.views import APIView

from kernel import journal
from kernel.tmf import conditional, idempotency, paging, query, throttle, write
from kernel.tmf.api import Api
from kernel.tmf.auth import Forbidden, TokenLimits
from kernel.tmf.fields.base import Row
from kernel.tmf.render import CONTENT_TYPE, JSONParser, JSONPatchParser, MergePatchParser, answer
from kernel.tmf.resource import Projection, Resource

PREFIX = re.compile(r"(/[\w.~-]+)+")
SAFE = {"GET", "HEAD", "OPTIONS"}


class Throttled(exceptions.Throttled):
    """429; the headers tell when to come back."""

    def __init__(self, allowance: throttle.Allowance) -> None:
        super().__init__(wait=allowance.reset_s)
        self.allowance = allowance


class Endpoint(APIView):
    """Base of the kit's views: authentication, limits and error bodies are the same everywhere."""

    api: Api = None  # type: ignore[assignment] # given by as_view
    parser_classes = [JSONParser]
    allowance: throttle.Allowance | None = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """A view that answers 401 itself instead of sending people to the log-in page."""
        function: Any = super().as_view(**initkwargs)
        function.login_exempt = True
        return function

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer in the language asked for, in UTC, as the caller."""
        language = translation.get_language_from_request(request)
        with translation.override(language), timezone.override(UTC):
            response: Any = super().dispatch(request, *args, **kwargs)
        response["Content-Language"] = language
        patch_vary_headers(response, ["Accept-Language", "Authorization"])
        if self.allowance is not None:
            for name, value in self.allowance.headers().items():
                response[name] = value
        return response

    def perform_content_negotiation(self, request: Any, force: bool = False) -> Any:
        """JSON, whatever Accept says: an error page in another type would help nobody."""
        del request, force
        return self.get_renderers()[0], "application/json"

    def check_permissions(self, request: Any) -> None:
        """Signed in, and within what the token covers."""
        if not request.user:
            raise exceptions.NotAuthenticated
        self.limits = TokenLimits(request.auth)
        self.limits.refuse(self.api.number, writing=request.method not in SAFE)

    def check_throttles(self, request: Any) -> None:
        """Count the call against the token, else the user."""
        caller = str(getattr(request.auth, "pk", None) or request.user.pk)
        self.allowance = throttle.take(caller, "read" if request.method in SAFE else "write")
        if self.allowance is not None and self.allowance.exceeded:
            raise Throttled(self.allowance)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """What this address answers to."""
        del request, args, kwargs
        return HttpResponse(status=204, headers={"Allow": ", ".join(self.allowed_methods)})

    def base(self) -> str:
        """Scheme and host of this installation as the caller reached it."""
        request = self.request._request
        prefix = request.META.get("SCRIPT_NAME", "").rstrip("/")
        if settings.USE_X_FORWARDED_HOST:
            # Only behind a proxy that is trusted to set these headers.
            given = request.META.get("HTTP_X_FORWARDED_PREFIX", "").rstrip("/")
            prefix = given if PREFIX.fullmatch(given) else prefix
        return f"{request.scheme}://{request.get_host()}{prefix}"

    def body(self) -> Any:
        """The parsed body; read whole first, so that its size is limited (413)."""
        self.raw = self.request._request.body
        return self.request.data

    def acting(self) -> Any:
        """The caller as actor of what follows."""
        return journal.acting(user=self.request.user)


class ResourceEndpoint(Endpoint):
    """Base of the views over one resource."""

    resource: Resource[Any] = None  # type: ignore[assignment] # given by as_view

    def require(self, action: str) -> None:
        """403 that names the missing permission."""
        name = self.resource.permission(action)
        if not self.request.user.has_perm(name):
            raise Forbidden(
                translation.gettext("You need the permission %(name)s") % {"name": name}, "permission.denied"
            )

    def projection(self) -> frozenset[str] | None:
        """Attributes asked for by `fields=`; None for all."""
        given = self.request._request.GET.getlist("fields")
        return query.projection_of(self.resource, ",".join(given)) if given else None

    def shown(self, rows: Any, names: frozenset[str] | None) -> tuple[dict[str, Any], str] | None:
        """Representation and ETag of the one row; None when it is not there for this user."""
        projection = self.resource.projection(names, self.base())
        found = projection.fetch(rows[:2], self.request.user)
        return self._told(projection, found[0], names) if found else None

    def shown_new(self, made: Any, names: frozenset[str] | None) -> tuple[dict[str, Any], str] | None:
        """As `shown`, of what `create` returned: told from it where the resource can, else read back."""
        resource, user = self.resource, self.request.user
        row = resource.row_of(made) if resource.sees_all(user) else None
        if row is None:
            return self.shown(resource.queryset(user).filter(**{resource.key: _key(resource, made)}), names)
        projection = resource.projection(names, self.base())
        return self._told(projection, projection.take(row, user), names)

    def _told(
        self, projection: Projection, row: Row, names: frozenset[str] | None
    ) -> tuple[dict[str, Any], str]:
        body = projection.body(row)
        version = projection.value(row, "version") if self.resource.versioned else None
        return body, conditional.etag_of(version, body, names)


class Collection(ResourceEndpoint):
    """`<base>/<resource>`: list and create."""

    def get(self, request: Any, **_kwargs: Any) -> HttpResponse:
        """A page of the rows the caller may see, as a bare array."""
        self.require("view")
        text = request._request.META.get("QUERY_STRING", "")
        asked = query.parse(self.resource, text)
        asked.exact = "count=exact" in request.headers.get("Prefer", "")
        base = self.base()
        page = paging.page_of(
            self.resource, asked, request.user, base, base + request._request.path.rstrip("/"), text
        )
        headers = {"X-Result-Count": str(len(page.body))}
        if page.total is not None:
            headers["X-Total-Count"] = str(page.total)
        headers["Link"] = ", ".join(f'<{address}>; rel="{rel}"' for rel, address in page.links.items())
        return answer(page.body, status=page.status, headers=headers)

    def post(self, request: Any, **_kwargs: Any) -> HttpResponse:
        """Create one row, or with an array several (extension)."""
        self.require("create")
        body = self.body()
        act: Callable[[], HttpResponse]
        if isinstance(body, list) and (self.resource.can("create_many") or self.resource.can("create")):
            act = lambda: self._create_many(body)  # noqa: E731 - chosen here, called once below
        else:
            act = lambda: self._create(body)  # noqa: E731
        key = request.headers.get("Idempotency-Key")
        with self.acting():
            if key is None:
                return act()
            raw = f"{request.method} {request._request.path} ".encode() + self.raw
            return idempotency.once(request.user, key, raw, act)

    def _create(self, body: Any) -> HttpResponse:
        resource, user = self.resource, self.request.user
        data, ignored = write.created(resource, body, user)
        made = resource.create(data, user)  # type: ignore[attr-defined]
        key = _key(resource, made)
        location = resource.location(self.base(), key)
        seen = self.shown_new(made, self.projection())
        headers = {"Location": location, **_ignored(ignored)}
        if seen is None:
            # Made for others to see: the creator still learns what it is called.
            return answer({"id": str(key), "href": location}, status=resource.created_status, headers=headers)
        return answer(seen[0], status=resource.created_status, headers={**headers, "ETag": seen[1]})

    def _create_many(self, body: list[Any]) -> HttpResponse:
        resource, user = self.resource, self.request.user
        with transaction.atomic():
            rows, ignored = write.created_many(resource, body, user)
            if resource.can("create_many"):
                made = resource.create_many(rows, user)  # type: ignore[attr-defined]
            else:
                made = [resource.create(data, user) for data in rows]  # type: ignore[attr-defined]
        base, results = resource.location(self.base(), ""), []
        for index, obj in enumerate(made):
            key = str(_key(resource, obj))
            results.append({"row": index, "status": "201", "id": key, "href": base + key})
        return answer(results, status=201, headers={"X-Result-Count": str(len(results)), **_ignored(ignored)})


class Item(ResourceEndpoint):
    """`<base>/<resource>/{id}`: read, change, delete."""

    parser_classes = [JSONParser, MergePatchParser, JSONPatchParser]

    def get(self, request: Any, identifier: str, **_kwargs: Any) -> HttpResponse:
        """The row, with its ETag; 304 when the caller has it already."""
        self.require("view")
        names = self.projection()
        found = self.shown(self._rows(identifier), names)
        if found is None:
            raise Http404
        body, etag = found
        known = request.headers.get("If-None-Match")
        if known is not None and etag in {part.strip().removeprefix("W/") for part in known.split(",")}:
            return HttpResponse(status=304, headers={"ETag": etag})
        return answer(body, headers={"ETag": etag})

    def patch(self, request: Any, identifier: str, **_kwargs: Any) -> HttpResponse:
        """Change what differs; the row is locked from the check of its version to the end."""
        self.require("update")
        resource, user = self.resource, request.user
        media_type = request.content_type.partition(";")[0].strip()
        body = self.body()
        with self.acting(), transaction.atomic():
            obj, present = self._locked(identifier)
            change = write.Patch(resource, user)
            data = change.read(body, media_type, present)
            self._change(obj, change, data)
            found = self.shown(self._rows(identifier), self.projection())
        if found is None:
            raise Http404
        return answer(found[0], headers={"ETag": found[1], **_ignored(change.ignored)})

    def delete(self, request: Any, identifier: str, **_kwargs: Any) -> HttpResponse:
        """Remove the row; 409 while others refer to it."""
        self.require("delete")
        with self.acting(), transaction.atomic():
            obj, _present = self._locked(identifier)
            self.resource.delete(obj, request.user)  # type: ignore[attr-defined]
        return HttpResponse(status=204, content_type=CONTENT_TYPE)

    def _rows(self, identifier: str) -> Any:
        match = self.resource.address(identifier)
        if match is None:
            raise Http404
        return self.resource.queryset(self.request.user).filter(match)

    def _locked(self, identifier: str) -> tuple[Any, dict[str, Any]]:
        """The row under lock and its representation; checks If-Match."""
        rows = self._rows(identifier)
        if not rows.exists():
            raise Http404
        match = self.resource.address(identifier)
        obj = self.resource.model._base_manager.select_for_update().filter(match).first()
        found = self.shown(rows, None)
        if obj is None or found is None:
            raise Http404
        conditional.check_match(
            self.request.headers.get("If-Match"), found[1], demanded=self.limits.require_match
        )
        return obj, found[0]

    def _change(self, obj: Any, change: write.Patch, data: Any) -> None:
        resource, user = self.resource, self.request.user
        if data and not hasattr(resource, "update"):
            raise write.unchangeable(data)
        if data:
            resource.update(obj, data, user)  # type: ignore[attr-defined]
        if change.state is not None:
            write.move_to(resource, obj, change.state, data, user)


class Nowhere(Endpoint):
    """An address below an API's base that is no resource."""

    def get(self, request: Any, **_kwargs: Any) -> HttpResponse:
        """404 in the standard's shape."""
        raise Http404

    post = patch = put = delete = get


class Unserved(Endpoint):
    """An address outside every API."""

    authentication_classes = []

    def check_permissions(self, request: Any) -> None:
        """Nothing here to protect."""

    def check_throttles(self, request: Any) -> None:
        """Nobody to count it against."""

    def get(self, request: Any, **_kwargs: Any) -> HttpResponse:
        """404 in the standard's shape."""
        raise Http404

    post = patch = put = delete = get


def _key(resource: Resource[Any], obj: Any) -> Any:
    return obj.pk if resource.key == "pk" else getattr(obj, resource.key)


def _ignored(names: list[str]) -> Mapping[str, str]:
    return (
        {"X-Ignored-Attributes": ", ".join(names)[:1000].encode("ascii", "replace").decode()} if names else {}
    )
