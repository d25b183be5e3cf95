"""`Task`: a task resource of the standard (POST and GET), kept and readable without a model of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.db.models import Q, QuerySet

from kernel import events, lifecycle
from kernel.errors import DomainError
from kernel.filtering import Filter
from kernel.models import ApiTask
from kernel.tmf.fields import Bool, Field, Intake, List, Number, Plan, Ref, Refs, Text
from kernel.tmf.fields.base import Reader, Schema, Scope
from kernel.tmf.render import dumps, loads
from kernel.tmf.resource import Data, Resource


class Kept(Field):
    """A declared attribute of a task, read back from the stored body."""

    def __init__(self, field: Field) -> None:
        super().__init__(
            field.name, "body", mandatory=field.mandatory, required=field.required, doc=field.doc
        )
        self.field = field
        self.read_only = field.read_only
        self.sortable = False
        self.empty = field.empty

    def bind(self, model: type[models.Model]) -> Self:
        bound = copy(self)
        bound.field = self.field.bind(model)
        return bound

    def reader(self, plan: Plan) -> Reader:
        body, result, name = plan.column("body"), plan.column("result"), self.name
        return lambda row: row[result].get(name, row[body].get(name))

    def load(self, value: Any, out: dict[str, Any], intake: Intake, path: str) -> None:
        self.field.load(value, out, intake, path)

    def filters(self, scope: Scope) -> Iterator[Filter]:
        name, field = scope.dotted(self.name), self.field
        if isinstance(field, Ref):
            yield _inside(f"{name}.id", f"body__{self.name}__id", str)
        elif isinstance(field, Refs | List):
            yield _element(f"{name}.id", self.name)
        elif isinstance(field, Number):
            yield _inside(name, f"body__{self.name}", _number)
        elif isinstance(field, Bool):
            yield _inside(name, f"body__{self.name}", lambda text: text.lower() == "true")
        elif field.json_type == "string":
            yield _inside(name, f"body__{self.name}", str)

    def schema(self, model: type[models.Model]) -> Schema:
        return self.field.schema(model)

    def columns_used(self) -> set[str]:
        return {"body", "result"}


class Task(Resource[ApiTask]):
    """Base of task resources: `path`, `permission_name` to use it, `fields` of the body, and `run`.

    `own_fields` are attributes over the task's own columns (`created`, `updated`).

    `run(data, user)` calls the door and may return more attributes of the answer. It happens in the transaction of
    the POST: a refusal by the lifecycle (409) leaves the task `terminatedWithError` and nothing else.
    """

    model = ApiTask
    permission_name: str = ""
    first_state: str = "acknowledged"
    last_state: str = "done"
    failed_state: str = "terminatedWithError"
    events: Sequence[str] = ("Create", "StateChange")
    permissions: Mapping[str, str] = {}
    own_fields: Sequence[Field] = ()
    # Tasks of some documents (TMF656) have no state: ours is an extension there.
    state_is_extension: bool = False

    def run(self, data: Data, user: Any) -> Mapping[str, Any] | None:
        """Call the door; returns further attributes of the answer."""
        raise NotImplementedError

    def permission(self, action: str) -> str:
        return self.permissions.get(action) or self.permission_name

    def __init__(self, api: Any) -> None:
        super().__init__(api)
        self.fields = (
            *(Kept(each) for each in self.fields),
            *self.own_fields,
            Text("state", read_only=True, mandatory=True, extension=self.state_is_extension),
            Text("errorMessage", "error", read_only=True, extension=True),
        )

    def queryset(self, user: Any) -> QuerySet[ApiTask]:
        """One's own tasks, or all of them with the permission to use the task."""
        rows = ApiTask.objects.filter(api=self.api.number, path=self.path)
        if isinstance(user, AnonymousUser) or not user.has_perm(self.permission("view")):
            return rows.none()
        return rows if user.has_perm("kernel.view_apitask") else rows.filter(owner=user)

    def create(self, data: Data, user: Any) -> ApiTask:
        """Run the task and keep it with its outcome."""
        task = ApiTask(api=self.api.number, path=self.path, owner=user, state=self.first_state)
        task.body = {name: value for name, value in plain_json(data.raw).items() if name in self.names}
        with transaction.atomic():
            try:
                with transaction.atomic():
                    result = self.run(data, user) or {}
            except DomainError as error:
                if error.status != 409:
                    raise
                task.state, task.error = self.failed_state, str(error.message)[:500]
            else:
                task.state, task.result = self.last_state, plain_json(result)
            changed = events.StateChanged(task._meta.label, task.pk, "state", self.first_state, task.state)
            return lifecycle.create(task, events_too=[changed])


def plain_json(value: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON-ready copy: date-times as the answers print them, decimals as numbers."""
    found: dict[str, Any] = loads(dumps(value), decimals=False)
    return found


def _number(text: str) -> Any:
    return float(text) if "." in text else int(text)


def _inside(name: str, path: str, convert: Any) -> Filter:
    def where(operator: str, values: tuple[str, ...]) -> Q:
        match = Q(pk__in=[])
        for value in values:
            try:
                match |= Q(**{path: convert(value)})
            except ValueError:
                continue
        return ~match if operator == "not" else match

    return Filter(name, path, "text", operators=("eq", "not", "in"), build=where)


def _element(name: str, attribute: str) -> Filter:
    def where(operator: str, values: tuple[str, ...]) -> Q:
        match = Q(pk__in=[])
        for value in values:
            match |= Q(body__contains={attribute: [{"id": value}]})
        return ~match if operator == "not" else match

    return Filter(name, "body", "text", operators=("eq", "not", "in"), build=where)
