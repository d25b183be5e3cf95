"""`manage.py demo`: play the story into the demo operator once, then keep its network alive."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.story import run
from portal.story.lab import Lab
from portal.story.progress import Progress, interrupted, played


class Command(BaseCommand):
    """Ends when the story is told; the lab then lives by itself (`python -m lab --alive`)."""

    help = "Play the story into the demo operator, unless it has been played already."

    def handle(self, *args: Any, **options: Any) -> None:
        Lab.here().listen()
        if played():
            sys.stderr.write("the story has been played already; the lab reports to this portal\n")
            return
        if interrupted():
            sys.stderr.write("the story was interrupted by an earlier stop: ./dev up --fresh tells it anew\n")
            return
        progress = Progress()
        story = run.play(base_url=settings.PUBLIC_URL, told=progress.told, beat=progress.beat)
        progress.over(story)
        if not story.account()["ok"]:
            sys.exit(1)
