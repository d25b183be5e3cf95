"""Telling elements what is intended: applied under a confirm timer, verified, confirmed together or taken back together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from kernel.errors import DomainError
from oss.inventory.models import NetworkElement
from oss.southbound import services as southbound
from oss.southbound.drivers.intents import Intent

CONFIRM_SECONDS = 120


class NotProven(DomainError):
    """The element accepted the configuration, but the service does not show what it should."""

    code = "service.notProven"


@dataclass(frozen=True)
class Work:
    """What one element is to be told."""

    element: NetworkElement
    intents: list[Intent]


@dataclass(frozen=True)
class Applied:
    """What telling them came to: the elements that were changed, the difference, and the last session's id."""

    changed: list[str]
    diff: str
    session_id: UUID | None


@contextmanager
def sessions(work: Iterable[Work], purpose: str, holder: UUID) -> Iterator[list[tuple[Work, Any]]]:
    """An open session to every element; all are closed, whatever happens. The purpose `commit` takes their leases."""
    with ExitStack() as stack:
        yield [
            (
                one,
                stack.enter_context(
                    southbound.session(
                        element=one.element,
                        purpose=purpose,
                        holder=holder,
                        write=purpose == "commit",
                    )
                ),
            )
            for one in work
        ]


def apply_all(work: Sequence[Work], *, holder: UUID, remove: bool = False) -> Applied:
    """Apply on every element under a confirm timer, verify, then confirm all; or roll all back in reverse order.

    An element whose configuration already agrees is left alone, so that a second run changes nothing. Raises NotProven
    when an element does not show what it was told, and whatever its session raises.
    """
    touched: list[tuple[Work, Any]] = []
    diffs, session_id = [], None
    with sessions(work, "commit", holder) as open_sessions:
        try:
            for one, session in open_sessions:
                session_id = session.id
                session.settle()  # a worker may have died here before it confirmed
                candidate = session.render(one.intents, remove=remove)
                difference = session.diff(candidate)
                if not difference.strip():
                    continue
                diffs.append(f"# {one.element.name}\n{difference}".rstrip())
                touched.append((one, session))
                session.apply(candidate, confirm_s=CONFIRM_SECONDS)
            for one, session in touched:
                demand(session.verify(one.intents, remove=remove), one.element)
            for _one, session in touched:
                session.confirm()
        except DomainError:
            for _one, session in reversed(touched):
                _roll_back(session)
            raise
    return Applied([one.element.name for one, _s in touched], "\n\n".join(diffs), session_id)


def demand(verification: Any, element: NetworkElement) -> None:
    """Raise NotProven unless the element shows what was verified."""
    if not verification.ok:
        raise NotProven(
            _("%(element)s does not show the service: %(why)s")
            % {"element": element.name, "why": "; ".join(verification.findings)},
            session_id=None,
        )


def _roll_back(session: Any) -> None:
    """Undo one element now; should that fail too, its own confirm timer does it."""
    try:
        session.rollback()
    except DomainError:
        return
