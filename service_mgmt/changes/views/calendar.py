"""The calendar of changes: a week or a month, with windows in their days, freezes and maintenance as bands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import clock, pages, permissions
from kernel.periods import add_months
from oss.alarms.models import Maintenance
from service_mgmt.changes.models import Freeze
from service_mgmt.changes.views.badges import VIEW
from service_mgmt.changes.views.changes import changes_of

DAY = timedelta(days=1)
# Neither a plan without approval nor a change that was given up takes place.
SHOWN = ("waitForApproval", "approved", "scheduled", "inProgress", "fallbackExecution", "postImplementationReview",
         "completed", "failed")  # fmt: skip
ROWS_MAX = 500


@dataclass(frozen=True)
class Span:
    """A half-open time [start, end) on the calendar: a change, or the freeze or maintenance that makes a band."""

    kind: str
    label: str
    start: datetime
    end: datetime
    row: Any

    def touches(self, start: datetime, end: datetime) -> bool:
        """Whether it overlaps [start, end)."""
        return self.start < end and self.end > start


@dataclass(frozen=True)
class Band:
    """A span in one week: `before` empty days, then `days`, then `after` empty ones."""

    span: Span
    before: int
    days: int
    after: int


@permissions.requires(VIEW)
def calendar(request: HttpRequest) -> HttpResponse:
    """`view` is week or month, `date` any day of it; days are those of the reader's time zone."""
    month_view = request.GET.get("view", "month") != "week"
    today = timezone.localtime(clock.now()).date()
    day = _day(request.GET.get("date", ""), today)
    first, last = _month(day) if month_view else _week(day)
    spans = _changes(request.user, first, last)
    bands = _bands(request.user, first, last)
    weeks = [
        {
            "days": [_cell(monday + DAY * n, day, today, spans) for n in range(7)],
            "bands": _of_week(monday, bands),
        }
        for monday in (first + DAY * n for n in range(0, (last - first).days, 7))
    ]
    context = {
        "title": _t("Calendar of changes"),
        "view": "month" if month_view else "week",
        "day": day,
        "today": today,
        "previous": add_months(day.replace(day=1), -1) if month_view else day - DAY * 7,
        "next": add_months(day.replace(day=1), 1) if month_view else day + DAY * 7,
        "names": [first + DAY * n for n in range(7)],
        "weeks": weeks,
        "rows": sorted([*spans, *bands], key=lambda span: (span.start, span.label)),
        "month_view": month_view,
    }  # fmt: skip
    return pages.render(
        request, "service_mgmt/changes/calendar.html", context, partial="service_mgmt/changes/_calendar.html"
    )


def _day(text: str, today: date) -> date:
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        return today
    # Far enough from the ends of time that a month before and after exists.
    return found if 1970 <= found.year <= 2200 else today


def _week(day: date) -> tuple[date, date]:
    monday = day - DAY * day.weekday()
    return monday, monday + DAY * 7


def _month(day: date) -> tuple[date, date]:
    """Whole weeks around the month."""
    first = day.replace(day=1)
    return _week(first)[0], _week(add_months(first, 1) - DAY)[1]


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _changes(user: Any, first: date, last: date) -> list[Span]:
    rows = changes_of(user).filter(
        status__in=SHOWN, window_start__lt=_midnight(last), window_end__gt=_midnight(first)
    )
    return [
        Span("change", f"{row.number} {row.title}", row.window_start, row.window_end, row)
        for row in rows.order_by("window_start", "number")[:ROWS_MAX]
        if row.window_start is not None and row.window_end is not None
    ]


def _bands(user: Any, first: date, last: date) -> list[Span]:
    start, end = _midnight(first), _midnight(last)
    freezes = Freeze.objects.visible_to(user).filter(start__lt=end, end__gt=start).order_by("start", "name")
    # The windows of changes stand in their days already.
    windows = Maintenance.objects.visible_to(user).filter(start__lt=end, end__gt=start, change_ref="")
    standing = windows.exclude(status=Maintenance.Status.CANCELLED).order_by("start", "number")
    return [
        *(Span("freeze", row.name, row.start, row.end, row) for row in freezes[:ROWS_MAX]),
        *(
            Span("maintenance", f"{row.number} {row.reason}", row.start, row.end, row)
            for row in standing[:ROWS_MAX]
        ),
    ]


def _cell(day: date, chosen: date, today: date, spans: list[Span]) -> dict[str, Any]:
    start, end = _midnight(day), _midnight(day + DAY)
    return {
        "date": day,
        "outside": day.month != chosen.month,
        "today": day == today,
        "spans": [span for span in spans if span.touches(start, end)],
    }


def _of_week(monday: date, spans: list[Span]) -> list[Band]:
    edges = [_midnight(monday + DAY * n) for n in range(8)]
    found = []
    for span in spans:
        covered = [n for n in range(7) if span.touches(edges[n], edges[n + 1])]
        if covered:
            found.append(Band(span, covered[0], len(covered), 6 - covered[-1]))
    return found


MENU = [
    pages.MenuItem(
        "assurance", _("Calendar of changes"), "service_mgmt_changes:calendar", VIEW, "calendar", order=46
    )
]
COMMANDS = [pages.Command(_("Calendar of changes"), "service_mgmt_changes:calendar", VIEW, "calendar")]
