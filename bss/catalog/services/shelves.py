"""Doors of catalogues and categories."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from bss.catalog.models import Catalog, Category
from kernel import lifecycle
from kernel.errors import Invalid


def create_catalog(*, code: str, name_en: str, **texts: str) -> Catalog:
    """Make an empty catalogue; raises Invalid for a code in use."""
    if Catalog.objects.filter(code=code).exists():
        raise Invalid(_("This code is taken"), code="catalog.code", fields={"code": _("Taken")})
    return lifecycle.create(Catalog(code=code, name_en=name_en, **texts))


def create_category(*, code: str, name_en: str, **values: Any) -> Category:
    """Make a shelf, on its own, in a catalogue or within another shelf; raises Invalid for a code in use."""
    if Category.objects.filter(code=code).exists():
        raise Invalid(_("This code is taken"), code="catalog.code", fields={"code": _("Taken")})
    return lifecycle.create(Category(code=code, name_en=name_en, **values))
