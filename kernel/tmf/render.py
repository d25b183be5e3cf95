"""JSON out and in: the standard library alone, values made JSON-ready by the fields before they get here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from kernel.money import Money

MOST_PLACES = 300
CONTENT_TYPE = "application/json;charset=utf-8"


def stamp(value: datetime) -> str:
    """A date-time as every answer prints it: UTC, six decimals, `Z`; the same instant always reads the same."""
    text = value.isoformat(timespec="microseconds")
    if text.endswith("+00:00"):
        return text[:-6] + "Z"
    from datetime import UTC

    return value.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def day(value: date) -> str:
    """A calendar day in an attribute of type date-time: its midnight, UTC."""
    return value.isoformat() + "T00:00:00.000000Z"


def number(value: Any) -> int | float:
    """A JSON number: whole where it is whole."""
    if isinstance(value, int):
        return value
    whole = int(value)
    return whole if whole == value else float(value)


def plain(value: Any) -> Any:
    """JSON-ready form of what a door or a `Batch` hands over (slow path; fields of columns need none of it)."""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, UUID | Promise):
        return str(value)
    if isinstance(value, Money):
        return value.tmf()
    raise TypeError(f"{type(value).__name__} is not JSON")


_encode = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=plain, check_circular=False
).encode


def dumps(value: Any) -> str:
    """Compact JSON text, accents as they are."""
    return _encode(value)


def answer(
    value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None, text: str | None = None
) -> HttpResponse:
    """A JSON answer; `text` is a body that is rendered already."""
    body = dumps(value) if text is None else text
    return HttpResponse(
        body.encode("utf-8", "replace"), status=status, content_type=CONTENT_TYPE, headers=headers
    )


class JSONRenderer(BaseRenderer):
    """For views outside the kit; the kit's own views answer with `answer`."""

    media_type = "application/json"
    format = "json"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Encode; None is an empty body."""
        del accepted_media_type, renderer_context
        return b"" if data is None else dumps(data).encode()


class JSONParser(BaseParser):
    """Strict JSON: UTF-8, no NaN or Infinity, no repeated attribute names, numbers with a point as Decimal."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Raises ParseError, which becomes 400 `request.malformed`."""
        del media_type, parser_context
        raw = stream.read()
        try:
            return loads(raw.decode("utf-8") if isinstance(raw, bytes) else raw)
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not JSON: %(why)s") % {"why": error}) from error


def loads(text: str, *, decimals: bool = True) -> Any:
    """Parse strict JSON; raises ValueError."""
    point = _decimal if decimals else float
    return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_repeats, parse_float=point)


def _decimal(text: str) -> Decimal:
    found = Decimal(text)
    # Written out, 1E+999999999 would fill the memory.
    if abs(found.adjusted()) > MOST_PLACES:
        raise ValueError(f"{text[:40]} is out of range")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an attribute appears twice")
    return found


class MergePatchParser(JSONParser):
    """RFC 7386."""

    media_type = "application/merge-patch+json"


class JSONPatchParser(JSONParser):
    """RFC 6902."""

    media_type = "application/json-patch+json"
