"""Plays the chapters in order, on a fresh operator."""

from __future__ import annotations

from collections.abc import Callable

from portal.story import bill, break_, design, order, people, provision, use
from portal.story.lab import Lab
from portal.story.teller import CHAPTERS, Step, Teller

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
    if pump is None:
        Lab.here().listen()
    for name in CHAPTERS:
        if not story.tell(name, TELL[name]):
            break
    return story
