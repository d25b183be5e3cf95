"""Pictures drawn on the server as SVG: no script, no style attribute, and a table that says the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil, floor, log10, pi, sin
from math import cos as cosine
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from kernel.pages import formats

POINTS_MAX = 800
SPARK_MAX = 200
WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 28
LINE = '<path class="ln s{}" d="{}"><title>{}</title></path>'
MARK = '<path class="mk" d="M{} {}V{}"><title>{}</title></path>'
UNITS = {"bits": formats.bits, "bytes": formats.size, "percent": formats.percent, "": formats.number}

Point = tuple[datetime, float | None]


@dataclass(frozen=True)
class Series:
    """One line; None is a gap and is drawn as one."""

    label: Any
    points: Sequence[Point]


@dataclass(frozen=True)
class LineChart:
    """Lines over time, with a threshold and marks (alarms, changes) if wished. `unit`: bits, bytes, percent or none."""

    title: Any
    series: Sequence[Series]
    unit: str = ""
    threshold: float | None = None
    marks: Sequence[tuple[datetime, Any]] = field(default_factory=tuple)
    # Samples further apart than this are not joined.
    gap: timedelta | None = None

    def text(self, value: Any) -> str:
        """A value with its unit."""
        return str(UNITS[self.unit](value))

    def html(self) -> SafeString:
        """The figure: SVG and table."""
        lines = [Series(one.label, thin(one.points)) for one in self.series]
        known = [value for one in lines for _at, value in one.points if value is not None]
        times = [at for one in lines for at, _value in one.points]
        if not known:
            return format_html('<p class="text-secondary">{}</p>', _("No samples in this range."))
        scale = Scale.over(times, known, self.threshold)
        return format_html(
            '<figure class="chart"><figcaption>{}</figcaption>{}'
            '<details class="twin"><summary>{}</summary>{}</details></figure>',
            self.title,
            self._svg(lines, scale),
            _("Show as a table"),
            self._table(lines),
        )

    def _svg(self, lines: Sequence[Series], scale: Scale) -> SafeString:
        parts = [self._grid(scale)]
        for index, one in enumerate(lines):
            drawn = path(one.points, scale, self.gap)
            parts.append(
                format_html(
                    '<path class="ln s{}" d="{}"><title>{}</title></path>', index % 6, drawn, one.label
                )
            )
        if self.threshold is not None:
            y = scale.y(self.threshold)
            label = _("threshold %(value)s") % {"value": self.text(self.threshold)}
            parts.append(
                format_html(
                    '<path class="th" d="M{} {}H{}"/><text class="th" x="{}" y="{}" text-anchor="end">{}</text>',
                    LEFT, y, WIDTH - RIGHT, WIDTH - RIGHT, y - 4, label,
                )
            )  # fmt: skip
        for at, text in self.marks:
            if scale.start <= at <= scale.end:
                parts.append(format_html(MARK, scale.x(at), TOP, HEIGHT - BOTTOM, text))
        legend = format_html_join(
            "",
            '<li class="s{}">{}</li>',
            ((i % 6, one.label) for i, one in enumerate(lines) if len(lines) > 1),
        )
        return format_html(
            '<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg><ul class="legend">{}</ul>',
            WIDTH, HEIGHT, self.summary(lines), mark_safe("".join(parts)), legend,  # noqa: S308 - parts are escaped
        )  # fmt: skip

    def summary(self, lines: Sequence[Series]) -> str:
        """The picture in words: least, most and last of each line."""
        texts = []
        for one in lines:
            values = [value for _at, value in one.points if value is not None]
            if values:
                texts.append(
                    _("%(label)s: least %(least)s, most %(most)s, last %(last)s")
                    % {
                        "label": one.label,
                        "least": self.text(min(values)),
                        "most": self.text(max(values)),
                        "last": self.text(values[-1]),
                    }
                )
        return f"{self.title}. " + "; ".join(texts)

    def _grid(self, scale: Scale) -> SafeString:
        rows = format_html_join(
            "",
            '<path class="gr" d="M{} {}H{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
            (
                (LEFT, scale.y(value), WIDTH - RIGHT, LEFT - 6, scale.y(value) + 4, self.text(value))
                for value in scale.ticks
            ),
        )
        columns = format_html_join(
            "",
            '<text x="{}" y="{}" text-anchor="middle">{}</text>',
            ((scale.x(at), HEIGHT - 8, _clock(at, scale.end - scale.start)) for at in scale.times),
        )
        return rows + columns

    def _table(self, lines: Sequence[Series]) -> SafeString:
        heads = format_html_join("", '<th scope="col" class="n">{}</th>', ((one.label,) for one in lines))
        by_time: dict[datetime, dict[int, float | None]] = {}
        for index, one in enumerate(lines):
            for at, value in thin(one.points, 48):
                by_time.setdefault(at, {})[index] = value
        rows = format_html_join(
            "",
            '<tr><th scope="row">{}</th>{}</tr>',
            (
                (
                    formats.seconds(at),
                    format_html_join(
                        "",
                        '<td class="n">{}</td>',
                        (
                            ("–" if values.get(i) is None else self.text(values[i]),)
                            for i in range(len(lines))
                        ),
                    ),
                )
                for at, values in sorted(by_time.items())
            ),
        )
        start, end = min(by_time, default=None), max(by_time, default=None)
        told = format_html_join(
            "",
            "<li>{} {}</li>",
            ((formats.seconds(at), text) for at, text in self.marks if start and end and start <= at <= end),
        )
        return format_html(
            '<table class="table table-sm"><thead><tr><th scope="col">{}</th>{}</tr></thead><tbody>{}</tbody></table>{}',
            _("Time"),
            heads,
            rows,
            format_html('<ul class="list-unstyled">{}</ul>', told) if told else "",
        )


def _clock(at: datetime, span: timedelta) -> str:
    local = timezone.localtime(at)
    if span <= timedelta(hours=36):
        return f"{local:%H:%M}"
    return str(date_format(local, "j M"))


@dataclass(frozen=True)
class Scale:
    """Times and values to coordinates."""

    start: datetime
    end: datetime
    low: float
    high: float
    step: float

    @classmethod
    def over(cls, times: Sequence[datetime], values: Sequence[float], threshold: float | None) -> Scale:
        """A scale with four to six round steps, from zero where nothing is negative."""
        reach = [*values, *([threshold] if threshold is not None else [])]
        low, high = min(0.0, *map(float, reach)), max(map(float, reach))
        span = (high - low) or 1.0
        magnitude = 10.0 ** floor(log10(span / 4))
        step = next(magnitude * m for m in (1, 2, 2.5, 5, 10) if span / (magnitude * m) <= 5)
        return cls(min(times), max(times), floor(low / step) * step, ceil((low + span) / step) * step, step)

    def x(self, at: datetime) -> float:
        """Horizontal place of an instant."""
        span = (self.end - self.start).total_seconds() or 1.0
        share = (at - self.start).total_seconds() / span
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """Vertical place of a value."""
        share = (float(value) - self.low) / ((self.high - self.low) or 1.0)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    @property
    def ticks(self) -> list[float]:
        """Values with a grid line."""
        count = round((self.high - self.low) / self.step)
        return [round(self.low + index * self.step, 9) for index in range(count + 1)]

    @property
    def times(self) -> list[datetime]:
        """Instants with a label: seven, evenly spread."""
        span = self.end - self.start
        return [self.start + span * index / 6 for index in range(7)] if span else [self.start]


def thin(points: Sequence[Point], limit: int = POINTS_MAX) -> list[Point]:
    """At most `limit` points: of each bucket the least and the most, so that peaks survive, and its gaps."""
    if len(points) <= limit:
        return list(points)
    size = ceil(len(points) / max(limit // 3, 1))
    kept: list[Point] = []
    for start in range(0, len(points), size):
        bucket = points[start : start + size]
        known = [(at, value) for at, value in bucket if value is not None]
        gap = next((point for point in bucket if point[1] is None), None)
        chosen = {min(known, key=lambda p: p[1]), max(known, key=lambda p: p[1])} if known else set()
        kept += sorted({*chosen, *([gap] if gap else [])}, key=lambda point: point[0])
    return kept


def path(points: Iterable[Point], scale: Scale, gap: timedelta | None) -> str:
    """SVG path of a line, lifted at gaps."""
    drawn, last = [], None
    for at, value in points:
        if value is None:
            last = None
            continue
        joined = last is not None and (gap is None or at - last <= gap)
        drawn.append(f"{'L' if joined else 'M'}{scale.x(at)} {scale.y(value)}")
        last = at
    return "".join(drawn)


def sparkline(values: Iterable[Any], label: str = "") -> SafeString:
    """A small line of up to 200 values, None being gaps; least, most and last are in its text."""
    points = list(values)[-SPARK_MAX:]
    known = [float(value) for value in points if value is not None]
    if not known:
        return SafeString("")
    low, span = min(known), (max(known) - min(known)) or 1.0
    drawn, joined = [], False
    for index, value in enumerate(points):
        if value is None:
            joined = False
            continue
        y = round(19 - (float(value) - low) / span * 18, 1)
        drawn.append(f"{'L' if joined else 'M'}{round(index * 100 / max(len(points) - 1, 1), 1)} {y}")
        joined = True
    text = _("least %(least)s, most %(most)s, last %(last)s") % {
        "least": formats.number(min(known)),
        "most": formats.number(max(known)),
        "last": formats.number(known[-1]),
    }
    return format_html(
        '<svg class="spark" viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label="{}{}">'
        '<path d="{}"/></svg>',
        f"{label}: " if label else "",
        text,
        "".join(drawn),
    )


def barlist(rows: Iterable[tuple[Any, ...]]) -> SafeString:
    """(label, value[, address[, text]]) as bars; the number stands beside each bar."""
    items = [(*row, "", "")[:4] for row in rows]
    most = max((float(value) for _label, value, _url, _text in items), default=0.0) or 1.0
    lines = []
    for label, value, url, text in items:
        name = format_html('<a href="{}">{}</a>', url, label) if url else label
        width = round(float(value) / most * 100, 1)
        lines.append(
            format_html(
                '<li><span>{}</span><svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">'
                '<rect width="{}" height="1"/></svg><b>{}</b></li>',
                name,
                width,
                text or formats.number(value),
            )
        )
    return format_html('<ul class="bars">{}</ul>', mark_safe("".join(lines)))  # noqa: S308 - items are escaped


def gauge(value: Any, target: Any = None, unit: str = "percent") -> SafeString:
    """A half ring from 0 to 100 with its number, and the target as a mark and in words."""
    share = min(max(float(value or 0), 0.0), 100.0) / 100
    text = UNITS[unit](value)
    parts = [
        format_html('<path class="tr" d="{}"/>', _arc(1.0)),
        format_html('<path class="va" d="{}"/>', _arc(share)) if share else SafeString(""),
    ]
    note = ""
    if target is not None:
        angle = pi * (1 - min(max(float(target), 0.0), 100.0) / 100)
        x, y = cosine(angle), sin(angle)
        parts.append(
            format_html(
                '<path class="ta" d="M{} {}L{} {}"/>',
                round(50 + 34 * x, 1), round(50 - 34 * y, 1), round(50 + 48 * x, 1), round(50 - 48 * y, 1),
            )
        )  # fmt: skip
        note = _("target %(value)s") % {"value": UNITS[unit](target)}
    return format_html(
        '<div class="gauge"><svg viewBox="0 0 100 54" aria-hidden="true">{}</svg><b>{}</b><small>{}</small></div>',
        mark_safe("".join(parts)),  # noqa: S308 - parts are escaped
        text,
        note,
    )


def _arc(share: float) -> str:
    angle = pi * (1 - share)
    return f"M9 50A41 41 0 0 1 {round(50 + 41 * cosine(angle), 2)} {round(50 - 41 * sin(angle), 2)}"
