"""The same customer twice: found before it happens, merged where it did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.search import TrigramSimilarity
from django.db import transaction
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from bss.customers.events import CustomersMerged
from bss.customers.models import Customer
from kernel import clock, journal, lifecycle
from kernel.errors import Invalid
from kernel.models import Scope
from kernel.slots import slot

# Filled by the apps above, called inside the transaction: (keep, drop) → they move their rows from drop to keep.
MERGE = slot("bss_customers.merge")

# Trigram similarity of names from which on a person should look (0–1); "Boulangerie Dupont" and "Boulangerie
# Dupond SARL" reach 0.7.
ALIKE = 0.5
MOST = 10


@dataclass(frozen=True)
class Duplicate:
    """A customer who may be the one just described. `score` 1 = the same number or contact, below: alike names."""

    customer: Customer
    score: float
    reasons: tuple[str, ...]


def find_duplicates(
    *,
    name: str = "",
    email: str = "",
    phone: str = "",
    vat_id: str = "",
    registration_no: str = "",
    exclude: Customer | None = None,
) -> list[Duplicate]:
    """Customers that share a number or a contact with the one described, or whose name is alike; best first."""
    people = Customer.objects.exclude(status=Customer.Status.MERGED).select_related("party")
    if exclude is not None:
        people = people.exclude(pk=exclude.pk)
    found: dict[Customer, tuple[float, list[str]]] = {}
    exact = [
        (
            _("same e-mail address"),
            {"party__contacts__kind": "email", "party__contacts__value__iexact": email},
            email,
        ),
        (
            _("same telephone number"),
            {"party__contacts__kind": "phone", "party__contacts__value": phone},
            phone,
        ),
        (_("same VAT number"), {"party__vat_id": vat_id}, vat_id),
        (_("same registration number"), {"party__registration_no": registration_no}, registration_no),
    ]
    for reason, lookup, given in exact:
        for customer in people.filter(**lookup).distinct()[:MOST] if given else ():
            found.setdefault(customer, (1.0, []))[1].append(str(reason))
    if name:
        # `%` uses the trigram index with the server's own threshold; ours is applied on what it finds.
        alike = (
            people.annotate(shouted=Upper("party__name"))
            .filter(shouted__trigram_similar=name.upper())
            .annotate(alike=TrigramSimilarity("shouted", name.upper()))
        )
        for customer in alike.filter(alike__gte=ALIKE).order_by("-alike", "pk")[:MOST]:
            found.setdefault(customer, (customer.alike, []))[1].append(str(_("name alike")))
    ranked = [Duplicate(customer, score, tuple(reasons)) for customer, (score, reasons) in found.items()]
    return sorted(ranked, key=lambda row: (-row.score, -len(row.reasons), row.customer.number))[:MOST]


def merge_customers(*, keep: Customer, drop: Customer, reason: str, at: datetime | None = None) -> Customer:
    """Let `keep` take over everything of `drop`: accounts, sites, agreements, interactions, contacts, logins, and
    what the apps above hold (slot). `drop` stays as `merged` and points at `keep`; its party stays payer where it was one.

    Raises Invalid for a customer and itself, or one already merged.
    """
    if keep.pk == drop.pk or Customer.Status.MERGED in {keep.status, drop.status}:
        raise Invalid(_("These two cannot be merged"), code="customer.merge")
    at = at or clock.now()
    with transaction.atomic():
        both = {row.pk: row for row in Customer.objects.filter(pk__in=[keep.pk, drop.pk]).locked()}
        keep, drop = both[keep.pk], both[drop.pk]
        _move_sites(keep, drop)
        drop.accounts.update(customer=keep)
        drop.agreements.update(customer=keep)
        drop.interactions.update(customer=keep)
        _move_contacts(keep, drop)
        _move_logins(keep, drop)
        MERGE.call(keep, drop)
        lifecycle.move(
            drop,
            Customer.Status.MERGED,
            reason=reason,
            merged_into=keep,
            events_too=[CustomersMerged(keep.pk, drop.pk, at)],
        )
        journal.record("customer.merged_in", keep, after={"merged": drop.number}, reason=reason)
    return keep


def _move_sites(keep: Customer, drop: Customer) -> None:
    taken = set(keep.sites.values_list("name", flat=True))
    for site in drop.sites.all():
        name = site.name if site.name not in taken else f"{site.name} ({drop.number})"[:120]
        lifecycle.change(site, customer=keep, name=name)


def _move_logins(keep: Customer, drop: Customer) -> None:
    """Who signs in for `drop` signs in for `keep`; a login that was for both stays for one."""
    theirs = Scope.objects.filter(kind="customer", value=str(drop.pk))
    both = Scope.objects.filter(kind="customer", value=str(keep.pk)).values("user")
    theirs.filter(user__in=both).delete()
    theirs.update(value=str(keep.pk))


def _move_contacts(keep: Customer, drop: Customer) -> None:
    """Contacts that `keep` lacks; the preferred ones stay those of `keep`."""
    known = set(keep.party.contacts.values_list("kind", "role", "value"))
    preferred = set(keep.party.contacts.filter(preferred=True).values_list("kind", flat=True))
    for contact in drop.party.contacts.all():
        if (contact.kind, contact.role, contact.value) not in known:
            lifecycle.change(
                contact, party=keep.party, preferred=contact.preferred and contact.kind not in preferred
            )
