"""Errors of the domain: raised by doors, translated once at each edge (page, REST, task)."""

from collections.abc import Mapping
from typing import Any

from django.db import InterfaceError, OperationalError

# The database restarts, cannot be reached, or broke a deadlock: not the fault of what was being done, which is right to
# be done again. Whoever catches everything lets these pass, so that no bad row, step or file is found where none is.
UNAVAILABLE = (OperationalError, InterfaceError)


class DomainError(Exception):
    """A refusal with a stable code and a message a person can act on.

    `code` is stable and documented (`order.state.illegalMove`); `message` is translated; `fields` maps field
    names to messages when the refusal belongs to inputs; `status` is the HTTP status an edge answers with.
    """

    status = 409
    code = "domain.refused"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fields: Mapping[str, str] | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.fields = dict(fields or {})
        self.details = details


class Invalid(DomainError):
    """Input that does not fit: nothing was changed."""

    status = 400
    code = "input.invalid"


class NotAllowed(DomainError):
    """The actor lacks the permission, or may not do this to their own work (four eyes)."""

    status = 403
    code = "permission.denied"


class NotFound(DomainError):
    """The thing does not exist, or is not visible to the actor, which looks the same."""

    status = 404
    code = "object.notFound"


class IllegalMove(DomainError):
    """The lifecycle has no such move from the present state."""

    code = "state.illegalMove"


class StaleState(DomainError):
    """Somebody else moved the object first; read it again."""

    code = "state.stale"


class StaleVersion(DomainError):
    """The object changed since the version the caller saw (If-Match, form version)."""

    status = 412
    code = "version.stale"


class Busy(DomainError):
    """A lock could not be had in time; trying again is right."""

    status = 409
    code = "lock.busy"


class Exhausted(DomainError):
    """A pool, port group or number range has nothing left."""

    code = "pool.exhausted"


class Unreachable(DomainError):
    """The outside (element, gateway, receiver) did not answer; trying again is right."""

    status = 503
    code = "outside.unreachable"
