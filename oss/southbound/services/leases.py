"""One writer an element: a lease on its endpoint's row, taken by compare-and-set, renewed by use, expiring by itself.

No transaction and no lock is held while an element is talked to. A worker that dies leaves a lease that runs out; the
same holder may take it over at once (`recover`), because it knows that its former self is dead.
"""

from __future__ import annotations

import select
import time
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from kernel import clock
from kernel.errors import Busy
from oss.southbound.models import ElementSession, ManagementEndpoint

LEASE = timedelta(seconds=60)
# How long a writer queues for an element before it is told Busy and tries again later.
WAIT_SECONDS = 5.0
CHANNEL = "trunkline_lease"
INTERRUPTED = "element.interrupted: the session ended without a word; its worker was lost"


class Lease:
    """The right of one session to change one element. Taken at the first change, or at the start if wished."""

    def __init__(self, endpoint: ManagementEndpoint, *, session_id: UUID, holder: UUID | None) -> None:
        self.endpoint, self.session_id, self.holder = endpoint, session_id, holder
        self.held = False
        self._renewed = 0.0

    def take(self, *, wait_s: float | None = None, from_former_self: bool = False) -> None:
        """Take the lease, or see that it is still ours; waits up to `wait_s` for another writer. Raises Busy.

        `from_former_self`: also take it from a session of the same holder that has not ended.
        """
        if self.held:
            self._keep()
            return
        deadline = time.monotonic() + (WAIT_SECONDS if wait_s is None else wait_s)
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
            try:
                while not self._try(from_former_self=from_former_self):
                    left = deadline - time.monotonic()
                    if left <= 0:
                        raise Busy(
                            _("Somebody else is configuring %(element)s")
                            % {"element": self.endpoint.element},
                            code="element.busy",
                        )
                    _wait_for_news(left)
            finally:
                cursor.execute(f"UNLISTEN {CHANNEL}")

    def _try(self, *, from_former_self: bool) -> bool:
        now = clock.system_now()
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        if from_former_self and self.holder is not None:
            free |= Q(lease_holder=self.holder)
        rows = ManagementEndpoint.objects.filter(pk=self.endpoint.pk)
        former = rows.values_list("lease_session", flat=True).first()
        # Equal to what was just read, so that of two rivals for a dead writer's lease one gets it.
        taken = rows.filter(free, lease_session=former).update(
            lease_holder=self.holder, lease_session=self.session_id, lease_until=now + LEASE
        )
        if not taken:
            return False
        if former is not None:
            _bury(former)
        self.held, self._renewed = True, time.monotonic()
        return True

    def renew(self) -> None:
        """Called with every line: a session that talks keeps its lease."""
        if self.held and time.monotonic() - self._renewed > LEASE.total_seconds() / 3:
            self._keep()

    def _keep(self) -> None:
        kept = ManagementEndpoint.objects.filter(pk=self.endpoint.pk, lease_session=self.session_id).update(
            lease_until=clock.system_now() + LEASE
        )
        if not kept:
            self.held = False
            raise Busy(
                _("Another session has taken %(element)s over") % {"element": self.endpoint.element},
                code="element.leaseLost",
            )
        self._renewed = time.monotonic()

    def give_back(self) -> None:
        """End the lease, if it still is ours, and wake who waits for it."""
        if not self.held:
            return
        self.held = False
        ManagementEndpoint.objects.filter(pk=self.endpoint.pk, lease_session=self.session_id).update(
            lease_holder=None, lease_session=None, lease_until=None
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(self.endpoint.pk)])


def _wait_for_news(seconds: float) -> None:
    """Sleep until some lease is given back, at most `seconds`, and never more than one: expiry sends no word."""
    raw = connection.connection
    if not raw.notifies:
        select.select([raw], [], [], min(seconds, 1.0))
        raw.poll()
    raw.notifies.clear()


def _bury(session_id: UUID) -> None:
    """Mark the session of a dead writer as ended."""
    ElementSession.objects.filter(pk=session_id, finished=None).update(
        finished=clock.now(), ok=False, error=INTERRUPTED
    )
