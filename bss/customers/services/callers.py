"""Who is on the line: verification by known facts, and the record of the talk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bss.customers.models import ContactMedium, Customer, Interaction
from bss.customers.services import validation
from kernel import clock, lifecycle
from kernel.errors import Invalid

# Two facts that only the customer is likely to know together; one alone may stand on an envelope.
NEEDED = 2


@dataclass(frozen=True)
class Verification:
    """What came of the questions. It says which answers fitted, never what the right ones were."""

    ok: bool
    matched: tuple[str, ...]
    failed: tuple[str, ...]
    interaction: Interaction


def record_interaction(
    *,
    customer: Customer,
    channel: str,
    reason: str,
    note: str = "",
    direction: str = Interaction.Direction.INBOUND,
    status: str = Interaction.Status.COMPLETED,
    verified: bool = False,
    at: datetime | None = None,
    by: Any = None,
) -> Interaction:
    """Keep a call, mail, chat or visit."""
    return lifecycle.create(
        Interaction(
            customer=customer,
            channel=channel,
            reason=reason,
            note=note,
            direction=direction,
            status=status,
            verified=verified,
            at=at or clock.now(),
            handled_by=by,
        )
    )


def verify_caller(
    *,
    customer: Customer,
    answers: Mapping[str, str],
    channel: str = Interaction.Channel.PHONE,
    at: datetime | None = None,
    by: Any = None,
) -> Verification:
    """Compare a caller's answers with what we know; two right ones and no wrong one verify. Always recorded.

    `answers` may hold `account`, `postcode`, `email`, `phone`, `birth_date` (ISO 8601), `vat_id`, `registration_no`;
    empty answers count as not given. Raises Invalid for a question that does not exist or when nothing was answered.
    """
    given = {name: text for name, text in answers.items() if text.strip()}
    known = _facts(customer)
    if unknown := set(given) - set(known):
        raise Invalid(
            _("Unknown question: %(name)s") % {"name": ", ".join(sorted(unknown))}, code="caller.question"
        )
    if not given:
        raise Invalid(_("Ask at least one question"), code="caller.noAnswer")
    matched = tuple(name for name, text in given.items() if _fits(name, text, known[name]))
    failed = tuple(name for name in given if name not in matched)
    ok = len(matched) >= NEEDED and not failed
    with transaction.atomic():
        interaction = record_interaction(
            customer=customer,
            channel=channel,
            reason=_("Caller verified") if ok else _("Caller not verified"),
            note=", ".join([*(f"+{name}" for name in matched), *(f"−{name}" for name in failed)]),
            verified=ok,
            at=at,
            by=by,
        )
    return Verification(ok, matched, failed, interaction)


def _facts(customer: Customer) -> dict[str, set[str]]:
    party = customer.party
    contacts: dict[str, set[str]] = {"email": set(), "phone": set(), "address": set()}
    postcodes = set(customer.sites.values_list("postcode", flat=True))
    for contact in ContactMedium.objects.filter(party=party):
        contacts[contact.kind].add(contact.value)
        postcodes.add(contact.postcode)
    return {
        "account": set(customer.accounts.values_list("number", flat=True)),
        "postcode": postcodes,
        "email": contacts["email"],
        "phone": contacts["phone"],
        "birth_date": {party.birth_date.isoformat()} if party.birth_date else set(),
        "vat_id": {party.vat_id},
        "registration_no": {party.registration_no},
    }


def _fits(name: str, text: str, known: set[str]) -> bool:
    # Telephone numbers are spoken in the national form; everything else is compared without blanks and case.
    if name == "phone":
        try:
            text = validation.phone(text)
        except Invalid:
            return False
    wanted = _plain(text)
    return any(compare_digest(wanted.encode(), _plain(fact).encode()) for fact in known if fact)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()
