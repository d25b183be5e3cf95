"""The OpenAPI 3.0 document of an API, made from the same declarations that serve it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from kernel.tmf import registry
from kernel.tmf.api import Api
from kernel.tmf.fields.base import Field, Schema
from kernel.tmf.paging import COUNT_ROWS
from kernel.tmf.query import DEFAULT_LIMIT
from kernel.tmf.render import answer
from kernel.tmf.resource import Resource
from kernel.tmf.task import Task
from kernel.tmf.views import Endpoint

VERSION = "3.0.3"
JSON = "application/json;charset=utf-8"
REFUSALS = {
    "400": "BadRequest",
    "401": "Unauthorized",
    "403": "Forbidden",
    "404": "NotFound",
    "405": "MethodNotAllowed",
    "409": "Conflict",
    "429": "TooManyRequests",
    "500": "InternalError",
}
ERROR: Schema = {
    "type": "object",
    "required": ["code", "reason"],
    "properties": {
        "code": {"type": "string", "description": "Stable, listed in the developer centre"},
        "reason": {"type": "string", "description": "English"},
        "message": {"type": "string", "description": "In the language of Accept-Language"},
        "status": {"type": "string"},
        "referenceError": {"type": "string", "format": "uri"},
        "@type": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Every attribute error of the body (extension)",
            "items": {
                "type": "object",
                "properties": {
                    "row": {"type": "integer"},
                    "attribute": {"type": "string"},
                    "code": {"type": "string"},
                    "reason": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


class Document(Endpoint):
    """`GET <base>`: the API's own document."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: Any, **_kwargs: Any) -> HttpResponse:
        """The document with this installation as server."""
        del request
        return answer(document(self.api, server=self.base()))


def catalogue() -> list[dict[str, Any]]:
    """Every served API for the developer centre: number, title, path, document version, resources with methods."""
    registry.discover()
    return [
        {
            "number": api.number,
            "title": api.title,
            "path": api.path,
            "document": api.document,
            "extension": api.extension,
            "openapi": f"/developers/openapi/{api.number}.json",
            "resources": [
                {
                    "path": each.path,
                    "methods": [verb.upper() for verb in _verbs(each)],
                    "events": each.event_types(),
                }
                for each in api.resources.values()
            ],
        }
        for api in (registry.APIS[number] for number in sorted(registry.APIS))
    ]


def document(api: Api, server: str = "") -> dict[str, Any]:
    """OpenAPI 3.0 document of one API; without `server` its address stays relative, so that it can be committed."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {"Error": ERROR}
    for resource in api.resources.values():
        schemas.update(_schemas(resource))
        paths.update(_paths(resource))
    if api.has_hub:
        schemas["EventSubscription"] = _SUBSCRIPTION
        paths.update(_hub_paths())
    return {
        "openapi": VERSION,
        "info": {
            "title": f"TMF{api.number} {api.title}",
            "version": api.document,
            "description": _description(api),
        },
        "servers": [{"url": server + api.path}],
        "security": [{"token": []}],
        "tags": [{"name": each.path, "description": each.description} for each in api.resources.values()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {name: _refusal(status) for status, name in REFUSALS.items()},
        },
    }


def _description(api: Api) -> str:
    kind = (
        "Trunkline extension, TMF style; no conformance is claimed."
        if api.extension
        else f"TM Forum Open API TMF{api.number}, version {api.document}, the part that is served here."
    )
    return (
        f"{kind}\n\nExtra to the standard: `cursor` on event-like lists, `If-Match`/`ETag`, `Idempotency-Key`, "
        "`RateLimit` headers, arrays in POST (bulk), `errors` in the error body."
    )


def _refusal(status: str) -> dict[str, Any]:
    return {
        "description": {"429": "Too many requests: Retry-After says when to come back"}.get(
            status, "Refused"
        ),
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
    }


def _refusals(*statuses: str) -> dict[str, Any]:
    return {status: {"$ref": f"#/components/responses/{REFUSALS[status]}"} for status in statuses}


def _verbs(resource: Resource[Any]) -> list[str]:
    found = ["get"]
    if resource.can("create") or resource.can("create_many"):
        found.append("post")
    if resource.can("update"):
        found.append("patch")
    if resource.can("delete"):
        found.append("delete")
    return found


def _schemas(resource: Resource[Any]) -> dict[str, Any]:
    """Read, create and update shapes, kept apart as the standard's later versions do."""
    name = resource.type_name
    identity = {"id": {"type": "string"}, "href": {"type": "string", "format": "uri"}}
    found = {
        name: {
            "type": "object",
            "description": resource.description,
            "required": ["id", "href", *(each.name for each in resource.attributes if each.mandatory)],
            "properties": {**identity, **_properties(resource, resource.attributes)},
        }
    }
    headings = {
        "@type": {"type": "string"},
        "@baseType": {"type": "string"},
        "@schemaLocation": {"type": "string"},
    }
    if "post" in _verbs(resource):
        creatable = [
            each for each in resource.attributes if each.writable(creating=True) and each.name[0] != "@"
        ]
        shape: Schema = {"type": "object", "properties": {**_properties(resource, creatable), **headings}}
        if required := [each.name for each in creatable if each.required]:
            shape["required"] = required
        found[f"{name}_Create"] = shape
    if resource.can("update"):
        changeable = [
            each for each in resource.attributes if each.writable(creating=False) and each.name[0] != "@"
        ]
        found[f"{name}_Update"] = {
            "type": "object",
            "properties": {**_properties(resource, changeable), **headings},
        }
    return found


def _properties(resource: Resource[Any], fields: Any) -> dict[str, Any]:
    def shape(each: Field) -> Schema:
        found = each.schema(resource.model)
        return {**found, "readOnly": True} if each.read_only else found

    return {each.name: shape(each) for each in fields}


def _paths(resource: Resource[Any]) -> dict[str, Any]:
    name, path = resource.type_name, resource.path
    verbs = _verbs(resource)
    lists: dict[str, Any] = {"get": _list(resource)}
    item_at = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    items: dict[str, Any] = {
        "parameters": [item_at],
        "get": {
            **_operation(resource, f"retrieve{name}", f"Read one {path}"),
            "parameters": [_fields(resource)],
            "responses": {
                "200": _body(name, {"ETag": _text("Version of the row")}),
                **_refusals("401", "403", "404", "429"),
            },
        },
    }
    if "post" in verbs:
        lists["post"] = _create(resource)
    if "patch" in verbs:
        body = {"schema": {"$ref": f"#/components/schemas/{name}_Update"}}
        operations = {"schema": {"type": "array", "items": {"type": "object"}}}
        items["patch"] = {
            **_operation(resource, f"patch{name}", f"Change a {path}"),
            "parameters": [_header("If-Match", "Only if the row still has this ETag; 412 otherwise")],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": body,
                    "application/merge-patch+json": body,
                    "application/json-patch+json": operations,
                },
            },
            "responses": {
                "200": _body(name, {"ETag": _text("Version of the row")}),
                **_refusals("400", "401", "403", "404", "409", "429"),
            },
        }
    if "delete" in verbs:
        items["delete"] = {
            **_operation(resource, f"delete{name}", f"Delete a {path}"),
            "parameters": [_header("If-Match", "Only if the row still has this ETag; 412 otherwise")],
            "responses": {"204": {"description": "Deleted"}, **_refusals("401", "403", "404", "409", "429")},
        }
    return {f"/{path}": lists, f"/{path}/{{id}}": items}


def _list(resource: Resource[Any]) -> dict[str, Any]:
    parameters = [
        _fields(resource),
        _query("offset", "Rows to leave out", {"type": "integer", "minimum": 0, "default": 0}),
        _query(
            "limit",
            f"Rows on the page; a larger number than {resource.max_limit} is cut to it",
            {"type": "integer", "minimum": 0, "maximum": resource.max_limit, "default": DEFAULT_LIMIT},
        ),
        _query("sort", "Comma list, minus for descending: " + ", ".join(resource.sorts), {"type": "string"}),
    ]
    if resource.keyset:
        parameters.append(
            _query("cursor", "Keyset paging: empty to begin, then as the next link says", {"type": "string"})
        )
    parameters.append(_header("Prefer", f"count=exact: X-Total-Count even above {COUNT_ROWS} rows"))
    for name, one in resource.filters.items():
        operators = ", ".join(operator for operator in one.operators if operator not in {"in", "empty"})
        parameters.append(_query(name, f"Filter; operators {operators}", {"type": "string"}))
    headers = {
        "X-Total-Count": _text("All matching rows, exact; absent when there are very many", "integer"),
        "X-Result-Count": _text("Rows in this body", "integer"),
        "Link": _text("self, first, prev, next, last"),
    }
    content = {
        JSON: {"schema": {"type": "array", "items": {"$ref": f"#/components/schemas/{resource.type_name}"}}}
    }
    return {
        **_operation(resource, f"list{resource.type_name}", f"List {resource.path}"),
        "parameters": parameters,
        "responses": {
            "200": {"description": "Rows", "headers": headers, "content": content},
            "206": {
                "description": "A page asked for by offset or limit",
                "headers": headers,
                "content": content,
            },
            **_refusals("400", "401", "403", "429"),
        },
    }


def _create(resource: Resource[Any]) -> dict[str, Any]:
    name = resource.type_name
    one = {"$ref": f"#/components/schemas/{name}_Create"}
    many = {"type": "array", "items": one, "maxItems": resource.bulk_limit}
    schema = one if isinstance(resource, Task) else {"oneOf": [one, many]}
    created = _body(name, {"Location": _text("Address of the new row"), "ETag": _text("Version of the row")})
    return {
        **_operation(resource, f"create{name}", f"Create a {resource.path}"),
        "parameters": [
            _header("Idempotency-Key", "The same key and body again gives the same answer; kept 24 h")
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {str(resource.created_status): created, **_refusals("400", "401", "403", "409", "429")},
    }


def _operation(resource: Resource[Any], name: str, summary: str) -> dict[str, Any]:
    return {"operationId": name, "summary": summary, "tags": [resource.path]}


def _body(name: str, headers: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": name,
        "headers": headers,
        "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{name}"}}},
    }


def _fields(resource: Resource[Any]) -> dict[str, Any]:
    names = ", ".join(sorted(resource.names))
    return _query(
        "fields", f"Comma list of attributes, or none; id and href always come. {names}", {"type": "string"}
    )


def _query(name: str, text: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": text, "schema": schema}


def _header(name: str, text: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": text,
        "schema": {"type": "string"},
    }


def _text(text: str, kind: str = "string") -> dict[str, Any]:
    return {"description": text, "schema": {"type": kind}}


_SUBSCRIPTION: Schema = {
    "type": "object",
    "required": ["id", "callback"],
    "properties": {
        "id": {"type": "string"},
        "callback": {"type": "string", "format": "uri"},
        "query": {"type": "string", "description": "eventType=…&event.<resource>.<attribute>=…&fields=…"},
    },
}


def _hub_paths() -> dict[str, Any]:
    subscription = {JSON: {"schema": {"$ref": "#/components/schemas/EventSubscription"}}}
    body = {
        "type": "object",
        "required": ["callback"],
        "properties": {"callback": {"type": "string"}, "query": {"type": "string"}},
    }
    item_at = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "/hub": {
            "post": {
                "operationId": "registerListener",
                "summary": "Subscribe to events",
                "tags": ["hub"],
                "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
                "responses": {
                    "201": {
                        "description": "Subscribed",
                        "headers": {"X-Webhook-Secret": _text("Signing secret, told once")},
                        "content": subscription,
                    },
                    **_refusals("400", "401", "403", "409", "429"),
                },
            }
        },
        "/hub/{id}": {
            "parameters": [item_at],
            "delete": {
                "operationId": "unregisterListener",
                "summary": "Unsubscribe",
                "tags": ["hub"],
                "responses": {
                    "204": {"description": "Unsubscribed"},
                    **_refusals("401", "403", "404", "429"),
                },
            },
        },
    }
