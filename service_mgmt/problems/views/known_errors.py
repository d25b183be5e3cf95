"""Known errors: what one sees, and what helps until the cause is gone."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel import pages
from kernel.filtering import Filter
from service_mgmt.problems import forms, services
from service_mgmt.problems.models import KnownError

CHANGE = "service_mgmt_problems.change_knownerror"


class Use(models.TextChoices):
    """Whether it still helps."""

    CURRENT = "current", _("In force")
    RETIRED = "retired", _("Retired")


USE = pages.badges("service_mgmt_problems.known_error", Use, current="amber tool", retired="grey check end")


def use(error: KnownError) -> str:
    """In use or retired."""
    return Use.RETIRED if error.retired else Use.CURRENT


KNOWN_ERRORS = pages.List(
    name="service_mgmt_problems:known-error-list", model=KnownError, title=_("Known errors"), icon="book",
    section="assurance", order=26, rows=lambda user: KnownError.objects.visible_to(user).select_related("problem"),
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("symptom", _("Symptom"), sort=True),
        pages.Column("workaround", _("Workaround"), sort=True),
        pages.Column("problem", _("Problem"), link="problem", sort="problem__number"),
        pages.Column("use", _("Status"), use, badge=USE, sort="retired"),
        pages.Column("created", _("Published"), kind="when", sort=True),
        pages.Column("cause", _("Root cause"), "problem.root_cause", hidden=True),
    ],
    filters=[
        Filter("problem", "problem__number", "text", _("Problem")),
        Filter("retired", "retired", "datetime", _("Retired")),
        Filter("created", "created", "datetime", _("Published")),
    ],
    search=("number", "symptom", "workaround", "problem__root_cause"), default_sort="-number",
    default_view="retired__empty=true", live=True,
    row_class=lambda error: "muted" if error.retired else "",
    empty=pages.Empty(_("When the analysis of a problem finds a workaround, it is published here.")),
)  # fmt: skip

KNOWN_ERROR = pages.Detail(
    name="service_mgmt_problems:known-error-detail", model=KnownError, title="symptom",
    rows=lambda user: KnownError.objects.visible_to(user).select_related("problem"), list=KNOWN_ERRORS,
    status=(use, USE), identify=("number",), find=("symptom",), words=("known", "error"),
    states={"open": {"retired": None}}, edit="service_mgmt_problems:known-error-edit",
    facts=[
        pages.Fact(_("Problem"), "problem", link="problem"),
        pages.Fact(_("Published"), "created", kind="time"),
        pages.Fact(_("Retired"), "retired", kind="time"),
    ],
    fields=[
        pages.Fact(_("Symptom"), "symptom"),
        pages.Fact(_("Workaround"), "workaround"),
        pages.Fact(_("Root cause"), "problem.root_cause"),
    ],
    actions=[
        pages.Action("retire", _("Retire"), permission=CHANGE, form=forms.OptionalReasonForm, icon="check",
                     why_not=lambda error, user: _("It is retired") if error.retired else "",
                     run=lambda call: services.retire_known_error(error=call.object, **call.data)),
    ],
)  # fmt: skip


def _words(error: KnownError) -> dict[str, Any]:
    return {"symptom": error.symptom, "workaround": error.workaround}


KNOWN_ERROR_EDIT = pages.FormPage(
    name="service_mgmt_problems:known-error-edit",
    title=_("Edit"),
    form=forms.KnownErrorForm,
    detail=KNOWN_ERROR,
    permission=CHANGE,
    initial=_words,
    door=lambda call: services.change_known_error(error=call.object, version=call.version, **call.data),
)
