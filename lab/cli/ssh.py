"""The SSH door of an element: one listening port, a shell or exec request per session.

Connections are accepted by ourselves and only then handed to asyncssh, because a silent element takes the TCP
connection and says nothing, not even its version.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

import asyncssh

from lab.cli.shell import CliError, Disconnected, Dropped, Shell
from lab.device.element import Element
from lab.network import Network

LOGIN_SECONDS = 30


@dataclass(frozen=True)
class Credentials:
    """What a client needs to log in, and what the element proves itself with."""

    username: str
    password: str
    host_key: asyncssh.SSHKey
    client_keys: asyncssh.SSHAuthorizedKeys


class _Login(asyncssh.SSHServer):
    """Password against ours; keys are checked by asyncssh."""

    def __init__(self, credentials: Credentials, connections: set[asyncssh.SSHServerConnection]) -> None:
        self._credentials, self._connections = credentials, connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.add(conn)

    def begin_auth(self, username: str) -> bool:
        if username == self._credentials.username:
            self._connection.set_authorized_keys(self._credentials.client_keys)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self._connection)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        known = self._credentials
        return username == known.username and hmac.compare_digest(password.encode(), known.password.encode())


class SshDoor:
    """Listens for one element."""

    def __init__(
        self,
        network: Network,
        element: Element,
        shell: type[Shell],
        credentials: Credentials,
        logged_in: Callable[[Element, str], object] = lambda element, user: None,
    ) -> None:
        self._network, self._element, self._shell = network, element, shell
        self._logged_in = logged_in
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket: socket.socket | None = None
        self._options = asyncssh.SSHServerConnectionOptions(
            server_factory=lambda: _Login(credentials, self._connections),
            server_host_keys=[credentials.host_key],
            process_factory=self._serve,
            login_timeout=LOGIN_SECONDS,
            server_version="Lab",
            # few and cheap choices: thousands of handshakes are made against the lab
            kex_algs=["curve25519-sha256"],
            encryption_algs=["aes128-gcm@openssh.com", "aes128-ctr", "chacha20-poly1305@openssh.com"],
            compression_algs=["none"],
        )

    def open(self, port: int) -> int:
        """Listen on a loopback port (0: any free one); returns the port. Raises OSError when it is taken."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setblocking(False)
            listener.bind(("127.0.0.1", port))
            listener.listen(128)
        except OSError:
            listener.close()
            raise
        self._socket = listener
        self._start(self._accept(listener))
        return int(listener.getsockname()[1])

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket:
            self._socket.close()
        self.drop_connections()

    def drop_connections(self) -> None:
        """Cut every open session, as a boot does."""
        for connection in list(self._connections):
            connection.abort()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            peer, _ = await loop.sock_accept(listener)
            self._start(self._greet(peer))

    async def _greet(self, peer: socket.socket) -> None:
        """Hand a connection to SSH once the element answers; until then it hears nothing."""
        boots = self._element.boots
        loop = asyncio.get_running_loop()
        try:
            await self._element.gate.wait()
            if self._element.boots != boots:
                peer.close()  # it came to an element that has rebooted since
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.connect_accepted_socket(
                lambda: asyncssh.SSHServerConnection(loop, self._options), peer
            )
        except (OSError, asyncio.CancelledError):
            peer.close()

    async def _serve(self, process: asyncssh.SSHServerProcess[str]) -> None:
        user = process.get_extra_info("username")
        host, port = process.get_extra_info("peername")[:2]
        session = self._element.open_session(user, f"{host}:{port}")
        if session is None:
            process.stdout.write(self._shell.table_full + "\n")
            process.exit(1)
            return
        self._logged_in(self._element, user)
        talk = _Conversation(self._shell(self._network, self._element, session), process)
        try:
            process.exit(await talk.hold())
        except (OSError, Dropped, asyncssh.Error):
            process.channel.get_connection().abort()
        finally:
            self._element.close_session(session)


class _Conversation:
    """Lines in, output out, at the pace and mercy of the element."""

    def __init__(self, shell: Shell, process: asyncssh.SSHServerProcess[str]) -> None:
        self._shell, self._process, self._element = shell, process, shell.element
        self._boots = shell.element.boots
        self._failed = False

    async def hold(self) -> int:
        """Serve the session to its end; returns the exit status. Raises Dropped, or OSError, when cut off."""
        try:
            if self._process.command is None:
                await self._interact()
                return 0
            for line in self._process.command.splitlines():
                await self._run(line)
                if self._failed and self._shell.stops_at_error:
                    break
        except Disconnected as end:
            self._print(end.farewell)
        return int(self._failed)

    async def _interact(self) -> None:
        while True:
            await self._answering()
            self._process.stdout.write(self._shell.prompt)
            line = None
            while line is None:
                with contextlib.suppress(
                    asyncssh.BreakReceived, asyncssh.TerminalSizeChanged, asyncssh.SignalReceived
                ):
                    line = await self._process.stdin.readline()
            if not line:
                return
            await self._run(line)

    async def _run(self, line: str) -> None:
        await self._answering()
        if self._element.faults.delay_ms:
            await asyncio.sleep(self._element.faults.delay_ms / 1000)
        try:
            text = self._shell.execute(line)
        except CliError as error:
            text, self._failed = str(error), True
        await self._answering()  # the command itself may have cut the way back
        self._print(text)

    async def _answering(self) -> None:
        """Wait until the element answers; who has hung up meanwhile is not served, nor after a boot."""
        if not self._element.gate.is_set():
            gone = asyncio.ensure_future(self._process.wait_closed())
            back = asyncio.ensure_future(self._element.gate.wait())
            try:
                await asyncio.wait((gone, back), return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                back.cancel()
        if self._process.is_closing() or self._element.boots != self._boots:
            raise Dropped

    def _print(self, text: str) -> None:
        if text:
            self._process.stdout.write(text + "\n")
