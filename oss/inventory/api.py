"""TMF674 Geographic Site: the places of the network."""

from __future__ import annotations

from django.utils.translation import gettext as _

from kernel import tmf
from kernel.errors import Invalid
from oss.inventory import services
from oss.inventory.models import Location

SITES = tmf.Api("674", "Geographic Site", "/tmf-api/geographicSiteManagement/v4", document="4.0.0")

COLUMNS = ("latitude", "longitude", "street", "postcode", "city", "country")


@SITES.resource
class GeographicSiteResource(tmf.Resource[Location]):
    """A region, site, building or room of the network, and the place it is part of."""

    path, model, order = "geographicSite", Location, ("-created",)
    events = ("Create", "AttributeValueChange", "Delete")
    fields = (
        tmf.Text("code", max_length=60, create_only=True),
        tmf.Text("name", max_length=120),
        tmf.Choice("kind", words=Location.Kind, create_only=True, extension=True, doc="Default: site"),
        tmf.Object(
            "geographicAddress",
            (
                tmf.Text("streetName", "street", max_length=200),
                tmf.Text("postcode", max_length=12),
                tmf.Text("city", max_length=80),
                tmf.Text("country", max_length=2),
            ),
            flat=True,
            extension=True,
        ),
        tmf.Object(
            "geographicLocation",
            (
                tmf.Number("latitude", minimum=-90, maximum=90),
                tmf.Number("longitude", minimum=-180, maximum=180),
            ),
            flat=True,
            extension=True,
        ),
        tmf.Ref(
            "partOf",
            "parent",
            type="GeographicSite",
            to="674/geographicSite",
            create_only=True,
            extension=True,
        ),
        tmf.Array(
            "siteRelationship",
            (
                tmf.Text("id", "parent_id"),
                tmf.Const("relationshipType", "partOf", filter=False),
            ),
        ),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> Location:
        if missing := [name for name in ("code", "name") if not data.get(name)]:
            raise Invalid(
                _("%(names)s must be given") % {"names": ", ".join(missing)},
                code="attribute.required",
                fields=dict.fromkeys(missing, _("Required")),
            )
        return services.create_location(
            kind=data.get("kind", Location.Kind.SITE),
            code=data["code"],
            name=data["name"],
            parent=data.get("parent"),
            **{name: data[name] for name in COLUMNS if name in data},
        )

    def update(self, obj: Location, data: tmf.Data, user: tmf.User) -> None:
        services.change_location(location=obj, **data)
