"""Sources and their files, each with where every one of its records went."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from bss.usage import forms, services
from bss.usage.models import UsageFile, UsageSource
from kernel import pages
from kernel.filtering import Filter
from kernel.money import Money, from_micros

STATUS = pages.badges(
    "bss_usage.file",
    UsageFile.Status,
    received="grey hourglass",
    processing="blue refresh",
    processed="green check end",
    failed="red alert-triangle",
)


def _files(user: Any) -> QuerySet[UsageFile]:
    return UsageFile.objects.visible_to(user).select_related("source")


def progress(file: UsageFile) -> int:
    """Percent of the file's bytes worked off."""
    return int(100 * file.offset / file.size) if file.size else 0


def lineage(file: UsageFile, user: Any) -> dict[str, Any]:
    """Where the records of a file went, and whether the sender's own count agrees."""
    parts = [
        (_("Rated"), file.rated),
        (_("In suspense"), file.suspended),
        (_("Duplicates"), file.duplicates),
        (_("Not charged"), file.rejected),
    ]
    return {
        "parts": parts,
        "reasons": sorted(file.reasons.items()),
        "amount": Money(from_micros(file.micros), "EUR"),
        "missing": file.expected - file.records_in if file.expected is not None else None,
        "progress": progress(file),
    }


FILES = pages.List(
    name="bss_usage:file-list",
    model=UsageFile,
    title=_("Usage files"),
    icon="file-import",
    section="billing",
    order=60,
    rows=_files,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("name", _("File"), sort=True),
        pages.Column("source", _("Source"), "source.name", link="source", sort="source__name"),
        pages.Column("status", _("Status"), badge=STATUS, sort=True),
        pages.Column("received", _("Received"), kind="when", sort=True),
        pages.Column("records_in", _("Records in"), kind="number", sort=True),
        pages.Column("rated", _("Rated"), kind="number", sort=True),
        pages.Column("suspended", _("In suspense"), kind="number", sort=True),
        pages.Column("duplicates", _("Duplicates"), kind="number", sort=True),
        pages.Column("rejected", _("Not charged"), kind="number", sort=True, hidden=True),
        pages.Column("late", _("Late"), kind="number", sort=True, hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=UsageFile.Status.choices),
        Filter("source", "source__code", "text", _("Source")),
        Filter("received", "received", "datetime", _("Received")),
        Filter("suspended", "suspended", "number", _("In suspense")),
        Filter("name", "name", "text", _("File")),
    ],
    search=("number", "name"),
    default_sort="-received",
    views=[("suspense", _("With suspense"), "suspended__gt=0"), ("stopped", _("Stopped"), "status=failed")],
    create="bss_usage:file-upload",
    row_class=lambda file: "danger" if file.status == "failed" else "warn" if file.suspended else "",
    live=True,
    empty=pages.Empty(
        _(
            "Usage files hold what was used: calls from the voice gateway, sessions from the broadband gateway."
        )
    ),
)

FILE = pages.Detail(
    name="bss_usage:file-detail",
    model=UsageFile,
    title="name",
    rows=_files,
    list=FILES,
    status=("status", STATUS),
    identify=("number",),
    find=("name",),
    facts=[
        pages.Fact(_("Source"), "source", link=True),
        pages.Fact(_("Received"), "received", kind="when"),
        pages.Fact(_("Finished"), "finished", kind="when"),
        pages.Fact(_("Size"), "size", kind="bytes"),
        pages.Fact(_("Records in"), "records_in", kind="number"),
        pages.Fact(_("Late"), "late", kind="number"),
    ],
    fields=[
        pages.Fact(_("Fingerprint (SHA-256)"), "digest", kind="code"),
        pages.Fact(_("Lines"), "lines", kind="number"),
        pages.Fact(_("Records announced"), "expected", kind="number"),
        pages.Fact(_("Seconds"), "seconds", kind="number"),
        pages.Fact(_("Volume"), "volume", kind="bytes"),
        pages.Fact(_("Error"), "error"),
    ],
    actions=[
        pages.Action(
            "resume",
            _("Work off again"),
            permission="bss_usage.change_usagefile",
            why_not=lambda file, user: "" if file.status == "failed" else _("It has not stopped"),
            run=lambda call: services.resume_file(file=call.object),
            done=_("It goes on where it stopped"),
            icon="player-play",
            primary=True,
        )
    ],
    tabs=[
        pages.Tab(
            "suspense",
            _("Error bin"),
            list="bss_usage:suspense-list",
            lock=lambda file: {"file": file.number},
        ),
        pages.Tab(
            "records", _("Usage"), list="bss_usage:record-list", lock=lambda file: {"file": file.number}
        ),
    ],
    rail=[pages.Panel("lineage", _("Where the records went"), "bss/usage/_lineage.html", context=lineage)],
    live=True,
)

FILE_UPLOAD = pages.FormPage(
    name="bss_usage:file-upload",
    title=_("Take in a file"),
    form=forms.FileForm,
    permission="bss_usage.add_usagefile",
    door=lambda call: services.ingest_file(
        call.data["file"],
        source=call.data["source"],
        name=call.data["file"].name,
        expected=call.data["expected"],
    ),
    submit=_("Take in"),
    draft=False,
)


SOURCES = pages.List(
    name="bss_usage:source-list",
    model=UsageSource,
    title=_("Usage sources"),
    icon="plug",
    section="billing",
    order=68,
    rows=lambda user: UsageSource.objects.visible_to(user),
    columns=[
        pages.Column("code", _("Code"), link=True, sort=True),
        pages.Column("name", _("Name"), sort=True),
        pages.Column("format", _("Format"), sort=True),
        pages.Column("active", _("Active"), kind="bool", sort=True),
        pages.Column("last_received", _("Last received"), kind="when", sort=True),
    ],
    filters=[
        Filter("format", "format", "text", _("Format")),
        Filter("active", "active", "bool", _("Active")),
        Filter("last_received", "last_received", "datetime", _("Last received")),
    ],
    search=("code", "name"),
    default_sort="code",
    create="bss_usage:source-create",
    empty=pages.Empty(_("A source is a feed of usage and how to read it.")),
)

SOURCE = pages.Detail(
    name="bss_usage:source-detail",
    model=UsageSource,
    title="name",
    list=SOURCES,
    key="code",
    identify=("code",),
    find=("name",),
    facts=[
        pages.Fact(_("Code"), "code", kind="code"),
        pages.Fact(_("Format"), "format"),
        pages.Fact(_("Active"), "active", kind="bool"),
        pages.Fact(_("Last received"), "last_received", kind="when"),
    ],
    tabs=[pages.Tab("files", _("Files"), list=FILES, lock=lambda source: {"source": source.code})],
    rail=[
        pages.Panel(
            "mapping",
            _("Mapping"),
            "bss/usage/_mapping.html",
            context=lambda source, user: {"mapping": source.mapping},
        )
    ],
)

SOURCE_CREATE = pages.FormPage(
    name="bss_usage:source-create",
    title=_("New source"),
    form=forms.SourceForm,
    permission="bss_usage.add_usagesource",
    door=lambda call: services.create_source(**call.data),
)
