"""Texts that customers read stand in both languages, side by side."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kernel.permissions import OwnedQuerySet


class CatalogQuerySet(OwnedQuerySet):
    """The catalogue is the same for every customer: self-care users see it as well."""

    open_to_scoped = True


def reference() -> Concat:
    """What people call one revision: `business-internet-100.2`; made by the database out of code and revision."""
    return Concat(F("code"), Value("."), Cast(F("revision"), models.CharField()))


class Bilingual(models.Model):
    """A name and a description in English and French."""

    name_en = models.CharField(_("name (English)"), max_length=120)
    name_fr = models.CharField(_("name (French)"), max_length=120, blank=True)
    description_en = models.TextField(_("description (English)"), blank=True)
    description_fr = models.TextField(_("description (French)"), blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def name_in(self, language: str) -> str:
        """The name in a language (`fr`, `fr-ca`, `en`…); English where the French one is missing."""
        return (self.name_fr if language.startswith("fr") else "") or self.name_en

    @property
    def name(self) -> str:
        """The name in the language of the page."""
        return self.name_in(get_language() or "en")

    @property
    def description(self) -> str:
        """The description in the language of the page."""
        french = (get_language() or "en").startswith("fr")
        return (self.description_fr if french else "") or self.description_en
