"""Badges come from one registry; pictures say in words and a table what they show."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import models
from django.utils.html import escape

from kernel import pages
from kernel.pages import badgeset, charts

START = datetime(2026, 1, 1, tzinfo=UTC)


class State(models.TextChoices):
    OPEN = "open", "Open"
    CLOSED = "closed", "Closed <now>"


def test_a_badge_has_label_colour_icon_and_end() -> None:
    found = pages.badges("test.state", State, open="blue loader", closed="grey check end")
    assert 'class="bd blue"' in found.html("open")
    assert 'class="bd grey end"' in found.html("closed")
    assert "#check" in found.html("closed")
    assert escape("Closed <now>") in found.html("closed")
    assert found.html("") == ""
    assert "unheard" in found.html("unheard")
    assert [badge.order for badge in found] == [0, 1]


@pytest.mark.parametrize(
    "values",
    [
        {"open": "blue x"},
        {"open": "blue x", "closed": "grey x", "third": "grey x"},
        {"open": "pink x", "closed": "grey x"},
        {"open": "blue x", "closed": "grey x fin"},
    ],
)
def test_a_forgotten_or_invented_badge_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"test\.bad"):
        pages.badges("test.bad", State, **values)


@pytest.mark.parametrize("severity", list(badgeset.SEVERITIES))
def test_severity_is_colour_letter_shape_and_word(severity: str) -> None:
    html = pages.severity_html(severity)
    one = badgeset.SEVERITIES[severity]
    assert f'class="sv {severity}"' in html
    assert f'<b aria-hidden="true">{one.letter}</b>' in html
    assert str(one.label) in html
    assert badgeset.SHAPES[severity] in html


def test_severity_states() -> None:
    assert "ack" in pages.severity_html("critical", acked="AL")
    assert "AL</abbr>" in pages.severity_html("critical", acked="AL")
    assert "#eye-off" in pages.severity_html("critical", suppressed=True)
    assert "#tool" in pages.severity_html("critical", maintenance=True)
    assert pages.severity_html("nonsense") == ""


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_severity_texts_keep_their_contrast() -> None:
    from django.contrib.staticfiles import finders

    path = finders.find("portal/portal.css")
    assert path
    with open(path, encoding="utf-8") as file:
        css = file.read()
    found = re.findall(r"\.sv\.(\w+)\{background-color:(#\w{6});color:(#\w+)\}", css)
    assert {name for name, _fill, _text in found} == set(badgeset.SEVERITIES)
    for name, fill, text in found:
        light, dark = sorted(
            (_luminance(fill), _luminance("#ffffff" if text == "#fff" else text)), reverse=True
        )
        assert (light + 0.05) / (dark + 0.05) >= 5.7, name


def line(values: list[float | None], **options: Any) -> str:
    points = [(START + timedelta(minutes=5 * i), value) for i, value in enumerate(values)]
    return pages.LineChart("Traffic", [pages.Series("in", points)], **options).html()


def test_a_gap_is_drawn_as_a_gap() -> None:
    drawn = re.search(r'class="ln s0" d="([^"]+)"', line([1, 2, None, 3, 4]))
    assert drawn
    assert drawn[1].count("M") == 2
    assert drawn[1].count("L") == 2


def test_samples_too_far_apart_are_not_joined() -> None:
    points = [(START, 1.0), (START + timedelta(hours=1), 2.0)]
    chart = pages.LineChart("x", [pages.Series("a", points)], gap=timedelta(minutes=15))
    assert re.search(r'd="M[\d. ]+M[\d. ]+"', chart.html())


def test_at_most_800_points_and_the_peak_survives() -> None:
    values: list[float | None] = [1.0] * 5000
    values[2500] = 99.0
    values[4000] = None
    points = charts.thin([(START + timedelta(minutes=i), value) for i, value in enumerate(values)])
    assert len(points) <= charts.POINTS_MAX
    assert 99.0 in [value for _at, value in points]
    assert None in [value for _at, value in points]
    assert points == sorted(points, key=lambda point: point[0])


def test_a_chart_speaks_and_has_a_table_twin() -> None:
    html = line([1e6, 5e6, 2e6], unit="bits", threshold=4e6, marks=[(START + timedelta(minutes=5), "CHG-1")])
    assert 'aria-label="Traffic. in: least 1 Mbit/s, most 5 Mbit/s, last 2 Mbit/s"' in html
    assert "<summary>Show as a table</summary>" in html
    assert html.count("<tr>") == 4
    assert "threshold 4 Mbit/s" in html
    assert "<title>CHG-1</title>" in html
    assert " CHG-1</li>" in html.split("</table>")[1]
    assert "style=" not in html


@pytest.mark.parametrize("values", [[], [None, None]])
def test_no_samples_is_said(values: list[float | None]) -> None:
    assert "No samples in this range." in line(values)


@pytest.mark.parametrize("values", [[5.0], [0.0, 0.0], [-3.0, -3.0], [1e-9, 2e-9], [1e15, 3.0]])
def test_any_range_has_round_ticks(values: list[float | None]) -> None:
    html = line(values)
    assert "nan" not in html.lower()
    assert 'class="gr"' in html


def test_labels_are_escaped() -> None:
    chart = pages.LineChart("<b>", [pages.Series("<i>", [(START, 1.0)]), pages.Series("b", [(START, 2.0)])])
    assert "<b>" not in chart.html()
    assert "<i>" not in chart.html()
    assert "<b>x" not in charts.barlist([("<b>x", 1)])


def test_a_sparkline_tells_least_most_and_last() -> None:
    html = charts.sparkline([3, 1, None, 2], "Load")
    assert 'aria-label="Load: least 1, most 3, last 2"' in html
    assert charts.sparkline([]) == charts.sparkline([None]) == ""
    assert charts.sparkline(range(1000)).count("L") == charts.SPARK_MAX - 1


def test_a_gauge_is_never_alone() -> None:
    html = charts.gauge(99.95, 99.9)
    assert "<b>100 %</b>" in html or "<b>99.9" in html or "<b>100.0 %</b>" in html
    assert "target 99.9 %" in html
