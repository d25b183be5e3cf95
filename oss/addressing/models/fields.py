"""PostgreSQL's cidr column."""

from __future__ import annotations

import ipaddress
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class CidrField(models.Field):  # type: ignore[type-arg]
    """An IPv4 or IPv6 network as text, `cidr` in PostgreSQL; host bits that are not 0 are refused by both."""

    description = _("IP network")
    default_error_messages = {
        "invalid": _("“%(value)s” is not a network such as 100.72.0.0/22; host bits must be 0.")
    }

    def db_type(self, connection: Any) -> str:
        return "cidr"

    def to_python(self, value: Any) -> str | None:
        if value is None or value == "":
            return None
        try:
            return str(ipaddress.ip_network(str(value).strip()))
        except ValueError as error:
            raise ValidationError(
                self.error_messages["invalid"], code="invalid", params={"value": value}
            ) from error

    def get_prep_value(self, value: Any) -> str | None:
        return self.to_python(value)

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj) or "")

    def formfield(self, **kwargs: Any) -> Any:
        from django import forms

        return super().formfield(**{"form_class": forms.CharField, "max_length": 43, **kwargs})


class _NetworkLookup(models.Lookup):
    """Comparison of two networks by one of PostgreSQL's inet operators."""

    operator = ""
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return "%s::inet", (str(value),)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} {self.operator} {right}", (*left_params, *right_params)


@CidrField.register_lookup
class Contains(_NetworkLookup):
    """The column's network contains the address or network, or equals it."""

    lookup_name = "contains"
    operator = ">>="


@CidrField.register_lookup
class Within(_NetworkLookup):
    """The column's network lies in the given one, or equals it."""

    lookup_name = "within"
    operator = "<<="


@CidrField.register_lookup
class Overlaps(_NetworkLookup):
    """Both networks share addresses."""

    lookup_name = "overlaps"
    operator = "&&"
