"""What the resources of TMF620 share: the API itself, words, texts, references."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from bss.catalog.models.offering import Status
from kernel import tmf
from kernel.errors import Invalid

CATALOGUE = tmf.Api(
    "620", "Product Catalog Management", "/tmf-api/productCatalogManagement/v4", document="4.1.0"
)

WORDS = {state: str(state.value).replace("_", " ").capitalize() for state in Status}
EVENTS = ("Create", "AttributeValueChange", "StateChange", "Delete")
TEXTS = (
    tmf.Text("name", "name_en", required=True, mandatory=True),
    tmf.Text("description", "description_en"),
    tmf.Text("nameFr", "name_fr", extension=True),
    tmf.Text("descriptionFr", "description_fr", extension=True),
    tmf.DateTime("lastUpdate", "updated", read_only=True, mandatory=True),
)
STATUS = tmf.State("lifecycleStatus", "status", words=WORDS, mandatory=True)
CHARACTERISTIC = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
LISTED = tmf.Const("lifecycleStatus", "Active", mandatory=True)


def references(word: str, path: str = "") -> tuple[tmf.Field, ...]:
    """What a row of several says of another resource: its id, name and type."""
    head = f"{path}__" if path else ""
    return (
        tmf.Text("id", f"{path}_id" if path else "pk", max_length=40),
        tmf.Text("name", f"{head}name_en", read_only=True),
        tmf.Const("@referredType", word, filter=False),
    )


def row_of(resource: type[tmf.Resource[Any]], key: str, user: tmf.User, attribute: str) -> Any:
    """The row a body names by id; raises Invalid at the attribute when there is none."""
    found = resource(CATALOGUE).address(key)
    row = resource.model.objects.visible_to(user).filter(found).first() if found is not None else None
    if row is None:
        raise Invalid(
            _("%(id)s does not exist") % {"id": key[:80]},
            code="reference.unknown",
            fields={attribute: _("Unknown")},
        )
    return row
