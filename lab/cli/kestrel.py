"""Kestrel OS: a Junos-like command line with a private candidate per session."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from lab.cli import facts
from lab.cli import kestrel_grammar as grammar
from lab.cli.kestrel_commands import COMMANDS, KestrelBase
from lab.cli.present import as_json
from lab.cli.shell import CliError, Disconnected, NoSuchCommand, Reply
from lab.config.args import ConfigError
from lab.config.store import Candidate, CommitRefused

_COMMIT = re.compile(r"commit(?: (?P<check>check)| confirmed (?P<seconds>\S+))?(?: comment (?P<comment>.+))?")


class KestrelShell(KestrelBase):
    """One login: operational mode, or configuration mode with a candidate."""

    prompt_pattern: ClassVar[str] = r"^admin@[\w.-]+(>|#) $"

    candidate: Candidate | None = None

    @property
    def prompt(self) -> str:
        mark = "#" if self.candidate else ">"
        return f"{self.session.user}@{self.element.host_name}{mark} "

    def execute(self, line: str) -> str:
        line = line.strip()
        if not line:
            return ""
        command, *pipes = grammar.split_pipes(line)
        try:
            if self.candidate is not None:
                return self._configure(self.candidate, command, pipes)
            return self._operate(command, pipes)
        except ConfigError as error:
            raise self.error(grammar.explain(error)) from None

    # Operational mode

    def _operate(self, command: str, pipes: list[str]) -> str:
        words = grammar.tokens(command)
        if words in (["exit"], ["quit"]):
            raise Disconnected
        if words[:1] == ["configure"]:
            return self._enter(words[1:])
        try:
            run, arguments = COMMANDS.find(words)
        except NoSuchCommand as error:
            if error.incomplete:
                raise self.error(f"syntax error: command is not complete: {command}") from None
            raise self.error(f"unknown command: {command}") from None
        return self._dressed(run(self, arguments), pipes)

    def _dressed(self, reply: Reply, pipes: list[str]) -> str:
        as_data = False
        for pipe in pipes:
            if pipe == "display json" and reply.data is not None:
                as_data = True
            elif pipe not in ("no-more", "display set"):
                raise self.error(f"unknown command: | {pipe}")
        return as_json(reply.data) if as_data else reply.text

    def _enter(self, words: list[str]) -> str:
        lock = self.element.config_lock
        if words not in ([], ["private"], ["exclusive"]):
            raise self.error(f"syntax error: expecting 'exclusive', got '{words[0]}'")
        if lock and lock is not self.session:
            raise self.error(f"configuration database locked by {lock.user}")
        if words == ["exclusive"]:
            self.element.config_lock = self.session
        self.candidate = self.element.store.candidate(self.session.user)
        self.session.mode = "configuration"
        return "Entering configuration mode"

    # Configuration mode

    def _configure(self, candidate: Candidate, command: str, pipes: list[str]) -> str:
        word, _, rest = command.partition(" ")
        if word in ("set", "delete", "commit"):
            self.guard(command)
        actions: dict[str, Callable[[Candidate, str], str]] = {
            "set": self._set,
            "delete": self._delete,
            "commit": self._commit,
            "rollback": self._rollback,
            "exit": self._exit,
            "quit": self._exit,
        }
        if word == "show":
            return self._dressed_show(candidate, rest, pipes)
        if word == "run":
            return self._operate(rest.strip(), pipes)
        if pipes:
            raise self.error(f"unknown command: | {pipes[0]}")
        if word == "top":
            return ""
        if word not in actions:
            raise self.error(f"unknown command: {command}")
        return actions[word](candidate, rest.strip())

    def _set(self, candidate: Candidate, rest: str) -> str:
        candidate.set(*self.element.schema.statement(grammar.tokens(rest)))
        return ""

    def _delete(self, candidate: Candidate, rest: str) -> str:
        words = grammar.tokens(rest)
        if not words:
            raise self.error("syntax error: expecting a statement or 'all'")
        path = () if words == ["all"] else self.element.schema.branch(words)
        return "" if candidate.delete(path) else "warning: statement not found"

    def _dressed_show(self, candidate: Candidate, rest: str, pipes: list[str]) -> str:
        if rest.strip():
            raise self.error(f"syntax error: expecting end of line, got '{rest.strip()}'")
        if pipes[:1] != ["compare"]:
            data = {"configuration": candidate.tree.nested()}
            return self._dressed(Reply(grammar.render(candidate.tree), data), pipes)
        candidate.rebase(self.element.store.running)
        removed, added = grammar.compare(self.element.store.running, candidate.tree)
        text = "\n".join([f"- {line}" for line in removed] + [f"+ {line}" for line in added])
        return self._dressed(Reply(text, {"removed": removed, "added": added}), pipes[1:])

    def _rollback(self, candidate: Candidate, rest: str) -> str:
        back = self.count(rest or "0", 0, 999)
        generation = self.element.store.generation(back)
        if generation is None:
            raise self.error(f"no rollback generation {back}")
        candidate.replace(generation.tree)
        return "load complete"

    def _exit(self, candidate: Candidate, rest: str) -> str:
        if rest not in ("", "configuration-mode"):
            raise self.error(f"unknown command: exit {rest}")
        changed = candidate.tree != candidate.base
        self.candidate = None
        self.session.mode = "operational"
        if self.element.config_lock is self.session:
            self.element.config_lock = None
        return "warning: uncommitted changes discarded" if changed else ""

    def _commit(self, candidate: Candidate, rest: str) -> str:
        match = _COMMIT.fullmatch(f"commit {rest}".strip())
        lock = self.element.config_lock
        if match is None:
            raise self.error(f"syntax error: expecting 'check', 'confirmed' or 'comment', got '{rest}'")
        if lock and lock is not self.session:
            raise self.error(f"configuration database locked by {lock.user}")
        if match["check"]:
            return self._checked(candidate)
        seconds = self.count(match["seconds"], 1, 86400) if match["seconds"] else None
        comment = " ".join(grammar.tokens(match["comment"] or ""))
        confirms = self.element.store.pending is not None and seconds is None
        return self.struck(lambda: self._take_effect(candidate, comment, seconds), confirms)

    def _checked(self, candidate: Candidate) -> str:
        candidate.rebase(self.element.store.running)
        if problems := self.element.store.check(candidate.tree):
            raise self._refused(CommitRefused(problems))
        return "configuration check succeeds"

    def _take_effect(self, candidate: Candidate, comment: str, seconds: int | None) -> str:
        try:
            self.element.store.commit(candidate, comment, seconds)
        except CommitRefused as refused:
            raise self._refused(refused) from None
        if seconds is None:
            return "commit complete"
        warning = f"commit confirmed will be automatically rolled back in {seconds} seconds unless confirmed"
        return f"{warning}\ncommit complete"

    def _refused(self, refused: CommitRefused) -> CliError:
        lines = [f"error: set {' '.join(problem.path)}: {problem.why}" for problem in refused.problems]
        return CliError("\n".join([*lines, "error: configuration check-out failed"]))


def configuration(shell: KestrelBase, back: int) -> Reply:
    """A generation as `show configuration` and `show system rollback` print it."""
    generation = shell.element.store.generation(back)
    if generation is None:
        raise shell.error(f"no rollback generation {back}")
    data: dict[str, Any] = {"configuration": generation.tree.nested(), "generation": generation.number}
    return Reply(grammar.render(generation.tree), data)


@COMMANDS.add("show configuration")
def show_configuration(shell: KestrelBase, given: dict[str, str]) -> Reply:
    return configuration(shell, 0)


@COMMANDS.add("show system rollback <back>")
def show_rollback(shell: KestrelBase, given: dict[str, str]) -> Reply:
    return configuration(shell, shell.count(given["back"], 0, 999))


@COMMANDS.add("show system commit")
def show_commits(shell: KestrelBase, given: dict[str, str]) -> Reply:
    return shell.fields(facts.commits(shell.element.store))
