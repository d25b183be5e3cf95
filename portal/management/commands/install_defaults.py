"""`manage.py install_defaults`: what an operator starts with, to be changed in the portal afterwards."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from kernel import journal
from portal.defaults import install_defaults


class Command(BaseCommand):
    """Safe to run again."""

    help = "Create the desk's queues and targets, the notice texts and the service level classes that are missing."

    def handle(self, *args: Any, **options: Any) -> None:
        with journal.acting(label="install_defaults"):
            install_defaults()
        self.stdout.write("the defaults are in place; change them in the portal")
