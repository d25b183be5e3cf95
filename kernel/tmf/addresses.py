"""Which addresses a webhook may be sent to: public ones, and the networks the operator allows by name."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from kernel.errors import DomainError, Invalid

MOST_CHARACTERS = 500


class ForbiddenAddress(DomainError):
    """The callback leads into a network that webhooks never enter."""

    code = "hub.forbiddenAddress"


@dataclass(frozen=True)
class Target:
    """A callback taken apart."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        """Host and port as the Host header says them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


def target_of(callback: str) -> Target:
    """Take a callback apart; raises Invalid for what is no plain http(s) address."""
    try:
        parts = urlsplit(callback)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid(_("The callback is no address"), code="hub.callback") from error
    if parts.scheme not in {"http", "https"} or not host or len(callback) > MOST_CHARACTERS:
        raise Invalid(_("The callback must be an http or https address"), code="hub.callback")
    if (
        parts.username
        or parts.password
        or parts.query
        or parts.fragment
        or not callback.isprintable()
        or " " in callback
    ):
        raise Invalid(_("The callback holds no credentials, query, fragment or blanks"), code="hub.callback")
    return Target(
        parts.scheme, host, port or {"http": 80, "https": 443}[parts.scheme], parts.path.rstrip("/")
    )


def resolve(target: Target) -> list[str]:
    """Present IP addresses of a target; empty when the name leads nowhere now."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def allowed(address: str) -> bool:
    """Whether a webhook may go to an IP address."""
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    networks = [ipaddress.ip_network(text, strict=False) for text in settings.WEBHOOK_ALLOWED_NETWORKS]
    if any(ip.version == network.version and ip in network for network in networks):
        return True
    # 6to4 and NAT64 wrap an IPv4 address that may be private: only plain global addresses go.
    wrapped = isinstance(ip, ipaddress.IPv6Address) and (ip.sixtofour is not None or ip.teredo is not None)
    return ip.is_global and not ip.is_multicast and not wrapped and ip not in NAT64


NAT64 = ipaddress.ip_network("64:ff9b::/96")


def checked(target: Target) -> list[str]:
    """Addresses a delivery may connect to. Raises ForbiddenAddress as soon as one of them is not allowed.

    The caller connects to one of these and does not resolve again: a name that changes its address between the
    check and the call (DNS rebinding) gains nothing.
    """
    found = resolve(target)
    for address in found:
        if not allowed(address):
            raise ForbiddenAddress(_("Webhooks are not sent to %(address)s") % {"address": address})
    return found
