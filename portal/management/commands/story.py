"""`manage.py story`: tell the story on the running processes and say whether all of it held."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from kernel import clock
from kernel.models import ApiToken
from portal.story import run


class Command(BaseCommand):
    """Exit code 0 when every check held, 1 otherwise. Standard output carries the JSON alone."""

    help = "Tell one order to one paid bill and one cut cable to one credit, on live elements."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--keep",
            action="store_true",
            help="issue an administrator's token for who looks around afterwards",
        )
        parser.add_argument("--base-url", default=settings.PUBLIC_URL)

    def handle(self, *args: Any, **options: Any) -> None:
        story = run.play(base_url=options["base_url"])
        account = story.account()
        if options["keep"]:
            _row, secret = ApiToken.issue(
                story.people["admin"], "story", expires=clock.system_now() + timedelta(days=1)
            )
            account |= {"url": options["base_url"], "token": secret}
        if options["json"]:
            self.stdout.write(json.dumps(account, default=str))
            self.stdout.flush()
        if options["keep"]:
            sys.stderr.write(f"{account['url']}  token {account['token']}\n")
        sys.exit(0 if account["ok"] else 1)
