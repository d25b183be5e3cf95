"""Why a record costs what it costs, and what an account has used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Sum
from django.utils.translation import gettext as _

from bss.customers.models import BillingAccount
from bss.usage.models import UsageRecord, UsageTotal
from bss.usage.services.book import load_plans
from bss.usage.services.plans import Plan
from bss.usage.services.reference import Charge, Unrated, rate_call, rate_volume
from kernel.money import Money, from_micros
from kernel.periods import local_date

# Longer calls are explained by what is stored; walking them second by second again would take too long for a page.
WALKED_S = 4 * 3600


@dataclass(frozen=True)
class RecordExplanation:
    """The steps from the network's record to the price, in words, and whether rating it today gives the same."""

    record: UsageRecord
    steps: tuple[str, ...]
    agrees: bool | None


def explain(*, record: UsageRecord, language: str = "en") -> RecordExplanation:
    """Each step of a record's way: file and line, owner, zone, bands, steps, allowance, price."""
    record = UsageRecord.objects.select_related("batch__file", "product", "account", "tariff", "source").get(
        pk=record.pk
    )
    steps = [
        _("Line %(line)d of %(file)s, from %(source)s.")
        % {"line": record.line, "file": record.batch.file.number, "source": record.source.name},
        _("%(name)s led to %(product)s at that time.")
        % {"name": record.identifier, "product": record.product.number},
    ]
    if record.tariff is None:
        steps.append(_("The product's recurring price includes this usage."))
        return RecordExplanation(record, tuple(steps), None)
    day = local_date(record.started, record.account.time_zone)
    (plan,) = load_plans([record.tariff.pk], day, day)
    charge = _again(record, plan)
    steps += _places(record, plan)
    steps += _counts(record)
    steps += _price(record, charge, language)
    agrees = isinstance(charge, Charge) and charge.micros == record.micros if charge is not None else None
    return RecordExplanation(record, tuple(steps), agrees)


def _again(record: UsageRecord, plan: Plan) -> Charge | Unrated | None:
    zone = record.account.time_zone
    if record.kind == "data":
        return rate_volume(plan, record.started, record.units, zone=zone, covered=record.taken)
    if record.units > WALKED_S:
        return None
    return rate_call(plan, record.other, record.started, record.units, zone=zone, covered=record.taken)


def _places(record: UsageRecord, plan: Plan) -> list[str]:
    zone = plan.time_zone or record.account.time_zone
    local = record.started.astimezone(ZoneInfo(zone))
    steps = []
    if record.zone:
        digits = record.other.lstrip("+")
        prefix = next((digits[:n] for n in range(len(digits), 0, -1) if digits[:n] in plan.prefixes), "")
        steps.append(
            _("The longest prefix of %(number)s is %(prefix)s: zone %(zone)s of %(tariff)s.")
            % {"number": record.other, "prefix": prefix, "zone": record.zone, "tariff": plan.version}
        )
    band = plan.band_at(local) or _("any time")
    steps.append(
        _("It began on %(day)s at %(time)s in %(zone)s: band %(band)s.")
        % {"day": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M:%S}", "zone": zone, "band": band}
    )
    return steps


def _counts(record: UsageRecord) -> list[str]:
    unit = _("seconds") if record.kind == "voice" else _("bytes")
    steps = [
        _("Measured %(units)d %(unit)s, counted %(charged)d in whole steps.")
        % {"units": record.units, "unit": unit, "charged": record.charged}
    ]
    if record.taken:
        steps.append(_("Allowances covered %(taken)d of them.") % {"taken": record.taken})
    return steps


def _price(record: UsageRecord, charge: Charge | Unrated | None, language: str) -> list[str]:
    def amount(micros: int) -> str:
        return f"{from_micros(micros).normalize():f} {record.currency}"

    steps = []
    if isinstance(charge, Charge) and len(charge.parts) > 1:
        parts = ", ".join(f"{units} {band or _('any time')}" for band, units in charge.parts)
        steps.append(_("It crossed bands: %(parts)s.") % {"parts": parts})
    if record.connect:
        steps.append(_("Connection fee %(amount)s.") % {"amount": amount(record.connect)})
    steps.append(
        _("Price %(amount)s, rounded once, half up, to a millionth (%(shown)s).")
        % {"amount": amount(record.micros), "shown": Money(record.amount, record.currency).format(language)}
    )
    return steps


def rated_total(*, account: BillingAccount, start: date, end: date) -> Decimal:
    """Net sum, exact, of an account's rated usage in the billing periods that begin in [start, end)."""
    found = UsageTotal.objects.filter(account=account, cycle_start__gte=start, cycle_start__lt=end)
    return from_micros(found.aggregate(total=Sum("micros"))["total"] or 0)
