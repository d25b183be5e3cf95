"""Chapter four: two weeks of use — accounting from the gateway and a file of 10,000 calls, some of them bad."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Sum

from bss.usage import services as usage
from bss.usage.models import SuspendedRecord, UsageFile, UsageIdentifier, UsageRecord, UsageSource, UsageTotal
from kernel import clock
from portal.story.lab import Lab
from portal.story.teller import Teller

CALLS, DUPLICATES, MALFORMED, LATE = 10_000, 40, 25, 30
DAYS = 8
FIELDS = (
    "call_id a_number b_number start answer_seconds duration_seconds cause direction trunk".split()  # noqa: SIM905 - a heading
)
MAPPING = {
    "fields": FIELDS,
    "columns": {
        "key": "call_id",
        "caller": "a_number",
        "called": "b_number",
        "start": "start",
        "duration": "duration_seconds",
        "direction": "direction",
    },
    "charged": ["out", "onnet"],
    "not_charged": ["in"],
    "country": "33",
    "trunk": "0",
    "time_zone": "Europe/Paris",
}


def tell(story: Teller) -> None:
    """Time passes, the file comes, mediation sorts it, rating prices it, suspense is mended."""
    started = clock.now()
    _accounting(story)
    story.move_clock(started + timedelta(days=14))
    number = UsageIdentifier.objects.get(kind="e164", end=None)
    with tempfile.TemporaryDirectory() as folder:
        path = _call_file(Path(folder), number.value, started + timedelta(days=6))
        with story.as_("billing"):
            source = handed_in()
            file = usage.ingest_file(path, source=source, name=path.name)
            again = usage.ingest_file(path, source=source, name=path.name)
    story.made("usage file", file)
    story.check("the same file twice is one file", file.pk == again.pk)
    file = story.wait("the file to be worked off", lambda: _done(file))
    _check_file(story, file)
    _mend(story, file, number.value)
    records = UsageRecord.objects.filter(product=number.product)
    totals = UsageTotal.objects.filter(product=number.product).aggregate(
        micros=Sum("micros"), taken=Sum("taken")
    )
    story.check("every rated record explains itself", not records.filter(zone="").exists())
    story.check("shared minutes taken, s", (totals["taken"] or 0) == 300 * 60, totals["taken"])
    story.check("rated, EUR", (totals["micros"] or 0) > 0, f"{(totals['micros'] or 0) / 1_000_000:.2f}")


def radius_source() -> UsageSource:
    """The broadband gateway's accounting."""
    found = UsageSource.objects.filter(code="radius").first()
    return found or usage.create_source(code="radius", name="Broadband gateway", format="radius")


def voice_source() -> UsageSource:
    """The voice gateway's feed, as docs/lab.md describes its files; it stamps calls by the clock of the machine."""
    found = UsageSource.objects.filter(code="voice-gateway").first()
    return found or usage.create_source(
        code="voice-gateway", name="Voice gateway", format="csv", mapping={**MAPPING, "clock": "system"}
    )


def handed_in() -> UsageSource:
    """Files of the same shape that somebody hands in, stamped in business time."""
    found = UsageSource.objects.filter(code="voice-files").first()
    return found or usage.create_source(
        code="voice-files",
        name="Voice gateway, files by hand",
        format="csv",
        mapping={**MAPPING, "late_hours": 24 * (DAYS + 1)},
    )


def _call_file(folder: Path, number: str, first: datetime) -> Path:
    """A deterministic file made by the lab's generator, as a gateway would drop it."""
    path = folder / "calls.csv"
    command = [sys.executable, "-m", "lab", "calls", "--count", str(CALLS), "--seed", "7"]
    command += ["--from", first.date().isoformat(), "--days", str(DAYS), "--numbers", number]
    command += [
        "--duplicates",
        str(DUPLICATES),
        "--malformed",
        str(MALFORMED),
        "--late",
        str(LATE),
        "--out",
        str(path),
    ]
    subprocess.run(command, check=True, cwd=settings.BASE_DIR, capture_output=True)
    return path


def _done(file: UsageFile) -> UsageFile | None:
    file.refresh_from_db()
    return file if file.finished is not None else None


def _check_file(story: Teller, file: UsageFile) -> None:
    counts = {
        name: getattr(file, name)
        for name in ("records_in", "rated", "suspended", "duplicates", "rejected", "late")
    }
    story.check(
        "records in = rated + suspended + duplicates + rejected",
        counts["records_in"]
        == counts["rated"] + counts["suspended"] + counts["duplicates"] + counts["rejected"],
        counts,
    )
    # Some of the repeated and broken lines are incoming calls, which are never charged and count as rejected.
    story.check("duplicates found", 0 < counts["duplicates"] <= DUPLICATES, counts["duplicates"])
    story.check("late records found", 0 < counts["late"] <= LATE, counts["late"])
    story.check("broken lines kept in suspense", counts["suspended"] > 0, counts["suspended"])


def _mend(story: Teller, file: UsageFile, number: str) -> None:
    """One broken line is mended by hand and recycled; the rest is discarded with a reason."""
    suspended = list(SuspendedRecord.objects.filter(file=file, state="open").order_by("line"))
    mendable = [(row, text) for row in suspended if (text := _mended(row.raw, number))]
    story.check("a line that can be mended", bool(mendable), mendable[0][0].raw if mendable else "none")
    row, text = mendable[0]
    with story.as_("billing"):
        outcome = usage.recycle(suspended=row, mend=text)
        story.check("mended by hand, and rated", outcome["rated"] == 1, outcome)
        usage.discard(
            suspended=[other for other in suspended if other.pk != row.pk], reason="broken at the source"
        )
    left = SuspendedRecord.objects.filter(file=file, state="open").count()
    story.check("suspense is empty", left == 0, left)


def _mended(raw: str, number: str) -> str:
    """The line of an outgoing call whose caller got lost, with the caller; empty for any other damage."""
    fields = raw.split(",")
    if len(fields) != len(FIELDS):
        return ""
    call = dict(zip(FIELDS, fields, strict=True))
    if call["a_number"] or call["direction"] != "out" or not call["duration_seconds"].isdigit():
        return ""
    return ",".join({**call, "a_number": number}.values())


def _accounting(story: Teller) -> None:
    """The gateway reports volume over RADIUS; it becomes usage of the right product."""
    lab = Lab.here()
    name = UsageIdentifier.objects.filter(kind="user_name", end=None).order_by("value").first()
    story.check("a subscriber is online", name is not None, str(name))
    if name is None:
        return
    before = UsageRecord.objects.filter(product=name.product, kind="data").count()
    lab.ctl("usage", name.value, str(3 * 10**9), str(10**9))
    lab.ctl("interim")
    story.wait(
        "accounting to become usage",
        lambda: UsageRecord.objects.filter(product=name.product, kind="data").count() > before or None,
        seconds=150,
    )
    volume = UsageRecord.objects.filter(product=name.product, kind="data").aggregate(Sum("units"))[
        "units__sum"
    ]
    story.check("volume by RADIUS, bytes (past 32 bits)", volume >= 4 * 10**9 - 10**8, volume)
