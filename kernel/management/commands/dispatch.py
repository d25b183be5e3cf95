"""`manage.py dispatch`: the dispatcher process."""

from __future__ import annotations

import select
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, connection

from kernel import events

SWEEP_SECONDS = 5.0


class Command(BaseCommand):
    """Deliver outbox events as they come, woken by NOTIFY, sweeping every few seconds for what was missed."""

    help = "Deliver outbox events to subscribers, webhooks and live pages until stopped."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="deliver what is open and stop")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            self.stdout.write(str(events.drain()))
            return
        self.stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self.stopping.is_set():
            try:
                self._listen()
            except OperationalError as error:
                # The server restarts: wait for it on a fresh connection.
                self.stderr.write(f"database unavailable: {error}")
                connection.close()
                select.select([], [], [], 1.0)

    def _listen(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {events.CHANNEL}")
        while not self.stopping.is_set():
            while not self.stopping.is_set() and events.deliver_pending():
                continue
            raw = connection.connection
            ready, _, _ = select.select([raw], [], [], SWEEP_SECONDS)
            if ready:
                raw.poll()
                raw.notifies.clear()

    def _stop(self, *_args: Any) -> None:
        self.stopping.set()
