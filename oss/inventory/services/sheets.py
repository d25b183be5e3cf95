"""Import of network elements from a sheet (CSV): tried out first, all faults at once, then applied whole or not."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.db import connection, transaction
from django.utils.translation import gettext as _

from kernel import clock, events, jobs, journal, lifecycle
from kernel.errors import Invalid
from kernel.ids import uuid7_block
from kernel.models import JobLine
from oss.inventory.models import DeviceType, Location, NetworkElement, PortTemplate

REQUIRED = ("name", "role", "manufacturer", "model", "location")
OPTIONAL = ("status", "software_version", "serial", "criticality", "management_address")
COLUMNS = (*REQUIRED, *OPTIONAL)
ROWS_MAX = 100_000
LENGTHS = {"name": 64, "software_version": 40, "serial": 60}
# What an import compares and sets on an element that exists (its status moves by the lifecycle).
COMPARED = (
    "role",
    "device_type_id",
    "location_id",
    "software_version",
    "serial",
    "criticality",
    "management_address",
)
UPDATE = f"""
UPDATE oss_inventory_networkelement AS row SET updated = %s, version = row.version + 1,
    role = v.role, device_type_id = v.device_type_id::uuid, location_id = v.location_id::uuid,
    software_version = v.software_version, serial = v.serial, criticality = v.criticality::smallint,
    management_address = v.management_address::inet
FROM unnest({", ".join(["%s::text[]"] * (len(COMPARED) + 1))}) AS v(id, {", ".join(COMPARED)})
WHERE row.id = v.id::uuid
"""
BATCH = 1000
PORT_COLUMNS = (
    "id, created, updated, version, element_id, name, if_index, speed_mbps, media, kind, "
    "usage, admin_enabled, oper_state"
)


@dataclass(frozen=True)
class RowError:
    """One fault: the sheet's row (the heading is row 1), the column, a stable code and what to do about it."""

    row: int
    column: str
    code: str
    message: str


@dataclass(frozen=True)
class RowPlan:
    """What one good row would do: create, update (with old and new values) or nothing."""

    row: int
    name: str
    action: str
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass
class ImportReport:
    """Outcome of a trial or an import. `applied` only when there was not one fault."""

    plans: list[RowPlan] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    applied: bool = False

    def count(self, action: str) -> int:
        """How many rows create, update or leave alone (`create`, `update`, `keep`)."""
        return sum(plan.action == action for plan in self.plans)


@dataclass
class _Context:
    """Everything rows refer to, read once."""

    types: dict[tuple[str, str], DeviceType]
    places: dict[str, Location]
    known: dict[str, NetworkElement]
    addresses: dict[str, str]


def import_elements(*, text: str, dry_run: bool = True) -> ImportReport:
    """Create and update network elements by name from CSV (comma or semicolon, first row = column names).

    Every fault of every row is reported at once; with any fault, or as a `dry_run`, nothing is written. New elements
    get the ports of their type. Raises Invalid for a sheet that cannot be read at all: unknown or missing columns,
    too many rows.
    """
    rows = _read(text)
    report = ImportReport()
    with transaction.atomic():
        context = _load(rows, lock=not dry_run)
        wanted = list(_check(rows, context, report))
        if dry_run or report.errors:
            return report
        _apply(wanted, context)
    report.applied = True
    return report


@jobs.job("oss_inventory.import_elements")
def import_job(run: jobs.Run) -> dict[str, Any]:
    """`import_elements` as a job: applied whole, or every fault as a line of the job's result."""
    report = import_elements(text=run.params["text"], dry_run=False)
    run.lines(
        run.line(
            JobLine.Outcome.FAILED, f"{error.row}:{error.column}", message=error.message, code=error.code
        )
        for error in report.errors
    )
    if report.errors:
        raise Invalid(
            _("Nothing was imported: %(n)d faults") % {"n": len(report.errors)}, code="import.faults"
        )
    run.advance(len(report.plans), total=len(report.plans))
    return {
        "created": report.count("create"),
        "updated": report.count("update"),
        "kept": report.count("keep"),
    }


def _read(text: str) -> list[tuple[int, dict[str, str]]]:
    head = text.lstrip("\ufeff").splitlines()[:1]
    delimiter = ";" if head and head[0].count(";") > head[0].count(",") else ","
    try:
        lines = list(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Invalid(
            _("This is not a CSV file: %(why)s") % {"why": error}, code="import.unreadable"
        ) from error
    columns = [name.strip().lower() for name in lines[0]] if lines else []
    faults = {
        _("unknown columns"): sorted(set(columns) - set(COLUMNS)),
        _("missing columns"): sorted(set(REQUIRED) - set(columns)),
        _("columns named twice"): sorted({name for name in columns if columns.count(name) > 1}),
    }
    if any(faults.values()):
        said = "; ".join(f"{what}: {', '.join(names)}" for what, names in faults.items() if names)
        raise Invalid(said, code="import.columns")
    if len(lines) - 1 > ROWS_MAX:
        raise Invalid(_("At most %(n)d rows in one import") % {"n": ROWS_MAX}, code="import.tooManyRows")
    return [
        (number, dict(zip(columns, [cell.strip() for cell in line] + [""] * len(columns), strict=False)))
        for number, line in enumerate(lines[1:], start=2)
        if any(cell.strip() for cell in line)
    ]


def _load(rows: list[tuple[int, dict[str, str]]], *, lock: bool) -> _Context:
    names = {row["name"] for _number, row in rows}
    elements = NetworkElement.objects.filter(name__in=names)
    known = {element.name: element for element in (elements.locked() if lock else elements)}
    wanted = {row["management_address"] for _number, row in rows if row.get("management_address")}
    # An address that is not one would fail the whole query; those rows are refused by their own check.
    addresses = NetworkElement.objects.filter(management_address__in=filter(_is_address, wanted))
    return _Context(
        types={
            (row.manufacturer.name.lower(), row.model.lower()): row
            for row in DeviceType.objects.select_related("manufacturer")
        },
        places={
            row.code: row for row in Location.objects.filter(code__in={row["location"] for _n, row in rows})
        },
        known=known,
        addresses=dict(
            addresses.exclude(status=NetworkElement.Status.RETIRED).values_list("management_address", "name")
        ),
    )


def _is_address(value: str) -> bool:
    try:
        validate_ipv46_address(value)
    except ValidationError:
        return False
    return True


def _check(
    rows: list[tuple[int, dict[str, str]]], context: _Context, report: ImportReport
) -> Iterator[tuple[RowPlan, dict[str, Any]]]:
    seen: dict[str, dict[str, int]] = {"name": {}, "management_address": {}}
    for number, row in rows:
        faults = [RowError(number, *fault) for fault in _row_faults(row, context, seen, number)]
        if faults:
            report.errors.extend(faults)
            continue
        values = _values(row, context)
        plan = _plan(number, values, context.known.get(row["name"]))
        report.plans.append(plan)
        yield plan, values


Fault = tuple[str, str, str]  # column, code, message


def _row_faults(
    row: dict[str, str], context: _Context, seen: dict[str, dict[str, int]], number: int
) -> Iterator[Fault]:
    yield from _shape_faults(row)
    for column, before in seen.items():
        if (value := row.get(column, "")) and before.setdefault(value, number) != number:
            yield column, "twice", _("stands in row %(row)d already") % {"row": before[value]}
    yield from _reference_faults(row, context)
    yield from _address_faults(row, context)
    yield from _status_faults(row, context)


def _shape_faults(row: dict[str, str]) -> Iterator[Fault]:
    for column in REQUIRED:
        if not row[column]:
            yield column, "missing", _("must be given")
    for column, most in LENGTHS.items():
        if len(row.get(column, "")) > most:
            yield column, "tooLong", _("has more than %(n)d characters") % {"n": most}
    if row.get("criticality") and row["criticality"] not in {"1", "2", "3", "4", "5"}:
        yield "criticality", "range", _("a number from 1 to 5")


def _reference_faults(row: dict[str, str], context: _Context) -> Iterator[Fault]:
    if row["role"] and row["role"] not in NetworkElement.Role.values:
        yield "role", "choice", _("one of %(choices)s") % {"choices": ", ".join(NetworkElement.Role.values)}
    maker, model = row["manufacturer"], row["model"]
    if maker and model and (maker.lower(), model.lower()) not in context.types:
        yield "model", "unknown", _("no such device type: %(type)s") % {"type": f"{maker} {model}"}
    if row["location"] and row["location"] not in context.places:
        yield "location", "unknown", _("no location has the code %(code)s") % {"code": row["location"]}


def _address_faults(row: dict[str, str], context: _Context) -> Iterator[Fault]:
    address = row.get("management_address")
    if not address:
        return
    if not _is_address(address):
        yield "management_address", "address", _("not an IP address")
    elif context.addresses.get(address, row["name"]) != row["name"]:
        yield "management_address", "taken", _("belongs to %(name)s") % {"name": context.addresses[address]}


def _status_faults(row: dict[str, str], context: _Context) -> Iterator[Fault]:
    status, known = row.get("status"), context.known.get(row["name"])
    if not status:
        return
    if status not in NetworkElement.Status.values:
        yield (
            "status",
            "choice",
            _("one of %(choices)s") % {"choices": ", ".join(NetworkElement.Status.values)},
        )
    elif known is not None and known.status != status:
        if status == NetworkElement.Status.RETIRED:
            yield "status", "retire", _("elements are retired one by one, after their links")
        elif not known.lifecycle.allows(known.status, status):
            yield (
                "status",
                "move",
                _("%(before)s cannot become %(after)s") % {"before": known.status, "after": status},
            )


def _values(row: dict[str, str], context: _Context) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": row["name"],
        "role": row["role"],
        "device_type_id": context.types[row["manufacturer"].lower(), row["model"].lower()].pk,
        "location_id": context.places[row["location"]].pk,
    }
    # A column that is absent, or a cell that is empty, leaves what an element has.
    for column in ("software_version", "serial", "management_address", "status"):
        if row.get(column):
            values[column] = row[column]
    if row.get("criticality"):
        values["criticality"] = int(row["criticality"])
    return values


def _plan(number: int, values: dict[str, Any], known: NetworkElement | None) -> RowPlan:
    if known is None:
        return RowPlan(number, values["name"], "create")
    changes = {
        name: (getattr(known, name), values[name])
        for name in (*COMPARED, "status")
        if name in values and getattr(known, name) != values[name]
    }
    return RowPlan(number, values["name"], "update" if changes else "keep", changes)


# -- writing


def _apply(wanted: list[tuple[RowPlan, dict[str, Any]]], context: _Context) -> None:
    fresh = [NetworkElement(**values) for plan, values in wanted if plan.action == "create"]
    lifecycle.create_many(fresh, reason="sheet import")
    _copy_ports(fresh)
    updates = [
        (context.known[plan.name], plan.changes) for plan, _values in wanted if plan.action == "update"
    ]
    _change_many([(element, changes) for element, changes in updates if set(changes) - {"status"}])
    moves: dict[str, list[Any]] = defaultdict(list)
    for element, changes in updates:
        if "status" in changes:
            moves[changes["status"][1]].append(element.pk)
    for status, pks in moves.items():
        lifecycle.move_many(NetworkElement.objects.filter(pk__in=pks), status, reason="sheet import")


def _change_many(updates: list[tuple[NetworkElement, dict[str, tuple[Any, Any]]]]) -> None:
    """Set the compared columns of many locked elements, with their journal entries and events, in three statements."""
    entries = []
    for element, changes in updates:
        attributes = {name: pair for name, pair in changes.items() if name != "status"}
        before = {name: pair[0] for name, pair in attributes.items()}
        after = {name: pair[1] for name, pair in attributes.items()}
        for name, value in after.items():
            setattr(element, name, value)
        entries.append((element, before, after))
    elements = [element for element, _before, _after in entries]
    arrays: list[list[str | None]] = [[str(element.pk) for element in elements]]
    arrays += [[_text(getattr(element, name)) for element in elements] for name in COMPARED]
    with connection.cursor() as cursor:
        cursor.execute(UPDATE, [clock.system_now(), *arrays])
    journal.record_many("network_element.changed", entries, reason="sheet import")
    events.publish(
        *[
            events.ObjectChanged(element._meta.label, element.pk, tuple(after))
            for element, _before, after in entries
        ]
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _copy_ports(elements: list[NetworkElement]) -> None:
    """Ports of new elements by the templates of their types, in one COPY: an import may bring half a million."""
    templates: dict[Any, list[PortTemplate]] = defaultdict(list)
    for template in PortTemplate.objects.filter(
        device_type__in={element.device_type_id for element in elements}
    ):
        templates[template.device_type_id].append(template)
    rows = {
        type_id: [
            (index, name, template)
            for index, (name, template) in enumerate(
                ((name, template) for template in group for name in template.names()), start=1
            )
        ]
        for type_id, group in templates.items()
    }
    for start in range(0, len(elements), BATCH):
        _copy(_port_lines(elements[start : start + BATCH], rows))


def _port_lines(
    elements: list[NetworkElement], rows: dict[Any, list[tuple[int, str, PortTemplate]]]
) -> Iterable[str]:
    now = clock.system_now().isoformat()
    ids = iter(uuid7_block(sum(len(rows.get(element.device_type_id, ())) for element in elements)))
    for element in elements:
        for index, name, template in rows.get(element.device_type_id, ()):
            yield (
                f"{next(ids)}\t{now}\t{now}\t1\t{element.pk}\t{name}\t{index}\t{template.speed_mbps}\t"
                f"{template.media}\t{template.kind}\tfree\tt\tunknown\n"
            )


def _copy(lines: Iterable[str]) -> None:
    buffer = io.StringIO("".join(lines))
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY oss_inventory_port ({PORT_COLUMNS}) FROM STDIN", buffer)
