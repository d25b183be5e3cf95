"""Running, startup and candidate configuration of one element, and how one becomes the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lab.clock import Clock, Timer
from lab.config.rules import Problem, validate
from lab.config.schema import Schema
from lab.config.tree import FLAG, Path, Tree


class CommitRefused(Exception):
    """The candidate breaks the rules; `problems` say where."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problem(s)")
        self.problems = problems


class WaitingForConfirmation(Exception):
    """Another commit waits to be confirmed first."""

    def __init__(self, comment: str) -> None:
        super().__init__(comment)
        self.comment = comment


@dataclass(frozen=True)
class Generation:
    """A configuration that once ran."""

    number: int
    tree: Tree
    at: datetime
    user: str
    comment: str


@dataclass
class Pending:
    """A commit that will be undone unless it is confirmed before `deadline`."""

    generation: Generation
    back_to: Tree
    deadline: datetime
    timer: Timer


@dataclass
class Candidate:
    """One session's private edits, on top of what ran when it began."""

    base: Tree
    tree: Tree
    user: str
    edits: list[Callable[[Tree], object]] = field(default_factory=list)

    def set(self, path: Path, value: str = FLAG) -> None:
        self._edit(lambda tree: tree.set(path, value))

    def delete(self, path: Path) -> int:
        """Returns how many statements went from the candidate."""
        before = len(self.tree)
        self._edit(lambda tree: tree.delete(path))
        return before - len(self.tree)

    def replace(self, whole: Tree) -> None:
        """Take another configuration altogether, as a rollback does."""
        self.edits = [lambda tree: tree.become(whole)]
        self.tree = whole.copy()

    def _edit(self, edit: Callable[[Tree], object]) -> None:
        edit(self.tree)
        self.edits.append(edit)

    def rebase(self, running: Tree) -> None:
        """Apply the same edits to what runs now, so that another's commit in between is not undone."""
        if running is not self.base:
            tree = running.copy()
            for edit in self.edits:
                edit(tree)
            self.base, self.tree = running, tree

    def settled(self, running: Tree) -> None:
        self.base, self.tree, self.edits = running, running.copy(), []


class ConfigStore:
    """All configurations of one element.

    `applied(old, new)` is called after every change of what runs; `saved(tree)` when startup changes;
    `noted(kind, text)` for the journal with kind commit, confirmed or rollback.
    """

    def __init__(
        self,
        schema: Schema,
        initial: Tree,
        clock: Clock,
        *,
        generations: int = 20,
        autosave: bool = True,
        applied: Callable[[Tree, Tree], object] = lambda old, new: None,
        saved: Callable[[Tree], object] = lambda tree: None,
        noted: Callable[[str, str], object] = lambda kind, text: None,
    ) -> None:
        self.schema, self.clock, self.autosave = schema, clock, autosave
        self.startup = initial.copy()
        self.history: deque[Generation] = deque(maxlen=generations)  # newest first; [0] runs
        self.pending: Pending | None = None
        self._applied, self._saved, self._noted = applied, saved, noted
        self.history.appendleft(Generation(1, initial.copy(), clock.now(), "root", "startup"))

    @property
    def running(self) -> Tree:
        return self.history[0].tree

    @property
    def startup_saved(self) -> bool:
        return self.startup == self.running

    def candidate(self, user: str) -> Candidate:
        """A private copy to edit."""
        return Candidate(self.running, self.running.copy(), user)

    def check(self, tree: Tree) -> list[Problem]:
        return validate(tree, self.schema)

    def generation(self, back: int) -> Generation | None:
        """The configuration `back` commits ago; 0 is running."""
        return self.history[back] if 0 <= back < len(self.history) else None

    def commit(
        self,
        candidate: Candidate,
        comment: str = "",
        confirm_seconds: float | None = None,
        wait: bool = False,
    ) -> Generation | None:
        """Make the candidate run; returns its generation, None when it changes nothing.

        A waiting commit is confirmed by the way, unless `wait` says that others must wait for it
        (WaitingForConfirmation). Raises CommitRefused with nothing changed.
        """
        if self.pending and wait:
            raise WaitingForConfirmation(self.pending.generation.comment)
        candidate.rebase(self.running)
        if problems := self.check(candidate.tree):
            raise CommitRefused(problems)
        changed = candidate.tree != self.running
        back_to = self.pending.back_to if self.pending else self.running
        confirmed = self._take_pending()
        if changed:
            made = self._run(candidate.tree.copy(), candidate.user, comment)
            self._noted("commit", f"generation {made.number} by {candidate.user}{_remark(comment)}")
        if confirm_seconds is not None and (changed or confirmed):
            self._wait(self.history[0], back_to, confirm_seconds)
        elif changed or confirmed:
            self._final(candidate.user, confirmed)
        candidate.settled(self.running)
        return self.history[0] if changed else None

    def confirm(self, user: str) -> bool:
        """Keep the waiting commit; False when none waits (the timer may have been faster)."""
        confirmed = self._take_pending()
        if confirmed:
            self._final(user, confirmed)
        return bool(confirmed)

    def revert(self, why: str) -> bool:
        """Undo the waiting commit; False when none waits."""
        pending = self.pending
        if pending is None:
            return False
        self._take_pending()
        made = self._run(pending.back_to, "root", why)
        self._noted("rollback", f"generation {pending.generation.number} undone by {made.number}: {why}")
        return True

    def save(self) -> None:
        """Make running the startup configuration."""
        self.startup = self.running.copy()
        self._saved(self.startup)

    def forget_pending(self) -> None:
        """Power is gone, and with it the memory of what waited; the next boot runs what was saved."""
        self._take_pending()

    def reboot(self) -> None:
        """What runs after power came back: the startup configuration."""
        self._take_pending()
        if not self.startup_saved:
            self._run(self.startup.copy(), "root", "startup")

    def _run(self, tree: Tree, user: str, comment: str) -> Generation:
        old = self.running
        made = Generation(self.history[0].number + 1, tree, self.clock.now(), user, comment)
        self.history.appendleft(made)
        self._applied(old, tree)
        return made

    def _wait(self, generation: Generation, back_to: Tree, seconds: float) -> None:
        timer = self.clock.call_later(seconds, lambda: self.revert("not confirmed in time"))
        self.pending = Pending(generation, back_to, self.clock.now() + timedelta(seconds=seconds), timer)

    def _take_pending(self) -> Pending | None:
        pending, self.pending = self.pending, None
        if pending:
            pending.timer.cancel()
        return pending

    def _final(self, user: str, confirmed: Pending | None) -> None:
        if confirmed:
            self._noted("confirmed", f"generation {confirmed.generation.number} by {user}")
        if self.autosave:
            self.save()


def _remark(comment: str) -> str:
    return f" ({comment})" if comment else ""
