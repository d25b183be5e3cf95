"""Sets of half-open intervals of time: united, cut with one another, measured. Pure arithmetic on instants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

Span = tuple[datetime, datetime]


def union(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, overlapping and touching ones joined, empty ones left out."""
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def cut(left: Sequence[Span], right: Sequence[Span]) -> list[Span]:
    """What both have; both must be unions. Linear in their lengths."""
    found, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            found.append((start, end))
        if left[i][1] <= right[j][1]:
            i += 1
        else:
            j += 1
    return found


def without(left: Sequence[Span], right: Sequence[Span]) -> list[Span]:
    """What `left` has and `right` has not; both must be unions."""
    found: list[Span] = []
    j = 0
    for span in left:
        start, end = span
        while j < len(right) and right[j][1] <= start:
            j += 1
        k = j
        while k < len(right) and right[k][0] < end:
            if start < right[k][0]:
                found.append((start, right[k][0]))
            start = max(start, right[k][1])
            k += 1
        if start < end:
            found.append((start, end))
    return found


def length(spans: Iterable[Span]) -> timedelta:
    """Sum of the lengths of a union."""
    return sum((end - start for start, end in spans), timedelta(0))
