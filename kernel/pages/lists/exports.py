"""Export of exactly the visible filter and columns, as CSV, XLSX or JSON; many rows become a job with a link."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from kernel import clock, jobs
from kernel.errors import Invalid
from kernel.pages import registry, xlsx
from kernel.pages.lists import bulk
from kernel.pages.lists.state import State
from kernel.pages.respond import go, personal, render
from kernel.pages.values import Column

if TYPE_CHECKING:
    from kernel.pages.lists import List

AT_ONCE = 5_000
KEEP = timedelta(hours=24)
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# A spreadsheet runs a cell that begins with one of these; an apostrophe makes it text.
DANGEROUS = re.compile(r"^[=+\-@\t\r\n]")


def answer(page: List, state: State, request: HttpRequest) -> HttpResponseBase:
    """GET `_export=csv|json|xlsx`: the file at once, or the page that offers the job."""
    kind = _kind(request.GET["_export"])
    if state.errors:
        raise Invalid(state.errors[0][1], code="filter.value")
    everything = request.GET.get("_columns") == "all"
    columns = _columns(page, state, request.user, everything=everything)
    rows = page.matching(state, request.user)
    count = page.count(rows)
    if count > AT_ONCE:
        context = {
            "title": _("Export"),
            "list": page,
            "kind": kind,
            "url": state.url(),
            "everything": everything,
        }
        return render(request, "pages/export.html", context)
    name = file_name(page, state, count, kind)
    body = _keeping(lambda: chunks(kind, columns, rows.iterator(chunk_size=500)))
    response = StreamingHttpResponse(body, content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return personal(response)


def start(page: List, state: State, request: HttpRequest) -> HttpResponse:
    """POST `_export`: a job that writes the file."""
    job = jobs.start(
        "kernel.export",
        _("Export of %(list)s") % {"list": page.title},
        owner=request.user,
        page=page.name,
        query=f"view=all&{state.saving}",
        view=_view_name(state),
        lock={name: str(value) for name, value in state.lock.items()},
        format=_kind(request.POST["_export"]),
        everything=request.POST.get("_columns") == "all",
        back=state.url(keep_place=True),
    )
    return go(request, registry.url_of(job) or "/")


@jobs.job("kernel.export")
def run_export(run: jobs.Run) -> dict[str, Any]:
    """Write one export file for its owner; it can be fetched for a day. A second run writes it anew."""
    user, params = bulk.owner(run), run.params
    page = registry.list_named(params["page"])
    with translation.override(user.language), timezone.override(ZoneInfo(user.time_zone)):
        state = page.state(QueryDict(params["query"]), user, lock=params["lock"])
        columns = _columns(page, state, user, everything=params["everything"])
        rows, kind = page.matching(state, user), params["format"]
        total = rows.order_by().values("pk").count()
        run.advance(0, total=total)
        target = folder() / f"{run.row.pk}.{kind}"
        with target.open("wb") as file:
            for piece in chunks(kind, columns, _counted(rows.iterator(chunk_size=2000), run)):
                file.write(piece)
        name = file_name(page, state, total, kind, view=params["view"])
    return {"file": target.name, "name": name, "rows": total, "expires": clock.system_now() + KEEP}


def _counted(rows: Iterable[Any], run: jobs.Run) -> Iterator[Any]:
    for index, row in enumerate(rows, start=1):
        yield row
        if index % 2000 == 0:
            run.advance(2000)


def folder() -> Path:
    """Where export files wait to be fetched; files past their time are removed on the way."""
    path = Path(settings.MEDIA_ROOT) / "exports"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    oldest = (clock.system_now() - KEEP).timestamp()
    for old in path.iterdir():
        if old.stat().st_mtime < oldest:
            old.unlink(missing_ok=True)
    return path


def _kind(text: str) -> str:
    if text not in TYPES:
        raise Invalid(_("Export is offered as CSV, XLSX and JSON"), code="export.kind")
    return text


def _columns(page: List, state: State, user: Any, *, everything: bool) -> list[Column]:
    allowed = page.allowed(user, state.lock)
    return allowed if everything else page.shown(state, allowed)


def _view_name(state: State) -> str:
    return slugify(str(state.view.name)) if state.view else ""


def file_name(page: List, state: State, count: int, kind: str, *, view: str = "") -> str:
    """`alarms_current_20261122T140509Z_214-rows.csv`: list, view, UTC and number of rows."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = [slugify(str(page.title)) or "list", view or _view_name(state), stamp, f"{count}-rows"]
    return "_".join(part for part in parts if part) + f".{kind}"


def _keeping(make: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """Produce each piece in the language and zone of the request: the server reads the body after both are gone."""
    language, zone = translation.get_language() or "en", timezone.get_current_timezone()
    pieces = make()

    def produce() -> Iterator[bytes]:
        while True:
            with translation.override(language), timezone.override(zone):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    return produce()


def chunks(kind: str, columns: list[Column], rows: Iterable[Any]) -> Iterator[bytes]:
    """The file of one export, piece by piece."""
    return {"csv": _csv, "json": _json, "xlsx": _xlsx}[kind](columns, rows)


def _heads(columns: list[Column]) -> list[str]:
    heads = []
    for column in columns:
        heads.append(str(column.label))
        if column.kind == "money":
            heads.append(_("%(column)s, currency") % {"column": column.label})
    return heads


def _values(columns: list[Column], row: Any) -> list[Any]:
    values: list[Any] = []
    for column in columns:
        values.append(column.plain(row))
        if column.kind == "money":
            values.append(column.plain_currency(row))
    return values


def safe(value: Any) -> Any:
    """A cell that no spreadsheet runs; numbers stay numbers."""
    if isinstance(value, str) and DANGEROUS.match(value):
        return f"'{value}"
    return "" if value is None else value


def _csv(columns: list[Column], rows: Iterable[Any]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([safe(head) for head in _heads(columns)])
    for index, row in enumerate(rows):
        writer.writerow([safe(value) for value in _values(columns, row)])
        if index % 200 == 199:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _json(columns: list[Column], rows: Iterable[Any]) -> Iterator[bytes]:
    yield b"["
    for index, row in enumerate(rows):
        values: dict[str, Any] = {}
        for column in columns:
            values[column.name] = column.plain(row)
            if column.kind == "money":
                values[f"{column.name}_currency"] = column.plain_currency(row)
        text = json.dumps(
            values, ensure_ascii=False, default=lambda v: str(v) if isinstance(v, Decimal) else repr(v)
        )
        yield (b",\n" if index else b"\n") + text.encode()
    yield b"\n]\n"


def _xlsx(columns: list[Column], rows: Iterable[Any]) -> Iterator[bytes]:
    return xlsx.write(_heads(columns), (_values(columns, row) for row in rows))
