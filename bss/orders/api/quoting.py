"""TMF648: quotes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from bss.customers.models import BillingAccount
from bss.orders import services
from bss.orders.api.shapes import CUSTOMER, OFFERING, PLACE, line, prices, refused
from bss.orders.models import Quote
from kernel import tmf
from kernel.periods import start_of
from kernel.tmf.render import stamp

QUOTING = tmf.Api("648", "Quote Management", "/tmf-api/quoteManagement/v4", document="4.0.0")


QUOTE_WORDS = {
    "in_progress": "inProgress",
    "pending": "pending",
    "approved": "approved",
    "accepted": "accepted",
    "rejected": "rejected",
    "cancelled": "cancelled",
}
QUOTE_MEMBER = (
    tmf.Text("id", "position"),
    tmf.Const("action", "add"),
    tmf.Number("quantity", integer=True, minimum=1, maximum=100_000),
    OFFERING,
    tmf.Object("product", (tmf.Characteristics("productCharacteristic", "characteristics"), PLACE)),
)


def _valid_for(quoted: datetime, until: date) -> dict[str, str]:
    """From the quote to the end of its last day."""
    return {"startDateTime": stamp(quoted), "endDateTime": stamp(start_of(until + timedelta(days=1), "UTC"))}


@QUOTING.resource
class QuoteResource(tmf.Resource[Quote]):
    """An offer to one customer. `state` approved sends it, accepted makes the order at the quoted prices."""

    path, model = "quote", Quote
    events = ("Create", "AttributeValueChange", "StateChange", "Delete", "InformationRequired")
    fields = (
        tmf.Text("number", read_only=True, extension=True),
        tmf.Text("version", "revision", read_only=True),
        tmf.Text("description", "note", create_only=True),
        tmf.State("state", "status", words=QUOTE_WORDS, mandatory=True),
        tmf.DateTime("quoteDate", "quoted", read_only=True),
        tmf.Computed("validFor", ("quoted", "valid_until"), _valid_for, schema={"type": "object"}),
        tmf.Refs(
            "billingAccount",
            tmf.Ref("account", type="BillingAccount", to="666/billingAccount"),
            create_only=True,
        ),
        tmf.Refs("relatedParty", CUSTOMER, create_only=True, mandatory=True),
        tmf.Many(
            "quoteItem",
            "items",
            (
                *QUOTE_MEMBER,
                tmf.Many("quoteItem", "members", QUOTE_MEMBER, order=("id",)),
                tmf.Many("quoteItemPrice", "prices", prices(), read_only=True),
            ),
            order=("id",),
            where=Q(parent=None),
            required=True,
            mandatory=True,
            create_only=True,
        ),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> Quote:
        """Prepare a quote for the related customer or the account's."""
        account: BillingAccount | None = data.get("account")
        customer = data.get("customer") or (account.customer if account else None)
        if customer is None:
            raise refused("relatedParty", _("Name the customer among the related parties"))
        return services.open_quote(
            customer=customer,
            account=account,
            items=[line({"action": "add", **item}, user) for item in data["items"]],
            note=data.get("note", ""),
        )

    moves: dict[str, Callable[..., Any]] = {
        "approved": lambda obj, data, user: services.send_quote(quote=obj),
        "accepted": lambda obj, data, user: services.accept_quote(quote=obj, by=user),
        "rejected": lambda obj, data, user: services.decline_quote(quote=obj, reason="REST"),
        "cancelled": lambda obj, data, user: services.cancel_quote(quote=obj, reason="REST"),
    }
