"""Addresses of the pages of the catalogue."""

from bss.catalog import views

app_name = "bss_catalog"
urlpatterns = [
    *views.OFFER_CREATE.urls("catalog/offers/new/"),
    *views.OFFERS.urls("catalog/offers/"),
    *views.OFFER_EDIT.urls("catalog/offers/<key>/edit/"),
    *views.OFFER.urls("catalog/offers/<key>/"),
    *views.PRICE_EDIT.urls("catalog/prices/<key>/edit/"),
    *views.PRICE.urls("catalog/prices/<key>/"),
    *views.SPECIFICATION_CREATE.urls("catalog/specifications/new/"),
    *views.SPECIFICATIONS.urls("catalog/specifications/"),
    *views.SPECIFICATION_EDIT.urls("catalog/specifications/<key>/edit/"),
    *views.SPECIFICATION.urls("catalog/specifications/<key>/"),
    *views.TARIFF_CREATE.urls("catalog/tariffs/new/"),
    *views.TARIFFS.urls("catalog/tariffs/"),
    *views.TARIFF_RATES.urls("catalog/tariffs/<key>/edit/"),
    *views.TARIFF.urls("catalog/tariffs/<key>/"),
    *views.ZONE_PLAN_CREATE.urls("catalog/zones/new/"),
    *views.ZONE_PLANS.urls("catalog/zones/"),
    *views.ZONE_PLAN.urls("catalog/zones/<key>/"),
]
