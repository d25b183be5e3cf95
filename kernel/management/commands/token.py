"""`manage.py token`: issue, list and revoke API tokens at the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kernel import clock
from kernel.errors import DomainError
from kernel.models import ApiToken, User
from kernel.tmf import tokens


class Command(BaseCommand):
    """`token issue ada --days 30 --api 622 --read-only`, `token list [--json]`, `token revoke trk_abc123`."""

    help = "Issue, list and revoke API tokens."

    def add_arguments(self, parser: Any) -> None:
        """Three verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        issue = verbs.add_parser("issue", help="make a token; its secret is printed once")
        issue.add_argument("username")
        issue.add_argument("--name", default="command line")
        issue.add_argument("--days", type=int, default=90)
        issue.add_argument(
            "--api", action="append", default=[], help="number of an API it covers; default all"
        )
        issue.add_argument("--read-only", action="store_true")
        issue.add_argument("--require-match", action="store_true", help="If-Match is mandatory")
        issue.add_argument("--json", action="store_true")
        shown = verbs.add_parser("list", help="tokens that still work")
        shown.add_argument("--json", action="store_true")
        revoke = verbs.add_parser("revoke", help="end a token at once")
        revoke.add_argument("prefix", help="as `token list` shows it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the verb; refusals become CommandError with exit code 1."""
        try:
            getattr(self, f"_{options['verb']}")(options)
        except DomainError as error:
            raise CommandError(str(error.message)) from error

    def _issue(self, options: dict[str, Any]) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"there is no user {options['username']}")
        row, secret = tokens.issue(
            user=user,
            name=options["name"],
            expires=clock.system_now() + timedelta(days=options["days"]),
            apis=options["api"],
            read_only=options["read_only"],
            require_match=options["require_match"],
        )
        told = {"prefix": row.prefix, "expires": row.expires.isoformat(), "secret": secret}
        self.stdout.write(json.dumps(told) if options["json"] else secret)

    def _list(self, options: dict[str, Any]) -> None:
        rows: list[dict[str, Any]] = [
            {
                "prefix": row.prefix,
                "name": row.name,
                "user": row.user.username,
                "apis": row.apis,
                "read_only": row.read_only,
                "expires": row.expires.isoformat(),
                "last_used": row.last_used.isoformat() if row.last_used else None,
            }
            for row in tokens.live().select_related("user").order_by("expires")
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows))
            return
        for row in rows:
            self.stdout.write(f"{row['prefix']}  {row['user']}  {row['name']}  until {row['expires'][:10]}")

    def _revoke(self, options: dict[str, Any]) -> None:
        rows = list(ApiToken.objects.filter(prefix=options["prefix"], revoked=None))
        if len(rows) != 1:
            raise CommandError(f"{len(rows)} live tokens begin with {options['prefix']}")
        tokens.revoke(rows[0])
        self.stdout.write(f"revoked {rows[0]}")
