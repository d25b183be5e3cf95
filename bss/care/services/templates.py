"""Doors of notice templates: the texts we start with, and their upkeep."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from bss.care.models import NoticeTemplate
from bss.care.services import wording
from bss.care.services.texts import TEXTS, Text
from kernel import lifecycle
from kernel.errors import Invalid

# Every text may use these beside the variables its caller supplies.
ALWAYS = frozenset({"customer_name", "customer_number", "company"})


def install_templates(*, codes: Iterable[str] | None = None) -> list[NoticeTemplate]:
    """Create those of our own texts that are missing, in both languages; returns the new ones. Edited ones stay."""
    wanted = [text for text in TEXTS if codes is None or text.code in set(codes)]
    with transaction.atomic():
        known = set(NoticeTemplate.objects.values_list("code", "channel", "language"))
        return lifecycle.create_many(
            [
                _row(text, language)
                for text in wanted
                for language in ("en", "fr")
                if (text.code, str(text.channel), language) not in known
            ]
        )


def of_code(code: str) -> list[NoticeTemplate]:
    """The texts of a code, all channels and languages; our own are created on first use. Raises Invalid for no text."""
    rows = list(NoticeTemplate.objects.filter(code=code).order_by("channel", "language"))
    if not rows and (rows := install_templates(codes=[code])):
        rows.sort(key=lambda row: (row.channel, row.language))
    if not rows:
        raise Invalid(_("There is no notice template %(code)s") % {"code": code}, code="notice.template")
    return rows


def create_template(
    *,
    code: str,
    topic: str,
    channel: str,
    language: str,
    subject: str,
    body: str,
    variables: Iterable[str] = (),
) -> NoticeTemplate:
    """Add a text for a code, channel and language. Raises Invalid for a text whose format or variables do not fit."""
    _check(subject, body, variables)
    if NoticeTemplate.objects.filter(code=code, channel=channel, language=language).exists():
        raise Invalid(_("This text exists already: change it"), code="notice.templateTwice")
    return lifecycle.create(
        NoticeTemplate(
            code=code,
            topic=topic,
            channel=channel,
            language=language,
            subject=subject,
            body=body,
            variables=sorted(set(variables)),
        )
    )


def change_template(
    *, template: NoticeTemplate, subject: str, body: str, version: int | None = None
) -> NoticeTemplate:
    """Change the words; what was sent keeps its own. Raises Invalid for unknown variables, StaleVersion."""
    _check(subject, body, template.variables)
    return lifecycle.change(template, version=version, subject=subject, body=body)


def _check(subject: str, body: str, variables: Iterable[str]) -> None:
    allowed = ALWAYS | set(variables)
    problems: dict[str, str] = {}
    for field, text in (("subject", subject), ("body", body)):
        try:
            unknown = wording.names_in(text) - allowed
        except Invalid as error:
            problems[field] = error.message
            continue
        if not text.strip():
            problems[field] = _("This is needed")
        elif unknown:
            problems[field] = _("Unknown: %(unknown)s. Known: %(known)s") % {
                "unknown": ", ".join(sorted(unknown)),
                "known": ", ".join(sorted(allowed)),
            }
    if problems:
        raise Invalid(_("The text cannot be used"), code="notice.format", fields=problems)


def _row(text: Text, language: str) -> NoticeTemplate:
    subject, body = text.words[language]
    return NoticeTemplate(
        code=text.code,
        topic=text.topic,
        channel=text.channel,
        language=language,
        subject=subject,
        body=body,
        variables=sorted(text.variables),
    )
