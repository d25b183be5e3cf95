"""Sessions with elements: opened, leased for writing, recorded, closed — whatever happens in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Q
from django.utils.translation import gettext as _

from kernel import clock, journal
from kernel.errors import Busy, DomainError, Invalid
from kernel.ids import uuid7
from oss.inventory.models import NetworkElement
from oss.southbound.drivers import DRIVERS
from oss.southbound.drivers.base import Driver
from oss.southbound.drivers.ssh import SshShell
from oss.southbound.models import ElementSession, ManagementEndpoint, SessionCommand

# Longer than any confirm timer we set: a dead writer's lease ends after its element has rolled back by itself.
LEASE = timedelta(seconds=180)
REPLY_KEPT = 20_000
MASK = "••••••"


class _Recorder:
    """A shell that remembers every line it carries."""

    def __init__(self, shell: SshShell, secret_words: list[str]) -> None:
        self.shell = shell
        self.secret_words = [word for word in secret_words if len(word) > 3]
        self.rows: list[SessionCommand] = []

    def send(self, line: str, *, seconds: float) -> str:
        """Send and keep: also what failed, with the reason."""
        started = time.monotonic()
        try:
            reply = self.shell.send(line, seconds=seconds)
        except DomainError as error:
            self._keep(line, str(error.message), started, ok=False)
            raise
        self._keep(line, reply, started, ok=True)
        return reply

    def _keep(self, line: str, reply: str, started: float, *, ok: bool) -> None:
        self.rows.append(
            SessionCommand(
                position=len(self.rows) + 1,
                command=self._masked(line),
                reply=self._masked(reply)[:REPLY_KEPT],
                milliseconds=int((time.monotonic() - started) * 1000),
                ok=ok,
            )
        )

    def _masked(self, text: str) -> str:
        for word in self.secret_words:
            text = text.replace(word, MASK)
        return text.replace("\x00", "")


class Session:
    """An open session: the driver's methods (`apply`, `verify`, `ping`, …) and the id of its record."""

    def __init__(self, driver: Driver, record: ElementSession) -> None:
        self._driver = driver
        self.record = record

    @property
    def id(self) -> UUID:
        """Id of the ElementSession that records this conversation."""
        return self.record.pk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)


@contextmanager
def session(
    *, element: NetworkElement, purpose: str, holder: UUID | None = None, write: bool = False
) -> Iterator[Session]:
    """Open a session to an element. With `write`, hold its lease: one writer an element, else Busy.

    Raises Unreachable or Busy at the start; an error of the driver inside the block gets the session's id in
    `details["session_id"]`, is recorded, and goes on up. Never inside a transaction: elements are slow.
    """
    _refuse_transaction()
    endpoint = _endpoint(element)
    token = uuid7()
    if write:
        _take_lease(endpoint, token)
    record = ElementSession.objects.create(
        element=element,
        purpose=purpose[:60],
        holder=holder,
        actor=journal.context().actor,
        started=clock.now(),
    )
    credential = endpoint.credential
    driver_class = DRIVERS[endpoint.driver]
    shell = SshShell(
        host=endpoint.host,
        port=endpoint.ssh_port,
        username=credential.username,
        password=credential.password,
        host_key=endpoint.host_key,
        prompt=driver_class.prompt,
        full=driver_class.full_table,
    )
    recorder = _Recorder(shell, [credential.password, credential.radius_secret])
    error: DomainError | None = None
    try:
        shell.open()
        yield Session(driver_class(recorder), record)
    except DomainError as caught:
        error = caught
        caught.details.setdefault("session_id", record.pk)
        raise
    finally:
        shell.close()
        _close(record, recorder, error)
        if write:
            _give_lease_back(endpoint, token)


def recover(*, element: NetworkElement, holder: UUID | None = None) -> bool:
    """Take back an unconfirmed commit that a dead writer left on an element; returns whether there was one."""
    with session(element=element, purpose="recover", holder=holder, write=True) as open_session:
        return bool(open_session.settle())


def _refuse_transaction() -> None:
    """Raise when a transaction of ours is open. One that a test opened around everything is not ours."""
    ours = [block for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)]
    if ours:
        raise RuntimeError("elements are never talked to inside a database transaction")


def _endpoint(element: NetworkElement) -> ManagementEndpoint:
    found = ManagementEndpoint.objects.select_related("credential").filter(element=element).first()
    if found is None:
        raise Invalid(
            _("%(element)s has no management endpoint") % {"element": element}, code="element.noEndpoint"
        )
    return found


def _take_lease(endpoint: ManagementEndpoint, token: UUID) -> None:
    now = clock.system_now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    taken = ManagementEndpoint.objects.filter(free, pk=endpoint.pk).update(
        lease_holder=token, lease_until=now + LEASE, version=F("version") + 1
    )
    if not taken:
        raise Busy(
            _("Somebody else is configuring %(element)s") % {"element": endpoint.element}, code="element.busy"
        )


def _give_lease_back(endpoint: ManagementEndpoint, token: UUID) -> None:
    ManagementEndpoint.objects.filter(pk=endpoint.pk, lease_holder=token).update(
        lease_holder=None, lease_until=None
    )


def _close(record: ElementSession, recorder: _Recorder, error: DomainError | None) -> None:
    for row in recorder.rows:
        row.session = record
    SessionCommand.objects.bulk_create(recorder.rows, batch_size=500)
    record.finished, record.ok = clock.now(), error is None
    record.error = f"{error.code}: {error.message}" if error is not None else ""
    record.save(update_fields=["finished", "ok", "error", "updated"])
