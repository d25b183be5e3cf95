"""RADIUS dynamic authorization (RFC 5176): end a subscriber's session on its gateway."""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import struct

from kernel.errors import Unreachable

DISCONNECT_REQUEST, DISCONNECT_ACK, DISCONNECT_NAK = 40, 41, 42
USER_NAME = 1
PORT = 3799
ATTEMPTS, SECONDS = 3, 2.0


def disconnect(*, host: str, port: int, secret: str, user_name: str) -> bool:
    """Send a Disconnect-Request for a user; True on ACK, False on NAK (no such session).

    Raises Unreachable when no answer with a valid authenticator comes after three tries.
    """
    identifier = os.urandom(1)[0]
    name = user_name.encode()
    attributes = struct.pack("!BB", USER_NAME, len(name) + 2) + name
    head = struct.pack("!BBH", DISCONNECT_REQUEST, identifier, 20 + len(attributes))
    key = secret.encode()
    # RFC 5176 §2.3: MD5 over the packet with a zero authenticator, then the shared secret.
    authenticator = hashlib.md5(head + bytes(16) + attributes + key, usedforsecurity=False).digest()
    request = head + authenticator + attributes
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(SECONDS)
        link.connect((host, port))
        for _attempt in range(ATTEMPTS):
            link.send(request)
            try:
                reply = link.recv(4096)
            except (TimeoutError, ConnectionRefusedError):
                continue
            if _valid(reply, identifier, authenticator, key):
                return reply[0] == DISCONNECT_ACK
    raise Unreachable(f"{host}:{port} does not answer disconnect requests", code="element.unreachable")


def _valid(reply: bytes, identifier: int, authenticator: bytes, key: bytes) -> bool:
    if len(reply) < 20 or reply[0] not in {DISCONNECT_ACK, DISCONNECT_NAK} or reply[1] != identifier:
        return False
    signed = reply[:4] + authenticator + reply[20:] + key
    return hmac.compare_digest(hashlib.md5(signed, usedforsecurity=False).digest(), reply[4:20])
