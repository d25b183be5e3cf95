"""Plays the chapters in order, on a fresh operator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from kernel import clock
from kernel.periods import add_months, start_of
from portal.story import bill, break_, design, order, people, provision, use
from portal.story.lab import Lab
from portal.story.teller import CHAPTERS, Step, Teller

# Days of a month on which the story may begin: its outages then lie in the same month, which is over, measured and
# credited when the first invoice is drawn up on the second of the next.
BEGINS = range(3, 9)
ZONE = "Europe/Paris"

TELL: dict[str, Callable[[Teller], None]] = {
    "design": design.tell,
    "order": order.tell,
    "provision": provision.tell,
    "use": use.tell,
    "break": break_.tell,
    "bill": bill.tell,
}


def play(
    *,
    base_url: str,
    quiet: bool = False,
    pump: Callable[[], object] | None = None,
    told: Callable[[Step], None] | None = None,
    beat: Callable[[], None] | None = None,
) -> Teller:
    """Tell the whole story; it stops at the first chapter that does not hold. The teller has the account."""
    story = Teller(people.hire(), base_url=base_url, quiet=quiet, pump=pump)
    story.told, story.beat = told, beat
    open_calendar(story)
    if pump is None:
        Lab.here().listen()
    for name in CHAPTERS:
        if not story.tell(name, TELL[name]):
            break
    return story


def open_calendar(story: Teller) -> None:
    """Move the business clock to the next day on which the story may begin, unless it is one."""
    today = clock.today(ZONE)
    if today.day in BEGINS:
        return
    first = today.replace(day=1)
    month = first if today.day < BEGINS.start else add_months(first, 1)
    story.move_clock(start_of(month.replace(day=BEGINS.start), ZONE) + timedelta(hours=9))
