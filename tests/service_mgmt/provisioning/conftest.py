"""Made-up workflows: their steps do what a test says and write down when they were called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service_mgmt.provisioning.models import WorkflowRun
from service_mgmt.provisioning.services.runs import start_run
from service_mgmt.provisioning.services.workflow import WORKFLOWS, Context, Done, Step, Workflow, register
from tests.conftest import NOW
from tests.factories.service_mgmt_provisioning import make_order_item


class Stage:
    """A workflow of steps a, b and c, whose behaviour a test may change, and the calls made to it."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.run: dict[str, Callable[[Context], Any]] = {}
        self.undo: dict[str, Callable[[Context], Any]] = {}

    def _do(
        self, name: str, wanted: dict[str, Callable[[Context], Any]], word: str
    ) -> Callable[[Context], Any]:
        def act(step: Context) -> Any:
            self.calls.append(f"{word} {name}")
            return wanted[name](step) if name in wanted else Done({"by": name})

        return act

    def declare(self, *names: str, final: str = "") -> Workflow:
        steps = tuple(
            Step(
                name,
                f"Step {name}",
                self._do(name, self.run, "do"),
                undo=self._do(name, self.undo, "undo"),
                point_of_no_return=name == final,
            )
            for name in names
        )
        return register(Workflow("staged", revision=1, title="Staged", steps=steps))

    def start(self, *, product_item: Any = None, **item: Any) -> WorkflowRun:
        made = make_order_item(workflow="staged", product_order_item=product_item, **item)
        return start_run(item=made, at=NOW)


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    """A staged workflow; the registry is as before afterwards."""
    before = dict(WORKFLOWS)
    staged = Stage()
    staged.declare("a", "b", "c")
    yield staged
    WORKFLOWS.clear()
    WORKFLOWS.update(before)
