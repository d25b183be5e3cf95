"""Sessions with elements: opened, leased for changing, recorded, closed — whatever happens in between."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from kernel import clock, journal
from kernel.errors import DomainError, Invalid
from oss.inventory.models import NetworkElement
from oss.southbound.drivers import DRIVERS
from oss.southbound.drivers.base import Driver
from oss.southbound.drivers.ssh import SshShell
from oss.southbound.models import ElementSession, ManagementEndpoint, SessionCommand
from oss.southbound.services.leases import Lease

REPLY_KEPT = 20_000
DIFF_KEPT = 100_000
MASK = "••••••"
# Secrets that stand in configurations: what follows these words is masked, whatever it is.
SECRET_STATEMENTS = re.compile(r"((?:snmp|snmp-server) community |(?:secret|password) )(\S+)")
# What changes an element, and so needs its lease.
CHANGES = frozenset({"apply", "confirm", "rollback", "settle", "bounce", "reboot"})


class _Recorder:
    """A shell that remembers every line it carries."""

    def __init__(self, shell: SshShell, lease: Lease, secret_words: Sequence[str]) -> None:
        self.shell, self.lease = shell, lease
        self.secret_words = [word for word in secret_words if len(word) > 3]
        self.rows: list[SessionCommand] = []

    def send(self, line: str, *, seconds: float) -> str:
        """Send and keep: also what failed, with the reason."""
        self.lease.renew()
        started = time.monotonic()
        try:
            reply = self.shell.send(line, seconds=seconds)
        except DomainError as error:
            self._keep(line, str(error.message), started, ok=False)
            raise
        self._keep(line, reply, started, ok=True)
        return reply

    def refused(self) -> None:
        """The last line was taken by the wire but refused by the element."""
        if self.rows:
            self.rows[-1].ok = False

    def _keep(self, line: str, reply: str, started: float, *, ok: bool) -> None:
        self.rows.append(
            SessionCommand(
                position=len(self.rows) + 1,
                command=self.masked(line),
                reply=self.masked(reply)[:REPLY_KEPT],
                milliseconds=int((time.monotonic() - started) * 1000),
                ok=ok,
            )
        )

    def masked(self, text: str) -> str:
        """The text without any secret of this element's credential, or any that a configuration shows."""
        for word in self.secret_words:
            text = text.replace(word, MASK)
        return SECRET_STATEMENTS.sub(rf"\g<1>{MASK}", text).replace("\x00", "")


class Session:
    """An open session: the driver's methods (`apply`, `verify`, `ping`, …) and the id of its record.

    The first call that changes the element takes its lease (Busy when another writer keeps it too long), and every
    further one makes sure that it still is ours.
    """

    def __init__(self, driver: Driver, record: ElementSession, lease: Lease, recorder: _Recorder) -> None:
        self._driver, self._lease, self._recorder = driver, lease, recorder
        self.record = record

    @property
    def id(self) -> UUID:
        """Id of the ElementSession that records this conversation."""
        return self.record.pk

    def diff(self, candidate: str) -> str:
        """What the candidate would change; kept with the session's record."""
        text = self._driver.diff(candidate)
        self.record.diff = self._recorder.masked(text)[:DIFF_KEPT]
        return text

    def __getattr__(self, name: str) -> Any:
        if name in CHANGES:
            self._lease.take()
        return getattr(self._driver, name)


@contextmanager
def session(
    *, element: NetworkElement, purpose: str, holder: UUID | None = None, write: bool = False
) -> Iterator[Session]:
    """Open a session to an element. With `write`, take its lease at once instead of at the first change.

    Raises Unreachable or Busy; an error inside the block gets the session's id in `details["session_id"]`, is
    recorded, and goes on up. Never inside a transaction: elements are slow.
    """
    with _opened(element=element, purpose=purpose, holder=holder) as opened:
        if write:
            opened._lease.take()
        yield opened


def recover(*, element: NetworkElement, holder: UUID | None = None) -> bool:
    """Settle what a dead writer left: its lease is taken over if `holder` is the same (else once it has run out), its
    session's record is ended, and its unconfirmed commit is taken back. Returns whether there was such a commit.
    """
    with _opened(element=element, purpose="recover", holder=holder) as opened:
        opened._lease.take(from_former_self=True)
        return bool(opened.settle())


@contextmanager
def _opened(*, element: NetworkElement, purpose: str, holder: UUID | None) -> Iterator[Session]:
    _refuse_transaction()
    endpoint = _endpoint(element)
    record = ElementSession.objects.create(
        element=element,
        purpose=purpose[:60],
        holder=holder,
        actor=journal.context().actor,
        started=clock.now(),
    )
    credential, driver_class = endpoint.credential, DRIVERS[endpoint.driver]
    shell = SshShell(
        host=endpoint.host,
        port=endpoint.ssh_port,
        username=credential.username,
        password=credential.password,
        host_key=endpoint.host_key,
        prompt=driver_class.prompt,
        full=driver_class.full_table,
    )
    lease = Lease(endpoint, session_id=record.pk, holder=holder)
    recorder = _Recorder(shell, lease, [credential.password, credential.radius_secret])
    failure: BaseException | None = None
    try:
        shell.open()
        _pin(endpoint, shell)
        yield Session(driver_class(recorder, mark=record.number), record, lease, recorder)
    except BaseException as error:
        failure = error
        if isinstance(error, DomainError):
            error.details.setdefault("session_id", record.pk)
        raise
    finally:
        shell.close()
        _close(record, recorder, failure)
        lease.give_back()


def _refuse_transaction() -> None:
    """Raise when a transaction of ours is open. One that a test opened around everything is not ours."""
    ours = [block for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)]
    if ours:
        raise RuntimeError("elements are never talked to inside a database transaction")


def _endpoint(element: NetworkElement) -> ManagementEndpoint:
    found = ManagementEndpoint.objects.select_related("credential", "element").filter(element=element).first()
    if found is None:
        raise Invalid(
            _("%(element)s has no management endpoint") % {"element": element}, code="element.noEndpoint"
        )
    return found


def _pin(endpoint: ManagementEndpoint, shell: SshShell) -> None:
    """Keep the key that an element showed first; from then on another one is refused."""
    if not endpoint.host_key and shell.host_key:
        ManagementEndpoint.objects.filter(pk=endpoint.pk, host_key="").update(host_key=shell.host_key)


def _close(record: ElementSession, recorder: _Recorder, failure: BaseException | None) -> None:
    for row in recorder.rows:
        row.session = record
    SessionCommand.objects.bulk_create(recorder.rows, batch_size=500)
    record.finished, record.ok = clock.now(), failure is None
    if isinstance(failure, DomainError):
        record.error = recorder.masked(f"{failure.code}: {failure.message}")
    elif failure is not None:
        record.error = recorder.masked(f"{type(failure).__name__}: {failure}")
    # A session that was buried meanwhile stays so: its lease is another's now.
    ElementSession.objects.filter(pk=record.pk, finished=None).update(
        finished=record.finished,
        ok=record.ok,
        error=record.error,
        diff=record.diff,
        updated=clock.system_now(),
    )
