"""`manage.py audit_books`: the checker of everything that must hold whatever has crashed (docs/operations.md)."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from kernel import audit


class Command(BaseCommand):
    """One line a finding, with the number of its row. Exit code 0 when nothing is wrong, 1 otherwise."""

    help = "Prove that nothing is lost and nothing is wrong: money, usage, orders, resources, alarms, events, journal."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--json", action="store_true", help="findings as a JSON list")
        parser.add_argument(
            "--older-than",
            type=int,
            metavar="SECONDS",
            default=int(audit.PATIENCE.total_seconds()),
            help="how long something may wait for a worker before that is a finding (%(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = audit.findings(timedelta(seconds=options["older_than"]))
        if options["json"]:
            self.stdout.write(
                json.dumps([asdict(finding) for finding in found], ensure_ascii=False, indent=1)
            )
        else:
            for finding in found:
                self.stdout.write(str(finding))
            self.stderr.write(f"{len(found)} findings" if found else "nothing is lost, nothing is wrong")
        self.stdout.flush()
        if found:
            sys.exit(1)
