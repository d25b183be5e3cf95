"""UUIDv7 (RFC 9562 §5.7) made in Python: the server may be older than PostgreSQL 18."""

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """A time-ordered identifier; within one process strictly increasing, even inside one millisecond."""
    global _last
    with _lock:
        # 48 bits of milliseconds and 12 bits of sub-millisecond clock (RFC 9562 §6.2, method 3).
        stamp = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
        _last = stamp
    random = int.from_bytes(os.urandom(8)) & 0x3FFF_FFFF_FFFF_FFFF
    value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | random
    return uuid.UUID(int=value)


def uuid7_block(count: int) -> list[uuid.UUID]:
    """`count` increasing identifiers with one lock and one read of the random source (for bulk rows)."""
    global _last
    with _lock:
        start = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
        _last = start + count - 1
    noise = os.urandom(8 * count)
    out = []
    for index in range(count):
        stamp = start + index
        random = int.from_bytes(noise[8 * index : 8 * index + 8]) & 0x3FFF_FFFF_FFFF_FFFF
        out.append(
            uuid.UUID(int=(stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | random)
        )
    return out
