"""The REST surface as a whole: every app's resources, and the OpenAPI documents made from them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, re_path

from kernel.tmf import openapi, registry
from kernel.tmf.render import answer
from kernel.tmf.urls import urls
from kernel.tmf.views import Unserved


def catalogue(request: HttpRequest) -> HttpResponse:
    """Which APIs are served, with their resources and methods."""
    del request
    return answer(openapi.catalogue())


def document(request: HttpRequest, number: str) -> HttpResponse:
    """The OpenAPI document of one API, for the documentation page."""
    registry.discover()
    api = registry.APIS.get(number)
    if api is None:
        raise Http404
    return answer(openapi.document(api, server=f"{request.scheme}://{request.get_host()}"))


urlpatterns: list[URLPattern | URLResolver] = [
    *urls(),
    # Whatever is not served here is a 404 of the API, never a page or a redirect.
    re_path(r"^tmf-api(?:/|$)", Unserved.as_view()),
    path("developers/openapi.json", catalogue, name="openapi-catalogue"),
    path("developers/openapi/<str:number>.json", document, name="openapi-document"),
]
