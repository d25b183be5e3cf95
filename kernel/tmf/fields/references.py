"""References: to a row of another resource, alone or in an array with roles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any, Self, Unpack
from uuid import UUID

from django.db.models import Model

from kernel.filtering import Filter
from kernel.tmf import registry, sentences
from kernel.tmf.fields.base import Field, Flags, Intake, Plan, Reader, Row, Schema, Scope, column_of
from kernel.tmf.fields.where import by_id, either, ids_of, present

AUTO = "auto"


@dataclass
class Wish:
    """A reference of a body, to be fetched together with its like."""

    ref: Ref
    id: str
    path: str
    out: dict[str, Any]
    row: int | None


class Ref(Field):
    """`{id, href, name, @referredType}` over a foreign key or a UUID column.

    `to` names the resource it leads to ("666/billingAccount"): it gives the href and, for a UUID column, proves that
    the referred row exists. `label` is the column of `name` (default: the referred model's `name`, "" for none).
    A writer gets the instance behind a foreign key or, where no column stands behind the attribute (tasks), the
    instance `to` leads to; for a UUID column the UUID.
    """

    json_type = "object"
    operators = ("eq", "not", "in", "contains", "regex")
    target: type[Model] | None = None

    def __init__(
        self,
        name: str,
        column: str = "",
        *,
        type: str = "",
        to: str = "",
        label: str = AUTO,
        role: str = "",
        **flags: Unpack[Flags],
    ) -> None:
        super().__init__(name, column, **flags)
        self.referred = type
        self.to = to
        self.label = label
        self.role = role
        self.sortable = False
        self.key = self.column
        self.loose = False

    def bind(self, model: type[Model]) -> Self:
        bound = super().bind(model)
        column = column_of(model, self.column)
        relation = column if column is not None and column.remote_field is not None else None
        bound.loose = column is None
        bound.target = getattr(relation, "related_model", None)
        if relation is not None:
            head, _sep, _last = self.column.rpartition("__")
            bound.key = f"{head}__{relation.attname}" if head else relation.attname
        if self.label == AUTO:
            named = bound.target is not None and any(
                f.name == "name" for f in bound.target._meta.concrete_fields
            )
            bound.label = f"{self.column}__name" if named else ""
        return bound

    def reader(self, plan: Plan) -> Reader:
        key = plan.column(self.key)
        label = plan.column(self.label) if self.label else None
        prefix = registry.href(plan.base, self.to)
        constant = {
            name: value for name, value in (("role", self.role), ("@referredType", self.referred)) if value
        }

        def read(row: Row) -> dict[str, Any] | None:
            if row[key] is None:
                return None
            text = str(row[key])
            found = {"id": text}
            if prefix:
                found["href"] = prefix + text
            if label is not None and row[label]:
                found["name"] = row[label]
            found.update(constant)
            return found

        return read

    def load(self, value: Any, out: dict[str, Any], intake: Intake, path: str) -> None:
        identifier = reference_id(value, intake, path)
        if identifier is None:
            return
        if intake.quiet:
            out[self.arg] = identifier
        else:
            intake.wishes.append(Wish(self, identifier, path, out, intake.row))

    def fetch(self, ids: Iterable[str], user: Any) -> dict[str, Any]:
        """What a writer gets, by id text; what is missing does not exist for this user."""
        found: dict[str, Any] = {}
        resource = registry.find(self.to)
        if self.target is not None:
            rows: Any = self.target._default_manager.all()
            if resource is not None and resource.model is self.target:
                rows = resource.queryset(user)
            elif hasattr(rows, "visible_to"):
                rows = rows.visible_to(user)
            wanted = ids_of(self.target._meta.pk, tuple(ids))
            # In whatever order: a model's own may cost a join and a sort.
            found = {str(row.pk): row for row in rows.filter(pk__in=wanted).order_by()}
        elif resource is not None:
            wanted = ids_of(resource.key_column, tuple(ids))
            visible = resource.queryset(user).filter(**{f"{resource.key}__in": wanted})
            if self.loose:
                found = {str(getattr(row, resource.key)): row for row in visible}
            else:
                found = {str(key): key for key in visible.values_list(resource.key, flat=True)}
        else:
            found = {str(key): key for key in ids_of(_UUID, tuple(ids))}
        return found

    def filters(self, scope: Scope) -> Iterator[Filter]:
        if not self.filterable:
            return
        inner = scope.inside(self.name)
        yield by_id(scope, inner.dotted("id"), self.key)
        if self.label:
            yield Filter(inner.dotted("name"), scope.lookup(self.label), "text", many=scope.many)
        for name, value in (("role", self.role), ("@referredType", self.referred)):
            if value:
                yield present(scope, inner.dotted(name), [(self.key, value)])

    def schema(self, model: type[Model]) -> Schema:
        found = super().schema(model)
        found["properties"] = {
            "id": {"type": "string"},
            "href": {"type": "string"},
            "name": {"type": "string"},
            "@referredType": {"type": "string"},
        }
        if self.role:
            found["properties"]["role"] = {"type": "string"}
        found["required"] = ["id"]
        return found

    def columns_used(self) -> set[str]:
        return {self.column.partition("__")[0], self.key.partition("__")[0]}


class Refs(Field):
    """An array of references, each made from columns of the row; empty ones are left out.

    On the way in an element goes to the `Ref` of its `role`, else of its `@referredType`, else to the only one.
    """

    json_type = "array"
    empty: Any = ()

    def __init__(self, name: str, *refs: Ref, **flags: Unpack[Flags]) -> None:
        super().__init__(name, refs[0].column, **flags)
        self.refs = refs
        self.sortable = False

    def bind(self, model: type[Model]) -> Self:
        bound = copy(self)
        bound.refs = tuple(ref.bind(model) for ref in self.refs)
        return bound

    def reader(self, plan: Plan) -> Reader:
        readers = [ref.reader(plan) for ref in self.refs]
        if self.mandatory:
            return lambda row: [value for read in readers if (value := read(row)) is not None]
        return lambda row: [value for read in readers if (value := read(row)) is not None] or None

    def load(self, value: Any, out: dict[str, Any], intake: Intake, path: str) -> None:
        if not isinstance(value, list):
            intake.fault(path, "attribute.type", sentences.WRONG_TYPE, expected=sentences.AN_ARRAY)
            return
        if self.required and not value:
            intake.fault(path, "attribute.required", sentences.AT_LEAST_ONE)
        for index, element in enumerate(value):
            here = f"{path}[{index}]"
            ref = self._for(element)
            if ref is None:
                roles = ", ".join(ref.role or ref.referred for ref in self.refs)
                intake.fault(here, "reference.role", sentences.NO_ROLE, roles=roles)
            elif not ref.read_only:
                ref.load(element, out, intake, here)

    def _for(self, element: Any) -> Ref | None:
        if len(self.refs) == 1:
            return self.refs[0]
        if isinstance(element, dict):
            for ref in self.refs:
                if ref.role and element.get("role") == ref.role:
                    return ref
            for ref in self.refs:
                if ref.referred and element.get("@referredType") == ref.referred:
                    return ref
        return None

    def clear(self, out: dict[str, Any], intake: Intake, path: str) -> None:
        if self.required:
            intake.fault(path, "attribute.required", sentences.NOT_REMOVABLE)
            return
        for ref in self.refs:
            if not ref.read_only:
                ref.clear(out, intake, path)

    def filters(self, scope: Scope) -> Iterator[Filter]:
        if not self.filterable:
            return
        inner = scope.inside(self.name)
        yield either([by_id(scope, inner.dotted("id"), ref.key) for ref in self.refs])
        if labelled := [ref for ref in self.refs if ref.label]:
            yield either(
                [
                    Filter(inner.dotted("name"), scope.lookup(ref.label), "text", many=scope.many)
                    for ref in labelled
                ]
            )
        yield present(scope, inner.dotted("role"), [(ref.key, ref.role) for ref in self.refs if ref.role])
        yield present(
            scope,
            inner.dotted("@referredType"),
            [(ref.key, ref.referred) for ref in self.refs if ref.referred],
        )

    def schema(self, model: type[Model]) -> Schema:
        return {**super().schema(model), "items": self.refs[0].schema(model)}

    def columns_used(self) -> set[str]:
        return set().union(*(ref.columns_used() for ref in self.refs))


def reference_id(value: Any, intake: Intake, path: str) -> str | None:
    """The id of a reference object, or of its href when only that is sent."""
    if not isinstance(value, dict):
        intake.fault(path, "attribute.type", sentences.WRONG_TYPE, expected=sentences.A_REFERENCE)
        return None
    identifier = value.get("id")
    if identifier is None and isinstance(value.get("href"), str):
        identifier = value["href"].rstrip("/").rpartition("/")[2]
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    if not isinstance(identifier, str) or not identifier or "\x00" in identifier:
        intake.fault(path, "reference.noId", sentences.NO_ID)
        return None
    return identifier


def resolve(intake: Intake, user: Any) -> None:
    """Fetch every reference of the intake, one query per kind of reference, and name those that lead nowhere."""
    groups: dict[int, list[Wish]] = {}
    for wish in intake.wishes:
        groups.setdefault(id(wish.ref), []).append(wish)
    for wishes in groups.values():
        found = wishes[0].ref.fetch(sorted({wish.id for wish in wishes}), user)
        for wish in wishes:
            target = found.get(wish.id) or found.get(wish.id.lower())
            if target is None:
                intake.row = wish.row
                intake.fault(wish.path, "reference.unknown", sentences.NO_SUCH, id=wish.id[:80])
            else:
                wish.out[wish.ref.arg] = target
    intake.wishes.clear()


class _UUIDColumn:
    """Stands for a UUID column where there is none to ask."""

    related_model = None

    @staticmethod
    def to_python(value: str) -> UUID:
        return UUID(value)


_UUID = _UUIDColumn()
