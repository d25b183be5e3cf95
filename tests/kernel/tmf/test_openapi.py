"""The OpenAPI documents say what is served, and real answers fit them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from kernel.tmf import openapi, registry
from tests.kernel.tmf import shop
from tests.kernel.tmf.conftest import BASE, Caller

APIS = [registry.APIS[number] for number in sorted(registry.APIS)]
EACH = pytest.mark.parametrize("api_of", APIS, ids=repr)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


@EACH
def test_every_reference_leads_somewhere_and_operations_have_names_of_their_own(api_of: Any) -> None:
    found = openapi.document(api_of)
    assert found["openapi"] == "3.0.3"
    for reference in references(found):
        target: Any = found
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
    names = [
        operation["operationId"]
        for path in found["paths"].values()
        for verb, operation in path.items()
        if verb != "parameters"
    ]
    assert len(names) == len(set(names))
    json.dumps(found)


@EACH
def test_every_schema_has_a_type(api_of: Any) -> None:
    def walk(shape: Any, path: str) -> None:
        if "$ref" in shape or "oneOf" in shape or shape == {}:
            return
        assert "type" in shape, path
        for name, inner in shape.get("properties", {}).items():
            walk(inner, f"{path}.{name}")
        if "items" in shape:
            walk(shape["items"], f"{path}[]")

    for name, shape in openapi.document(api_of)["components"]["schemas"].items():
        walk(shape, name)


def test_shapes_for_reading_creating_and_changing_differ() -> None:
    schemas = openapi.document(shop.SHOP)["components"]["schemas"]
    assert schemas["Calendar"]["required"] == ["id", "href", "name", "lastUpdate", "holiday"]
    assert schemas["Calendar_Create"]["required"] == ["name"]
    assert "lastUpdate" not in schemas["Calendar_Create"]["properties"]
    assert "kind" in schemas["Work_Create"]["properties"]
    assert "kind" not in schemas["Work_Update"]["properties"]
    assert (
        "state" in schemas["Work_Update"]["properties"],
        "state" in schemas["Work_Create"]["properties"],
    ) == (True, False)
    assert "aborted " in schemas["Work"]["properties"]["state"]["enum"]
    assert "Person_Create" not in schemas


@pytest.mark.django_db
def test_the_base_path_serves_the_document(api: Caller) -> None:
    for path in (BASE, f"{BASE}/", "/shop/v4"):
        response = api.get(path)
        assert response.status_code == 200
        assert response.json()["servers"] == [{"url": f"http://testserver{BASE}"}]
        assert set(response.json()["paths"]["/calendar"]) == {"get", "post"}


def test_the_catalogue_lists_every_api_with_its_verbs() -> None:
    (found,) = [entry for entry in openapi.catalogue() if entry["number"] == "999"]
    verbs = {entry["path"]: entry["methods"] for entry in found["resources"]}
    assert verbs == {
        "calendar": ["GET", "POST", "PATCH", "DELETE"],
        "work": ["GET", "POST", "PATCH"],
        "errand": ["GET", "POST"],
        "person": ["GET"],
        "stopWork": ["GET", "POST"],
    }
    assert found["extension"] is True


def test_exported_documents_are_checked(tmp_path: Path, capsys: Any) -> None:
    with pytest.raises(CommandError, match=r"TMF999\.json"):
        call_command("export_openapi", "--check", "--directory", str(tmp_path))
    (tmp_path / "TMF000.json").write_text("{}")
    call_command("export_openapi", "--directory", str(tmp_path))
    assert not (tmp_path / "TMF000.json").exists()
    call_command("export_openapi", "--check", "--directory", str(tmp_path))
    assert "up to date" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_portal_serves_documents_to_signed_in_people_only(client: Any, admin: Any, settings: Any) -> None:
    settings.ROOT_URLCONF, settings.LOGIN_URL = "portal.api", "/login"
    assert client.get("/developers/openapi.json").status_code == 302
    client.force_login(admin)
    assert client.get("/developers/openapi.json").status_code == 200
    assert client.get("/developers/openapi/999.json").json()["info"]["title"] == "TMF999 Shop"
    assert client.get("/developers/openapi/000.json").status_code == 404
    assert client.get("/tmf-api/none").json()["code"] == "object.notFound"
