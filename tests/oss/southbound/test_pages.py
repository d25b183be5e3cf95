"""Pages of sessions and endpoints: transcript, difference, what an element's page gains, and secrets that stay secret."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from kernel import jobs
from kernel.models import Draft, Job
from kernel.pages import registry, url_of
from oss.inventory.models import Port
from oss.southbound.models import Credential, ManagementEndpoint
from tests.factories.oss_inventory import make_element
from tests.factories.oss_southbound import make_endpoint, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def engineer(make_user: Any) -> Client:
    registry.load()
    client = Client()
    client.force_login(make_user("engineer"))
    return client


def test_a_session_shows_its_transcript_and_its_difference(engineer: Client) -> None:
    session = make_session()
    page = url_of(session)
    transcript = engineer.get(f"{page}transcript/").content.decode()
    assert transcript.index("configure") < transcript.index("set a")
    assert transcript.count("not accepted") == 1
    difference = engineer.get(f"{page}difference/").content.decode()
    assert "<ins>+ set a</ins>" in difference
    assert "<del>- set b</del>" in difference


def test_an_element_shows_its_sessions_and_how_it_is_reached(engineer: Client) -> None:
    element = make_element()
    mine, other = make_session(element=element), make_session()
    page = url_of(element)
    assert "No management endpoint" in engineer.get(page).content.decode()
    make_endpoint(element=element, host="192.0.2.7")
    html = engineer.get(page).content.decode()
    assert "192.0.2.7:9" in html
    assert mine.number in html
    listed = engineer.get(f"{page}sessions/").content.decode()
    assert mine.number in listed
    assert other.number not in listed


def test_an_endpoint_and_a_credential_are_made_and_the_secret_never_comes_back(engineer: Client) -> None:
    url = reverse("oss_southbound:credential-create")
    values = {
        "name": "lab",
        "username": "admin",
        "password": "s3cret-word",
        "community": "hush",
        "_go": "save",
    }
    assert engineer.post(url, values).status_code == 303
    credential = Credential.objects.get()
    assert credential.password == "s3cret-word"
    assert "s3cret-word" not in engineer.post(url, {**values, "username": ""}).content.decode()
    assert not Draft.objects.exists()

    element = make_element()
    made = engineer.post(
        reverse("oss_southbound:endpoint-create"),
        {
            "element": element.number,
            "driver": "heron",
            "host": "192.0.2.8",
            "ssh_port": 22,
            "snmp_port": 161,
            "credential": str(credential.pk),
            "_go": "save",
        },
    )
    assert made.status_code == 303, made.content
    assert ManagementEndpoint.objects.get(element=element).driver == "heron"


def test_secrets_are_not_journalled_in_clear(engineer: Client) -> None:
    from kernel.models import JournalEntry

    make_endpoint()
    assert "public" not in str(list(JournalEntry.objects.values_list("after", flat=True)))


@pytest.mark.parametrize(("role", "status"), [("noc", 200), ("care", 200), ("sales", 403)])
def test_who_reads_sessions(make_user: Any, role: str, status: int) -> None:
    client = Client()
    client.force_login(make_user(role))
    assert client.get(reverse("oss_southbound:session-list")).status_code == status
    assert client.get(reverse("oss_southbound:endpoint-create")).status_code == 403


def test_comparing_with_the_network_is_a_job_that_lists_the_differences(
    elements: Any, engineer: Client
) -> None:
    element = elements["asw1-pam"]
    Port.objects.filter(element=element, name="Ethernet1/2").delete()
    answer = engineer.post(f"{url_of(element)}do/compare/")
    assert answer.status_code == 303
    job = Job.objects.get()
    jobs.execute(job.pk)
    job.refresh_from_db()
    assert (job.status, job.result) == ("succeeded", {"element": "asw1-pam", "differences": 1})
    assert list(job.lines.values_list("code", "label")) == [("port", "asw1-pam Ethernet1/2")]
