"""Arguments of configuration statements: how each kind is checked and brought to one form."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_KBPS = 100_000_000
MIN_KBPS = 64
CLASSES = ("best-effort", "business", "realtime")


class ConfigError(Exception):
    """A configuration line that is not accepted."""


class SyntaxProblem(ConfigError):
    """A word where another was expected; `got` is None at the end of the line."""

    def __init__(self, expecting: str, got: str | None) -> None:
        super().__init__(f"expecting {expecting}")
        self.expecting, self.got = expecting, got


class BadValue(ConfigError):
    def __init__(self, what: str, value: str, why: str) -> None:
        super().__init__(why)
        self.what, self.value, self.why = what, value, why


class UnknownPort(ConfigError):
    def __init__(self, port: str) -> None:
        super().__init__(port)
        self.port = port


@dataclass(frozen=True)
class Arg:
    """A word of the user's choosing. `check` gives its canonical form or raises ValueError."""

    name: str
    check: Callable[[str], str]
    rest_of_line: bool = False  # Heron takes everything that follows; Kestrel quotes

    def take(self, word: str) -> str:
        try:
            return self.check(word)
        except ValueError as why:
            raise BadValue(self.name, word, str(why)) from None


def _text(word: str) -> str:
    if not word or len(word) > 200:
        raise ValueError("1 to 200 characters")
    if word != word.strip() or not word.isprintable():
        raise ValueError("printable characters, no space at either end")
    return word


def _name(word: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.:@/+-]{1,64}", word):
        raise ValueError("1 to 64 of letters, digits and _ . : @ / + -")
    return word


def _host_name(word: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}", word):
        raise ValueError("letters, digits, dots and hyphens")
    return word


def _whole(low: int, high: int) -> Callable[[str], str]:
    def check(word: str) -> str:
        if not re.fullmatch(r"[0-9]{1,9}", word) or not low <= int(word) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return str(int(word))

    return check


def _interface(version: int) -> Callable[[str], str]:
    def check(word: str) -> str:
        if "/" not in word:
            raise ValueError("an address with its prefix length")
        found = ipaddress.ip_interface(word)
        if found.version != version:
            raise ValueError(f"an IPv{version} address")
        return str(found)

    return check


def _number(word: str) -> str:
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", word):  # E.164: at most 15 digits
        raise ValueError("an E.164 number such as +33261910101")
    return word


def _choice(*words: str) -> Callable[[str], str]:
    def check(word: str) -> str:
        if word not in words:
            raise ValueError("one of " + ", ".join(words))
        return word

    return check


TEXT = Arg("text", _text, rest_of_line=True)
NAME = Arg("name", _name)
HOST_NAME = Arg("host-name", _host_name)
PORT = Arg("interface", _name)  # whether it exists is the schema's question: see Schema.take
VLAN = Arg("vlan", _whole(1, 4094))
KBPS = Arg("kbit/s", _whole(MIN_KBPS, MAX_KBPS))
CHANNELS = Arg("channels", _whole(1, 1000))
INTERFACE4 = Arg("address/length", _interface(4))
INTERFACE6 = Arg("ipv6-address/length", _interface(6))
ADDRESS = Arg("address", lambda word: str(ipaddress.ip_address(word)))
PREFIX = Arg("prefix", lambda word: str(ipaddress.ip_network(word)))
E164 = Arg("number", _number)
CLASS = Arg("class", _choice(*CLASSES))
