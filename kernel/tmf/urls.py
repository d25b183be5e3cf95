"""Addresses of the whole REST surface: each API's base and aliases, with and without a trailing slash."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, include, re_path

from kernel.tmf import registry
from kernel.tmf.api import Api
from kernel.tmf.hubviews import Hub, HubItem
from kernel.tmf.openapi import Document
from kernel.tmf.resource import Resource
from kernel.tmf.views import Collection, Item, Nowhere


def urls() -> list[URLPattern | URLResolver]:
    """Patterns of every API; imports each installed app's `api.py`."""
    registry.discover()
    return [
        re_path(rf"^{base.lstrip('/')}(?:/|$)", include((patterns(api), f"tmf-{api.number}{index or ''}")))
        for number in sorted(registry.APIS)
        for api in [registry.APIS[number]]
        for index, base in enumerate((api.path, *api.aliases))
    ]


def patterns(api: Api) -> list[URLPattern]:
    """Patterns below one API's base."""
    found = [re_path(r"^$", Document.as_view(api=api), name="document")]
    if api.has_hub:
        found.append(re_path(r"^hub/?$", Hub.as_view(api=api), name="hub"))
        found.append(re_path(r"^hub/(?P<identifier>[^/]+)/?$", HubItem.as_view(api=api), name="hub-item"))
    for resource in api.resources.values():
        lists, items = methods(resource)
        found.append(
            re_path(
                rf"^{resource.path}/?$",
                Collection.as_view(api=api, resource=resource, http_method_names=lists),
                name=f"{resource.path}-list",
            )
        )
        found.append(
            re_path(
                rf"^{resource.path}/(?P<identifier>[^/]+)/?$",
                Item.as_view(api=api, resource=resource, http_method_names=items),
                name=f"{resource.path}-item",
            )
        )
    found.append(re_path(r"^.*$", Nowhere.as_view(api=api), name="nowhere"))
    return found


def methods(resource: Resource[Any]) -> tuple[list[str], list[str]]:
    """HTTP methods of a resource's list and item."""
    common = ["get", "head", "options"]
    lists = [*common, "post"] if resource.can("create") or resource.can("create_many") else common
    items = [*common]
    if resource.can("update"):
        items.append("patch")
    if resource.can("delete"):
        items.append("delete")
    return lists, items
