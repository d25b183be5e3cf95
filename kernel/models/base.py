"""Bases of every model: identity, time stamps, version and public number."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Func, Value

from kernel.ids import uuid7


class Identified(models.Model):
    """A UUIDv7 primary key made in Python: public, time-ordered, known before the row is written."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True


class Stamped(Identified):
    """Identity plus creation and change times (system clock, not the business clock) and a row version.

    `version` rises by one at every door that changes the row; pages and REST send back the version they saw
    (form field, ETag) and a mismatch is `StaleVersion`.
    """

    created = models.DateTimeField(auto_now_add=True, editable=False)
    updated = models.DateTimeField(auto_now=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


class PublicNumber(Func):
    """Database default `PREFIX-000123` from a sequence of that prefix; gaps are harmless (see `numbering`)."""

    function = "kernel_public_number"
    output_field = models.CharField()

    def __init__(self, prefix: str) -> None:
        super().__init__(Value(prefix))
        self.prefix = prefix

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        return "kernel.models.base.PublicNumber", (self.prefix,), {}


class NumberField(models.CharField):  # type: ignore[type-arg]
    """Human number of things people talk about (`ORD-000123`), given by the database at insert, unique."""

    def __init__(self, prefix: str = "", **kwargs: Any) -> None:
        self.prefix = prefix
        kwargs.setdefault("max_length", 24)
        kwargs.setdefault("unique", True)
        kwargs.setdefault("editable", False)
        if prefix:
            kwargs.setdefault("db_default", PublicNumber(prefix))
        super().__init__(**kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs["prefix"] = self.prefix
        return name, path, args, kwargs


class Versioned(models.QuerySet[Any]):
    """QuerySet helpers shared by every owned model."""

    view_permission: ClassVar[str | None] = None

    def at_version(self, version: int) -> Self:
        """Only rows still at the version the caller saw."""
        return self.filter(version=version)

    def locked(self) -> Self:
        """`SELECT … FOR UPDATE OF self`, ordered by primary key so that two lockers never deadlock."""
        return self.order_by("pk").select_for_update(of=("self",))
