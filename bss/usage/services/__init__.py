"""Doors of usage: take files and accounting in, have them rated, mend what could not be, say what it cost and why."""

from bss.usage.services.accounting import drain_accounting, ingest_radius, take_report
from bss.usage.services.books import audit_books
from bss.usage.services.explain import RecordExplanation, explain, rated_total
from bss.usage.services.files import (
    check_mapping,
    create_source,
    ingest_file,
    process_file,
    resume_file,
    unfinished,
)
from bss.usage.services.identifiers import assign_identifier, end_all, end_identifier
from bss.usage.services.reports import Reported, change_specification, report_usage
from bss.usage.services.suspense import discard, recycle, recycle_cause

__all__ = [
    "RecordExplanation",
    "Reported",
    "assign_identifier",
    "audit_books",
    "change_specification",
    "check_mapping",
    "create_source",
    "discard",
    "drain_accounting",
    "end_all",
    "end_identifier",
    "explain",
    "ingest_file",
    "ingest_radius",
    "process_file",
    "rated_total",
    "recycle",
    "recycle_cause",
    "report_usage",
    "resume_file",
    "take_report",
    "unfinished",
]
