"""Addresses of the network's pages."""

from django.urls import path

from oss.inventory import views

app_name = "oss_inventory"
urlpatterns = [
    *views.ELEMENT_CREATE.urls("network/devices/new/"),
    path("network/devices/import/", views.import_page, name="element-import"),
    *views.ELEMENTS.urls("network/devices/"),
    *views.ELEMENT_EDIT.urls("network/devices/<key>/edit/"),
    *views.ELEMENT.urls("network/devices/<key>/"),
    *views.PORTS.urls("network/ports/"),
    *views.PORT.urls("network/ports/<key>/"),
    *views.LINK_CREATE.urls("network/links/new/"),
    *views.LINKS.urls("network/links/"),
    *views.LINK.urls("network/links/<key>/"),
    *views.SITE_CREATE.urls("network/sites/new/"),
    *views.SITES.urls("network/sites/"),
    *views.SITE_EDIT.urls("network/sites/<key>/edit/"),
    *views.SITE.urls("network/sites/<key>/"),
    path("network/topology/", views.topology, name="topology"),
]
