"""A shell over SSH (asyncssh) for synchronous callers: one event loop in a thread of its own per process."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import asyncssh

from kernel.errors import Unreachable
from oss.southbound.drivers.base import Timeout

T = TypeVar("T")
CONNECT_SECONDS = 10.0

_guard = threading.Lock()
_loop: tuple[int, asyncio.AbstractEventLoop] | None = None


def event_loop() -> asyncio.AbstractEventLoop:
    """The loop of this process; a forked worker gets its own."""
    global _loop
    with _guard:
        if _loop is None or _loop[0] != os.getpid():
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="southbound", daemon=True).start()
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
    """One SSH connection with one shell channel, without a terminal: no echo, no paging, no wrapping."""

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
        self._where = f"{host}:{port}"
        known: Any = ([asyncssh.import_public_key(host_key)], [], []) if host_key else None
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
        self._connection: asyncssh.SSHClientConnection | None = None
        self._process: Any = None

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

    async def _open(self) -> None:
        self._connection = await asyncssh.connect(**self._options)
        self._process = await self._connection.create_process(encoding="utf-8")
        banner = await self._read()
        if self.full in banner:
            raise OSError(self.full)

    async def _read(self) -> str:
        """Everything up to the next prompt, which is left out."""
        text = ""
        while True:
            piece = await self._process.stdout.read(65536)
            if not piece:
                if self.full in text:
                    raise OSError(self.full)
                raise OSError("the element ended the session")
            text += piece
            if (found := self.prompt.search(text)) is not None:
                return text[: found.start()]

    def send(self, line: str, *, seconds: float) -> str:
        """One line and its reply. Raises Timeout, or Unreachable when the connection is lost."""
        try:
            return call(self._send(line), seconds)
        except TimeoutError as error:
            raise Timeout(f"{self._where} did not answer “{line}” within {seconds:.0f} s") from error
        except (OSError, asyncssh.Error) as error:
            raise Unreachable(f"{self._where}: {error}", code="element.connectionLost") from error

    async def _send(self, line: str) -> str:
        self._process.stdin.write(line + "\n")
        return await self._read()

    def close(self) -> None:
        """End the connection without waiting for the other side."""
        if self._connection is not None:
            event_loop().call_soon_threadsafe(self._connection.abort)
            self._connection = None
