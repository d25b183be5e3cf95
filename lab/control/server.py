"""The control socket: one JSON object a line, one answer a line."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Protocol

from lab.notify import parse_address

LONGEST_UNIX_PATH = 100  # sun_path holds 108 bytes, less on some systems


class ControlError(Exception):
    """The command cannot be done; the text says why."""


class Handler(Protocol):
    def run(self, do: str, args: list[str]) -> Any:
        """Do a command; raises ControlError."""


class ControlServer:
    """Listens on a Unix socket in the lab's folder, or on loopback TCP."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: asyncio.AbstractServer | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.address: dict[str, Any] = {}

    async def open(self, tcp: str | None, folder: Path) -> None:
        """Listen; `tcp` is HOST:PORT or None for a Unix socket."""
        if tcp:
            host, port = parse_address(tcp)
            self._server = await asyncio.start_server(self._serve, host, port)
            self.address = {"kind": "tcp", "host": host, "port": port}
            return
        path = (folder / "control.sock").resolve()
        if len(os.fsencode(path)) > LONGEST_UNIX_PATH:
            path = Path(tempfile.mkdtemp(prefix="lab-")) / "control.sock"
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, str(path))
        path.chmod(0o600)
        self.address = {"kind": "unix", "path": str(path)}

    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for writer in list(self._writers):
            writer.close()
        await self._server.wait_closed()
        if self.address["kind"] == "unix":
            Path(self.address["path"]).unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self._answer(line), ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass  # they hung up, sent a line without end, or the lab ends
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, line: bytes) -> dict[str, Any]:
        number = None
        try:
            request = json.loads(line)
            number = request.get("id")
            result = self._handler.run(str(request["do"]), [str(arg) for arg in request.get("args", [])])
        except ControlError as error:
            return {"id": number, "ok": False, "error": str(error)}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return {"id": number, "ok": False, "error": f"not a request: {error}"}
        return {"id": number, "ok": True, "result": result}
