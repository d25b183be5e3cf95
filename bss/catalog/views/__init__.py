"""Pages of the catalogue."""

from bss.catalog.views.offers import OFFER, OFFER_CREATE, OFFER_EDIT, OFFERS, PRICE, PRICE_EDIT
from bss.catalog.views.specifications import (
    SPECIFICATION,
    SPECIFICATION_CREATE,
    SPECIFICATION_EDIT,
    SPECIFICATIONS,
)
from bss.catalog.views.tariffs import (
    TARIFF,
    TARIFF_CREATE,
    TARIFF_RATES,
    TARIFFS,
    ZONE_PLAN,
    ZONE_PLAN_CREATE,
    ZONE_PLANS,
)

__all__ = [
    "OFFER",
    "OFFERS",
    "OFFER_CREATE",
    "OFFER_EDIT",
    "PRICE",
    "PRICE_EDIT",
    "SPECIFICATION",
    "SPECIFICATIONS",
    "SPECIFICATION_CREATE",
    "SPECIFICATION_EDIT",
    "TARIFF",
    "TARIFFS",
    "TARIFF_CREATE",
    "TARIFF_RATES",
    "ZONE_PLAN",
    "ZONE_PLANS",
    "ZONE_PLAN_CREATE",
]
