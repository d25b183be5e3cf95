"""Pages of usage: what came in, what waits in the error bin, what was rated and why."""

from bss.usage.views.files import FILE, FILE_UPLOAD, FILES, SOURCE, SOURCE_CREATE, SOURCES
from bss.usage.views.records import BUCKETS, IDENTIFIERS, RECORD, RECORDS, SESSIONS
from bss.usage.views.suspense import SUSPENDED, SUSPENSE, causes

__all__ = [
    "BUCKETS",
    "FILE",
    "FILES",
    "FILE_UPLOAD",
    "IDENTIFIERS",
    "RECORD",
    "RECORDS",
    "SESSIONS",
    "SOURCE",
    "SOURCES",
    "SOURCE_CREATE",
    "SUSPENDED",
    "SUSPENSE",
    "causes",
]
