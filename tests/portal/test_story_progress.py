"""The demo's story across starts of the portal."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import OperationalError

from kernel.models import Job
from portal.story import progress
from portal.story.lab import Lab
from portal.story.teller import Teller
from tests.factories.oss_inventory import make_element
from tests.running_lab import RunningLab

pytestmark = pytest.mark.django_db


def test_half_a_story_is_not_told_again_on_what_it_left(
    lab: RunningLab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("django.conf.settings.LAB_STATE", str(lab.state_file))
    monkeypatch.setattr(Lab, "listen", lambda self: None)
    progress.Progress()
    make_element()

    call_command("demo")

    job = Job.objects.get(kind=progress.KIND)
    assert (job.status, job.error) == ("failed", "interrupted")
    assert "--fresh" in capsys.readouterr().err
    assert progress.played()


def test_a_story_that_had_made_nothing_yet_is_told() -> None:
    progress.Progress()

    assert not progress.interrupted()


def test_a_teller_outlives_a_restart_of_the_database() -> None:
    answers = iter([OperationalError("the database system is starting up"), "here"])

    def found() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    story = Teller({}, base_url="http://test", quiet=True, pump=lambda: None)

    assert story.wait("an answer", found) == "here"
