"""What both command lines share: the command table, replies, and the faults that strike a commit."""

from __future__ import annotations

import ipaddress
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from lab.device.element import CliSession, Element
from lab.device.port import Port
from lab.network import Network


class CliError(Exception):
    """A line that was not accepted; the text is what the user sees."""


class Disconnected(Exception):
    """The session ends here; `farewell` is printed if there still is somebody to read it."""

    def __init__(self, farewell: str = "") -> None:
        super().__init__(farewell)
        self.farewell = farewell


class Dropped(Exception):
    """The connection breaks off, without a word and without an exit status."""


class NoSuchCommand(Exception):
    """No command begins like this; `incomplete` if the words so far do begin one."""

    def __init__(self, incomplete: bool = False, ambiguous: bool = False) -> None:
        super().__init__()
        self.incomplete, self.ambiguous = incomplete, ambiguous


@dataclass(frozen=True)
class Reply:
    """Output of a command: text always, data where it can be had as JSON."""

    text: str = ""
    data: Any = None


S = TypeVar("S", bound="Shell")
Handler = Callable[[S, dict[str, str]], Reply]


@dataclass(frozen=True)
class Command(Generic[S]):
    words: tuple[str, ...]  # <name> stands for an argument
    run: Handler[S]

    def score(self, words: list[str], abbreviate: bool) -> int | None:
        """How many words are spelt out, None when these words are not this command."""
        exact = 0
        for mine, theirs in zip(self.words, words, strict=False):
            if mine.startswith("<"):
                continue
            if mine == theirs:
                exact += 1
            elif not (abbreviate and mine.startswith(theirs)):
                return None
        return exact


class Commands(Generic[S]):
    """A vendor's operational commands."""

    def __init__(self, abbreviate: bool) -> None:
        self._abbreviate = abbreviate
        self._commands: list[Command[S]] = []

    def __iter__(self) -> Iterator[Command[S]]:
        return iter(self._commands)

    def add(self, *patterns: str) -> Callable[[Handler[S]], Handler[S]]:
        """Declare a command under one or several patterns."""

        def keep(run: Handler[S]) -> Handler[S]:
            self._commands += [Command(tuple(pattern.split()), run) for pattern in patterns]
            return run

        return keep

    def find(self, words: list[str]) -> tuple[Handler[S], dict[str, str]]:
        """The command these words mean, and its arguments. Raises NoSuchCommand."""
        scored = [(command.score(words, self._abbreviate), command) for command in self._commands]
        fitting = [
            (score, command)
            for score, command in scored
            if score is not None and len(command.words) == len(words)
        ]
        if not fitting:
            begun = any(s is not None and len(command.words) > len(words) for s, command in scored)
            raise NoSuchCommand(incomplete=begun)
        best = max(score for score, _ in fitting)
        winners = [command for score, command in fitting if score == best]
        if len({command.run for command in winners}) > 1:
            raise NoSuchCommand(ambiguous=True)
        command = winners[0]
        given = zip(command.words, words, strict=True)
        return command.run, {mine[1:-1]: theirs for mine, theirs in given if mine.startswith("<")}


class Shell(ABC):
    """One login on one element. `execute` takes a line and returns what is printed."""

    vendor: ClassVar[str]
    stops_at_error: ClassVar[bool]  # whether exec mode gives up at the first bad line
    table_full: ClassVar[str]

    def __init__(self, network: Network, element: Element, session: CliSession) -> None:
        self.network, self.element, self.session = network, element, session

    @property
    @abstractmethod
    def prompt(self) -> str: ...

    @abstractmethod
    def execute(self, line: str) -> str:
        """Run one line. Raises CliError when it is not accepted, Disconnected when the session ends."""

    @abstractmethod
    def error(self, text: str) -> CliError:
        """An error in the vendor's form."""

    def port(self, name: str) -> Port:
        if name not in self.element.ports:
            raise self.no_port(name)
        return self.element.ports[name]

    @abstractmethod
    def no_port(self, name: str) -> CliError: ...

    def ports(self, name: str | None) -> list[Port]:
        return [self.port(name)] if name else list(self.element.ports.values())

    def address(self, word: str) -> str:
        try:
            return str(ipaddress.ip_address(word))
        except ValueError:
            raise self.error(f"invalid value '{word}' for address") from None

    def count(self, word: str, low: int = 1, high: int = 1000) -> int:
        if not word.isdecimal() or not low <= int(word) <= high:
            raise self.error(f"invalid value '{word}': a whole number from {low} to {high}")
        return int(word)

    def clear_subscriber(self, user: str) -> None:
        broker = self.network.broker
        if not (broker and broker.clear(self.element, user)):
            raise self.error(f"no session of '{user}'")

    def guard(self, line: str) -> None:
        """Turn a configuration line down when the element was told to."""
        if self.element.faults.refuses(line):
            raise self.error(f"statement refused by element: {line}")

    def struck(self, commit: Callable[[], str], confirms: bool) -> str:
        """Run a commit as the faults of the element allow."""
        faults = self.element.faults
        if confirms and faults.lose_confirm:
            faults.lose_confirm = False
            raise Dropped
        moment, faults.drop_commit = faults.drop_commit, None
        if moment == "before":
            raise Dropped
        text = commit()
        if moment == "after":
            raise Dropped
        return text
