"""Heron NOS: an IOS-like command line with named configuration sessions."""

from __future__ import annotations

import re
from typing import ClassVar

from lab.cli import heron_grammar as grammar
from lab.cli.heron_commands import COMMANDS, HeronBase
from lab.cli.present import as_json, table
from lab.cli.shell import CliError, Disconnected, NoSuchCommand, Reply
from lab.clock import iso
from lab.config.args import ConfigError
from lab.config.store import CommitRefused, WaitingForConfirmation
from lab.config.tree import Tree
from lab.device.element import NamedSession

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_TIMER = re.compile(r"([0-9]{1,2}):([0-5][0-9]):([0-5][0-9])")


class HeronShell(HeronBase):
    """One login: the privileged prompt, or a configuration session and the modes entered in it."""

    prompt_pattern: ClassVar[str] = r"^[\w.-]+(\(config[^)]*\))?# $"

    config_session: NamedSession | None = None
    modes: list[grammar.Mode]

    @property
    def prompt(self) -> str:
        name = self.element.host_name
        if self.config_session is None:
            return f"{name}# "
        words = ["config", *(["s", self.config_session.name] if self._is_known(self.config_session) else [])]
        return f"{name}({'-'.join([*words, *filter(None, [self.modes[-1].label])])})# "

    def execute(self, line: str) -> str:
        line = line.strip()
        if not line or line.startswith("!"):
            return ""
        try:
            if self.config_session is not None:
                return self._configure(self.config_session, line)
            return self._privileged(line)
        except ConfigError as error:
            raise self.error(grammar.explain(error)) from None

    # Privileged prompt

    def _privileged(self, line: str) -> str:
        command, pipe, wanted = (part.strip() for part in line.partition("|"))
        words = command.split()
        if words in (["exit"], ["logout"], ["quit"]):
            raise Disconnected
        if words and "configure".startswith(words[0]) and len(words[0]) >= 4:
            return self._enter(words[1:], command)
        if pipe and wanted not in ("json", "no-more"):
            raise self.error(f"Invalid input detected: '| {wanted}'")
        reply = self._run(words, command)
        return as_json(reply.data) if wanted == "json" and reply.data is not None else reply.text

    def _run(self, words: list[str], command: str) -> Reply:
        try:
            run, arguments = COMMANDS.find(words)
        except NoSuchCommand as error:
            if error.incomplete:
                raise self.error("Incomplete command") from None
            if error.ambiguous:
                raise self.error(f"Ambiguous command: '{command}'") from None
            raise self.error(f"Invalid input detected: '{command}'") from None
        return run(self, arguments)

    def _enter(self, words: list[str], command: str) -> str:
        match words:
            case [word] if word and "terminal".startswith(word):
                candidate = self.element.store.candidate(self.session.user)
                self._open(NamedSession(f"terminal-{self.session.number}", candidate))
            case ["session", name] if _NAME.fullmatch(name):
                self._open(self._named(name))
            case ["session", name, *action] if action:
                self.guard(command)
                return self._act(self._existing(name), action)
            case _:
                raise self.error(f"Invalid input detected: '{command}'")
        return ""

    def _open(self, session: NamedSession) -> None:
        self.config_session, self.modes = session, [grammar.TOP]
        self.session.mode = "configuration"

    def _named(self, name: str) -> NamedSession:
        known = self.element.config_sessions
        if name not in known or state_of(self, known[name]) in ("completed", "aborted"):
            for old in [key for key, session in known.items() if session.state == "completed"][:-20]:
                del known[old]
            known[name] = NamedSession(name, self.element.store.candidate(self.session.user))
        return known[name]

    def _existing(self, name: str) -> NamedSession:
        if name not in self.element.config_sessions:
            raise self.error(f"No such session: {name}")
        return self.element.config_sessions[name]

    # Configuration session

    def _configure(self, session: NamedSession, line: str) -> str:
        words = line.split()
        match words:
            case ["exit"]:
                return self._exit()
            case ["end"]:
                return self._end()
            case ["do", *_]:
                return self._privileged(line[2:].strip())
            case ["show", "session-config", *rest]:
                return self._show(session, rest)
            case ["validate"]:
                return self._validate(session)
            case ["rollback", back]:
                return self._rollback(session, back)
        self.guard(line)
        if words[0] in ("commit", "abort"):
            return self._act(session, words)
        return self._edit(session, line)

    def _edit(self, session: NamedSession, line: str) -> str:
        if state_of(self, session) == "pending":
            raise self.error(f"Session {session.name} waits for confirmation")
        candidate = session.candidate
        self.modes = grammar.apply(candidate, candidate.tree, self.modes, line, self.element.schema)
        return ""

    def _exit(self) -> str:
        if len(self.modes) > 1:
            self.modes = self.modes[:-1]
            return ""
        return self._end()

    def _end(self) -> str:
        session = self.config_session
        self.config_session, self.session.mode = None, "operational"
        if session and not self._is_known(session) and session.candidate.tree != session.candidate.base:
            return "! uncommitted changes discarded"
        return ""

    def _show(self, session: NamedSession, rest: list[str]) -> str:
        wants_json = rest[-2:] == ["|", "json"]
        rest = rest[:-2] if wants_json else rest
        if rest not in ([], ["diffs"]):
            raise self.error(f"Invalid input detected: '{' '.join(rest)}'")
        session.candidate.rebase(self.element.store.running)
        tree = session.candidate.tree
        if not rest:
            return as_json({"configuration": grammar.nested(tree)}) if wants_json else grammar.render(tree)
        removed, added, text = grammar.diff(self.element.store.running, tree)
        return as_json({"removed": removed, "added": added}) if wants_json else text

    def _validate(self, session: NamedSession) -> str:
        session.candidate.rebase(self.element.store.running)
        if problems := self.element.store.check(session.candidate.tree):
            raise self._refused(CommitRefused(problems), session.candidate.tree)
        return "Configuration valid."

    def _rollback(self, session: NamedSession, back: str) -> str:
        if back == "clean-config":
            session.candidate.replace(Tree())
            return ""
        number = self.count(back, 0, 999)
        generation = self.element.store.generation(number)
        if generation is None:
            raise self.error(f"No generation {number}")
        session.candidate.replace(generation.tree)
        return ""

    # Commit, confirm, abort; inside the session or by name from outside

    def _act(self, session: NamedSession, action: list[str]) -> str:
        match action:
            case ["commit"]:
                return self._commit(session, None)
            case ["commit", "timer", timer] if match := _TIMER.fullmatch(timer):
                hours, minutes, seconds = map(int, match.groups())
                return self._commit(session, hours * 3600 + minutes * 60 + seconds)
            case ["abort"]:
                return self._abort(session)
        raise self.error(f"Invalid input detected: '{' '.join(action)}'")

    def _commit(self, session: NamedSession, seconds: int | None) -> str:
        state = state_of(self, session)
        if state in ("completed", "aborted"):
            raise self.error(f"Session {session.name} is {state}")
        confirms = state == "pending"
        if confirms and seconds is not None:
            raise self.error(f"Session {session.name} waits for confirmation")
        if seconds is not None and not self._is_known(session):
            raise self.error("A timer needs a named session, so that it can be confirmed")
        action = self._confirm if confirms else self._take_effect
        text = self.struck(lambda: action(session, seconds), confirms)
        if self.config_session is session:
            self.config_session, self.session.mode = None, "operational"
        return text

    def _confirm(self, session: NamedSession, seconds: int | None) -> str:
        self.element.store.confirm(self.session.user)
        session.state = "completed"
        return f"Commit complete, generation {self.element.store.history[0].number}."

    def _take_effect(self, session: NamedSession, seconds: int | None) -> str:
        store = self.element.store
        comment = session.name if self._is_known(session) else ""
        try:
            made = store.commit(session.candidate, comment, seconds, wait=True)
        except WaitingForConfirmation as other:
            raise self.error(
                f"Commit refused: session {other.comment or '?'} waits for confirmation"
            ) from None
        except CommitRefused as refused:
            raise self._refused(refused, session.candidate.tree) from None
        session.state = "pending" if made and store.pending else "completed"
        done = f"Commit complete, generation {store.history[0].number}"
        if store.pending and made:
            return f"{done}; waiting for confirmation until {iso(store.pending.deadline)}."
        return f"{done}."

    def _is_known(self, session: NamedSession) -> bool:
        return self.element.config_sessions.get(session.name) is session

    def _abort(self, session: NamedSession) -> str:
        if state_of(self, session) == "pending":
            self.element.store.revert(f"session {session.name} aborted")
        session.state = "aborted"
        if self.config_session is session:
            self.config_session, self.session.mode = None, "operational"
        return ""

    def _refused(self, refused: CommitRefused, tree: Tree) -> CliError:
        lines = [f"% {grammar.around(problem.path, tree)}: {problem.why}" for problem in refused.problems]
        return CliError("\n".join([*lines, "% Commit failed"]))


def state_of(shell: HeronBase, session: NamedSession) -> str:
    """A session's state; one whose timer ran out unconfirmed was aborted by it."""
    pending = shell.element.store.pending
    if session.state == "pending" and not (pending and pending.generation.comment == session.name):
        session.state = "aborted"
    return session.state


@COMMANDS.add("show configuration sessions")
def show_sessions(shell: HeronBase, given: dict[str, str]) -> Reply:
    rows = [
        {
            "name": session.name,
            "state": state_of(shell, session),
            "user": session.candidate.user,
            "changes": len(session.candidate.edits),
        }
        for session in shell.element.config_sessions.values()
    ]
    columns = {"name": "Session", "state": "State", "user": "User", "changes": "Changes"}
    return Reply(table(rows, columns), {"sessions": {row["name"]: row for row in rows}})
