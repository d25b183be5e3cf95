"""The desk we start with: queues, hours and targets. Operators change them; these are only ever created."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from bss.care.models import NoticePreference, TicketQueue, TicketTarget
from bss.care.services.notices import MANDATORY
from bss.customers.models import Customer
from kernel import lifecycle
from kernel.errors import Invalid
from kernel.models import BusinessCalendar

QUEUES = {
    "front": ("Front desk", "Accueil"),
    "network": ("Network faults", "Pannes réseau"),
    "billing": ("Bills", "Facturation"),
    "complaints": ("Complaints", "Réclamations"),
}
DAY, SATURDAY = [["08:00", "20:00"]], [["09:00", "18:00"]]
CALENDAR = "Customer desk"
HOURS = {**{str(day): DAY for day in range(5)}, "5": SATURDAY}

# (severity, segment) → first answer, solution, and whether only the desk's hours count.
TARGETS = {
    ("critical", ""): (timedelta(hours=1), timedelta(hours=8), False),
    ("major", ""): (timedelta(hours=4), timedelta(hours=24), True),
    ("minor", ""): (timedelta(hours=8), timedelta(hours=60), True),
    ("critical", "enterprise"): (timedelta(minutes=30), timedelta(hours=4), False),
    ("major", "enterprise"): (timedelta(hours=1), timedelta(hours=8), False),
    ("critical", "business"): (timedelta(minutes=30), timedelta(hours=6), False),
    ("major", "business"): (timedelta(hours=2), timedelta(hours=12), False),
}


def install_desk() -> None:
    """Create the queues, the desk's calendar and the targets that are missing. Safe to call twice."""
    with transaction.atomic():
        known = set(TicketQueue.objects.values_list("code", flat=True))
        lifecycle.create_many(
            [TicketQueue(code=c, name_en=en, name_fr=fr) for c, (en, fr) in QUEUES.items() if c not in known]
        )
        calendar = BusinessCalendar.objects.filter(name=CALENDAR).first() or lifecycle.create(
            BusinessCalendar(name=CALENDAR, country="FR", hours=HOURS)
        )
        set_already = set(TicketTarget.objects.values_list("severity", "segment"))
        lifecycle.create_many(
            [
                TicketTarget(
                    severity=severity,
                    segment=segment,
                    respond_within=respond,
                    resolve_within=resolve,
                    calendar=calendar if in_hours else None,
                )
                for (severity, segment), (respond, resolve, in_hours) in TARGETS.items()
                if (severity, segment) not in set_already
            ]
        )


def set_preference(*, customer: Customer, topic: str, channel: str, wanted: bool) -> NoticePreference:
    """Keep a customer's wish. Raises Invalid for what cannot be declined: bills, services, tickets."""
    if topic in MANDATORY and not wanted:
        raise Invalid(
            _("These notices cannot be declined"), code="notice.mandatory", fields={"topic": _("Mandatory")}
        )
    with transaction.atomic():
        wish = NoticePreference.objects.filter(customer=customer, topic=topic, channel=channel).first()
        if wish is None:
            return lifecycle.create(
                NoticePreference(customer=customer, topic=topic, channel=channel, wanted=wanted)
            )
        return lifecycle.change(wish, wanted=wanted)
