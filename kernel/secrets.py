"""Secrets at rest: Fernet (AES-128-CBC with HMAC) under FIELD_KEYS, newest first; old keys still decrypt."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


@cache
def _box() -> MultiFernet:
    # Without explicit keys one is derived from SECRET_KEY, so that the demo needs no set-up.
    keys = settings.FIELD_KEYS or [
        base64.urlsafe_b64encode(hashlib.sha256(b"fields:" + settings.SECRET_KEY.encode()).digest()).decode()
    ]
    return MultiFernet([Fernet(key) for key in keys])


def seal(text: str) -> str:
    """Encrypt for a text column."""
    return _box().encrypt(text.encode()).decode()


def unseal(token: str) -> str:
    """Decrypt; raises cryptography.fernet.InvalidToken when no key fits."""
    return _box().decrypt(token.encode()).decode()


def rotate(token: str) -> str:
    """Encrypt again under the newest key."""
    return _box().rotate(token.encode()).decode()
