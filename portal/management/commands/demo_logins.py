"""`manage.py demo_logins`: the demo operator's people, one log-in per role."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from portal.story.people import PASSWORD, PEOPLE, hire


class Command(BaseCommand):
    """Creates who is missing. Refused in production."""

    help = "Create and list the demo operator's log-ins."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        hire()
        rows = [{"role": person.role, "username": person.username, "password": PASSWORD} for person in PEOPLE]
        if options["json"]:
            self.stdout.write(json.dumps(rows))
            return
        for row in rows:
            self.stdout.write(f"{row['role']:12} {row['username']:12} {row['password']}")
