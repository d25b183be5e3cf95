"""Which product pays for what the network names: written by activation, ended by termination."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import phonenumbers
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bss.orders.models import Product
from bss.usage.models import UsageIdentifier
from kernel import lifecycle
from kernel.errors import DomainError, Invalid, NotFound

Kind = UsageIdentifier.Kind


def assign_identifier(*, kind: str, value: str, product_id: UUID | str, start: datetime) -> UsageIdentifier:
    """From `start` on, usage under this name belongs to the product. Asking again for the same changes nothing.

    Raises NotFound for an unknown product, Invalid for a value that is none of its kind, DomainError
    `identifier.taken` when the name leads to another product in that period.
    """
    value = normalised(kind, value)
    if not Product.objects.filter(pk=product_id).exists():
        raise NotFound(_("The product does not exist"), code="product.notFound")
    held = UsageIdentifier.objects.filter(kind=kind, value=value, product_id=product_id, end=None).first()
    if held is not None and held.start <= start:
        return held
    try:
        with transaction.atomic():
            return lifecycle.create(
                UsageIdentifier(kind=kind, value=value, product_id=product_id, start=start)
            )
    except IntegrityError as error:
        if "bss_identifier_one_product" not in str(error):
            raise
        raise DomainError(
            _("%(value)s already leads to another product in that period") % {"value": value},
            code="identifier.taken",
        ) from error


def end_identifier(
    *, kind: str, value: str, at: datetime, product_id: UUID | str | None = None
) -> UsageIdentifier:
    """Usage under this name from `at` on belongs to nobody. Ending it twice is harmless.

    Raises NotFound when no product (or not `product_id`) has the name at that time.
    """
    value = normalised(kind, value)
    rows = UsageIdentifier.objects.filter(kind=kind, value=value)
    if product_id is not None:
        rows = rows.filter(product_id=product_id)
    row = (
        rows.filter(end=None).order_by("-start").first() or rows.filter(end__lte=at).order_by("-end").first()
    )
    if row is None:
        raise NotFound(_("Nobody has %(value)s") % {"value": value}, code="identifier.notFound")
    if row.end is not None:
        return row
    return lifecycle.change(row, end=max(at, row.start))


def end_all(*, product_id: UUID | str, at: datetime) -> int:
    """End every name of a product; returns how many there were."""
    rows = list(UsageIdentifier.objects.filter(product_id=product_id, end=None))
    for row in rows:
        lifecycle.change(row, end=max(at, row.start))
    return len(rows)


def normalised(kind: str, value: str) -> str:
    """The one form under which a name is kept: +… for telephone numbers, no blanks around anything. Raises Invalid."""
    if kind not in Kind.values:
        raise Invalid(_("%(kind)s is no kind of identifier") % {"kind": kind}, code="identifier.kind")
    value = value.strip()
    if kind == Kind.E164:
        try:
            parsed = phonenumbers.parse(value, None)
        except phonenumbers.NumberParseException as error:
            raise Invalid(
                _("%(value)s is not a telephone number") % {"value": value}, code="identifier.value"
            ) from error
        return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    if not value or len(value) > 80:
        raise Invalid(_("A name of 1 to 80 characters"), code="identifier.value")
    return value
