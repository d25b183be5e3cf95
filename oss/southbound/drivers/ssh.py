"""A shell over SSH (asyncssh) for synchronous callers: one event loop in a thread of its own per process.

Connections are kept for a little while after a session ends, since the handshake costs more than all the lines of a
service; every session has a channel, and so a login, of its own.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import asyncssh

from kernel.errors import Unreachable
from oss.southbound.drivers.base import Timeout

T = TypeVar("T")
CONNECT_SECONDS = 10.0
KEEP_SECONDS = 20.0
KEEP_MOST = 200
Connection = asyncssh.SSHClientConnection
asyncssh.set_log_level("WARNING")

_guard = threading.Lock()
_loop: tuple[int, asyncio.AbstractEventLoop] | None = None
# Idle and open connections of this process by address and login: (connection, when it was last let go). Touched on
# the loop alone, so that no lock is needed.
_kept: dict[tuple[Any, ...], tuple[Connection, float]] = {}


def event_loop() -> asyncio.AbstractEventLoop:
    """The loop of this process; a forked worker gets its own."""
    global _loop
    with _guard:
        if _loop is None or _loop[0] != os.getpid():
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="southbound", daemon=True).start()
            _kept.clear()  # sockets of a parent process are not ours to use
            _loop = (os.getpid(), loop)
        return _loop[1]


def call(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """Run a coroutine on the loop from any thread; raises TimeoutError after `seconds`."""
    future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, seconds), event_loop())
    try:
        # The inner limit fires first; the outer one only guards against a stuck loop.
        return future.result(seconds + 5)
    except TimeoutError:
        future.cancel()
        raise


class SshShell:
    """One shell channel, without a terminal: no echo, no paging, no wrapping."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str,
        password: str,
        host_key: str,
        prompt: re.Pattern[str],
        full: str,
    ) -> None:
        self.prompt, self.full = prompt, full
        self.host_key = host_key
        self._where = f"{host}:{port}"
        known: Any = ([asyncssh.import_public_key(host_key)], [], []) if host_key else None
        self._key = (host, port, username, password, host_key)
        self._options: dict[str, Any] = {
            "host": host,
            "port": port,
            "username": username,
            "password": password,
            "known_hosts": known,
            "client_keys": None,
            "agent_path": None,
            "config": None,
        }
        self._connection: Connection | None = None
        self._process: Any = None
        self._sound = False

    def open(self) -> None:
        """Connect and read the first prompt. Raises Unreachable: no answer, refused log-in, session table full."""
        try:
            call(self._open(), CONNECT_SECONDS)
        except (TimeoutError, OSError, asyncssh.Error) as error:
            self.close()
            reason = str(error) or type(error).__name__
            raise Unreachable(
                f"{self._where} does not let us in: {reason}", code="element.unreachable"
            ) from error
        self._sound = True

    async def _open(self) -> None:
        kept = self._take_kept()
        if kept is not None:
            with suppress(OSError, asyncssh.Error):
                await self._start(kept)
                return
            kept.abort()
        # A connection of our own: what was kept may have died with a reboot.
        await self._start(await asyncssh.connect(**self._options))

    async def _start(self, connection: Connection) -> None:
        self._connection = connection
        self._process = await connection.create_process(encoding="utf-8")
        key = connection.get_server_host_key()
        if key is not None:
            self.host_key = key.export_public_key("openssh").decode().strip()
        await self._read()

    def _take_kept(self) -> Connection | None:
        connection, _since = _kept.pop(self._key, (None, 0.0))
        return None if connection is None or connection.is_closed() else connection

    async def _read(self) -> str:
        """Everything up to the next prompt, which is left out."""
        text = ""
        while True:
            piece = await self._process.stdout.read(65536)
            if not piece:
                raise OSError(self.full if self.full in text else "the element ended the session")
            text += piece
            if (found := self.prompt.search(text)) is not None:
                return text[: found.start()]

    def send(self, line: str, *, seconds: float) -> str:
        """One line and its reply. Raises Timeout, or Unreachable when the connection is lost.

        After either the shell is of no use: a late reply would be taken for that of the next line.
        """
        if not self._sound:
            raise Unreachable(f"{self._where}: the session is broken", code="element.connectionLost")
        try:
            return call(self._send(line), seconds)
        except TimeoutError as error:
            self._sound = False
            raise Timeout(f"{self._where} did not answer “{line}” within {seconds:.0f} s") from error
        except (OSError, asyncssh.Error) as error:
            self._sound = False
            raise Unreachable(f"{self._where}: {error}", code="element.connectionLost") from error

    async def _send(self, line: str) -> str:
        self._process.stdin.write(line + "\n")
        return await self._read()

    def close(self) -> None:
        """End the channel; keep the connection for the next session if all went well. Waits for nobody."""
        if self._connection is not None:
            event_loop().call_soon_threadsafe(self._let_go, self._connection, self._process, self._sound)
            self._connection, self._sound = None, False

    def _let_go(self, connection: Connection, process: Any, sound: bool) -> None:
        if not sound or connection.is_closed():
            connection.abort()
            return
        process.channel.abort()
        previous = _kept.pop(self._key, None)
        if previous is not None:
            previous[0].abort()
        _kept[self._key] = (connection, time.monotonic())
        event_loop().call_later(KEEP_SECONDS, _sweep)
        while len(_kept) > KEEP_MOST:
            _kept.pop(next(iter(_kept)))[0].abort()


def _sweep() -> None:
    """Close what nobody has used for a while."""
    oldest = time.monotonic() - KEEP_SECONDS
    for key in [key for key, (_connection, since) in _kept.items() if since <= oldest]:
        _kept.pop(key)[0].abort()
