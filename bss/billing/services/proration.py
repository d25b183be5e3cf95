"""How much of a price a part of a billing cycle stands for: pure functions of dates, exact fractions, no rounding.

Periods are half-open [start, end) in local days of the account. Cycles follow the account's anchor day (1–31, clipped
to the month's end). A cycle longer than a month is anchored to the subscription: its first boundary is the anchor of
the start month if not past, else one period later; the base of a leading part is that boundary minus one period by
calendar subtraction, so a 31st in February keeps the full base.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from kernel.errors import Invalid
from kernel.periods import Period, add_months, clip_day


class Convention(StrEnum):
    """Day-count rules an offer may name."""

    ACTUAL = "actual"  # days ÷ actual days of the enclosing period
    FIXED_30 = "fixed_30"  # every month has 30 days (30E/360, the last of February counts as the 30th)
    INCLUSIVE = "inclusive"  # as actual, but the last day of service counts too
    FULL = "full"  # a period that has begun is charged whole and never credited


class Timing(StrEnum):
    """Whether a cycle is charged when it begins or when it is over."""

    ADVANCE = "advance"
    ARREARS = "arrears"


@dataclass(frozen=True)
class Slice:
    """A chargeable part of one cycle: `share` of the price of the whole `base`."""

    period: Period
    base: Period
    share: Fraction


def first_boundary(start: date, anchor: int, months: int = 1) -> date:
    """First cycle date on or after `start`: the anchor of its month if not past, else one period later."""
    candidate = clip_day(start.year, start.month, anchor)
    return candidate if candidate >= start else add_months(candidate, months, anchor=anchor)


def bases(start: date, anchor: int, months: int = 1) -> Iterator[Period]:
    """Enclosing cycles from the one that holds `start`, without end."""
    first = first_boundary(start, anchor, months)
    if first > start:
        # No anchor on the way back: one period before 28 February is 28 January, whatever the anchor.
        yield Period(add_months(first, -months), first)
    count = 0
    while True:
        yield Period(
            add_months(first, count * months, anchor=anchor),
            add_months(first, (count + 1) * months, anchor=anchor),
        )
        count += 1


def _point_360(day: date) -> int:
    """Position of a day on a calendar of twelve months of 30 days."""
    last = (day + timedelta(days=1)).month != day.month
    return day.year * 360 + (day.month - 1) * 30 + (30 if last else min(day.day, 30))


def share(
    part: Period,
    base: Period,
    convention: Convention = Convention.ACTUAL,
    *,
    months: int = 1,
    final: bool = False,
) -> Fraction:
    """The fraction of the price of `base` that `part` stands for.

    `final` says that service ends at the end of `part` (INCLUSIVE then counts that day). Raises Invalid when the
    part is not inside its base, or either has no end.
    """
    if part.end is None or base.end is None:
        raise Invalid("only a closed period can be prorated", code="proration.open")
    if part == base or convention is Convention.FULL:
        return Fraction(1)
    if convention is Convention.FIXED_30:
        return min(Fraction(_point_360(part.end) - _point_360(part.start), 30 * months), Fraction(1))
    if part.start < base.start and part.end > base.end:
        raise Invalid("a part cannot exceed its period", code="proration.outside")
    extra = 1 if convention is Convention.INCLUSIVE and final and part.end < base.end else 0
    return Fraction(part.days + extra, base.days)


def slices(
    start: date,
    end: date | None,
    *,
    through: date,
    anchor: int,
    months: int = 1,
    timing: Timing = Timing.ADVANCE,
    convention: Convention = Convention.ACTUAL,
) -> list[Slice]:
    """What a subscription from `start` to `end` (None = open) owes by the day `through`, slice by slice.

    In advance: every cycle begun on or before `through`. In arrears: every cycle, or final part, over by then.
    """
    found: list[Slice] = []
    for base in bases(start, anchor, months):
        assert base.end is not None
        begin = max(start, base.start)
        if (end is not None and begin >= end) or begin > through:
            break
        finish, final = base.end, False
        if end is not None and end < base.end and convention is not Convention.FULL:
            finish, final = end, True
        if timing is Timing.ARREARS and finish > through:
            break
        part = Period(begin, finish)
        found.append(Slice(part, base, share(part, base, convention, months=months, final=final)))
    return found


def difference(
    start: date,
    end: date | None,
    billed: Period | None,
    *,
    through: date,
    anchor: int,
    months: int = 1,
    timing: Timing = Timing.ADVANCE,
    convention: Convention = Convention.ACTUAL,
) -> list[tuple[int, Slice]]:
    """What is still to be written: (+1, slice to charge) and (−1, slice to credit).

    Billing by difference: what should be billed now minus what was (`billed`, one closed span of days). Writing the
    answer and asking again yields nothing; a start or end that moved is corrected by itself. The share of a slice
    that was charged in part is the difference of the two shares, so the parts always add up to the whole.
    """
    rules = {"anchor": anchor, "months": months, "convention": convention}
    should = slices(start, end, through=through, timing=timing, **rules)  # type: ignore[arg-type]
    was = _was(end, billed, **rules) if billed else []  # type: ignore[arg-type]
    left = {item.base: item for item in was}
    found: list[tuple[int, Slice]] = []
    for item in should:
        before = left.pop(item.base, None)
        found.extend(_step(item, before))
    found.extend((-1, item) for item in left.values())
    return found


def _was(
    end: date | None, billed: Period, *, anchor: int, months: int, convention: Convention
) -> list[Slice]:
    """The slices a billed span stands for, cut as they were when they were charged: from its own start."""
    assert billed.end is not None
    found = []
    for base in bases(billed.start, anchor, months):
        assert base.end is not None
        part = Period(billed.start, billed.end).overlap(base)
        if part is not None:
            # The span was billed as final only if service ended there, which is then the recorded end.
            final = end is not None and part.end == end
            found.append(Slice(part, base, share(part, base, convention, months=months, final=final)))
        if base.end >= billed.end:
            break
    return found


def _step(item: Slice, before: Slice | None) -> list[tuple[int, Slice]]:
    """What turns `before` into `item`, both of one base."""
    if before is None:
        return [(1, item)]
    change = item.share - before.share
    if not change:
        return []
    assert item.period.end is not None
    assert before.period.end is not None
    sign = 1 if change > 0 else -1
    longer, shorter = (item.period, before.period) if sign > 0 else (before.period, item.period)
    assert longer.end is not None
    assert shorter.end is not None
    # Name the days that were added or taken away: they lie at one side of what both share.
    if longer.start == shorter.start:
        days = Period(shorter.end, longer.end)
    elif longer.end == shorter.end:
        days = Period(longer.start, shorter.start)
    else:
        days = longer
    return [(sign, Slice(days, item.base, abs(change)))]
