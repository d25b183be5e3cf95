"""Pages over a kernel model, declared as an app would, for the tests of the page kit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path

from kernel import lifecycle, pages
from kernel.errors import DomainError, Invalid
from kernel.filtering import Filter
from kernel.models import BusinessCalendar, JournalEntry
from kernel.pages import Call

VIEW, CHANGE = "kernel.view_businesscalendar", "kernel.change_businesscalendar"


def rows(user: Any) -> QuerySet[BusinessCalendar]:
    """Calendars, but nobody sees those named hidden."""
    if not user.has_perm(VIEW):
        return BusinessCalendar.objects.none()
    return BusinessCalendar.objects.exclude(name__startswith="hidden")


class CloseForm(forms.Form):
    """Asks for a country to set."""

    country = forms.CharField(max_length=2)


class CalendarForm(forms.Form):
    """Edits a calendar."""

    name = forms.CharField(max_length=80, help_text="What people call it")
    time_zone = forms.ChoiceField(
        choices=[("Europe/Paris", "Paris"), ("Europe/London", "London"), ("UTC", "UTC")]
    )
    country = forms.CharField(max_length=2, required=False)


class CalendarModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """The same by a model form."""

    class Meta:
        model = BusinessCalendar
        fields = ["name", "country"]


def set_country(call: Call) -> BusinessCalendar:
    """A door that refuses one name and breaks on another."""
    row = call.object
    if row.name.startswith("refused"):
        raise DomainError("This calendar may not change", code="calendar.refused")
    if row.name.startswith("broken"):
        raise RuntimeError("a bug")
    return lifecycle.change(row, country=call.data.get("country", "DE"))


def close_many(call: Call) -> list[BusinessCalendar]:
    """A set-based door: changes those without a country, refuses the batch when one is named poison."""
    if any(row.name.startswith("poison") for row in call.objects):
        raise Invalid("A poisoned batch", code="calendar.poison")
    return [lifecycle.change(row, country="SE") for row in call.objects if not row.country]


def save(call: Call) -> BusinessCalendar:
    """Create or change a calendar."""
    if call.data["name"] == "taken":
        raise Invalid("This name is taken", code="calendar.taken", fields={"name": "This name is taken"})
    if call.data["name"] == "forbidden":
        raise DomainError("Not today", code="calendar.notToday")
    if call.object is None:
        return lifecycle.create(BusinessCalendar(**call.data))
    return lifecycle.change(call.object, version=call.version, **call.data)


CALENDARS = pages.List(
    name="testpages:calendar-list",
    model=BusinessCalendar,
    title="Calendars",
    icon="calendar",
    rows=rows,
    columns=[
        pages.Column("name", "Name", link=True, sort=True),
        pages.Column("zone", "Zone", "time_zone", sort=True),
        pages.Column("country", "Country", sort=True),
        pages.Column("created", "Created", kind="when", sort=True),
        pages.Column("version", "Version", kind="number", hidden=True),
        pages.Column("secret", "Secret", lambda row: f"secret of {row.name}", permission="kernel.view_audit"),
    ],
    filters=[
        Filter(
            "zone", "time_zone", "choice", "Zone", choices=[("Europe/Paris", "Paris"), ("UTC", "UTC"), ("Asia/Tokyo", "Tokyo")]
        ),
        Filter("country", "country", "text", "Country"),
        Filter("name", "name", "text", "Name"),
        Filter("created", "created", "datetime", "Created"),
    ],
    search=("name", "time_zone"),
    default_sort="name",
    create="testpages:calendar-create",
    live=True,
    empty=pages.Empty("Calendars say when we work."),
    bulk=[
        pages.Bulk(
            "country", "Set country", permission=CHANGE, each=set_country, form=CloseForm,
            why_not=lambda row, user: "It is locked" if row.name.startswith("locked") else "",
        ),
        pages.Bulk("close", "Close", permission=CHANGE, run=close_many),
        pages.Bulk("delete", "Delete", permission="kernel.delete_businesscalendar", each=set_country, danger=True),
    ],
)  # fmt: skip
CURRENT = pages.List(
    name="testpages:current-list",
    model=BusinessCalendar,
    title="Current calendars",
    rows=rows,
    columns=[pages.Column("name", "Name", sort=True), pages.Column("country", "Country")],
    filters=[Filter("country", "country", "text", "Country")],
    default_sort="name",
    default_view="country__not=ZZ",
    views=[("french", "French", "country=FR")],
    empty=pages.Empty("None yet.", nothing_wrong="All calendars are well."),
)
JOURNAL = pages.List(
    name="testpages:journal-list",
    model=JournalEntry,
    title="Journal",
    permission="kernel.view_audit",
    rows=lambda user: JournalEntry.objects.all(),
    columns=[
        pages.Column("at", "At", kind="time", sort=True),
        pages.Column("label", "Label", "object_label"),
    ],
    filters=[Filter("label", "object_label", "text", "Label")],
    default_sort="-at",
    keyset=True,
)
CALENDAR = pages.Detail(
    name="testpages:calendar-detail",
    model=BusinessCalendar,
    key="name",
    title="name",
    rows=rows,
    list=CALENDARS,
    edit="testpages:calendar-edit",
    identify=("name",),
    find=("name", "time_zone"),
    states={"french": {"country": "FR"}},
    words=("cal",),
    facts=[pages.Fact("Zone", "time_zone")],
    restore=lambda call: lifecycle.change(call.object, verb="restored", **call.data),
    live=True,
    actions=[
        pages.Action("now", "Set now", CHANGE, set_country, primary=True),
        pages.Action("ask", "Set country", CHANGE, set_country, form=CloseForm, secondary=True),
        pages.Action(
            "drop", "Drop", "kernel.delete_businesscalendar", lambda call: lifecycle.remove(call.object), danger=True,
            effects=lambda row, user: ["12 tickets lose their clock"], goto=lambda result: "/cal/",
            why_not=lambda row, user: "" if row.country != "XX" else "It is in use",
        ),
    ],
    tabs=[
        pages.Tab("twins", "Twins", list=CALENDARS, lock=lambda row: {"zone": row.time_zone}),
        pages.Tab("journal", "Journal", list=JOURNAL, lock=lambda row: {"label": row.name}),
        pages.Tab("secret", "Secret", permission="kernel.view_audit", panels=[
            pages.Panel("broken", "Broken", "pages/_missing_template.html"),
        ]),
    ],
)  # fmt: skip
CREATE = pages.FormPage(
    name="testpages:calendar-create",
    title="New calendar",
    form=CalendarForm,
    permission="kernel.add_businesscalendar",
    door=save,
)
EDIT = pages.FormPage(
    name="testpages:calendar-edit",
    title="Edit calendar",
    form=CalendarForm,
    permission=CHANGE,
    detail=CALENDAR,
    door=save,
)
EDIT_MODEL = pages.FormPage(
    name="testpages:calendar-model",
    title="Edit calendar by its model",
    form=CalendarModelForm,
    permission=CHANGE,
    detail=CALENDAR,
    door=lambda call: lifecycle.change(call.object, version=call.version, **call.data),
)
STEPS = pages.FormPage(
    name="testpages:calendar-steps",
    title="Stepwise",
    form=CalendarForm,
    permission="kernel.add_businesscalendar",
    door=save,
    steps=[("Who", ["name"]), ("Where", ["time_zone", "country"])],
    effects=lambda call: [f"3 teams follow {call.data['name']}"],
    danger=True,
)
pages.extend("testpages:calendar-detail", facts=[pages.Fact("From above", lambda row: "an upper layer")])


def slow(request: HttpRequest) -> HttpResponse:
    """A read that takes longer than a page may."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 50; SELECT pg_sleep(2)")
    return HttpResponse("too late")


def bug(request: HttpRequest) -> HttpResponse:
    """A page with a bug."""
    raise RuntimeError("a bug")


urlpatterns = [
    *CREATE.urls("cal/new/"),
    *STEPS.urls("cal/steps/"),
    *CALENDARS.urls("cal/"),
    *CURRENT.urls("cal-current/"),
    *JOURNAL.urls("cal-journal/"),
    *EDIT.urls("cal/<key>/edit/"),
    *EDIT_MODEL.urls("cal/<key>/model/"),
    *CALENDAR.urls("cal/<key>/"),
    path("slow/", slow),
    path("bug/", bug),
]
