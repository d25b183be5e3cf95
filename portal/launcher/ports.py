"""Ports on the loopback: kept from start to start, and apart from those of other checkouts."""

import socket
import zlib

from portal.launcher.console import LauncherError

# Below the range from which systems take the ports of outgoing connections, so that a kept port stays free.
FIRST, COUNT = 20_000, 10_000


def is_free(port: int, *, host: str = "127.0.0.1", datagram: bool = False) -> bool:
    """Whether a server could listen there now."""
    kind = socket.SOCK_DGRAM if datagram else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        if not datagram:
            # What PostgreSQL and gunicorn set too: connections of a stopped server that still linger do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose(name: str, seed: str, kept: object = None, *, avoid: frozenset[int] = frozenset()) -> int:
    """The kept port if it is free, else the first free one of a row that starts at a place of this checkout's own."""
    if isinstance(kept, int) and kept not in avoid and _usable(kept):
        return kept
    start = zlib.crc32(f"{seed}:{name}".encode()) % COUNT
    for offset in range(COUNT):
        port = FIRST + (start + offset) % COUNT
        if port not in avoid and _usable(port):
            return port
    raise LauncherError(f"no free port for {name} between {FIRST} and {FIRST + COUNT}")


def _usable(port: int) -> bool:
    return is_free(port) and is_free(port, datagram=True)
