"""People who sign in, what they may do, and tokens for machines."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel.ids import uuid7
from kernel.models.base import Identified


class User(AbstractUser):
    """A person or service account. Roles are Django groups synced from code (`kernel.permissions.ROLES`)."""

    class Theme(models.TextChoices):
        AUTO = "auto", _("Automatic")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    language = models.CharField(
        _("language"), max_length=5, default="en", choices=[("en", "English"), ("fr", "Français")]
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Paris")
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, default=Theme.AUTO)
    shortcuts = models.BooleanField(_("keyboard shortcuts"), default=True)
    preferences = models.JSONField(default=dict, blank=True)

    objects: ClassVar[UserManager[Self]] = UserManager()

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Scope(Identified):
    """Limits a user to objects of one kind of owner, e.g. `customer` = one customer's id (self-care), `region`."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="scopes")
    kind = models.CharField(max_length=32)
    value = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind", "value"], name="kernel_scope_once")]

    def __str__(self) -> str:
        return f"{self.kind}={self.value}"


class LoginFailure(models.Model):
    """Failed log-ins of one name from one address, counted in a window; past the limit both wait.

    The key is a digest: what people mistype into the name field may be their password.
    """

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.key[:8]}… {self.count}"


class ApiToken(Identified):
    """A bearer token: shown once, stored as SHA-256, always expiring, limited to APIs and to reading if wished."""

    PREFIX = "trk_"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    apis = ArrayField(
        models.CharField(max_length=64), default=list, blank=True, help_text=_("Empty = every API")
    )
    read_only = models.BooleanField(default=False)
    require_match = models.BooleanField(default=False, help_text=_("If-Match is mandatory (428 otherwise)"))
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    last_used = models.DateTimeField(null=True, editable=False)
    revoked = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires__gt=models.F("created")), name="kernel_token_expires"
            )
        ]

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"

    @classmethod
    def issue(cls, user: User, name: str, *, expires: datetime, **limits: Any) -> tuple[ApiToken, str]:
        """Create a token; returns the row and the secret, which is never readable again."""
        secret = cls.PREFIX + secrets.token_urlsafe(32)
        row = cls.objects.create(
            user=user, name=name, expires=expires, prefix=secret[:10], digest=cls.digest_of(secret), **limits
        )
        return row, secret

    @staticmethod
    def digest_of(secret: str) -> str:
        """Hex SHA-256 under which a secret is stored; the secret has 256 random bits, so no salt is needed."""
        return hashlib.sha256(secret.encode()).hexdigest()
