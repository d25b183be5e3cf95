"""Codes: what people and files call a catalogue entry."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext as _

from kernel.errors import Invalid


def free(model: type[models.Model], code: str, name: str) -> str:
    """The code as given, or one made from the name with a number where that is taken.

    Raises Invalid when the given one is taken.
    """
    rows: models.QuerySet[Any] = model._default_manager.all()
    if code:
        if rows.filter(code=code).exists():
            raise Invalid(_("This code is taken"), code="catalog.code", fields={"code": _("Taken")})
        return code
    stem = slugify(name)[:50] or "entry"
    taken = set(rows.filter(code__startswith=stem).values_list("code", flat=True))
    candidates = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(taken) + 2))
    return next(candidate for candidate in candidates if candidate not in taken)
