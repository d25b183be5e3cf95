"""Doors of catalogues and categories."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from bss.catalog.models import Catalog, Category
from bss.catalog.services import codes
from kernel import lifecycle
from kernel.errors import Invalid


def create_catalog(*, name_en: str, code: str = "", **texts: str) -> Catalog:
    """Make an empty catalogue; without a code one is made from the name. Raises Invalid for a code in use."""
    return lifecycle.create(Catalog(code=codes.free(Catalog, code, name_en), name_en=name_en, **texts))


def change_catalog(*, catalog: Catalog, version: int | None = None, **texts: Any) -> Catalog:
    """Change the texts of a catalogue; raises StaleVersion."""
    return lifecycle.change(catalog, version=version, **texts)


def create_category(*, name_en: str, code: str = "", **values: Any) -> Category:
    """Make a shelf, on its own, in a catalogue or within another shelf; raises Invalid for a code in use."""
    return lifecycle.create(Category(code=codes.free(Category, code, name_en), name_en=name_en, **values))


def change_category(*, category: Category, version: int | None = None, **values: Any) -> Category:
    """Change texts or place of a shelf. Raises Invalid when it would stand within itself, StaleVersion."""
    above = values.get("parent")
    while above is not None:
        if above.pk == category.pk:
            raise Invalid(
                _("A category does not stand within itself"),
                code="catalog.loop",
                fields={"parent": _("A circle")},
            )
        above = above.parent
    return lifecycle.change(category, version=version, **values)


def remove_shelf(*, shelf: Catalog | Category, reason: str = "") -> None:
    """Forget an empty catalogue or category; raises ProtectedError while it holds anything."""
    lifecycle.remove(shelf, reason=reason)
