"""How a problem begins and moves: every move says since when the new state holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kernel import lifecycle
from service_mgmt.problems.models import Problem


def create(problem: Problem) -> Problem:
    """Insert a new problem; its first state holds since it was opened."""
    problem.status_changed = problem.opened
    return lifecycle.create(problem)


def to(problem: Problem, status: str, *, at: datetime, reason: str = "", **changes: Any) -> Problem:
    """Move a problem. Raises IllegalMove or StaleState."""
    return lifecycle.move(problem, status, reason=reason, status_changed=at, **changes)
