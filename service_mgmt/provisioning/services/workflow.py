"""What a workflow is: named steps in order, each with its undo. The files in `workflows/` declare them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from kernel.errors import Invalid
from service_mgmt.provisioning.models import ServiceOrderItem, WorkflowRun, WorkflowStep
from service_mgmt.services.models import Service

Text = Any  # a lazily translated string


@dataclass(frozen=True)
class Done:
    """A step has done its work: what it found out, what it changed on the element, and in which session."""

    outputs: Mapping[str, Any] = field(default_factory=dict)
    diff: str = ""
    session_id: UUID | None = None


@dataclass(frozen=True)
class Wait:
    """A step waits for something outside; it is asked again after `seconds`."""

    seconds: float
    reason: str


class Context:
    """What a step sees: its service, what earlier steps found out, and the business time."""

    def __init__(self, step: WorkflowStep, at: datetime) -> None:
        self.step = step
        self.at = at

    @property
    def run(self) -> WorkflowRun:
        """The run this step belongs to."""
        return self.step.run

    @property
    def item(self) -> ServiceOrderItem:
        """The service order item that is being fulfilled."""
        return self.step.run.item

    @cached_property
    def service(self) -> Service:
        """The customer-facing service."""
        return Service.objects.select_related("specification", "customer", "product", "site").get(
            pk=self.item.service_id
        )

    def found(self, step: str) -> dict[str, Any]:
        """Outputs of an earlier step of this run; empty when it has none."""
        row = WorkflowStep.objects.filter(run=self.run, name=step).values_list("outputs", flat=True).first()
        return row or {}


@dataclass(frozen=True)
class Step:
    """One step. `run` must be safe to call twice: workers die between its work and its mark.

    `undo` takes back what `run` did; without one, `no_undo` says why none is needed. After a step marked
    `point_of_no_return` an order can no longer be cancelled, only reversed by a new one. `seconds` is the planned time.
    """

    name: str
    title: Text
    run: Callable[[Context], Done | Wait]
    undo: Callable[[Context], Done] | None = None
    no_undo: str = ""
    needs: tuple[str, ...] = ()
    seconds: int = 5
    point_of_no_return: bool = False

    def __post_init__(self) -> None:
        if self.undo is None and not self.no_undo:
            raise ValueError(f"step {self.name} has neither an undo nor a reason why none is needed")


@dataclass(frozen=True)
class Workflow:
    """A named, versioned list of steps. A step without `needs` follows the one before it."""

    name: str
    revision: int
    title: Text
    steps: tuple[Step, ...]

    def step(self, name: str) -> Step:
        """The step of that name; raises Invalid when this revision has none (an old run of a renamed step)."""
        for step in self.steps:
            if step.name == name:
                return step
        raise Invalid(f"workflow {self.name} has no step {name}", code="workflow.unknownStep")

    def needs(self, index: int) -> list[str]:
        """Names of the steps that must be done before the one at `index`."""
        step = self.steps[index]
        return list(step.needs) if step.needs or index == 0 else [self.steps[index - 1].name]


WORKFLOWS: dict[str, Workflow] = {}


def register(workflow: Workflow) -> Workflow:
    """Make a workflow known under its name (at import of `workflows/`, which the app does at start-up)."""
    WORKFLOWS[workflow.name] = workflow
    return workflow


def workflow(name: str) -> Workflow:
    """The workflow of that name; raises Invalid for an unknown one."""
    try:
        return WORKFLOWS[name]
    except KeyError:
        raise Invalid(f"there is no workflow {name}", code="workflow.unknown") from None
