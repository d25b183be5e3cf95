"""How much one token may ask in a minute, by class of call, told in the IETF draft's RateLimit headers.

Counters live in the `shared` cache (Redis in production), one per caller, class and window. A cache that is down
stops nobody: limits protect the service, they are not a right.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import InvalidCacheBackendError, caches

logger = logging.getLogger(__name__)

WINDOW_S = 60


@dataclass(frozen=True)
class Allowance:
    """What is left of one window."""

    policy: str
    quota: int
    left: int
    reset_s: int

    @property
    def exceeded(self) -> bool:
        """Whether this call is one too many."""
        return self.left < 0

    def headers(self) -> dict[str, str]:
        """draft-ietf-httpapi-ratelimit-headers: policy and present state."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota};w={WINDOW_S}',
            "RateLimit": f'"{self.policy}";r={max(self.left, 0)};t={self.reset_s}',
        }


def take(caller: str, policy: str) -> Allowance | None:
    """Count one call; None when limits are off or the counter cannot be reached."""
    quota = settings.API_RATES.get(policy, 0)
    if not quota:
        return None
    now = int(time.time())
    window, reset_s = now // WINDOW_S, WINDOW_S - now % WINDOW_S
    key = f"rate:{policy}:{caller}:{window}"
    try:
        used = _count(key)
    except Exception:
        logger.warning("rate limits are not counted: the shared cache does not answer")
        return None
    return Allowance(policy, quota, quota - used, reset_s)


def _count(key: str) -> int:
    cache: Any
    try:
        cache = caches["shared"]
    except InvalidCacheBackendError:
        cache = caches["default"]
    try:
        return int(cache.incr(key))
    except ValueError:
        # Two first calls at once: `add` lets one of them set the counter, both count.
        cache.add(key, 0, timeout=2 * WINDOW_S)
        return int(cache.incr(key))
