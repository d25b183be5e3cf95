"""TMF620 catalogues and the categories they show."""

from __future__ import annotations

from typing import Any

from bss.catalog import services
from bss.catalog.api.shapes import CATALOGUE, EVENTS, LISTED, TEXTS, references, row_of
from bss.catalog.models import (
    Catalog,
    Category,
)
from kernel import tmf


@CATALOGUE.resource
class CatalogResource(tmf.Resource[Catalog]):
    """A set of categories shown together."""

    path, model = "catalog", Catalog
    events = EVENTS
    fields = (*TEXTS, LISTED, tmf.Many("category", "categories", references("Category"), read_only=True))

    def create(self, data: tmf.Data, user: tmf.User) -> Catalog:
        """Make an empty catalogue."""
        return services.create_catalog(**data)

    def update(self, obj: Catalog, data: tmf.Data, user: tmf.User) -> None:
        """Change its texts."""
        services.change_catalog(catalog=obj, **data)

    def delete(self, obj: Catalog, user: tmf.User) -> None:
        """Refused while it holds categories."""
        services.remove_shelf(shelf=obj)


@CATALOGUE.resource
class CategoryResource(tmf.Resource[Category]):
    """A shelf of the catalogue; `parentId` makes a tree."""

    path, model = "category", Category
    events = EVENTS
    fields = (
        *TEXTS,
        LISTED,
        tmf.Computed("isRoot", ("parent_id",), lambda parent: parent is None, schema={"type": "boolean"}),
        tmf.Text("parentId", "parent_id", max_length=40),
        tmf.Many("subCategory", "children", references("Category"), read_only=True),
        tmf.Many("productOffering", "offerings", references("ProductOffering"), read_only=True),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> Category:
        """Make a shelf."""
        return services.create_category(**_with_parent(data, user))

    def update(self, obj: Category, data: tmf.Data, user: tmf.User) -> None:
        """Change its texts or its place."""
        services.change_category(category=obj, **_with_parent(data, user))

    def delete(self, obj: Category, user: tmf.User) -> None:
        """Refused while it holds anything."""
        services.remove_shelf(shelf=obj)


def _with_parent(data: tmf.Data, user: tmf.User) -> dict[str, Any]:
    values = dict(data)
    if "parent_id" in values:
        wanted = values.pop("parent_id")
        values["parent"] = row_of(CategoryResource, wanted, user, "parentId") if wanted else None
    return values
