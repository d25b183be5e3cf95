"""Seller and buyer as they are copied onto a document: later changes of address never touch it."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from bss.customers.models import BillingAccount


def seller() -> dict[str, Any]:
    """The operator itself, from the settings."""
    return dict(settings.OPERATOR)


def buyer_of(account: BillingAccount) -> dict[str, Any]:
    """Who pays: name, address, VAT number and own reference."""
    payer, address = account.payer, account.billing_address
    return {
        "name": payer.invoice_name,
        "street": address.street if address is not None else "",
        "postcode": address.postcode if address is not None else "",
        "city": address.city if address is not None else "",
        "country": address.country if address is not None else account.tax_country,
        "vat_id": payer.vat_id,
        "registration_no": payer.registration_no,
        "reference": account.purchase_order,
        "customer": account.customer.number,
        "account": account.number,
    }
