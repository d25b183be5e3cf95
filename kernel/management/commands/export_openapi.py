"""`manage.py export_openapi`: the OpenAPI documents of every served API, as committed files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kernel.tmf import openapi, registry


class Command(BaseCommand):
    """Write `docs/openapi/TMF<number>.json`; with `--check` only say whether they are up to date."""

    help = "Write the OpenAPI documents, or check that the committed ones are up to date."

    def add_arguments(self, parser: Any) -> None:
        """Where to, and whether to write at all."""
        parser.add_argument(
            "--check", action="store_true", help="write nothing, exit 1 when something differs"
        )
        parser.add_argument("--directory", default=str(Path(settings.BASE_DIR) / "docs" / "openapi"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError naming the documents that differ (`--check`)."""
        registry.discover()
        directory = Path(options["directory"])
        wanted = {
            f"TMF{number}.json": json.dumps(
                openapi.document(api), indent=1, ensure_ascii=False, sort_keys=True
            )
            + "\n"
            for number, api in registry.APIS.items()
        }
        present = {path.name: path.read_text(encoding="utf-8") for path in directory.glob("TMF*.json")}
        stale = sorted(
            name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name)
        )
        if options["check"]:
            if stale:
                raise CommandError(f"not up to date: {', '.join(stale)}; run manage.py export_openapi")
            self.stdout.write(f"{len(wanted)} documents are up to date")
            return
        directory.mkdir(parents=True, exist_ok=True)
        for name in stale:
            if name in wanted:
                (directory / name).write_text(wanted[name], encoding="utf-8")
            else:
                (directory / name).unlink()
        self.stdout.write(f"{len(stale)} of {len(wanted)} documents written to {directory}")
