"""Notices and their texts."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.care import forms, services
from bss.care.models import Notice, NoticeTemplate, Topic
from bss.care.models.notices import LANGUAGES, Channel
from bss.care.views.badges import NOTICE, SEND, story_link
from kernel import pages
from kernel.filtering import Filter


def _notices(user: Any) -> QuerySet[Notice]:
    return Notice.objects.visible_to(user).select_related("customer__party", "template")


def _failed(notice: Notice, _user: Any) -> str:
    return "" if notice.status == Notice.Status.FAILED else _t("It has not failed")


def _waiting(notice: Notice, _user: Any) -> str:
    return "" if notice.status == Notice.Status.PENDING else _t("It does not wait")


NOTICES = pages.List(
    name="bss_care:notice-list", model=Notice, title=_("Notices"), icon="mail", section="care", order=40,
    rows=_notices,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("at", _("Written"), kind="when", sort=True),
        pages.Column("customer", _("Customer"), "customer.party", link="customer", sort="customer__party__name"),
        pages.Column("subject", _("Subject"), sort=True),
        pages.Column("phase", _("Phase"), "get_phase_display", sort="phase"),
        pages.Column("status", _("Status"), badge=NOTICE, sort=True),
        pages.Column("obstacle", _("Why not"), "get_obstacle_display", sort="obstacle"),
        pages.Column("story", _("Story"), "story_label", sort="story_label"),
        pages.Column("language", _("Language"), "get_language_display", sort="language"),
        pages.Column("address", _("To"), sort=True, permission="bss_customers.view_pii"),
        pages.Column("sent", _("Sent"), kind="time", sort=True, hidden=True),
        pages.Column("topic", _("About"), "get_topic_display", sort="topic", hidden=True),
        pages.Column("template", _("Template"), "template.code", sort="template__code", hidden=True),
        pages.Column("attempts", _("Attempts"), kind="number", sort=True, hidden=True),
        pages.Column("error", _("Answer of the mail server"), hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=Notice.Status.choices),
        Filter("topic", "topic", "choice", _("About"), choices=Topic.choices),
        Filter("phase", "phase", "choice", _("Phase"), choices=Notice.Phase.choices),
        Filter("story", "story_label", "text", _("Story")),
        Filter("customer", "customer__number", "text", _("Customer")),
        Filter("template", "template__code", "text", _("Template")),
        Filter("language", "language", "choice", _("Language"), choices=LANGUAGES),
        Filter("obstacle", "obstacle", "choice", _("Why not"), choices=Notice.Obstacle.choices),
        Filter("channel", "channel", "choice", _("Channel"), choices=Channel.choices),
        Filter("at", "at", "datetime", _("Written")),
    ],
    search=("number", "subject", "customer__party__name", "story_label"), default_sort="-at",
    views=[("failed", _("Failed"), "status=failed"), ("waiting", _("Waiting"), "status=pending")],
    live=True,
    row_class=lambda notice: "danger" if notice.status == "failed" else "",
    empty=pages.Empty(_("Notices tell customers of outages, bills and what becomes of their tickets.")),
    bulk=[
        pages.Bulk("repeat", _("Send again"), permission=SEND, why_not=_failed,
                   each=lambda call: services.repeat(notice=call.object)),
    ],
)  # fmt: skip

NOTICE_DETAIL = pages.Detail(
    name="bss_care:notice-detail", model=Notice, title="subject", rows=_notices, list=NOTICES,
    status=("status", NOTICE), identify=("number",), find=("subject",), words=("notice",),
    overview="bss/care/_notice.html", comments=False, live=True,
    facts=[
        pages.Fact(_("Customer"), "customer.party", link="customer"),
        pages.Fact(_("About"), "get_topic_display"),
        pages.Fact(_("Phase"), "get_phase_display"),
        pages.Fact(_("Language"), "get_language_display"),
        pages.Fact(_("Written"), "at", kind="when"),
        pages.Fact(_("Sent"), "sent", kind="when"),
    ],
    fields=[
        pages.Fact(_("To"), "address", permission="bss_customers.view_pii"),
        pages.Fact(_("Story"), story_link, kind="html"),
        pages.Fact(_("Template"), "template", link="template"),
        pages.Fact(_("Why not"), "get_obstacle_display"),
        pages.Fact(_("Attempts"), "attempts", kind="number"),
        pages.Fact(_("Answer of the mail server"), "error"),
    ],
    actions=[
        pages.Action("repeat", _("Send again"), permission=SEND, why_not=_failed, icon="send", primary=True,
                     run=lambda call: services.repeat(notice=call.object)),
        pages.Action("stop", _("Stop this story’s waiting notices"), permission=SEND, danger=True, why_not=_waiting,
                     form=forms.ReasonForm,
                     run=lambda call: services.stop(story_id=call.object.story_id, **call.data)),
    ],
)  # fmt: skip

TEMPLATES = pages.List(
    name="bss_care:template-list", model=NoticeTemplate, title=_("Notice templates"), icon="file-text",
    section="care", order=60, rows=lambda user: NoticeTemplate.objects.visible_to(user),
    columns=[
        pages.Column("code", _("Code"), link=True, sort=True),
        pages.Column("language", _("Language"), "get_language_display", sort="language"),
        pages.Column("channel", _("Channel"), "get_channel_display", sort="channel"),
        pages.Column("topic", _("About"), "get_topic_display", sort="topic"),
        pages.Column("subject", _("Subject"), sort=True),
    ],
    filters=[
        Filter("code", "code", "text", _("Code")),
        Filter("language", "language", "choice", _("Language"), choices=LANGUAGES),
        Filter("topic", "topic", "choice", _("About"), choices=Topic.choices),
    ],
    search=("code", "subject"), default_sort="code,language", create="bss_care:template-create",
    empty=pages.Empty(_("Templates hold the words of notices, in each language.")),
)  # fmt: skip

TEMPLATE = pages.Detail(
    name="bss_care:template-detail", model=NoticeTemplate, title=str, list=TEMPLATES, edit="bss_care:template-edit",
    find=("code",), overview="bss/care/_template.html", words=("template",),
    facts=[
        pages.Fact(_("About"), "get_topic_display"),
        pages.Fact(_("Channel"), "get_channel_display"),
        pages.Fact(_("Language"), "get_language_display"),
    ],
)  # fmt: skip

TEMPLATE_CREATE = pages.FormPage(
    name="bss_care:template-create", title=_("New notice template"), form=forms.NewTemplateForm,
    permission="bss_care.add_noticetemplate", door=lambda call: services.create_template(**call.data),
)  # fmt: skip
TEMPLATE_EDIT = pages.FormPage(
    name="bss_care:template-edit", title=_("Edit"), form=forms.TemplateForm, detail=TEMPLATE,
    permission="bss_care.change_noticetemplate", initial=forms.template_values,
    door=lambda call: services.change_template(template=call.object, version=call.version, **call.data),
)  # fmt: skip
