"""Template words of the page kit: {% load pages %}."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from kernel.pages import badgeset, charts, formats, icons, registry
from kernel.pages.lists.table import Header

register = template.Library()

register.filter("money", formats.money)
register.filter("number", formats.number)
register.filter("bits", formats.bits)
register.filter("size", formats.size)
register.filter("percent", formats.percent)
register.filter("when", formats.when)
register.filter("seconds", formats.seconds)
register.filter("day", formats.day)
register.filter("duration", formats.duration)
register.filter("iso", formats.iso)
register.simple_tag(formats.labelled, name="labelled")
register.simple_tag(icons.icon, name="icon")
register.simple_tag(badgeset.severity_html, name="severity")
register.simple_tag(charts.sparkline, name="sparkline")
register.simple_tag(charts.barlist, name="barlist")
register.simple_tag(charts.gauge, name="gauge")


@register.simple_tag
def badge(value: Any, badges: badgeset.BadgeSet | str) -> SafeString:
    """`{% badge order.status "bss_orders.order" %}`; raises KeyError for a set nobody declared."""
    return (badgeset.REGISTRY[badges] if isinstance(badges, str) else badges).html(value)


@register.simple_tag
def linechart(chart: charts.LineChart) -> SafeString:
    """`{% linechart chart %}`."""
    return chart.html()


@register.filter
def href(obj: Any) -> str:
    """Address of an object's page, or nothing."""
    return registry.url_of(obj) or ""


@register.simple_tag(takes_context=True)
def objectlink(context: template.Context, obj: Any, text: Any = "") -> SafeString:
    """The object's name, linked to its page where the user may open it."""
    if obj is None:
        return SafeString("–")
    url = registry.link_of(obj, context["request"].user)
    name = text or getattr(obj, "number", "") or obj
    return format_html('<a href="{}">{}</a>', url, name) if url else format_html("{}", name)


# Said once by a part of the list for all its links, which portal.js hands over to htmx with their target.
SWAPS = SafeString('data-swaps hx-push-url="true" hx-inherit="*"')


@register.simple_tag
def swaps() -> SafeString:
    """Attributes of an element whose links (`swap`) change the list in place."""
    return SWAPS


@register.simple_tag
def swap(url: str) -> SafeString:
    """Attributes of a link inside `swaps` that changes the list in place, and works as a plain link without JavaScript."""
    return format_html('href="{}"', url)


@register.simple_tag
def aria_sort(header: Header) -> SafeString:
    """aria-sort of a column head, where it sorts."""
    return format_html(' aria-sort="{}"', header.sort) if header.sort else SafeString("")


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """A dictionary's value by key."""
    return mapping.get(key) if mapping else None


@register.simple_tag(takes_context=True)
def panel(context: template.Context, one: Any, row: Any) -> SafeString:
    """The body of one card of a detail page."""
    html: SafeString = one.html(context["request"], row)
    return html


@register.simple_tag
def control(field: Any, show_errors: bool = True) -> SafeString:
    """The input of a form field, tied to its help and error texts."""
    attrs = {}
    ids = []
    if field.help_text:
        ids.append(f"{field.auto_id}_help")
    if show_errors and field.errors:
        ids.append(f"{field.auto_id}_error")
        attrs["aria-invalid"] = "true"
        attrs["class"] = f"{field.field.widget.attrs.get('class', '')} is-invalid".strip()
    attrs["aria-describedby"] = " ".join(ids)
    if not ids:
        # Django ties an input to its help text by itself; an empty value would hide that.
        del attrs["aria-describedby"]
    return SafeString(field.as_widget(attrs=attrs))


@register.filter
def check_like(field: Any) -> bool:
    """Whether a field is a single check box, whose label stands behind it."""
    return field.field.widget.__class__.__name__ == "CheckboxInput"


@register.filter
def grouped(field: Any) -> bool:
    """Whether a field is several inputs, which need a fieldset and a legend."""
    return bool(field.use_fieldset)


@register.filter
def kind(row: Any) -> str:
    """What kind of object a row is, as a label."""
    return capfirst(str(row._meta.verbose_name))


@register.filter
def meta_name(model: Any) -> str:
    """What a kind of object is called, in the plural."""
    return str(model._meta.verbose_name_plural)


@register.filter
def pretty(value: Any) -> str:
    """A JSON value, indented."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
