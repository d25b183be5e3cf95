"""TMF620 product catalogue over the doors of this app."""

from bss.catalog.api.browsing import CatalogResource, CategoryResource
from bss.catalog.api.offers import OfferingResource
from bss.catalog.api.prices import PriceResource
from bss.catalog.api.shapes import CATALOGUE
from bss.catalog.api.specifications import SpecificationResource

__all__ = [
    "CATALOGUE",
    "CatalogResource",
    "CategoryResource",
    "OfferingResource",
    "PriceResource",
    "SpecificationResource",
]
