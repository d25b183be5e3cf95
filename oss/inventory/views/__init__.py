"""Pages of the network: elements, ports, links, sites, the import of sheets and the picture of it all."""

from kernel import pages
from oss.inventory.views.elements import ELEMENT, ELEMENT_CREATE, ELEMENT_EDIT, ELEMENTS
from oss.inventory.views.imports import import_page
from oss.inventory.views.links import LINK, LINK_CREATE, LINKS
from oss.inventory.views.picture import MENU as PICTURE_MENU
from oss.inventory.views.picture import topology
from oss.inventory.views.ports import PORT, PORTS
from oss.inventory.views.sites import SITE, SITE_CREATE, SITE_EDIT, SITES

MENU: list[pages.MenuItem] = [*PICTURE_MENU]

__all__ = [
    "ELEMENT",
    "ELEMENTS",
    "ELEMENT_CREATE",
    "ELEMENT_EDIT",
    "LINK",
    "LINKS",
    "LINK_CREATE",
    "MENU",
    "PORT",
    "PORTS",
    "SITE",
    "SITES",
    "SITE_CREATE",
    "SITE_EDIT",
    "import_page",
    "topology",
]
