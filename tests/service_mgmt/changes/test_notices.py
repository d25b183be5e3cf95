"""Customers hear of planned work once, in their language, and again when it is called off or over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from bss.care.models import Notice
from kernel import clock
from kernel.models import User
from oss.alarms.models import Maintenance
from service_mgmt.changes import services
from service_mgmt.changes.models import ChangeRequest
from service_mgmt.changes.services import notices
from service_mgmt.services.models import ServiceLink, ServiceResource
from tests.factories.oss_alarms import AT
from tests.factories.service_mgmt_levels import Town, make_agreement, make_definition, make_town
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db
WINDOW = (AT + timedelta(days=6), AT + timedelta(days=6, hours=2))


@pytest.fixture
def town(now: Any) -> Town:
    return make_town(at=AT)


@pytest.fixture
def change(town: Town, make_user: Callable[..., User]) -> ChangeRequest:
    """Work by hand on the only link of the leaf, scheduled."""
    link = town.network.tail
    look = {
        "phase": "post",
        "action": "port_state",
        "element": link.port_a.element,
        "params": {"port": link.port_a.name, "state": "up"},
    }
    with clock.frozen(AT):
        row = services.draft(title="New splice", author=make_user("engineer"), links=[link], steps=[look])
        services.set_window(change=row, start=WINDOW[0], end=WINDOW[1])
        services.submit(change=row)
        services.approve(change=row, by=make_user("engineer"))
        return services.schedule(change=row)


def test_each_customer_behind_the_work_is_told_once_in_their_language(
    town: Town, change: ChangeRequest
) -> None:
    told = {notice.customer_id: notice for notice in Notice.objects.filter(story_id=change.pk)}
    assert set(told) == {town.french.pk, town.english.pk}
    assert "Travaux programmés" in told[town.french.pk].subject
    assert "Planned work" in told[town.english.pk].subject
    assert "New splice" in told[town.english.pk].body
    assert town.services["french"].product.number in told[town.french.pk].body
    with clock.frozen(AT):
        notices.announce(change=change, impact=services.judged(change))
    assert Notice.objects.filter(story_id=change.pk).count() == 2


def test_the_notice_carries_the_reference_by_which_a_service_level_finds_it(change: ChangeRequest) -> None:
    window = Maintenance.objects.get(pk=change.maintenance_id)
    assert set(Notice.objects.values_list("story_label", flat=True)) == {window.change_ref}


def test_what_is_called_off_before_it_was_sent_is_never_sent(change: ChangeRequest) -> None:
    services.cancel(change=change, reason="storm")
    assert set(Notice.objects.values_list("phase", "status")) == {("start", "suppressed")}


def test_who_was_told_hears_that_it_is_called_off(town: Town, change: ChangeRequest) -> None:
    Notice.objects.update(status="sent", sent=AT)
    services.cancel(change=change, reason="storm")
    ends = Notice.objects.filter(phase="end")
    assert set(ends.values_list("customer_id", flat=True)) == {town.french.pk, town.english.pk}
    assert "Annulation" in ends.get(customer=town.french).subject


def test_who_was_told_hears_that_it_is_over(town: Town, change: ChangeRequest) -> None:
    Notice.objects.update(status="sent", sent=AT)
    with clock.frozen(WINDOW[0]):
        services.start(change=change)
        # No element answers here: the change fails, and the work is over all the same.
        services.run_change(change_id=change.pk)
    change.refresh_from_db()
    assert change.status == "failed"
    assert "is over" in Notice.objects.get(phase="end", customer=town.english).subject


def test_a_plan_that_acts_on_a_port_hits_only_who_is_behind_it(
    town: Town, make_user: Callable[..., User]
) -> None:
    leaf, tail = town.network.leaf, town.network.tail
    below = ServiceLink.objects.get(service=town.services["french"]).supporting
    mine = ServiceResource.objects.get(service=below).port
    assert mine is not None
    plan = [
        {"phase": "do", "action": "renew_port", "element": leaf, "params": {"port": mine.name}},
        {
            "phase": "post",
            "action": "port_state",
            "element": leaf,
            "params": {"port": mine.name, "state": "up"},
        },
    ]
    change = services.draft(title="x", author=make_user("engineer"), elements=[leaf], steps=plan)
    assert services.judged(change).customers == {town.french.pk}
    by_hand = services.draft(title="x", author=make_user("engineer"), links=[tail])
    assert services.judged(by_hand).customers == {town.french.pk, town.english.pk}


def test_the_assessment_says_who_would_be_told_too_late(town: Town, make_user: Callable[..., User]) -> None:
    strict = make_definition(maintenance_notice=timedelta(days=10))
    make_agreement(service=town.services["french"], definition=strict)
    make_agreement(service=town.services["english"], definition=make_definition())
    link, engineer = town.network.tail, make_user("engineer")
    row = services.draft(title="x", author=engineer, links=[link])
    with clock.frozen(AT):
        for days, late in ((5, 1), (11, 0)):
            start = AT + timedelta(days=days)
            services.set_window(change=row, start=start, end=start + timedelta(hours=1))
            services.assess(change=row)
            assert row.assessment["late"] == late
            url = reverse("service_mgmt_changes:change-detail-tab", args=[row.number, "assessment"])
            shown = browser_of(engineer).get(url).content.decode()
            assert ("told later" in shown) is bool(late)
