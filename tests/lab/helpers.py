"""A lab to test against, and clients for everything it speaks."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
from pyasn1.codec.ber import decoder  # type: ignore[import-untyped]
from pyrad.packet import AcctPacket
from pysnmp.proto.api import v2c  # type: ignore[import-untyped]

from lab.clock import Clock
from lab.notify import Sinks
from lab.radius.accounting import dictionary
from lab.running import Lab, Options
from lab.topology import BUILT_IN

asyncssh.set_log_level("WARNING")  # or a failing test drowns in handshakes

PATIENCE = 8.0  # seconds until a condition that does not come is a failure
PROMPT = re.compile(r"(?:^|\n)(admin@[\w.-]+(?:>|#) |[\w.-]+(?:\(config[^)]*\))?# )$")

OLT, SWITCH, FAR_SWITCH, GATEWAY, BNG = "olt1-pam", "asw1-pam", "asw1-kvl", "sbc1-pam", "bng1-pam"

KESTREL_SERVICE = (
    "set interfaces ge-0/1/5 unit 110 service-name SVC-1",
    "set interfaces ge-0/1/5 unit 110 rate-limit down 100000",
    "set interfaces ge-0/1/5 unit 110 rate-limit up 20000",
    "set interfaces ge-0/1/5 unit 110 address 100.72.0.2/30",
    "set interfaces ge-0/1/5 unit 110 subscriber joe@armor.example",
)
HERON_SERVICE = (
    "interface Ethernet1/5",
    "service SVC-2 vlan 120",
    "rate-limit down 50000",
    "rate-limit up 10000",
    "ip address 100.72.4.2/30",
    "subscriber ann@armor.example",
)


class FakeClock(Clock):
    """A clock whose hands are turned by `advance`."""

    def __init__(self, start: datetime = datetime(2026, 1, 5, 10, tzinfo=UTC)) -> None:
        self._start, self._passed = start, 0.0
        self._timers: list[_FakeTimer] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    def call_later(self, seconds: float, action: Callable[[], object]) -> _FakeTimer:
        timer = _FakeTimer(self._passed + seconds, action)
        self._timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        end = self._passed + seconds
        while due := [timer for timer in self._timers if timer.at <= end and not timer.done]:
            timer = min(due, key=lambda timer: timer.at)
            self._passed, timer.done = max(self._passed, timer.at), True
            timer.action()
        self._passed = end


class _FakeTimer:
    def __init__(self, at: float, action: Callable[[], object]) -> None:
        self.at, self.action, self.done = at, action, False

    def cancel(self) -> None:
        self.done = True


def topology_file(folder: Path, **changes: dict[str, Any]) -> Path:
    """The built-in topology with some of its defaults changed."""
    content = json.loads(BUILT_IN.read_text())
    content["defaults"] |= {"boot_seconds": 0.02} | changes.get("defaults", {})
    content["radius"] |= {"retry_seconds": 0.05, "redial_seconds": 0.05} | changes.get("radius", {})
    path = folder / "topology.json"
    path.write_text(json.dumps(content))
    return path


def in_lab(**changes: dict[str, Any]) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """Turn `async def test(lab, …fixtures)` into a test that runs inside a running lab."""

    def decorate(scenario: Callable[..., Awaitable[None]]) -> Callable[..., None]:
        wanted = list(inspect.signature(scenario).parameters)[1:]

        @functools.wraps(scenario)
        def test(tmp_path: Path, **fixtures: Any) -> None:
            async def run() -> None:
                options = Options(state=tmp_path / "state.json", topology=topology_file(tmp_path, **changes))
                options.sinks = Sinks(cdr_dir=str(tmp_path / "cdr"))
                async with Lab(options) as lab:
                    given = {name: fixtures[name] for name in wanted if name in fixtures}
                    if "tmp_path" in wanted:
                        given["tmp_path"] = tmp_path
                    try:
                        await scenario(lab, **given)
                    finally:
                        await hang_up(lab)

            asyncio.run(run())

        parameters = ["tmp_path", *(name for name in wanted if name != "tmp_path")]
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        signature = inspect.Signature([inspect.Parameter(name, kind) for name in parameters])
        test.__signature__ = signature  # type: ignore[attr-defined]
        del test.__wrapped__
        return test

    return decorate


async def until(condition: Callable[[], Any], what: str = "") -> Any:
    """Wait for a condition and return its value."""

    async def poll() -> Any:
        while not (value := condition()):
            await asyncio.sleep(0.005)
        return value

    try:
        return await asyncio.wait_for(poll(), PATIENCE)
    except TimeoutError:
        raise AssertionError(f"never came: {what or inspect.getsource(condition).strip()}") from None


async def silent(work: Coroutine[Any, Any, Any], lab: Lab) -> bool:
    """Whether an exchange gets no answer while the lab demonstrably answers others."""
    task = asyncio.ensure_future(work)
    async with await connect(lab, "cr1-pam"):  # a whole login elsewhere: ample time for an answer to come
        await ask(lab, "cr1-pam", "show version")
    answered = task.done() and not task.exception()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
    return not answered


def state(lab: Lab) -> dict[str, Any]:
    """The state file, as an outsider reads it."""
    content: dict[str, Any] = json.loads(lab.options.state.read_text())
    return content


async def connect(lab: Lab, name: str) -> asyncssh.SSHClientConnection:
    entry = state(lab)["elements"][name]
    key = asyncssh.import_public_key(entry["host_key"])
    return await asyncssh.connect(
        entry["host"], entry["ssh_port"], username=entry["username"], password=entry["password"],
        known_hosts=([key], [], []), client_keys=None, config=None,
    )  # fmt: skip


async def ask(lab: Lab, name: str, *lines: str) -> str:
    """Exec mode: the output of some lines, whatever the exit status."""
    text, _ = await ask_status(lab, name, *lines)
    return text


async def ask_status(lab: Lab, name: str, *lines: str) -> tuple[str, int | None]:
    done = await (await _kept_connection(lab, name)).run("\n".join(lines))
    return str(done.stdout), done.exit_status


_kept: dict[tuple[int, str], asyncssh.SSHClientConnection] = {}  # logins are most of a test's time


async def _kept_connection(lab: Lab, name: str) -> asyncssh.SSHClientConnection:
    connection = _kept.get((id(lab), name))
    if connection is None or connection.is_closed():
        connection = _kept[id(lab), name] = await connect(lab, name)
    return connection


async def hang_up(lab: Lab) -> None:
    """Close what `ask` kept open."""
    for key in [key for key in _kept if key[0] == id(lab)]:
        connection = _kept.pop(key)
        connection.abort()
        await connection.wait_closed()


async def ask_json(lab: Lab, name: str, line: str) -> Any:
    pipe = "| display json" if lab.network.elements[name].spec.vendor == "kestrel" else "| json"
    return json.loads(await ask(lab, name, f"{line} {pipe}"))


class Session:
    """An interactive login without terminal, as drivers use it."""

    def __init__(self, process: asyncssh.SSHClientProcess[str]) -> None:
        self._process = process
        self.prompt = ""

    async def read(self) -> str:
        """Everything up to the next prompt. Raises ConnectionError when the session ends instead."""
        text = ""
        while not (found := PROMPT.search(text)):
            more = await asyncio.wait_for(self._process.stdout.read(4096), PATIENCE)
            if not more:
                raise ConnectionError(text)
            text += more
        self.prompt = found[1]
        return text[: found.start(1)].rstrip("\n")

    def write(self, line: str) -> None:
        self._process.stdin.write(line + "\n")

    async def run(self, *lines: str) -> str:
        """The output of the last of these lines."""
        output = ""
        for line in lines:
            self.write(line)
            output = await self.read()
        return output


@contextlib.asynccontextmanager
async def login(lab: Lab, name: str) -> AsyncIterator[Session]:
    async with await connect(lab, name) as connection:
        session = Session(await connection.create_process())
        await session.read()
        yield session


async def add_services(lab: Lab) -> None:
    """One service on a Kestrel and one on a Heron, both with a subscriber."""
    assert "commit complete" in await ask(lab, OLT, "configure", *KESTREL_SERVICE, "commit")
    assert "complete" in await ask(lab, SWITCH, "configure session new", *HERON_SERVICE, "commit")


S = TypeVar("S", bound="Sink")


class Sink(asyncio.DatagramProtocol):
    """Keeps what arrives, with the port it came from."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, int]] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received.append((data, addr[1]))

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.transport.get_extra_info("sockname")[:2]
        return host, port

    @property
    def target(self) -> str:
        return "{}:{}".format(*self.address)


@contextlib.asynccontextmanager
async def listening(sink: S) -> AsyncIterator[S]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: sink, local_addr=("127.0.0.1", 0))
    try:
        yield sink
    finally:
        transport.close()


class TrapSink(Sink):
    def traps(self, lab: Lab | None = None) -> list[dict[str, Any]]:
        """Decoded traps: OID text → value, and the sender's port under `from`."""
        found = []
        for data, port in self.received:
            message, _ = decoder.decode(data, asn1Spec=v2c.Message())
            pairs = v2c.apiPDU.get_varbinds(v2c.apiMessage.get_pdu(message))
            found.append({str(oid): value.prettyPrint() for oid, value in pairs} | {"from": port})
        return found


class AccountingServer(Sink):
    """Answers accounting requests, unless told to be deaf or to lie about the secret."""

    def __init__(self, secret: bytes = b"armor-radius") -> None:
        super().__init__()
        self.secret = secret
        self.deaf = 0
        self.requests: list[AcctPacket] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        super().datagram_received(data, addr)
        packet = AcctPacket(packet=data, dict=dictionary(), secret=b"armor-radius")
        assert packet.VerifyAcctRequest()
        self.requests.append(packet)
        if self.deaf:
            self.deaf -= 1
            return
        packet.secret = self.secret
        self.transport.sendto(packet.CreateReply().ReplyPacket(), addr)

    def of(self, status: str) -> list[AcctPacket]:
        return [packet for packet in self.requests if packet["Acct-Status-Type"] == [status]]
