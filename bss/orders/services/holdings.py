"""What customers hand over to this app: whether an account is in use, and merging two customers."""

from __future__ import annotations

from django.utils.translation import gettext as _

from bss.customers.models import BillingAccount, Customer
from bss.orders.models import Product, ProductOrder, Qualification, Quote
from kernel.errors import Invalid


def account_in_use(account: BillingAccount) -> list[str]:
    """Why an account cannot be closed: live products and open orders on it."""
    reasons = []
    if live := Product.objects.filter(account=account).live().count():
        reasons.append(_("%(count)d product(s) are billed here") % {"count": live})
    if waiting := ProductOrder.objects.filter(account=account).open().count():
        reasons.append(_("%(count)d order(s) are open") % {"count": waiting})
    return reasons


def merge(keep: Customer, drop: Customer) -> None:
    """Products, orders, quotes and qualifications of `drop` become those of `keep`, in one statement each.

    Raises Invalid when both gave the same external number to an order.
    """
    taken = ProductOrder.objects.filter(customer=keep).exclude(external_id="").values("external_id")
    if twice := ProductOrder.objects.filter(customer=drop, external_id__in=taken).first():
        raise Invalid(
            _("Both customers have an order %(number)s") % {"number": twice.external_id},
            code="customer.merge",
        )
    for model in (Product, ProductOrder, Quote, Qualification):
        model._default_manager.filter(customer=drop).update(customer=keep)
