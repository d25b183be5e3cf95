"""Jobs, audit, access and the developer centre."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from kernel import jobs, journal, lifecycle, secrets
from kernel.models import ApiToken, HubDelivery, HubSubscription, Job, JournalEntry, User
from tests.factories.oss_inventory import make_element
from tests.factories.registry import make_delivery, make_hook, make_job, make_person
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db


# --- jobs ---------------------------------------------------------------------------------------------------------


def test_a_person_sees_their_own_jobs_and_an_administrator_all(make_user: Any, browser: Client) -> None:
    care = make_user("care")
    make_job(title="Mine", owner=care)
    other = make_job(title="Somebody else's")
    page = browser_of(care).get("/jobs/").content
    assert b"Mine" in page
    assert b"Somebody else" not in page
    assert browser_of(care).get(f"/jobs/{other.pk}/").status_code == 404
    assert b"Somebody else" in browser.get("/jobs/").content


def test_progress_asks_again_while_it_runs_and_stops_by_itself(browser: Client, admin: User) -> None:
    job = make_job(status="running", owner=admin, total=200, done=50)
    running = browser.get(f"/jobs/{job.pk}/progress/").content.decode()
    assert 'hx-trigger="load delay:1s"' in running
    assert '<progress max="100" value="25"' in running
    Job.objects.update(created="2020-01-01T00:00:00Z")
    assert "delay:5s" in browser.get(f"/jobs/{job.pk}/progress/").content.decode()
    Job.objects.update(status="succeeded")
    assert "hx-trigger" not in browser.get(f"/jobs/{job.pk}/progress/").content.decode()


def test_cancel_and_retry(make_user: Any) -> None:
    care = make_user("care")
    job = make_job(status="running", owner=care)
    browser = browser_of(care)
    browser.post(f"/jobs/{job.pk}/do/cancel/")
    job.refresh_from_db()
    assert job.cancel_requested
    Job.objects.update(status="failed")
    assert b"It is over" in browser.get(f"/jobs/{job.pk}/").content
    browser.post(f"/jobs/{job.pk}/do/retry/")
    assert Job.objects.get().status == "pending"


def test_others_jobs_are_cancelled_by_permission_only(make_user: Any, admin: User) -> None:
    from django.contrib.auth.models import Permission

    watcher = make_user("manager")
    watcher.groups.get().permissions.add(Permission.objects.get(codename="view_job"))
    job = make_job(status="running", owner=admin)
    browser_of(watcher).post(f"/jobs/{job.pk}/do/cancel/")
    job.refresh_from_db()
    assert not job.cancel_requested
    browser_of(admin).post("/jobs/", {"_bulk": "cancel", "_ids": [str(job.pk)]})


def test_the_log_of_a_job_is_shown(browser: Client, admin: User) -> None:
    job = make_job(status="running", owner=admin)
    jobs.Run(job).log("half way")
    assert b"half way" in browser.get(f"/jobs/{job.pk}/").content


# --- audit ------------------------------------------------------------------------------------------------------------


def test_the_audit_is_searched_and_leads_to_the_object(browser: Client, admin: User) -> None:
    with journal.acting(admin, request_id="request-12345678"):
        job = make_job(title="Watched")
        lifecycle.change(job, title="Watched still", reason="asked to")
    page = browser.get("/audit/?request=request-12345678&cols=object,changes,reason").content.decode()
    assert "title: Watched → Watched still" in page
    link = re.search(r'href="(/audit/object/[^"]+)"', page)
    assert link
    assert browser.get(link[1])["Location"] == f"/jobs/{job.pk}/changes/"
    Job.objects.all().delete()
    assert browser.get(link[1]).status_code == 404
    assert browser.get(f"/audit/object/no.Model/{job.pk}/").status_code == 404


def test_the_audit_is_for_those_who_may_read_it(make_user: Any) -> None:
    assert browser_of(make_user("care")).get("/audit/").status_code == 403
    assert browser_of(make_user("finance")).get("/audit/").status_code == 200


def test_the_audit_links_what_its_reader_may_open(admin: User, make_user: Any) -> None:
    with journal.acting(admin, request_id="request-87654321"):
        element = make_element()
    address, link = (
        "/audit/?request=request-87654321",
        f"/audit/object/oss_inventory.NetworkElement/{element.pk}/",
    )

    assert link in browser_of(admin).get(address).content.decode()
    page = browser_of(make_user("finance")).get(address).content.decode()
    assert str(element) in page
    assert link not in page


# --- access -------------------------------------------------------------------------------------------------------------


def test_roles_are_given_journalled_and_never_to_oneself(browser: Client, admin: User) -> None:
    make_person(username="bob")
    answer = browser.post("/access/bob/roles/", {"roles": ["noc", "care"], "_go": "save"})
    assert answer["Location"] == "/access/bob/"
    bob = User.objects.get(username="bob")
    assert set(bob.groups.values_list("name", flat=True)) == {"noc", "care"}
    entry = JournalEntry.objects.get(verb="user.roles_changed")
    assert (entry.before, entry.after) == ({"roles": []}, {"roles": ["care", "noc"]})
    own = browser.post("/access/ada/roles/", {"roles": ["noc"], "_go": "save"})
    assert own.status_code == 422
    assert admin.groups.get().name == "admin"


def test_deactivating_says_what_stops(browser: Client) -> None:
    make_person(username="bob")
    assert b"API tokens of the user stop working: 0" in browser.get("/access/bob/do/deactivate/").content
    browser.post("/access/bob/do/deactivate/")
    assert not User.objects.get(username="bob").is_active
    browser.post("/access/bob/do/activate/")
    assert User.objects.get(username="bob").is_active
    browser.post("/access/ada/do/deactivate/")
    assert User.objects.get(username="ada").is_active


# --- developers -----------------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once(make_user: Any) -> None:
    browser = browser_of(make_user("integrator"))
    page = browser.post(
        "/developers/tokens/", {"name": "nightly", "days": "30", "read_only": "on"}
    ).content.decode()
    secret = re.search(r"trk_[\w-]{20,}", page)
    assert secret
    token = ApiToken.objects.get()
    assert token.digest == ApiToken.digest_of(secret[0])
    assert token.read_only
    again = browser.get("/developers/").content.decode()
    assert "nightly" in again
    assert secret[0] not in again
    assert secret[0] not in str(list(JournalEntry.objects.values()))


def test_a_token_is_revoked_by_its_owner_alone(make_user: Any, browser: Client) -> None:
    owner = make_user("integrator")
    browser_of(owner).post("/developers/tokens/", {"name": "nightly", "days": "30"})
    token = ApiToken.objects.get()
    assert browser.post(f"/developers/tokens/{token.pk}/revoke/").status_code == 404
    browser_of(owner).post(f"/developers/tokens/{token.pk}/revoke/")
    token.refresh_from_db()
    assert token.revoked is not None
    assert browser_of(owner).post("/developers/tokens/", {"name": "", "days": "9999"}).status_code == 422


def test_deliveries_are_sent_again_one_and_many(browser: Client, make_user: Any) -> None:
    hook = make_hook()
    rows = [make_delivery(subscription=hook, status="failed", sequence=n) for n in range(3)]
    browser.post(f"/developers/deliveries/{rows[0].pk}/do/resend/")
    rows[0].refresh_from_db()
    assert rows[0].status == "pending"
    page = browser.get(f"/developers/hooks/{hook.pk}/deliveries/").content
    assert page.count(b'name="_ids"') == 3
    assert b"XEvent" in browser.get(f"/developers/deliveries/{rows[1].pk}/").content
    stranger = browser_of(make_user("integrator"))
    assert stranger.get(f"/developers/hooks/{hook.pk}/").status_code == 404
    assert stranger.get(f"/developers/deliveries/{rows[1].pk}/").status_code == 404
    assert browser_of(make_user("care")).get("/developers/hooks/").status_code == 403


def test_a_subscription_is_pinged_replayed_and_ended(browser: Client, admin: User) -> None:
    hook = make_hook(owner=admin)
    make_delivery(subscription=hook, status="delivered")
    browser.post(f"/developers/hooks/{hook.pk}/do/ping/")
    assert HubDelivery.objects.count() == 2
    asked = {"start": "2020-01-01T00:00", "end": "2099-01-01T00:00"}
    browser.post(f"/developers/hooks/{hook.pk}/do/replay/", asked)
    assert set(HubDelivery.objects.values_list("status", flat=True)) == {"pending"}
    browser.post(f"/developers/hooks/{hook.pk}/do/unsubscribe/")
    assert not HubSubscription.objects.exists()


def test_a_renewed_secret_is_shown_once(browser: Client, admin: User) -> None:
    hook = make_hook(owner=admin, secret=secrets.seal("whsec_b2xk"))
    answer = browser.post(f"/developers/hooks/{hook.pk}/rotate/")
    assert answer.status_code == 200
    shown = re.search(r"whsec_[\w+/=-]+", answer.content.decode())
    assert shown
    assert shown[0] != "whsec_b2xk"
    assert shown[0] not in browser.get(f"/developers/hooks/{hook.pk}/").content.decode()
