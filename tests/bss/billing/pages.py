"""What the tests of billing's pages do alike."""

from __future__ import annotations

from html import unescape
from typing import Any

from django.urls import reverse

from bss.billing.models import Invoice
from kernel.models import User
from tests.portal.conftest import browser_of


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return unescape(str(response.content.decode()))


def act(user: User, thing: Any, row: Any, key: str, **data: Any) -> Any:
    number = getattr(row, "number", None) or row.pk
    url = reverse(f"bss_billing:{thing}-detail-part", args=[number, "do", key])
    return browser_of(user).post(url, data)


def page_of(invoice: Invoice, what: str = "invoice-detail") -> str:
    return reverse(f"bss_billing:{what}", args=[invoice.number or invoice.pk])
