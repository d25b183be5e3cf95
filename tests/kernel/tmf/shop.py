"""A made-up API over kernel models, so that the kit is tested without any telecom app."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet

from kernel import lifecycle, tmf
from kernel.errors import Exhausted, Invalid
from kernel.lifecycle import Lifecycle
from kernel.models import BusinessCalendar, Holiday, Job, JobLine, User

SHOP = tmf.Api("999", "Shop", "/tmf-api/shop/v4", document="1.0.0", aliases=("/shop/v4",), extension=True)

JOB = Lifecycle(
    "status",
    {
        "pending": {"running", "cancelled"},
        "running": {"succeeded", "failed", "cancelled"},
        "succeeded": set(),
        "failed": {"pending"},
        "cancelled": {"pending"},
    },
    name="work",
)
WORDS = {
    "pending": "acknowledged",
    "running": "inProgress",
    "succeeded": "completed",
    "failed": "aborted ",
    "cancelled": "cancelled",
}


@SHOP.resource
class CalendarResource(tmf.Resource[BusinessCalendar]):
    """Service hours."""

    path, model = "calendar", BusinessCalendar
    base_type = "Entity"
    events = ("Create", "AttributeValueChange", "Delete")
    fields = (
        tmf.Text("name", required=True, mandatory=True),
        tmf.Text("timeZone"),
        tmf.Text("countryCode", "country", pattern="[A-Z]{2}"),
        tmf.Characteristics("characteristic", "hours"),
        tmf.DateTime("lastUpdate", "updated", read_only=True, mandatory=True),
        tmf.Many(
            "holiday",
            "extra_holidays",
            (tmf.Date("date", "day", required=True), tmf.Text("name", required=True)),
            order=("day",),
            mandatory=True,
        ),
        tmf.Object(
            "label", (tmf.Text("text", "name", arg="label"), tmf.Const("language", "en")), read_only=True
        ),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> BusinessCalendar:
        row = lifecycle.create(BusinessCalendar(**{k: v for k, v in data.items() if k != "extra_holidays"}))
        self._days(row, data.get("extra_holidays", []))
        return row

    def create_many(self, rows: list[tmf.Data], user: tmf.User) -> list[BusinessCalendar]:
        return lifecycle.create_many([BusinessCalendar(**data) for data in rows])

    def update(self, obj: BusinessCalendar, data: tmf.Data, user: tmf.User) -> None:
        days = data.pop("extra_holidays", None)
        if days is not None:
            obj.extra_holidays.all().delete()
            self._days(obj, days)
        lifecycle.change(obj, **data)

    def delete(self, obj: BusinessCalendar, user: tmf.User) -> None:
        lifecycle.remove(obj)

    @staticmethod
    def _days(row: BusinessCalendar, days: list[dict[str, Any]]) -> None:
        Holiday.objects.bulk_create(Holiday(calendar=row, **day) for day in days)


class Work(Job):
    """Job with a transition table; same rows."""

    lifecycle: ClassVar = JOB

    class Meta:
        proxy = True
        app_label = "kernel"


@SHOP.resource
class WorkResource(tmf.Resource[Work]):
    """Long work with a state."""

    path, model = "work", Work
    events = ("Create", "StateChange")
    keyset = "created"
    permissions = {"view": "kernel.view_job", "create": "kernel.add_job", "update": "kernel.change_job"}
    fields = (
        tmf.State("state", "status", words=WORDS, aliases={"canceled": "cancelled"}, mandatory=True),
        tmf.Text("name", "title", required=True, mandatory=True),
        tmf.Text("kind", create_only=True),
        tmf.Number("done", integer=True, minimum=0, maximum=1000),
        tmf.Number("total", integer=True, read_only=True),
        tmf.Bool("cancelRequested"),
        tmf.DateTime("created", read_only=True, mandatory=True),
        tmf.Period("period", "started", "finished"),
        tmf.Refs(
            "relatedParty",
            tmf.Ref(
                "owner", "owner", type="Individual", to="999/person", label="owner__username", role="owner"
            ),
            mandatory=True,
        ),
        tmf.Ref(
            "requester",
            "owner",
            type="Individual",
            to="999/person",
            label="owner__username",
            create_only=True,
        ),
        tmf.Quantity("progress", "done", "'rows'", read_only=True),
        tmf.Computed(
            "summary", ("title", "done"), lambda title, done: title if done >= 0 else None, where="title"
        ),
        tmf.Batch("lineCount", lambda keys, user: dict.fromkeys(keys, 0), schema={"type": "integer"}),
        tmf.Json("parameter", "params", schema={"type": "object"}),
    )
    moves = {
        "cancelled": lambda obj, data, user: lifecycle.move(obj, "cancelled", cycle=JOB),
        "running": lambda obj, data, user: lifecycle.move(obj, "running", cycle=JOB),
    }

    def queryset(self, user: tmf.User) -> QuerySet[Work]:
        rows = Work.objects.all() if user.has_perm("kernel.view_job") else Work.objects.none()
        return rows.exclude(kind="hidden")

    def create(self, data: tmf.Data, user: tmf.User) -> Work:
        if data["title"] == "exhausted":
            raise Exhausted("nothing left")
        return lifecycle.create(Work(**{"kind": "test", **data}))

    def update(self, obj: Work, data: tmf.Data, user: tmf.User) -> None:
        lifecycle.change(obj, **data)


@SHOP.resource
class PersonResource(tmf.Resource[User]):
    """People; read only."""

    path, model = "person", User
    fields = (tmf.Text("userName", "username", mandatory=True),)


@SHOP.resource
class ErrandResource(tmf.Resource[Job]):
    """Jobs of two types in one list."""

    path, model = "errand", Job
    base_type = "Errand"
    fields = (
        tmf.Type("kind", words={"short": "ShortErrand", "long": "LongErrand"}),
        tmf.Text("name", "title", required=True),
        tmf.Many(
            "line",
            "lines",
            (
                tmf.Text("text", "message"),
                tmf.Choice("outcome", words=JobLine.Outcome),
                tmf.Ref("job", "job", type="Errand", to="999/errand", label="job__title", read_only=True),
                tmf.Object(
                    "of", (tmf.Text("kind", "job__kind"), tmf.Const("fixed", value=True)), read_only=True
                ),
            ),
            order=("id",),
        ),
    )

    def queryset(self, user: tmf.User) -> QuerySet[Job]:
        return super().queryset(user).filter(kind__in=["short", "long"])

    def create(self, data: tmf.Data, user: tmf.User) -> Job:
        lines = data.pop("lines", [])
        row = lifecycle.create(Job(**{"kind": "short", **data}))
        JobLine.objects.bulk_create(JobLine(job=row, **line) for line in lines)
        return row


@SHOP.task
class StopWork(tmf.Task):
    """Stop a piece of work."""

    path, permission_name = "stopWork", "kernel.change_job"
    fields = (
        tmf.Ref("work", type="Work", to="999/work", required=True),
        tmf.Text("reason"),
        tmf.List("item", (tmf.Text("id", required=True), tmf.Number("quantity"))),
    )

    def run(self, data: tmf.Data, user: tmf.User) -> dict[str, Any]:
        if data.get("reason") == "nonsense":
            raise Invalid("nonsense is no reason")
        lifecycle.move(data["work"], "cancelled", cycle=JOB)
        return {"effectiveDate": data["work"].updated}
