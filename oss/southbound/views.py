"""Pages of element sessions and of how elements are reached."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import jobs, pages
from kernel.filtering import Filter
from oss.inventory.models import NetworkElement
from oss.southbound import forms, services
from oss.southbound.models import ElementSession, ManagementEndpoint

COMMANDS_SHOWN = 500


class Outcome(models.TextChoices):
    """Words for `ok`, which is null while a session lasts."""

    OPEN = "open", _("Under way")
    OK = "ok", _("Succeeded")
    FAILED = "failed", _("Failed")


OUTCOME = pages.badges(
    "oss_southbound.session", Outcome, open="blue loader", ok="green check end", failed="red x end"
)


def outcome(session: ElementSession) -> str:
    """open, ok or failed."""
    return {None: "open", True: "ok", False: "failed"}[session.ok]


def _sessions(user: Any) -> QuerySet[ElementSession]:
    return ElementSession.objects.visible_to(user).select_related("element").defer("diff")


def _endpoints(user: Any) -> QuerySet[ManagementEndpoint]:
    return ManagementEndpoint.objects.visible_to(user).select_related("element", "credential")


def _transcript(session: ElementSession, user: Any) -> dict[str, Any]:
    commands = list(session.commands.order_by("position")[: COMMANDS_SHOWN + 1])
    return {"commands": commands[:COMMANDS_SHOWN], "more": len(commands) > COMMANDS_SHOWN}


def _diff(session: ElementSession, user: Any) -> dict[str, Any]:
    marks = {"+": "ins", "-": "del"}
    return {"lines": [(marks.get(line[:1], ""), line) for line in session.diff.splitlines()]}


def _purpose(session: ElementSession, user: Any) -> dict[str, Any]:
    return {"things": services.purpose_slot.call(session) if session.holder else []}


SESSIONS = pages.List(
    name="oss_southbound:session-list",
    model=ElementSession,
    title=_("Element sessions"),
    icon="keyboard",
    section="network",
    order=90,
    rows=_sessions,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("element", _("Device"), link="element", sort="element__name"),
        pages.Column("purpose", _("Purpose"), sort=True),
        pages.Column("outcome", _("Outcome"), outcome, badge=OUTCOME, sort="ok"),
        pages.Column("started", _("Started"), kind="time", sort=True),
        pages.Column(
            "lasted",
            _("Lasted"),
            lambda row: row.finished - row.started if row.finished else None,
            kind="duration",
        ),
        pages.Column("actor", _("By"), sort=True),
        pages.Column("error", _("Error"), sort=True, hidden=True),
    ],
    filters=[
        Filter("element", "element__name", "text", _("Device")),
        Filter("ok", "ok", "bool", _("Succeeded")),
        Filter("purpose", "purpose", "text", _("Purpose")),
        Filter("actor", "actor", "text", _("By")),
        Filter("started", "started", "datetime", _("Started")),
        Filter("holder", "holder", "uuid", _("For"), operators=("eq",)),
    ],
    search=("number", "element__name", "purpose", "error"),
    default_sort="-started",
    views=[("failed", _("Failed"), "ok=false")],
    live=True,
    row_class=lambda row: "danger" if row.ok is False else "",
    empty=pages.Empty(_("Every conversation with a device is kept here, line by line.")),
)

SESSION = pages.Detail(
    name="oss_southbound:session-detail",
    model=ElementSession,
    title=lambda session: f"{session.element}: {session.purpose}",
    rows=lambda user: ElementSession.objects.visible_to(user).select_related("element"),
    list=SESSIONS,
    status=(outcome, OUTCOME),
    identify=("number",),
    words=("session",),
    facts=[
        pages.Fact(_("Device"), "element", link=True),
        pages.Fact(_("Purpose"), "purpose"),
        pages.Fact(_("Started"), "started", kind="time"),
        pages.Fact(_("Finished"), "finished", kind="time"),
        pages.Fact(_("By"), "actor"),
    ],
    fields=[pages.Fact(_("Error"), "error")],
    tabs=[
        pages.Tab(
            "transcript",
            _("Transcript"),
            template="oss/southbound/_transcript.html",
            context=_transcript,
            count=lambda session, user: session.commands.count(),
        ),
        pages.Tab("difference", _("Difference"), template="oss/southbound/_difference.html", context=_diff),
    ],
    rail=[pages.Panel("purpose", _("What it was for"), "oss/southbound/_purpose.html", context=_purpose)],
    comments=False,
)

ENDPOINTS = pages.List(
    name="oss_southbound:endpoint-list",
    model=ManagementEndpoint,
    title=_("Management endpoints"),
    icon="plug",
    section="network",
    order=95,
    rows=_endpoints,
    columns=[
        pages.Column("element", _("Device"), link="element", sort="element__name"),
        pages.Column("driver", _("Driver"), sort=True),
        pages.Column("host", _("Host"), sort=True),
        pages.Column("ssh_port", _("SSH port"), lambda row: str(row.ssh_port), sort="ssh_port"),
        pages.Column("snmp_port", _("SNMP port"), lambda row: str(row.snmp_port), sort="snmp_port"),
        pages.Column("credential", _("Credential"), sort="credential__name"),
        pages.Column("lease_until", _("Leased until"), kind="time", sort=True, hidden=True),
    ],
    filters=[
        Filter("element", "element__name", "text", _("Device")),
        Filter("driver", "driver", "text", _("Driver")),
        Filter("host", "host", "text", _("Host")),
    ],
    search=("element__name", "host"),
    default_sort="element",
    create="oss_southbound:endpoint-create",
    empty=pages.Empty(_("An endpoint says where and how a device is managed.")),
)
ENDPOINT_CREATE = pages.FormPage(
    name="oss_southbound:endpoint-create",
    title=_("Management endpoint"),
    form=forms.EndpointForm,
    permission="oss_southbound.add_managementendpoint",
    door=lambda call: services.register_endpoint(**call.data),
    goto=lambda endpoint: pages.url_of(endpoint.element),
    intro=_("Saved again for the same device, it is brought up to date."),
)
CREDENTIAL_CREATE = pages.FormPage(
    name="oss_southbound:credential-create",
    title=_("Credential"),
    form=forms.CredentialForm,
    permission="oss_southbound.add_credential",
    door=lambda call: services.create_credential(**call.data),
    goto=lambda credential: reverse("oss_southbound:endpoint-list"),
    intro=_("Secrets are encrypted and never shown again. A credential of that name is brought up to date."),
    draft=False,
)


def _management(element: NetworkElement, user: Any) -> dict[str, Any]:
    endpoint = ManagementEndpoint.objects.filter(element=element).first()
    last = ElementSession.objects.visible_to(user).filter(element=element).order_by("-started").first()
    return {"endpoint": endpoint, "last": last, "outcome": outcome(last) if last else ""}


def _compare(call: pages.Call) -> Any:
    return jobs.start(
        services.COMPARE,
        _t("Comparison of %(element)s with the inventory") % {"element": call.object},
        owner=call.user,
        element=call.object.pk,
    )


pages.extend(
    "oss_inventory:element-detail",
    tabs=[
        pages.Tab("sessions", _("Sessions"), list=SESSIONS, lock=lambda element: {"element": element.name})
    ],
    rail=[pages.Panel("management", _("Management"), "oss/southbound/_management.html", context=_management)],
    actions=[
        pages.Action(
            "compare",
            _("Compare with the network"),
            permission="oss_southbound.view_managementendpoint",
            run=_compare,
            goto=lambda job: pages.url_of(job),
            icon="git-compare",
        )
    ],
)
