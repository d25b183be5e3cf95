"""Usage files: taken once, worked off in batches that a crash can neither lose nor double."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import polars as pl
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from bss.usage.events import UsageRated
from bss.usage.formats import formats
from bss.usage.models import UsageBatch, UsageFile, UsageSource
from bss.usage.services import charging, frames
from bss.usage.services.book import Shelf
from bss.usage.services.mediation import Sorted, sort_lines
from kernel import clock, events, journal, lifecycle
from kernel.errors import UNAVAILABLE, Invalid, NotFound
from kernel.jobs import enqueue

# Bytes of one batch: some 60,000 call records. A worker's memory stays flat whatever the size of the file.
BATCH_BYTES = 6 * 1024 * 1024
LARGEST = 8 * 1024**3
PIECE = 1 << 20


def create_source(*, code: str, name: str, format: str, mapping: dict[str, Any] | None = None) -> UsageSource:
    """A new feed. Raises Invalid for an unknown format or a mapping that the format cannot read by."""
    check_mapping(format, mapping or {})
    return lifecycle.create(UsageSource(code=code, name=name, format=format, mapping=mapping or {}))


def check_mapping(format: str, mapping: dict[str, Any]) -> None:
    """Raises Invalid, saying what is wrong, unless `format` can read by `mapping`."""
    known = formats().get(format)
    if known is None:
        raise Invalid(_("There is no usage format %(code)s") % {"code": format}, code="usage.format")
    if found := known.problems(mapping):
        raise Invalid("; ".join(found), code="usage.mapping", fields={"mapping": "; ".join(found)})


def ingest_file(
    content: Path | bytes | BinaryIO,
    *,
    source: UsageSource | str,
    name: str = "",
    expected: int | None = None,
    at: datetime | None = None,
) -> UsageFile:
    """Take a file of a source: keep its content, register it once, and have it worked off.

    The same content of the same source returns the file that is already there. `expected` is the sender's own count of
    records. Raises NotFound for an unknown source and Invalid for an empty or oversized file.
    """
    at = at or clock.now()
    origin = source if isinstance(source, UsageSource) else UsageSource.objects.filter(code=source).first()
    if origin is None:
        raise NotFound(_("There is no usage source %(code)s") % {"code": source}, code="usage.source")
    digest, size, path = _keep(content)
    if known := UsageFile.objects.filter(source=origin, digest=digest).first():
        return known
    label = name or (content.name if isinstance(content, Path) else f"{origin.code}-{at:%Y%m%dT%H%M%S}")
    stamped = clock.system_now()
    file = UsageFile(
        source=origin,
        name=label[:200],
        digest=digest,
        path=path,
        size=size,
        expected=expected,
        received=at,
        shift=clock.from_system(stamped) - stamped
        if origin.mapping.get("clock") == "system"
        else timedelta(0),
    )
    with transaction.atomic():
        # Two deliveries of one content at once: the unique key decides, the loser reads the winner's row.
        made = UsageFile.objects.bulk_create([file], ignore_conflicts=True)[0]
        present = UsageFile.objects.get(source=origin, digest=digest)
        if present.pk == made.pk:
            _announce(present)
            UsageSource.objects.filter(pk=origin.pk).update(last_received=at)
            enqueue("bss.usage.process_file", present.pk)
    return present


def _announce(file: UsageFile) -> None:
    """Journal and event of a file that was registered past `lifecycle.create`, by an insert that may lose a race."""
    journal.record(
        "usage_file.created", file, after={"name": file.name, "digest": file.digest, "size": file.size}
    )
    events.publish(events.ObjectCreated(file._meta.label, file.pk))


def process_file(file_id: UUID | str, *, batch_bytes: int = BATCH_BYTES) -> UsageFile:
    """Work a file off from where it stands. Safe to call twice and at once; each batch is one transaction."""
    file = UsageFile.objects.select_related("source").get(pk=file_id)
    if file.status in {UsageFile.Status.RECEIVED, UsageFile.Status.FAILED}:
        lifecycle.move(file, UsageFile.Status.PROCESSING, error="")
    shelf = Shelf()
    try:
        while _next_batch(file, batch_bytes, shelf):
            pass
    except UNAVAILABLE:
        # The batch is rolled back and the file still being processed: the sweeper sends it again.
        raise
    except Exception as error:
        file.refresh_from_db()
        lifecycle.move(file, UsageFile.Status.FAILED, error=f"{type(error).__name__}: {error}"[:2000])
        raise
    file.refresh_from_db()
    return file


def resume_file(*, file: UsageFile) -> UsageFile:
    """Send a file that an error has stopped to a worker again; it goes on after its last batch."""
    with transaction.atomic():
        lifecycle.move(file, UsageFile.Status.PROCESSING, error="")
        enqueue("bss.usage.process_file", file.pk)
    return file


def unfinished(*, older_than: datetime) -> list[UUID]:
    """Files that wait for a worker, or lost theirs, since before `older_than` (system time)."""
    waiting = [UsageFile.Status.RECEIVED, UsageFile.Status.PROCESSING]
    return list(
        UsageFile.objects.filter(status__in=waiting, updated__lt=older_than).values_list("pk", flat=True)[
            :200
        ]
    )


def _next_batch(file: UsageFile, batch_bytes: int, shelf: Shelf) -> bool:
    """One batch in one transaction; False when nothing is left. A rival with the same file waits, then goes on."""
    with transaction.atomic():
        locked = UsageFile.objects.locked().select_related("source").get(pk=file.pk)
        if locked.status != UsageFile.Status.PROCESSING:
            return False
        lines, end = read_lines(
            Path(settings.MEDIA_ROOT) / locked.path, locked.offset, locked.lines, batch_bytes
        )
        if end > locked.offset:
            work(locked, lines, shelf, end=end)
        if end >= locked.size:
            _finish(locked)
            return False
    return True


def work(file: UsageFile, lines: pl.DataFrame, shelf: Shelf, *, end: int) -> None:
    """Rate and store one run of lines of a locked file and move its counts on."""
    result = sort_lines(file, lines)
    batch = UsageBatch.objects.create(
        file=file,
        position=file.batches.count() + 1,
        first_line=file.lines + 1,
        line_count=len(lines),
        stored=clock.system_now(),
    )
    rated = charging.rate(result, shelf)
    charging.store(file, batch, rated)
    suspended = suspend(file, lines, result)
    UsageBatch.objects.filter(pk=batch.pk).update(rated=len(rated))
    add_counts(file, result, rated, suspended)
    UsageFile.objects.filter(pk=file.pk).update(offset=end, lines=F("lines") + len(lines))


def add_counts(file: UsageFile, result: Sorted, rated: pl.DataFrame, suspended: int) -> None:
    """Add what a run brought to the totals of its file, in one statement."""
    reasons = dict(UsageFile.objects.values_list("reasons", flat=True).get(pk=file.pk))
    for reason, count in result.reasons.items():
        reasons[reason] = reasons.get(reason, 0) + count

    def total(column: str) -> int:
        return int(rated[column].sum()) if len(rated) else 0

    UsageFile.objects.filter(pk=file.pk).update(
        records_in=F("records_in") + result.count,
        rated=F("rated") + len(rated),
        suspended=F("suspended") + suspended,
        duplicates=F("duplicates") + result.duplicates,
        rejected=F("rejected") + result.rejected,
        late=F("late") + total("late"),
        seconds=F("seconds") + total("seconds"),
        volume=F("volume") + total("volume"),
        micros=F("micros") + total("micros"),
        reasons=reasons,
        updated=clock.system_now(),
    )


def suspend(file: UsageFile, lines: pl.DataFrame, result: Sorted) -> int:
    """COPY what could not be rated into the suspense; returns how many records that are."""
    if not result.suspended:
        return 0
    rows = result.in_suspense(lines)
    now = clock.system_now()
    frames.copy_frame(
        "bss_usage_suspendedrecord",
        rows.select(
            "line", "raw", "reason", "started",
            pl.col("identifier").fill_null("").str.slice(0, 80), pl.col("other").fill_null("").str.slice(0, 32),
            id=frames.identities(len(rows)), file_id=pl.lit(str(file.pk)), created=pl.lit(now), updated=pl.lit(now),
            version=pl.lit(1), mended=pl.lit(""), state=pl.lit("open"), attempts=pl.lit(0), outcome=pl.lit(""),
        ),
    )  # fmt: skip
    return len(rows)


def _finish(file: UsageFile) -> None:
    file.refresh_from_db()
    file = lifecycle.move(
        file,
        UsageFile.Status.PROCESSED,
        finished=clock.now(),
        events_too=[UsageRated(file.pk, file.rated, clock.now())],
    )


def read_lines(path: Path, offset: int, line: int, size: int) -> tuple[pl.DataFrame, int]:
    """Whole lines from byte `offset` on, about `size` bytes of them, and where the next one begins.

    The last line of a file may lack its end: it is a line all the same, as half a file is.
    """
    with path.open("rb") as stream:
        stream.seek(offset)
        data = stream.read(size)
        data += stream.readline()
    # PostgreSQL stores no NUL; like a byte that is no UTF-8, it marks the line as broken.
    texts = data.decode("utf-8", "replace").replace("\0", "\ufffd").split("\n")
    if texts and not texts[-1]:
        texts.pop()
    numbers = pl.int_range(line + 1, line + 1 + len(texts), dtype=pl.Int64, eager=True).alias("line")
    raw = pl.Series("raw", texts, dtype=pl.String).str.strip_suffix("\r")
    return pl.DataFrame([numbers, raw]), offset + len(data)


def _pieces(content: Path | bytes | BinaryIO) -> Iterator[bytes]:
    stream: BinaryIO = (
        content.open("rb")
        if isinstance(content, Path)
        else io.BytesIO(content)
        if isinstance(content, bytes)
        else content
    )
    try:
        while piece := stream.read(PIECE):
            yield piece
    finally:
        if isinstance(content, Path):
            stream.close()


def _keep(content: Path | bytes | BinaryIO) -> tuple[str, int, str]:
    """Copy content under its digest below MEDIA_ROOT; returns (digest, size, path). Whole or not there."""
    folder = Path(settings.MEDIA_ROOT) / "usage"
    folder.mkdir(parents=True, exist_ok=True)
    hasher, size = hashlib.sha256(), 0
    draft = folder / f".{clock.system_now():%Y%m%dT%H%M%S%f}.{id(content):x}.part"
    try:
        with draft.open("wb") as out:
            for piece in _pieces(content):
                hasher.update(piece)
                size += len(piece)
                if size > LARGEST:
                    raise Invalid(_("A usage file may have at most 8 GB"), code="usage.tooLarge")
                out.write(piece)
        if not size:
            raise Invalid(_("The usage file is empty"), code="usage.empty")
        digest = hasher.hexdigest()
        relative = f"usage/{digest[:2]}/{digest}"
        target = Path(settings.MEDIA_ROOT) / relative
        target.parent.mkdir(exist_ok=True)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return digest, size, relative
