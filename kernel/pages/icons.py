"""Icons: one sprite file, referred to by name. Decoration by default; with a label it speaks."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

SPRITE = "vendor/icons.svg"


@lru_cache(maxsize=4)
def _sprite(static_url: str) -> str:
    # The address changes with a release (hashed names) or with STATIC_URL, never while a process runs.
    del static_url
    return static(SPRITE)


def icon(name: str, label: Any = "") -> SafeString:
    """`<svg>` of one icon of the sprite (names: static/vendor.json)."""
    address = _sprite(settings.STATIC_URL)
    if label:
        return format_html(
            '<svg class="i" role="img" aria-label="{}"><use href="{}#{}"/></svg>', label, address, name
        )
    return format_html('<svg class="i" aria-hidden="true"><use href="{}#{}"/></svg>', address, name)
