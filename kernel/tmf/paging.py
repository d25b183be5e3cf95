"""One page of a list: its rows, the exact total or none, the links (TMF630 part 1, §5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import EmptyResultSet
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from kernel.tmf.query import Query, after_cursor, encode_cursor, ordered
from kernel.tmf.resource import Projection, Resource

COUNT_MS = 500
# Counting costs in proportion to the rows, so a large total is counted only for those who ask (Prefer: count=exact).
COUNT_ROWS = 10_000
PATTERN_MS = 2000
TIMED_OUT = "57014"  # query_canceled
PAGE_PARAMETERS = {"offset", "limit", "cursor"}


@dataclass
class Page:
    """What a list answers."""

    body: list[dict[str, Any]]
    total: int | None
    more: bool
    status: int
    links: dict[str, str]


def page_of(resource: Resource[Any], query: Query, user: Any, base: str, address: str, text: str) -> Page:
    """Read one page. `address` is the list's own address and `text` its query string, for the links."""
    rows = query.narrow(resource.queryset(user))
    projection = resource.projection(query.names, base)
    start = 0 if query.cursor is not None else query.offset
    window = ordered(resource, after_cursor(resource, rows, query.cursor) if query.cursor else rows, query)
    window = window[start : start + query.limit + 1]
    if query.patterns:
        # A pattern may be slow whatever its length: it gets a time limit of its own.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true)",
                [str(PATTERN_MS)],
            )
            before = cursor.fetchone()[0]
            found = projection.fetch(window, user)
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
    else:
        found = projection.fetch(window, user)
    more, found = len(found) > query.limit, found[: query.limit]
    total = _total(rows, query, len(found), more)
    part = more or (start > 0 and total != 0) or bool(query.cursor)
    status = 206 if part and (query.paged or query.cursor is not None) else 200
    return Page(
        [projection.body(row) for row in found],
        total,
        more,
        status,
        _links(resource, query, projection, found, total, more, address, text),
    )


def _total(rows: QuerySet[Any], query: Query, got: int, more: bool) -> int | None:
    if query.cursor is not None:
        return None
    if not more and (got or query.offset == 0):
        return query.offset + got
    return count(rows, most=None if query.exact else COUNT_ROWS)


def count(rows: QuerySet[Any], *, limit_ms: int = COUNT_MS, most: int | None = COUNT_ROWS) -> int | None:
    """Exact number of rows; None when there are more than `most`, or when counting takes longer than `limit_ms`.

    Outside a transaction the limit and the count travel in one message, so that the limit costs no round trip and
    ends with the statement.
    """
    bounded = rows.order_by() if most is None else rows.order_by()[: most + 1]
    if connection.in_atomic_block:
        return _within(bounded.count(), most)
    try:
        sql, params = _count_sql(bounded)
    except EmptyResultSet:
        return 0
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {int(limit_ms)}; {sql}", params)
            return _within(int(cursor.fetchone()[0]), most)
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") == TIMED_OUT:
            return None
        raise


def _within(found: int, most: int | None) -> int | None:
    return None if most is not None and found > most else found


def _count_sql(rows: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    inner, params = rows.values("pk").query.sql_with_params()
    return f"SELECT count(*) FROM ({inner}) AS counted", params


def _links(
    resource: Resource[Any],
    query: Query,
    projection: Projection,
    found: list[Any],
    total: int | None,
    more: bool,
    address: str,
    text: str,
) -> dict[str, str]:
    # Kept as the client wrote them: decoding `a>5` and encoding it again would make it something else. Only what
    # would break the header is encoded.
    shown = text.replace("<", "%3C").replace(">", "%3E").replace('"', "%22")
    kept = [part for part in shown.split("&") if part and part.partition("=")[0] not in PAGE_PARAMETERS]

    def link(**page: Any) -> str:
        return f"{address}?{'&'.join([*kept, urlencode(page)])}"

    limit = query.limit
    if query.cursor is not None:
        links = {"self": link(cursor=query.cursor, limit=limit), "first": link(cursor="", limit=limit)}
        if more:
            last = found[-1]
            token = encode_cursor(
                projection.value(last, resource.keyset), projection.value(last, resource.key)
            )
            links["next"] = link(cursor=token, limit=limit)
        return links
    links = {"self": link(offset=query.offset, limit=limit), "first": link(offset=0, limit=limit)}
    if query.offset > 0:
        links["prev"] = link(offset=max(query.offset - limit, 0), limit=limit)
    if more and limit:
        links["next"] = link(offset=query.offset + limit, limit=limit)
    if total is not None and limit:
        # Pages are counted from the present offset, so that next and last meet.
        behind = max(total - 1 - query.offset, 0) // limit
        links["last"] = link(
            offset=query.offset + behind * limit if total > query.offset else max(total - limit, 0),
            limit=limit,
        )
    return links
