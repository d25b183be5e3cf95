"""Why this amount: from an invoice line down to the price, the days, the records and the evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from bss.billing.models import Adjustment, Discount, InvoiceLine, TaxRate
from bss.catalog.models import OfferingPrice
from bss.usage.models import UsageRecord, UsageTotal

RECORDS_SHOWN = 100


@dataclass
class Explanation:
    """`steps` are sentences in order; the rest are the rows behind them."""

    steps: list[str]
    price: OfferingPrice | None = None
    adjustment: Adjustment | None = None
    discount: Discount | None = None
    mirrored: InvoiceLine | None = None
    tax_rate: TaxRate | None = None
    totals: list[UsageTotal] = field(default_factory=list)
    records: list[UsageRecord] = field(default_factory=list)
    more_records: int = 0


def why(*, line: InvoiceLine) -> Explanation:
    """Explain a line: the arithmetic in words, and the rows it rests on (at most 100 records, and how many more)."""
    rule = line.derivation.get("rule", "")
    found = {
        "recurring": _recurring,
        "one_off": _one_off,
        "usage": _usage,
        "discount": _discount,
        "adjustment": _adjustment,
        "mirror": _mirror,
    }[rule](line)
    found.steps.append(
        _("Rounded half up to the cent: %(net)s %(currency)s net")
        % {"net": _money(line.net), "currency": line.invoice.currency}
    )
    if line.tax_percent is not None:
        found.steps.append(
            _(
                "VAT category %(category)s, %(percent)s %%, is taken from the sum of all lines of that category"
            )
            % {"category": line.tax_category, "percent": _money(line.tax_percent)}
        )
    found.tax_rate = _tax_rate(line)
    return found


def _tax_rate(line: InvoiceLine) -> TaxRate | None:
    """The rate in force on the bill date that gave the line its percentage; None for categories without a rate."""
    if line.tax_percent is None:
        return None
    return (
        TaxRate.objects.filter(
            country=line.invoice.account.tax_country,
            category=line.tax_category,
            percent=line.tax_percent,
            start__lte=line.invoice.bill_date,
        )
        .order_by("-start")
        .first()
    )


def _money(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _recurring(line: InvoiceLine) -> Explanation:
    d = line.derivation
    price = OfferingPrice.objects.filter(pk=d["price"]).first()
    steps = [
        _("%(amount)s per period × %(quantity)s, agreed price “%(price)s” in force since %(since)s")
        % {
            "amount": d["amount"],
            "quantity": d["quantity"],
            "price": price,
            "since": price.valid_from if price else "?",
        }
    ]
    if d["share"] == "1/1":
        steps.append(
            _("the whole period from %(start)s to %(end)s")
            % {"start": line.period_start, "end": line.period_end}
        )
    else:
        steps.append(
            _("%(days)s days of the period from %(start)s to %(end)s (%(convention)s): share %(share)s")
            % {
                "days": d["days"],
                "start": d["base"][0],
                "end": d["base"][1],
                "convention": d["convention"],
                "share": d["share"],
            }
        )
    if d["sign"] < 0:
        steps.append(_("given back: these days were billed before and are no longer owed"))
    return Explanation([*steps, _("exactly %(exact)s") % {"exact": d["exact"]}], price=price)


def _one_off(line: InvoiceLine) -> Explanation:
    d = line.derivation
    price = OfferingPrice.objects.filter(pk=d["price"]).first()
    return Explanation(
        [_("once, %(amount)s × %(quantity)s") % {"amount": d["amount"], "quantity": d["quantity"]}],
        price=price,
    )


def _usage(line: InvoiceLine) -> Explanation:
    d = line.derivation
    totals = list(UsageTotal.objects.filter(line=line.pk).select_related("tariff"))
    same: dict[str, Any] = {"product_id": line.product_id, "cycle_start": line.period_start}
    records = UsageRecord.objects.filter(
        **same, kind=d["kind"], zone=d["zone"], batch__in=[total.batch_id for total in totals]
    ).order_by("started")
    shown = list(records[:RECORDS_SHOWN])
    return Explanation(
        [
            _("%(records)s records, zone %(zone)s, tariff %(tariff)s")
            % {
                "records": d["records"],
                "zone": d["zone"] or "–",
                "tariff": totals[0].tariff if totals else "–",
            },
            _("%(counted)s units counted after the tariff's steps, %(taken)s of them from the allowance")
            % {"counted": d["counted"], "taken": d["from_allowance"]},
            _("the prices of the records, each rounded to a millionth, add up to %(exact)s")
            % {"exact": d["exact"]},
        ],
        totals=totals,
        records=shown,
        more_records=max(0, d["records"] - len(shown)),
    )


def _discount(line: InvoiceLine) -> Explanation:
    d = line.derivation
    return Explanation(
        [
            _("%(percent)s %% off recurring charges of %(base)s")
            % {"percent": _money(Decimal(d["percent"])), "base": d["base"]},
            _("exactly %(exact)s") % {"exact": d["exact"]},
        ],
        discount=Discount.objects.filter(pk=d["discount"]).first(),
    )


def _adjustment(line: InvoiceLine) -> Explanation:
    adjustment = line.adjustment
    steps = [
        _("%(number)s: %(reason)s")
        % {"number": adjustment, "reason": adjustment.reason if adjustment else ""}
    ]
    if adjustment is not None and adjustment.approved_by is not None:
        steps.append(_("approved by %(who)s") % {"who": adjustment.approved_by})
    return Explanation(steps, adjustment=adjustment)


def _mirror(line: InvoiceLine) -> Explanation:
    original: Any = InvoiceLine.objects.select_related("invoice").filter(pk=line.derivation["of"]).first()
    return Explanation(
        [
            _("mirrors line %(line)s of %(invoice)s")
            % {"line": original.position, "invoice": original.invoice}
        ],
        mirrored=original,
    )
