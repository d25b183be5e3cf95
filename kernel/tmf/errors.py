"""The one translation of a refusal into TMF630's error body (§3.7 of the guideline, part 1)."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.db import DataError, IntegrityError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from rest_framework import exceptions as drf

from kernel.errors import DomainError, Invalid
from kernel.tmf.render import answer

logger = logging.getLogger(__name__)

# What a refusal of the framework is called here.
FRAMEWORK = {
    400: "request.malformed",
    401: "token.missing",
    403: "permission.denied",
    404: "object.notFound",
    405: "method.notAllowed",
    406: "request.notAcceptable",
    415: "request.mediaType",
    429: "limit.exceeded",
}


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one attribute: where, a stable code, and the sentence in English and for the reader."""

    attribute: str
    code: str
    reason: str
    message: str
    row: int | None = None

    def body(self) -> dict[str, Any]:
        """As an element of `errors`."""
        found = {
            "attribute": self.attribute,
            "code": self.code,
            "reason": self.reason,
            "message": self.message,
        }
        return found if self.row is None else {"row": self.row, **found}


def fault(attribute: str, code: str, sentence: Any, *, row: int | None = None, **values: Any) -> Fault:
    """A fault told by a lazy sentence: its English is the reason, the present language the message."""
    with translation.override("en"):
        reason = str(sentence) % values
    return Fault(attribute, code, reason, str(sentence) % values, row)


class Faults(Invalid):
    """Every attribute error of one body: the first one gives the code, all of them stand in the message."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(
            "; ".join(_place(fault) + fault.message for fault in faults[:50]),
            code=faults[0].code if faults else None,
        )
        self.faults = list(faults)
        self.reason = "; ".join(_place(fault) + fault.reason for fault in faults[:50])


def _place(fault: Fault) -> str:
    row = "" if fault.row is None else f"[{fault.row}] "
    return f"{row}{fault.attribute}: " if fault.attribute else row


class PreconditionFailed(DomainError):
    """If-Match names a version that is no longer the present one; `etag` is the present one."""

    status = 412
    code = "version.stale"

    def __init__(self, message: str, *, etag: str) -> None:
        super().__init__(message)
        self.etag = etag


class PreconditionRequired(DomainError):
    """The token's policy demands If-Match."""

    status = 428
    code = "version.required"


class KeyReused(DomainError):
    """An Idempotency-Key came back with another body."""

    status = 422
    code = "idempotency.otherBody"


class KeyInFlight(DomainError):
    """The first request of an Idempotency-Key is still being worked on."""

    code = "idempotency.inFlight"


def phrase(code: str) -> str:
    """English words of a code: `order.state.illegalMove` → Order state illegal move."""
    words = re.sub(r"(?<=[a-z0-9])([A-Z])", r" \1", code.replace(".", " ")).lower()
    return words[:1].upper() + words[1:]


def reason_of(error: DomainError) -> str:
    """The English sentence of an error.

    Doors translate their message when they raise; where that was not English, the code and its details speak.
    """
    if given := getattr(error, "reason", ""):
        return str(given)
    if (translation.get_language() or "en").startswith("en"):
        return str(error.message)
    details = ", ".join(f"{key}={value}" for key, value in error.details.items())
    return phrase(error.code) + (f" ({details})" if details else "")


def body_of(
    status: int, code: str, reason: str, message: str = "", errors: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """TMF630 error body; `status` is a string there."""
    found: dict[str, Any] = {
        "code": code,
        "reason": reason,
        "message": message or reason,
        "status": str(status),
        "referenceError": f"{settings.PUBLIC_URL.rstrip('/')}/developers/errors/{code}",
        "@type": "Error",
    }
    if errors:
        found["errors"] = list(errors)
    return found


def domain_answer(error: DomainError) -> HttpResponse:
    """Answer for an error raised by a door."""
    listed = (
        [fault.body() for fault in error.faults]
        if isinstance(error, Faults)
        else [{"attribute": key, "message": str(text)} for key, text in error.fields.items()]
    )
    response = answer(
        body_of(error.status, error.code, reason_of(error), str(error.message), listed), status=error.status
    )
    if isinstance(error, PreconditionFailed):
        response["ETag"] = error.etag
    if error.status == 503:
        response["Retry-After"] = "5"
    return response


def handle(exc: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's exception handler: every failure leaves as the same body, an unforeseen one as 500 with the request id."""
    if isinstance(exc, DomainError):
        return domain_answer(exc)
    known = _database(exc) or _framework(exc)
    if known is not None:
        return known
    request = context.get("request")
    logger.error("REST request failed", exc_info=exc)
    got_request_exception.send(sender=None, request=getattr(request, "_request", request))
    request_id = getattr(getattr(request, "_request", None), "request_id", "")
    return answer(
        body_of(
            500,
            "internal.error",
            f"Unexpected failure, request {request_id}",
            _("Something went wrong on our side; quote request %(id)s") % {"id": request_id},
        ),
        status=500,
    )


def _framework(exc: Exception) -> HttpResponse | None:
    if isinstance(exc, Http404):
        exc = drf.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = drf.PermissionDenied()
    elif isinstance(exc, RequestDataTooBig):
        return answer(body_of(413, "request.tooLarge", str(exc), _("The body is too large")), status=413)
    if not isinstance(exc, drf.APIException):
        return None
    code = getattr(exc, "tmf_code", "") or FRAMEWORK.get(exc.status_code, "request.refused")
    english = (translation.get_language() or "en").startswith("en")
    reason = str(exc.detail) if english else phrase(code)
    response = answer(body_of(exc.status_code, code, reason, str(exc.detail)), status=exc.status_code)
    if header := getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(exc, "wait", None):
        response["Retry-After"] = str(int(wait))
    return response


def _database(exc: Exception) -> HttpResponse | None:
    """What the database refused: the constraint's name is the detail, never the statement."""
    if isinstance(exc, ProtectedError | RestrictedError):
        kinds = sorted({str(type(obj)._meta.verbose_name) for obj in list(_blockers(exc))[:20]})
        return _refusal(
            409, "object.inUse", "Still referenced by " + ", ".join(kinds), _("Other objects still need this")
        )
    if isinstance(exc, IntegrityError):
        diagnosis = getattr(exc.__cause__, "diag", None)
        constraint = (
            getattr(diagnosis, "constraint_name", None)
            or getattr(diagnosis, "column_name", None)
            or "constraint"
        )
        unique = getattr(exc.__cause__, "pgcode", "") == "23505"
        code = "object.duplicate" if unique else "object.constraint"
        return _refusal(
            409, code, f"Refused by {constraint}", _("This conflicts with what is already recorded")
        )
    if isinstance(exc, DataError):
        first = str(exc).splitlines()[0]
        return _refusal(400, "attribute.value", first, _("A value does not fit: %(why)s") % {"why": first})
    if isinstance(exc, OperationalError) and getattr(exc.__cause__, "pgcode", "") == "57014":
        return _refusal(
            400, "query.tooSlow", "The query took too long", _("This takes too long: narrow your filter")
        )
    return None


def _blockers(exc: ProtectedError | RestrictedError) -> Any:
    return exc.protected_objects if isinstance(exc, ProtectedError) else exc.restricted_objects


def _refusal(status: int, code: str, reason: str, message: str) -> HttpResponse:
    return answer(body_of(status, code, reason, message), status=status)
