"""What is sold (SID Product, TMF620): specifications, offerings with their revisions, prices, tariffs, allowances."""

from bss.catalog.models.offering import (
    BundleItem,
    Catalog,
    Category,
    OfferingRelation,
    ProductOffering,
    ProductSpecification,
)
from bss.catalog.models.price import Allowance, OfferingPrice, PriceTier
from bss.catalog.models.tariff import (
    Tariff,
    TariffCalendar,
    TariffRate,
    TimeBand,
    TimeBandHours,
    Zone,
    ZonePlan,
    ZonePrefix,
)

__all__ = [
    "Allowance",
    "BundleItem",
    "Catalog",
    "Category",
    "OfferingPrice",
    "OfferingRelation",
    "PriceTier",
    "ProductOffering",
    "ProductSpecification",
    "Tariff",
    "TariffCalendar",
    "TariffRate",
    "TimeBand",
    "TimeBandHours",
    "Zone",
    "ZonePlan",
    "ZonePrefix",
]
