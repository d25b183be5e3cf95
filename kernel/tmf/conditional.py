"""Strong ETags and the preconditions over them (RFC 9110 §8.8, §13)."""

from __future__ import annotations

import hashlib
from typing import Any

from django.utils.translation import gettext as _

from kernel.tmf.errors import PreconditionFailed, PreconditionRequired
from kernel.tmf.render import dumps


def etag_of(version: int | None, body: dict[str, Any], names: frozenset[str] | None = None) -> str:
    """The row's version, with a mark for a projection; a digest of the body where rows carry no version."""
    if version is None:
        return f'"{hashlib.sha256(dumps(body).encode()).hexdigest()[:24]}"'
    if names is None:
        return f'"{version}"'
    return f'"{version}-{hashlib.sha256(",".join(sorted(names)).encode()).hexdigest()[:8]}"'


def matches(header: str, etag: str) -> bool:
    """Whether a list of entity tags names this one; a projection's tag stands for the same version."""
    wanted = {part.strip().removeprefix("W/") for part in header.split(",")}
    bare = {part.strip('"').partition("-")[0] for part in wanted}
    return "*" in wanted or etag in wanted or etag.strip('"').partition("-")[0] in bare


def check_match(header: str | None, etag: str, *, demanded: bool) -> None:
    """Raise PreconditionFailed (If-Match names another version) or PreconditionRequired (demanded and absent)."""
    if header is None:
        if demanded:
            raise PreconditionRequired(_("This token must send If-Match"))
        return
    if any(part.strip().startswith("W/") for part in header.split(",")) or not matches(header, etag):
        raise PreconditionFailed(_("This changed since you read it"), etag=etag)
