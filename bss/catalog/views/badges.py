"""How states of the catalogue look."""

from bss.catalog.models import ProductOffering, Tariff
from kernel import pages

STATUS = pages.badges(
    "bss_catalog.status",
    ProductOffering.Status,
    in_study="grey book",
    in_design="blue edit",
    in_test="blue flask",
    active="blue check",
    launched="green shopping-cart",
    retired="grey flag",
    obsolete="grey ban end",
    rejected="red x end",
)
TARIFF_STATUS = pages.badges(
    "bss_catalog.tariff", Tariff.Status, draft="blue edit", released="green lock", retired="grey flag end"
)
# People inside see every state of the catalogue; customers see what is on sale through their own pages.
SEE = "bss_catalog.view_catalog"
