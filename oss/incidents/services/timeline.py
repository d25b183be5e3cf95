"""The one way onto an incident's timeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kernel import clock, journal, lifecycle
from kernel.errors import Invalid
from oss.incidents.models import Incident, IncidentEntry

Kind = IncidentEntry.Kind


def told(
    incident: Incident, kind: str, code: str, *, at: datetime, by: Any = None, **params: Any
) -> IncidentEntry:
    """An entry of the system: facts, put into words when read."""
    return _enter(incident, at=at, by=by, kind=kind, code=code, params=journal.plain(params))


def note(
    *, incident: Incident, text: str, pinned: bool = False, by: Any = None, at: datetime | None = None,
    kind: str = Kind.NOTE,
) -> IncidentEntry:  # fmt: skip
    """An entry of a person. Raises Invalid when it is empty."""
    if not text.strip():
        raise Invalid(
            _("An entry says something"), code="incident.emptyNote", fields={"text": _("Write something")}
        )
    return _enter(incident, at=at or clock.now(), by=by, kind=kind, text=text.strip(), pinned=pinned)


def pin(*, entry: IncidentEntry, pinned: bool = True) -> IncidentEntry:
    """Keep an entry on top, or no longer."""
    return lifecycle.change(entry, pinned=pinned)


@transaction.atomic
def _enter(incident: Incident, *, by: Any, **values: Any) -> IncidentEntry:
    person = by if getattr(by, "pk", None) else None
    return lifecycle.create(
        IncidentEntry(
            incident=incident,
            author=person,
            author_label=str(person or journal.context().actor)[:120],
            **values,
        )
    )
