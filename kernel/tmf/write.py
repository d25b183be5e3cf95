"""Bodies on their way in: checked whole against the declaration before any door is called."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import jsonpatch
from django.utils.translation import gettext as _

from kernel.errors import DomainError, Invalid
from kernel.tmf import sentences
from kernel.tmf.errors import Faults, fault
from kernel.tmf.fields import Field, Intake, State, Type
from kernel.tmf.fields.base import load_all
from kernel.tmf.fields.references import resolve
from kernel.tmf.render import dumps, loads, plain
from kernel.tmf.resource import Data, Resource

SERVER_SET = {"id", "href"}
HEADINGS = {"@type", "@baseType", "@schemaLocation"}
JSON_PATCH = "application/json-patch+json"
MERGE_DEPTH = 30


class PatchConflict(DomainError):
    """A `test` operation of a JSON Patch did not hold."""

    code = "patch.testFailed"


def created(resource: Resource[Any], body: Any, user: Any) -> tuple[Data, list[str]]:
    """Data of a POST and the attributes that were ignored. Raises Faults with everything that is wrong."""
    intake = Intake()
    data = _load_create(resource, body, intake)
    resolve(intake, user)
    intake.check()
    return data, intake.ignored


def created_many(resource: Resource[Any], body: list[Any], user: Any) -> tuple[list[Data], list[str]]:
    """Data of each row of an array POST; references are fetched together. Raises Faults naming each bad row."""
    if len(body) > resource.bulk_limit:
        raise Invalid(_("At most %(n)d rows in one call") % {"n": resource.bulk_limit}, code="bulk.tooMany")
    if not body:
        raise Invalid(_("The array is empty"), code="bulk.empty")
    whole, rows = Intake(), []
    for index, element in enumerate(body):
        whole.row = index
        rows.append(_load_create(resource, element, whole))
    resolve(whole, user)
    whole.check()
    return rows, list(dict.fromkeys(whole.ignored))


def _load_create(resource: Resource[Any], body: Any, intake: Intake) -> Data:
    data = Data({}, body if isinstance(body, dict) else {})
    if not isinstance(body, dict):
        intake.fault("", "request.shape", sentences.NOT_AN_OBJECT)
        return data
    fields = [each for each in resource.attributes if each.name not in HEADINGS or isinstance(each, Type)]
    _check_type(resource, body, intake)
    intake.ignored.extend(name for name in SERVER_SET if name in body)
    load_all(fields, {name: value for name, value in body.items() if name not in SERVER_SET}, data, intake)
    return data


def _check_type(resource: Resource[Any], body: dict[str, Any], intake: Intake) -> None:
    """`@type` must be a type this resource has; a schema somewhere else is never fetched."""
    given = body.get("@type")
    if given is None or any(isinstance(each, Type) for each in resource.attributes):
        return
    if given not in (resource.type_name, resource.base_type):
        intake.fault("@type", "type.unknown", sentences.WRONG_UNIT, unit=resource.type_name)


class Patch:
    """One PATCH: the changed attributes as a door takes them, and the state that is asked for."""

    def __init__(self, resource: Resource[Any], user: Any) -> None:
        self.resource = resource
        self.user = user
        self.state: Any = None
        self.ignored: list[str] = []

    def read(self, body: Any, media_type: str, present: dict[str, Any]) -> Data:
        """Apply the body to the present representation and load what differs. Raises Faults or PatchConflict."""
        wanted = self._wanted(body, media_type, present)
        intake = Intake(creating=False)
        data = Data({}, body if isinstance(body, dict) else {"patch": body})
        known = {each.name: each for each in self.resource.attributes}
        self.ignored = [name for name in wanted if name not in known and name not in SERVER_SET | HEADINGS]
        self._refuse_identity(wanted, present, intake)
        for name, field in known.items():
            if _text(wanted.get(name)) != _text(present.get(name)):
                self._attribute(field, wanted.get(name), present.get(name), data, intake)
        resolve(intake, self.user)
        self.ignored += intake.ignored
        intake.check()
        return data

    def _wanted(self, body: Any, media_type: str, present: dict[str, Any]) -> dict[str, Any]:
        if media_type == JSON_PATCH:
            return _json_patched(body, present)
        if not isinstance(body, dict):
            raise Faults([fault("", "request.shape", sentences.NOT_AN_OBJECT)])
        if "id" in body:
            raise Faults([fault("id", "attribute.readOnly", sentences.NOT_IN_PATCH)])
        merged: dict[str, Any] = merge(present, body)
        return merged

    def _refuse_identity(self, wanted: dict[str, Any], present: dict[str, Any], intake: Intake) -> None:
        for name in SERVER_SET:
            if wanted.get(name) != present.get(name):
                intake.fault(name, "attribute.readOnly", sentences.READ_ONLY)

    def _attribute(self, field: Field, wanted: Any, present: Any, data: Data, intake: Intake) -> None:
        if field.name in HEADINGS and wanted is None:
            return
        if _same(field, wanted, present):
            return
        if not field.writable(creating=False) or field.name in HEADINGS:
            intake.fault(field.name, "attribute.readOnly", sentences.READ_ONLY)
        elif isinstance(field, State):
            self.state = None if wanted is None else field.python(wanted, intake, field.name)
            if wanted is None:
                intake.fault(field.name, "attribute.required", sentences.NOT_REMOVABLE)
        elif wanted is None:
            field.clear(data, intake, field.name)
        else:
            field.load(wanted, data, intake, field.name)


def _text(value: Any) -> str:
    """A value as text that is equal for equal JSON only (in Python, true is 1)."""
    return json.dumps(value, sort_keys=True, default=plain)


def _same(field: Field, wanted: Any, present: Any) -> bool:
    """Whether two JSON values mean the same to a door (another spelling of an instant, a reference without name)."""
    if wanted is None or present is None:
        return False
    quiet = [Intake(quiet=True), Intake(quiet=True)]
    values: list[dict[str, Any]] = [{}, {}]
    try:
        for value, out, intake in zip((wanted, present), values, quiet, strict=True):
            field.load(value, out, intake, field.name)
    except NotImplementedError:
        return False
    return not quiet[0].faults and not quiet[1].faults and values[0] == values[1] and bool(values[0])


def merge(target: Any, patch: Any, depth: int = 0) -> Any:
    """RFC 7386: objects merge, null removes, everything else takes the place of what was there."""
    if not isinstance(patch, dict) or depth > MERGE_DEPTH:
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merge(found.get(name), value, depth + 1)
    return found


def _json_patched(body: Any, present: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(body, list):
        raise Faults([fault("", "request.shape", sentences.NOT_OPERATIONS)])
    try:
        done = jsonpatch.JsonPatch(loads(dumps(body), decimals=False)).apply(present)
    except jsonpatch.JsonPatchTestFailed as error:
        raise PatchConflict(_("A test of the patch does not hold")) from error
    except (
        jsonpatch.JsonPatchException,
        jsonpatch.JsonPointerException,
        TypeError,
        KeyError,
        ValueError,
    ) as error:
        raise Invalid(
            _("The patch cannot be applied: %(why)s") % {"why": error}, code="patch.invalid"
        ) from error
    if not isinstance(done, dict):
        raise Faults([fault("", "request.shape", sentences.NOT_LEFT_AN_OBJECT)])
    return done


def unchangeable(names: Iterable[str]) -> Faults:
    """The refusal of a PATCH of attributes that no door changes."""
    return Faults([fault(name, "attribute.readOnly", sentences.READ_ONLY) for name in names])


def move_to(resource: Resource[Any], obj: Any, state: Any, data: Data, user: Any) -> None:
    """Call the door behind a state; refused by the model's own table first, with its name in the code."""
    cycle, field = resource.lifecycle, resource.state
    if field is None:
        raise TypeError(f"{resource} has moves but no State")
    present = str(getattr(obj, field.column))
    if cycle is not None and not cycle.allows(present, str(state)):
        raise cycle.refuse(present, str(state))
    door: Callable[..., Any] | None = resource.moves.get(str(state))
    if door is None:
        name = cycle.name if cycle is not None else resource.path
        raise DomainError(
            _("%(state)s is not reached by a client") % {"state": field.words.get(state, state)},
            code=f"{name}.state.notByClient",
        )
    door(obj, data, user)
