"""What an operator starts with."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command

from bss.care.models import NoticeTemplate, TicketQueue, TicketTarget
from service_mgmt.levels.models import SlaDefinition

pytestmark = pytest.mark.django_db
MODELS = (NoticeTemplate, SlaDefinition, TicketQueue, TicketTarget)


def test_the_defaults_are_made_once_and_what_was_changed_stays() -> None:
    call_command("install_defaults", verbosity=0)
    counts = {model: model.objects.count() for model in MODELS}
    assert all(counts.values())
    TicketTarget.objects.filter(severity="critical", segment="").update(respond_within=timedelta(minutes=10))

    call_command("install_defaults", verbosity=0)

    assert {model: model.objects.count() for model in MODELS} == counts
    assert TicketTarget.objects.get(severity="critical", segment="").respond_within == timedelta(minutes=10)
