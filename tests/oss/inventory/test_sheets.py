"""Import of elements from a sheet: tried out, all faults at once, applied whole or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.errors import Invalid
from kernel.models import JournalEntry, OutboxEvent
from oss.inventory import services
from oss.inventory.models import NetworkElement, Port
from oss.inventory.services.elements import PortSpec
from tests.factories.oss_inventory import make_device_type, make_element, make_location

HEAD = "name,role,manufacturer,model,location,status,software_version,serial,criticality,management_address\n"


@pytest.fixture
def place(db: None) -> Any:
    make_device_type(model="KX-48", ports=[PortSpec("ge-[1-3]", 1000, kind="customer")])
    return make_location(code="PAM")


def row(name: str, **overrides: Any) -> str:
    values = {
        "role": "access", "manufacturer": "kestrel", "model": "kx-48", "location": "PAM", "status": "in_service",
        "software_version": "1.0", "serial": f"S-{name}", "criticality": "2", "management_address": "", **overrides,
    }  # fmt: skip
    return ",".join([name, *values.values()]) + "\n"


def test_a_trial_writes_nothing_and_says_what_would_happen(place: Any) -> None:
    make_element(name="olt2", location=place)
    report = services.import_elements(text=HEAD + row("olt1") + row("olt2"), dry_run=True)
    assert (report.applied, report.count("create"), report.count("update"), report.errors) == (
        False,
        1,
        1,
        [],
    )
    plan = next(plan for plan in report.plans if plan.name == "olt2")
    assert plan.changes["serial"] == ("", "S-olt2")
    assert not NetworkElement.objects.filter(name="olt1").exists()


def test_good_rows_create_elements_with_the_ports_of_their_type(place: Any) -> None:
    report = services.import_elements(text=HEAD + row("olt1", management_address="10.0.0.1"), dry_run=False)
    assert report.applied
    element = NetworkElement.objects.get(name="olt1")
    assert (element.location, element.criticality, element.management_address) == (place, 2, "10.0.0.1")
    assert list(element.ports.values_list("name", "if_index", "kind", "usage")) == [
        ("ge-1", 1, "customer", "free"),
        ("ge-2", 2, "customer", "free"),
        ("ge-3", 3, "customer", "free"),
    ]
    assert JournalEntry.objects.filter(verb="network_element.created", object_id=element.pk).count() == 1


def test_existing_elements_are_updated_moved_and_left_alone(place: Any) -> None:
    services.import_elements(text=HEAD + row("a") + row("b") + row("c", status="planned"), dry_run=False)
    OutboxEvent.objects.all().delete()
    text = HEAD + row("a") + row("b", software_version="2.0") + row("c", status="staged")
    report = services.import_elements(text=text, dry_run=False)
    assert [plan.action for plan in report.plans] == ["keep", "update", "update"]
    assert dict(NetworkElement.objects.values_list("name", "version")) == {"a": 1, "b": 2, "c": 2}
    assert NetworkElement.objects.get(name="c").status == "staged"
    entry = JournalEntry.objects.get(verb="network_element.changed")
    assert (entry.before, entry.after) == ({"software_version": "1.0"}, {"software_version": "2.0"})
    assert sorted(OutboxEvent.objects.values_list("name", flat=True)) == [
        "kernel.ObjectChanged",
        "kernel.StateChanged",
    ]


def test_an_empty_cell_or_absent_column_keeps_what_is_there(place: Any) -> None:
    services.import_elements(text=HEAD + row("a", management_address="10.0.0.9"), dry_run=False)
    text = "name;role;manufacturer;model;location;serial\na;access;Kestrel;KX-48;PAM;\n"
    report = services.import_elements(text=text, dry_run=False)
    assert report.count("keep") == 1


def test_all_faults_are_told_at_once_with_row_column_and_code(place: Any) -> None:
    make_element(name="old", location=place, management_address="10.0.0.7", status="retired")
    make_element(name="busy", location=place, management_address="10.0.0.8")
    text = HEAD + "".join(
        [
            row("a", role="toaster"),
            row("b", model="KX-49", criticality="9"),
            row("c", location="MARS", status="broken"),
            row("d", management_address="10.0.0.300"),
            row("e", management_address="10.0.0.8"),
            row("f", management_address="10.0.0.7"),
            row("f"),
            row("", serial="x" * 61),
            row("busy", status="planned"),
            row("old", status="in_service"),
        ]
    )
    report = services.import_elements(text=text, dry_run=False)
    assert {(error.row, error.column, error.code) for error in report.errors} == {
        (2, "role", "choice"),
        (3, "model", "unknown"),
        (3, "criticality", "range"),
        (4, "location", "unknown"),
        (4, "status", "choice"),
        (5, "management_address", "address"),
        (6, "management_address", "taken"),
        (8, "name", "twice"),
        (9, "name", "missing"),
        (9, "serial", "tooLong"),
        (10, "status", "move"),
        (11, "status", "move"),
    }
    assert all(error.message for error in report.errors)
    assert not report.applied
    assert NetworkElement.objects.count() == 2


def test_retiring_by_sheet_is_refused(place: Any) -> None:
    make_element(name="a", location=place)
    report = services.import_elements(text=HEAD + row("a", status="retired"), dry_run=True)
    assert [error.code for error in report.errors] == ["retire"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,role,manufacturer,model,location,colour\n", "unknown columns: colour"),
        ("name,role\n", "missing columns: location, manufacturer, model"),
        ("name,name,role,manufacturer,model,location\n", "columns named twice: name"),
        ("", "missing columns"),
        ('name,role,manufacturer,model,location\n"a', "not a CSV file"),
    ],
)
@pytest.mark.django_db
def test_a_sheet_that_cannot_be_read_is_refused_whole(text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        services.import_elements(text=text)


def test_a_sheet_larger_than_the_limit_is_refused(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oss.inventory.services.sheets.ROWS_MAX", 1)
    with pytest.raises(Invalid) as caught:
        services.import_elements(text=HEAD + row("a") + row("b"))
    assert caught.value.code == "import.tooManyRows"


def test_statements_do_not_grow_with_the_rows(place: Any, django_assert_max_num_queries: Any) -> None:
    names = [f"ne{number}" for number in range(300)]
    with django_assert_max_num_queries(30):
        services.import_elements(text=HEAD + "".join(map(row, names)), dry_run=False)
    assert Port.objects.count() == 900
    with django_assert_max_num_queries(30):
        text = HEAD + "".join(row(name, software_version="9.9") for name in names)
        services.import_elements(text=text, dry_run=False)
    assert NetworkElement.objects.filter(software_version="9.9").count() == 300
