"""Rated records with their explanation, allowances, identifiers, sessions."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from bss.usage import services
from bss.usage.models import AccountingSession, Bucket, UsageIdentifier, UsageRecord, UsageTotal
from bss.usage.models.record import Kind
from kernel import pages
from kernel.filtering import Filter

KIND = pages.badges("bss_usage.kind", Kind, voice="blue phone", data="grey world")


def _records(user: Any) -> QuerySet[UsageRecord]:
    return UsageRecord.objects.visible_to(user).select_related("product", "account", "tariff")


def why(record: UsageRecord, user: Any) -> dict[str, Any]:
    """The explanation in the language of the page."""
    return {"why": services.explain(record=record, language=get_language() or "en")}


def measured(record: UsageRecord) -> str:
    """Duration of a call, volume of a session."""
    if record.kind == Kind.VOICE:
        minutes, seconds = divmod(record.units, 60)
        return f"{minutes}:{seconds:02}"
    return f"{record.units / 1_000_000:,.1f} MB"


def on_lines(operator: str, values: tuple[str, ...]) -> Q:
    """Condition: records that are billed by invoice lines of those ids, of which a value holds one or, by commas, more."""
    lines = [LINE.convert(one) for value in values for one in value.split(",")]
    totals = UsageTotal.objects.filter(line__in=lines)
    # Records have no index by batch: those of a few products are looked through instead.
    products = list(totals.values_list("product", flat=True).distinct())
    same = {name: OuterRef(name) for name in ("batch", "product", "kind", "zone", "cycle_start")}
    return Q(Exists(totals.filter(**same)), product__in=products)


LINE = Filter("line", "batch", "uuid", _("Invoice line"), operators=("eq",), build=on_lines)

RECORDS = pages.List(
    name="bss_usage:record-list",
    model=UsageRecord,
    title=_("Usage"),
    icon="activity",
    section="billing",
    order=64,
    rows=_records,
    columns=[
        pages.Column("started", _("Began"), kind="time", link=True, sort=True),
        pages.Column("kind", _("Kind"), badge=KIND),
        pages.Column("identifier", _("Number or name")),
        pages.Column("other", _("Called number")),
        pages.Column("measured", _("Measured"), measured),
        pages.Column("zone", _("Zone")),
        pages.Column("bands", _("Bands")),
        pages.Column("taken", _("From allowances"), kind="number", hidden=True),
        pages.Column("amount", _("Price"), kind="money", currency="currency"),
        pages.Column("product", _("Product"), "product.number", link="product"),
        pages.Column("late", _("Late"), kind="bool", hidden=True),
    ],
    filters=[
        Filter("kind", "kind", "choice", _("Kind"), choices=Kind.choices),
        Filter("identifier", "identifier", "text", _("Number or name")),
        Filter("product", "product__number", "text", _("Product")),
        Filter("account", "account__number", "text", _("Account")),
        Filter("customer", "account__customer__number", "text", _("Customer")),
        Filter("zone", "zone", "text", _("Zone")),
        Filter("file", "batch__file__number", "text", _("File")),
        LINE,
        Filter("started", "started", "datetime", _("Began")),
        Filter("late", "late", "bool", _("Late")),
    ],
    search=("identifier", "other"),
    default_sort="-started",
    keyset=True,
    empty=pages.Empty(_("Every rated call and session stands here with what explains its price.")),
)

RECORD = pages.Detail(
    name="bss_usage:record-detail",
    model=UsageRecord,
    title=lambda record: f"{record.identifier} → {record.other}" if record.other else record.identifier,
    rows=lambda user: _records(user).select_related("batch__file"),
    list=RECORDS,
    key="id",
    facts=[
        pages.Fact(_("Began"), "started", kind="time"),
        pages.Fact(_("Measured"), measured),
        pages.Fact(_("Zone"), "zone"),
        pages.Fact(_("Bands"), "bands"),
        pages.Fact(_("Price"), "amount", kind="money", currency="currency"),
        pages.Fact(_("Product"), "product", link=True),
    ],
    fields=[
        pages.Fact(_("Account"), "account", link=True),
        pages.Fact(_("Billing period from"), "cycle_start", kind="date"),
        pages.Fact(_("Counted"), "charged", kind="number"),
        pages.Fact(_("From allowances"), "taken", kind="number"),
        pages.Fact(_("Late"), "late", kind="bool"),
        pages.Fact(_("File"), "batch.file.number", link="batch.file"),
        pages.Fact(_("Sender's key"), "key", kind="code"),
    ],
    rail=[pages.Panel("why", _("Why this amount"), "bss/usage/_why.html", context=why)],
    comments=False,
)


def used(bucket: Bucket) -> str:
    """Used and included, in the allowance's own unit."""
    unit = bucket.allowance.get_unit_display()
    return f"{bucket.in_units(bucket.used):,.0f} / {bucket.in_units(bucket.quantity):,.0f} {unit}"


BUCKETS = pages.List(
    name="bss_usage:bucket-list",
    model=Bucket,
    title=_("Allowances"),
    icon="gauge",
    section="billing",
    order=66,
    rows=lambda user: Bucket.objects.visible_to(user).select_related("allowance", "account", "product"),
    columns=[
        pages.Column("allowance", _("Allowance"), "allowance.name", sort="allowance__name_en"),
        pages.Column("account", _("Account"), "account.number", link="account", sort="account__number"),
        pages.Column("product", _("Product"), "product.number", link="product", sort="product__number"),
        pages.Column("start", _("From"), kind="date", sort=True),
        pages.Column("end", _("Until"), kind="date", sort=True),
        pages.Column("used", _("Used"), used, sort="used"),
        pages.Column("share", _("Share"), lambda bucket: 100 * bucket.used / bucket.quantity, kind="percent"),
    ],
    filters=[
        Filter("account", "account__number", "text", _("Account")),
        Filter("customer", "account__customer__number", "text", _("Customer")),
        Filter("product", "product__number", "text", _("Product")),
        Filter("start", "start", "date", _("From")),
    ],
    search=("account__number", "allowance__name_en", "allowance__name_fr"),
    default_sort="-start",
    empty=pages.Empty(_("What offers include appears here once something of it is used.")),
)

IDENTIFIERS = pages.List(
    name="bss_usage:identifier-list",
    model=UsageIdentifier,
    title=_("Usage identifiers"),
    icon="id",
    section="billing",
    order=67,
    rows=lambda user: UsageIdentifier.objects.visible_to(user).select_related("product"),
    columns=[
        pages.Column("value", _("Name"), sort=True),
        pages.Column("kind", _("Kind"), "get_kind_display", sort="kind"),
        pages.Column("product", _("Product"), "product.number", link="product", sort="product__number"),
        pages.Column("start", _("From"), kind="time", sort=True),
        pages.Column("end", _("Until"), kind="time", sort=True),
    ],
    filters=[
        Filter("kind", "kind", "choice", _("Kind"), choices=UsageIdentifier.Kind.choices),
        Filter("value", "value", "text", _("Name")),
        Filter("product", "product__number", "text", _("Product")),
        Filter("end", "end", "datetime", _("Until")),
    ],
    search=("value", "product__number"),
    default_sort="value",
    views=[("live", _("In force"), "end__empty=true")],
    empty=pages.Empty(
        _("Identifiers say which product pays for what the network reports; activation writes them.")
    ),
)

SESSIONS = pages.List(
    name="bss_usage:session-list",
    model=AccountingSession,
    title=_("Sessions"),
    icon="wifi",
    section="billing",
    order=69,
    rows=lambda user: AccountingSession.objects.visible_to(user).select_related("source"),
    columns=[
        pages.Column("session", _("Session"), sort=True),
        pages.Column("user", _("User"), sort=True),
        pages.Column("started", _("Began"), kind="time", sort=True),
        pages.Column("reported", _("Last report"), kind="when", sort=True),
        pages.Column("up", _("Sent"), kind="bytes", sort=True),
        pages.Column("down", _("Received"), kind="bytes", sort=True),
        pages.Column("open", _("Open"), kind="bool", sort=True),
    ],
    filters=[
        Filter("user", "user", "text", _("User")),
        Filter("open", "open", "bool", _("Open")),
        Filter("reported", "reported", "datetime", _("Last report")),
    ],
    search=("session", "user"),
    default_sort="-reported",
    default_view="open=true",
    empty=pages.Empty(_("Sessions appear as the broadband gateway reports them.")),
)

pages.extend(
    "bss_orders:product-detail",
    tabs=[pages.Tab("usage", _("Usage"), list=RECORDS, lock=lambda product: {"product": product.number})],
)
